package xapi

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

const wireOK = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 39\r\n\r\n" + `{"data":{"id":"31","dm_event_id":"31"}}`

func debugLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// wire is a server that says what it is told to, byte by byte. serve gets each
// request after it was read whole, numbered from 1, and its raw connection.
func wire(t *testing.T, serve func(n int, c net.Conn)) (base string, requests *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	requests = new(atomic.Int32)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				r := bufio.NewReader(c)
				for {
					req, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					if _, err := io.Copy(io.Discard, req.Body); err != nil {
						return
					}
					serve(int(requests.Add(1)), c)
				}
			}()
		}
	}()
	return "http://" + l.Addr().String(), requests
}

// TestI3AnswerLost: whatever happens after the connection stood is unknown,
// and is one request.
func TestI3AnswerLost(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"closed without a word":    "",
		"closed within the status": "HTTP/1.1 2",
		"closed within the header": "HTTP/1.1 201 Created\r\nContent-Le",
		"closed within the body":   "HTTP/1.1 201 Created\r\nContent-Length: 39\r\n\r\n{\"data\":{\"id\"",
		"closed within a chunk":    "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n27\r\n{\"data\":{\"id\"",
		"no HTTP":                  "hello\r\n\r\n",
	} {
		for way, out := range ways {
			t.Run(name+"/"+way, func(t *testing.T) {
				t.Parallel()
				base, requests := wire(t, func(_ int, c net.Conn) {
					_, _ = io.WriteString(c, answer)
					_ = c.Close()
				})
				got := newClient(t, base, nil).Send(t.Context(), out)
				if got.Class != event.UnknownOutcome || got.RemoteID != "" {
					t.Errorf("want unknown_outcome, got %+v", got)
				}
				if n := requests.Load(); n != 1 {
					t.Errorf("want 1 request, got %d", n)
				}
			})
		}
	}
}

// TestI3TimeOut: a time-out and a cancellation after the request went out are
// unknown.
func TestI3TimeOut(t *testing.T) {
	t.Parallel()
	for way, out := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			done := make(chan struct{})
			got := make(chan struct{}, 2)
			base, requests := wire(t, func(int, net.Conn) { got <- struct{}{}; <-done })
			t.Cleanup(func() { close(done) })

			c := newClient(t, base, func(o *Options) { o.Timeout = 300 * time.Millisecond })
			if o := c.Send(t.Context(), out); o.Class != event.UnknownOutcome {
				t.Errorf("time-out: want unknown_outcome, got %+v", o)
			}
			<-got
			ctx, cancel := context.WithCancel(t.Context())
			go func() { <-got; cancel() }()
			if o := newClient(t, base, nil).Send(ctx, out); o.Class != event.UnknownOutcome {
				t.Errorf("cancelled: want unknown_outcome, got %+v", o)
			}
			if n := requests.Load(); n != 2 {
				t.Errorf("want 2 requests, got %d", n)
			}
		})
	}
}

// TestI3NothingSent: where no connection comes about, X did nothing.
func TestI3NothingSent(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	selfSigned := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("X was called") }))
	selfSigned.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	t.Cleanup(selfSigned.Close)
	noDNS := func(o *Options) {
		o.HTTP = &http.Client{Transport: &http.Transport{DialContext: func(_ context.Context, _, addr string) (net.Conn, error) {
			return nil, &net.DNSError{Err: "no such host", Name: addr, IsNotFound: true}
		}}}
	}
	hanging := func(o *Options) {
		o.Timeout = 20 * time.Millisecond
		o.HTTP = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}}
	}
	for name, tc := range map[string]struct {
		base   string
		change func(*Options)
	}{
		"refused": {"http://" + closed.Addr().String(), nil},
		"TLS":     {selfSigned.URL, nil},
		"DNS":     {"https://api.example.test", noDNS},
		"hanging": {"https://api.example.test", hanging},
	} {
		for way, out := range ways {
			t.Run(name+"/"+way, func(t *testing.T) {
				t.Parallel()
				got := newClient(t, tc.base, tc.change).Send(t.Context(), out)
				if got.Class != event.Transient || got.Status != 0 {
					t.Errorf("want transient, got %+v", got)
				}
			})
		}
	}
}

