#!/usr/bin/env python3
"""A handler in Python that needs nothing but Python.

It answers questions that name an order number, and has nothing to say to the
others. NATS is a text protocol: this file speaks as much of it as is needed.

    BECKON_TOKEN=secret python3 handler.py
"""

import json
import os
import re
import socket

HANDLER = os.environ.get("BECKON_HANDLER", "orders")
HOST, _, PORT = os.environ.get("BECKON_NATS", "127.0.0.1:4222").partition(":")


def answer(question):
    """What to say to a question; without "text" it is nothing."""
    out = {"form": "beckon.answer/v1", "question": question["question"]}
    order = re.search(r"\b\d{4,10}\b", question["message"]["text"])
    if order:
        out["text"] = f"Order {order.group()} is on its way."
    return out


def publish(sock, subject, body):
    data = json.dumps(body).encode()
    sock.sendall(b"PUB %s %d\r\n%s\r\n" % (subject.encode(), len(data), data))


def main():
    sock = socket.create_connection((HOST, int(PORT)))
    lines = sock.makefile("rb")
    login = {"user": HANDLER, "pass": os.environ["BECKON_TOKEN"], "verbose": False, "pedantic": False}
    sock.sendall(f"CONNECT {json.dumps(login)}\r\n".encode())
    # A queue group: of several copies of this program, one gets each question.
    sock.sendall(f"SUB beckon.v1.question.*.{HANDLER} {HANDLER} 1\r\n".encode())
    while line := lines.readline():
        op, _, rest = line.decode().strip().partition(" ")
        if op == "PING":
            sock.sendall(b"PONG\r\n")
        elif op == "-ERR":
            raise SystemExit(f"NATS says: {rest}")
        elif op == "MSG":  # MSG subject sid size
            subject, size = rest.split()[0], int(rest.split()[-1])
            question = json.loads(lines.read(size))
            lines.readline()  # the line ends after the data
            bot = subject.split(".")[3]
            publish(sock, f"beckon.v1.answer.{bot}.{HANDLER}", answer(question))
    raise SystemExit("NATS has closed the connection")


if __name__ == "__main__":
    main()
