package bench

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/seal"
	"github.com/beckon-bot/beckon/runtime/vault"
)

const (
	inFlight  = 64
	delivered = 4096
)

// BenchmarkWebhook posts signed bodies over loopback, 64 in flight: to a
// handler that reads and answers, to the webhook in front of nothing, and to
// the webhook in front of JetStream, which answers when the message is synced.
func BenchmarkWebhook(b *testing.B) {
	d := newDesk(b)
	requests := make([][]byte, delivered)
	for i := range requests {
		requests[i] = request(d.body(i))
	}
	race(b,
		contestant{"limit-empty-handler", delivered, func(b *testing.B, n int) spent {
			return post(b, requests[:n], http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
		}},
		contestant{"verify", delivered, func(b *testing.B, n int) spent {
			return post(b, requests[:n], d.webhook(func(context.Context, ...bus.Message) error { return nil }))
		}},
		contestant{"verify-publish", delivered, func(b *testing.B, n int) spent {
			q := backlog(b, nil)
			defer func() { must(b, q.Close()) }()
			return post(b, requests[:n], d.webhook(q.Publish))
		}},
		contestant{"verify-seal-publish", delivered, func(b *testing.B, n int) spent {
			s, err := sqlite.Open(b.Context(), sqlite.Options{Path: filepath.Join(b.TempDir(), "keys.db")})
			must(b, err)
			defer func() { must(b, s.Close()) }()
			host, err := seal.New()
			must(b, err)
			q, err := bus.Open(b.Context(), bus.Options{Dir: b.TempDir(), Sealer: vault.New(s, host, func() time.Time { return day })})
			must(b, err)
			defer func() { must(b, q.Close()) }()
			return post(b, requests[:n], d.webhook(q.Publish))
		}},
		contestant{"limit-publish-batches", delivered, func(b *testing.B, n int) spent {
			q := backlog(b, nil)
			defer func() { must(b, q.Close()) }()
			msgs := d.messages(0, n)
			done := stopwatch()
			for len(msgs) > 0 { // what a group commit of those in flight could reach
				size := min(inFlight, len(msgs))
				must(b, q.Publish(b.Context(), msgs[:size]...))
				msgs = msgs[size:]
			}
			return done()
		}},
	)
}

// request is a signed POST as it goes over the wire.
func request(body []byte) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "POST /x/webhook HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"+
		"X-Twitter-Webhooks-Signature: %s\r\nContent-Length: %d\r\n\r\n%s", sign(body), len(body), body)
	return out.Bytes()
}

// post serves h and sends it all requests over connections that stay open.
// The client does the least that it can: it shares the machine.
func post(b *testing.B, requests [][]byte, h http.Handler) spent {
	srv := httptest.NewServer(h)
	defer srv.Close()
	work := make(chan []byte)
	var wg sync.WaitGroup
	for range inFlight {
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		must(b, err)
		defer conn.Close()
		wg.Go(func() {
			answers := bufio.NewReader(conn)
			for r := range work {
				if err := exchange(conn, answers, r); err != nil {
					b.Error(err)
				}
			}
		})
	}
	done := stopwatch()
	for _, r := range requests {
		work <- r
	}
	close(work)
	wg.Wait()
	return done()
}

func exchange(conn net.Conn, answers *bufio.Reader, request []byte) error {
	if _, err := conn.Write(request); err != nil {
		return err
	}
	res, err := http.ReadResponse(answers, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	_, err = io.Copy(io.Discard, res.Body)
	return err
}