// TestA1NoSilentRetry: a connection that dies under its second request is the
// case in which net/http repeats requests. It must not repeat ours, except
// where not a byte went out.
func TestA1NoSilentRetry(t *testing.T) {
	t.Parallel()
	for way, out := range ways {
		t.Run("read then closed/"+way, func(t *testing.T) {
			t.Parallel()
			base, requests := wire(t, func(n int, c net.Conn) {
				if n == 1 {
					_, _ = io.WriteString(c, wireOK)
					return
				}
				_ = c.Close()
			})
			c := newClient(t, base, nil)
			first, second := c.Send(t.Context(), out), c.Send(t.Context(), out)
			if first.Class != event.OK || second.Class != event.UnknownOutcome {
				t.Errorf("want ok then unknown_outcome, got %+v, %+v", first, second)
			}
			if n := requests.Load(); n != 2 {
				t.Errorf("want 2 requests, got %d", n)
			}
		})
		t.Run("nothing written/"+way, func(t *testing.T) {
			t.Parallel()
			base, requests := wire(t, func(_ int, c net.Conn) { _, _ = io.WriteString(c, wireOK) })
			var dials atomic.Int32
			c := newClient(t, base, func(o *Options) {
				o.HTTP = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
					if dials.Add(1) > 2 {
						return nil, errors.New("network is down")
					}
					conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
					return &failsSecondWrite{Conn: conn}, err
				}}}
			})
			var got []event.Class
			for range 3 {
				got = append(got, c.Send(t.Context(), out).Class)
			}
			// 1 by the first connection; 2 finds it dead and goes by the second;
			// 3 finds that dead too, and cannot dial: X did nothing.
			if want := []event.Class{event.OK, event.OK, event.Transient}; !slices.Equal(got, want) {
				t.Errorf("want %q, got %q", want, got)
			}
			if n := requests.Load(); n != 2 {
				t.Errorf("want 2 requests, got %d", n)
			}
		})
	}
}

// failsSecondWrite is a connection that takes one write.
type failsSecondWrite struct {
	net.Conn
	writes atomic.Int32
}

func (c *failsSecondWrite) Write(b []byte) (int, error) {
	if c.writes.Add(1) > 1 {
		return 0, errors.New("broken pipe")
	}
	return c.Conn.Write(b)
}

// silent is a transport that fails without telling the trace how far it got.
type silent struct{}

func (silent) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("gone") }

func TestA2NoProofNoRetry(t *testing.T) {
	t.Parallel()
	for way, out := range ways {
		c := newClient(t, "https://api.example.test", func(o *Options) { o.HTTP = &http.Client{Transport: silent{}} })
		if got := c.Send(t.Context(), out); got.Class != event.UnknownOutcome {
			t.Errorf("%s: want unknown_outcome, got %+v", way, got)
		}
	}
}

// TestI3HTTP2 holds the same over HTTP/2, which api.x.com speaks: a stream that
// breaks after the request is unknown, and is one request.
func TestI3HTTP2(t *testing.T) {
	t.Parallel()
	for way, out := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.ProtoMajor != 2 {
					t.Errorf("want HTTP/2, got %s", r.Proto)
				}
				if calls.Add(1) == 1 {
					w.WriteHeader(http.StatusCreated)
					_, _ = io.WriteString(w, `{"data":{"id":"31","dm_event_id":"31"}}`)
					return
				}
				panic(http.ErrAbortHandler) // resets the stream
			}))
			srv.EnableHTTP2 = true
			srv.StartTLS()
			t.Cleanup(srv.Close)
			c := newClient(t, srv.URL, func(o *Options) { o.HTTP = srv.Client() })
			first, second := c.Send(t.Context(), out), c.Send(t.Context(), out)
			if first.Class != event.OK || second.Class != event.UnknownOutcome {
				t.Errorf("want ok then unknown_outcome, got %+v, %+v", first, second)
			}
			srv.Close()
			if third := c.Send(t.Context(), out); third.Class != event.Transient {
				t.Errorf("server gone: want transient, got %+v", third)
			}
			if n := calls.Load(); n != 2 {
				t.Errorf("want 2 requests, got %d", n)
			}
		})
	}
}
