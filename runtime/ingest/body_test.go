package ingest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-bot/beckon/runtime/bus"
)

// slowly sends the head of a request and half of its body over a connection,
// and returns the status of the answer.
func slowly(conn net.Conn, body string) (int, error) {
	_, err := fmt.Fprintf(conn, "POST /x/webhook HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n%s: %s\r\nContent-Length: %d\r\n\r\n%s",
		signatureHeader, sign(secret, body), len(body), body[:len(body)/2])
	if err != nil {
		return 0, err
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	return res.StatusCode, nil
}

// TestSlowBody: half a body and then nothing, over a real connection.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	w, p := newWebhook(func(o *Options) { o.BodyTimeout = 20 * time.Millisecond })
	srv := httptest.NewServer(w)
	t.Cleanup(srv.Close)
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	status, err := slowly(conn, mention)
	if err != nil || status != 408 || w.opt.Metrics.Slow.Load() != 1 || len(p.all()) != 0 {
		t.Errorf("status %d, %v, %d published; want 408, nil, 0", status, err, len(p.all()))
	}
}

// TestSlowBodyRefused: a body that nobody wants is not waited for either.
func TestSlowBodyRefused(t *testing.T) {
	t.Parallel()
	w, _ := newWebhook(func(o *Options) { o.BodyTimeout = 20 * time.Millisecond })
	srv := httptest.NewServer(w)
	t.Cleanup(srv.Close)
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprint(conn, "PUT /x/webhook HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nhalf")
	answer, err := io.ReadAll(conn) // ends when the server closes the connection
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 405 ") {
		t.Errorf("answer %q, %v; want 405 and the end", answer, err)
	}
}

// TestSlowBodyWithoutDeadlines: the writer is a recorder, which knows no
// deadlines, and the time is fake.
func TestSlowBodyWithoutDeadlines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, p := newWebhook(nil)
		body, send := io.Pipe()
		defer send.Close()
		r := httptest.NewRequest("POST", "/x/webhook", body)
		r.Header = headers(mention)
		go io.WriteString(send, mention[:20])
		start := time.Now()
		status, _ := record(w, r)
		if status != 408 || len(p.all()) != 0 || time.Since(start) != defaultBodyTimeout {
			t.Errorf("status %d after %v, want 408 after %v", status, time.Since(start), defaultBodyTimeout)
		}
	})
}

// TestSlowPublish: the time for reading is not taken from the bus.
func TestSlowPublish(t *testing.T) {
	t.Parallel()
	const patience = 10 * time.Millisecond
	w, _ := newWebhook(func(o *Options) {
		o.BodyTimeout = patience
		o.Publish = func(ctx context.Context, _ ...bus.Message) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(5 * patience):
				return nil
			}
		}
	})
	if status, _ := loopback(t)(w, post("http://host/x/webhook", mention, headers(mention))); status != 200 {
		t.Errorf("status %d, want 200", status)
	}
}

// TestBrokenBody: the sender breaks off.
func TestBrokenBody(t *testing.T) {
	t.Parallel()
	w, p := newWebhook(nil)
	r := httptest.NewRequest("POST", "/x/webhook", io.MultiReader(strings.NewReader(mention), broken{}))
	r.Header = headers(mention)
	if status, _ := record(w, r); status != 400 || w.opt.Metrics.Broken.Load() != 1 || len(p.all()) != 0 {
		t.Errorf("status %d, %d published; want 400, 0", status, len(p.all()))
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

// TestTooLargeWithoutLength: a chunked body is counted as it comes.
func TestTooLargeWithoutLength(t *testing.T) {
	t.Parallel()
	w, p := newWebhook(nil)
	body := strings.Repeat(" ", maxBody) + mention
	r := post("http://host/x/webhook", "", headers(body))
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), -1
	if status, _ := record(w, r); status != 413 || len(p.all()) != 0 {
		t.Errorf("status %d, %d published; want 413, 0", status, len(p.all()))
	}
}

func FuzzWebhook(f *testing.F) {
	f.Add("POST", "application/json", sign(secret, mention), []byte(mention), false)
	f.Add("POST", "application/json", "", []byte(`{"data":{"event_type":"dm.received","payload":{"direct_message_events":[{}]}}}`), true)
	f.Add("GET", "", "", []byte("abc"), false)
	f.Fuzz(func(t *testing.T, method, content, signature string, body []byte, signed bool) {
		w, p := newWebhook(nil)
		r := httptest.NewRequest("POST", "/x/webhook", strings.NewReader(string(body)))
		r.Method, r.URL.RawQuery = method, "crc_token="+string(body)
		if signed {
			signature = sign(secret, string(body))
		}
		r.Header = http.Header{"Content-Type": {content}, signatureHeader: {signature}}
		status, _ := record(w, r)
		switch {
		case status == 200 && method == "POST" && (len(p.all()) != 1 || string(p.all()[0].Data) != string(body)):
			t.Fatal("200 without X's bytes on the bus")
		case status == 200 && method == "POST" && sign(secret, string(body)) != signature && sign(oldSecret, string(body)) != signature:
			t.Fatal("accepted without a signature")
		case status != 200 && len(p.all()) != 0:
			t.Fatalf("status %d, yet published", status)
		}
		for _, m := range p.all() {
			if m.ID == "" || m.Type == "" || m.Bot == "" || m.User == "" {
				t.Fatalf("incomplete message %+v", m)
			}
		}
	})
}

// BenchmarkWebhook is verify, scan and publish into nothing, without HTTP.
func BenchmarkWebhook(b *testing.B) {
	body := strings.Replace(mention, `"hi"`, `"`+strings.Repeat("words ", 300)+`"`, 1) // 2 KB
	w, _ := newWebhook(func(o *Options) {
		o.Secrets = o.Secrets[:1]
		o.Publish = func(context.Context, ...bus.Message) error { return nil }
	})
	h := headers(body)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, post("/x/webhook", body, h))
		if rec.Code != 200 {
			b.Fatal(rec.Code)
		}
	}
}

// BenchmarkVerify is the signature alone.
func BenchmarkVerify(b *testing.B) {
	body := []byte(strings.Repeat("x", 2048))
	w, _ := newWebhook(func(o *Options) { o.Secrets = o.Secrets[:1] })
	h := headers(string(body))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if !w.verify(h, body) {
			b.Fatal("refused")
		}
	}
}
