// A handler in TypeScript that needs nothing but Node (23.6 and up run it as it
// is: node handler.ts). It answers questions that name an order number, and has
// nothing to say to the others. NATS is a text protocol: this file speaks as
// much of it as is needed.
//
//     BECKON_TOKEN=secret node handler.ts

import { connect } from "node:net";

type Question = {
  question: string;
  bot: string;
  channel: "reply" | "dm";
  limit: number;
  message: { user: string; text: string; lang?: string };
};

type Answer = { form: "beckon.answer/v1"; question: string; text?: string; handoff?: boolean };

const handler = process.env.BECKON_HANDLER ?? "orders";
const [host, port] = (process.env.BECKON_NATS ?? "127.0.0.1:4222").split(":");

// What to say to a question; without text it is nothing.
function answer(q: Question): Answer {
  const out: Answer = { form: "beckon.answer/v1", question: q.question };
  const order = /\b\d{4,10}\b/.exec(q.message.text);
  if (order) out.text = `Order ${order[0]} is on its way.`;
  return out;
}

const socket = connect(Number(port), host);
const login = { user: handler, pass: process.env.BECKON_TOKEN, verbose: false, pedantic: false };
socket.write(`CONNECT ${JSON.stringify(login)}\r\n`);
// A queue group: of several copies of this program, one gets each question.
socket.write(`SUB beckon.v1.question.*.${handler} ${handler} 1\r\n`);

let buffered: Buffer = Buffer.alloc(0);
socket.on("data", (chunk: Buffer) => {
  buffered = Buffer.concat([buffered, chunk]);
  for (;;) {
    const end = buffered.indexOf("\r\n");
    if (end < 0) return;
    const [op, ...rest] = buffered.subarray(0, end).toString().split(" ");
    let next = end + 2;
    if (op === "PING") {
      socket.write("PONG\r\n");
    } else if (op === "-ERR") {
      console.error("NATS says:", rest.join(" "));
      process.exit(1);
    } else if (op === "MSG") { // MSG subject sid size
      const size = Number(rest[rest.length - 1]);
      if (buffered.length < next + size + 2) return; // the rest is on its way
      const question = JSON.parse(buffered.subarray(next, next + size).toString()) as Question;
      next += size + 2;
      const body = JSON.stringify(answer(question));
      socket.write(`PUB beckon.v1.answer.${rest[0].split(".")[3]}.${handler} ${Buffer.byteLength(body)}\r\n${body}\r\n`);
    }
    buffered = buffered.subarray(next);
  }
});
socket.on("close", () => {
  console.error("NATS has closed the connection");
  process.exit(1);
});
socket.on("error", (err: Error) => console.error(err.message));
