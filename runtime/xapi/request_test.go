package xapi

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/event"
)

// TestDoClasses: a read has the classes of a send, and a problem told under a
// success has the class that its type says.
func TestDoClasses(t *testing.T) {
	t.Parallel()
	const problems = "https://api.x.com/2/problems/"
	for _, tc := range []struct {
		name   string
		status int
		body   string
		want   event.Class
	}{
		{"data", 200, `{"data":{"id":"1"}}`, event.OK},
		{"nothing found", 200, `{"meta":{"result_count":0}}`, event.OK},
		{"data and errors", 200, `{"data":{"id":"1"},"errors":[{"title":"Not Found"}]}`, event.OK},
		{"no content", 204, "", event.UnknownOutcome},
		{"HTML", 200, "<html>", event.UnknownOutcome},
		{"another shape", 200, `{"data":[1]}`, event.UnknownOutcome},
		{"not found, told", 200, `{"errors":[{"type":"` + problems + `resource-not-found","title":"Not Found"}]}`, event.Gone},
		{"not for us, told", 200, `{"errors":[{"type":"` + problems + `not-authorized-for-resource","title":"No"}]}`, event.Refused},
		{"no credits, told", 200, `{"errors":[{"type":"` + problems + `usage-capped","title":"Cap"}]}`, event.UsageCapped},
		{"no token, told", 200, `{"errors":[{"title":"Unauthorized","status":401}]}`, event.Auth},
		{"internal, told", 200, `{"errors":[{"type":"` + problems + `internal-error","title":"Oops"}]}`, event.UnknownOutcome},
		{"a bad request", 400, `{"detail":"no"}`, event.Bug},
		{"unauthorized", 401, "", event.Auth},
		{"refused", 403, "", event.Refused},
		{"gone", 404, "", event.Gone},
		{"limited", 429, "", event.RateLimited},
		{"down", 503, "<html>", event.UnknownOutcome},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.RawQuery != "ids=1%2C2" || r.Header.Get("Authorization") != "Bearer "+testToken {
					t.Errorf("got %s with %s", r.URL, r.Header)
				}
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			}))
			t.Cleanup(srv.Close)
			var into struct{ Data struct{ ID string } }
			err := newClient(t, srv.URL, nil).Do(t.Context(), Request{
				Endpoint: ReadUsers, As: As{Bot: "desk"}, Method: http.MethodGet, Path: "/2/users", Query: url.Values{"ids": {"1,2"}},
			}, &into)
			var e *Error
			switch {
			case tc.want == event.OK && err != nil:
				t.Error(err)
			case tc.want != event.OK && (!errors.As(err, &e) || e.Class != tc.want || e.Op != ReadUsers || e.Status != tc.status):
				t.Errorf("want %s, got %v", tc.want, err)
			}
		})
	}
}

func TestDoRefusesOddPaths(t *testing.T) {
	t.Parallel()
	c := newClient(t, "http://127.0.0.1:1", nil)
	for _, path := range []string{"", "/", "//evil.test/2/", "/1.1/x", "/2/../x", "/2/users?x=1", "/2/a#b", "/2/a%2fb", "/2/a b", "https://evil.test/2/"} {
		var e *Error
		if err := c.Do(t.Context(), Request{Method: http.MethodGet, Path: path}, nil); !errors.As(err, &e) || e.Class != event.Bug {
			t.Errorf("%q: want bug, got %v", path, err)
		}
	}
}

// TestWindows: what is learnt is told, what was known before holds, and the
// app's windows are not a bot's.
func TestWindows(t *testing.T) {
	t.Parallel()
	var calls int
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls++
		w.Header().Set("x-rate-limit-limit", "450")
		w.Header().Set("x-rate-limit-remaining", "0")
		w.Header().Set("x-rate-limit-reset", "1787227620")
		_, _ = io.WriteString(w, `{"data":[]}`)
	}))
	t.Cleanup(srv.Close)
	reset := testNow.Add(7 * time.Minute)
	var learnt []Window
	c := newClient(t, srv.URL, func(o *Options) {
		o.Known = []Window{{Bot: "desk", Endpoint: SendDM, Limit: 15, Reset: reset}, {Bot: "desk", Endpoint: CreatePost, Reset: testNow}}
		o.Learnt = func(w Window) { learnt = append(learnt, w) }
	})
	if got := c.Send(t.Context(), ways["own DM"]); got.Class != event.RateLimited || !got.RetryAt.Equal(reset) || calls != 0 {
		t.Errorf("a window known from before the restart: got %+v after %d calls", got, calls)
	}
	if _, _, known := c.Limit("desk", CreatePost); known {
		t.Error("a window that ended is taken for known")
	}
	list := Request{Endpoint: ListWebhooks, Method: http.MethodGet, Path: "/2/webhooks"}
	if err := c.Do(t.Context(), list, nil); err != nil {
		t.Error(err)
	}
	err := c.Do(t.Context(), list, nil)
	if e := (*Error)(nil); !errors.As(err, &e) || e.Class != event.RateLimited || !errors.Is(err, ErrClosed) || calls != 1 {
		t.Errorf("the app's window is used up: got %v after %d calls", err, calls)
	}
	list.As = As{Bot: "desk"}
	if err := c.Do(t.Context(), list, nil); err != nil || calls != 2 {
		t.Errorf("the bot's window: %v after %d calls", err, calls)
	}
	want := []Window{
		{Endpoint: ListWebhooks, Limit: 450, Reset: reset},
		{Bot: "desk", Endpoint: ListWebhooks, Limit: 450, Reset: reset},
	}
	if diff := cmp.Diff(want, learnt); diff != "" {
		t.Errorf("learnt (-want +got):\n%s", diff)
	}
}

// TestOpen: an answer without end comes as it arrives, and ends with Close or
// with ctx, not with the client's time-out.
func TestOpen(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	next := make(chan string)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("mode") {
		case "full":
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(w, `{"title":"ConnectionException","detail":"too many","type":"https://api.x.com/2/problems/streaming-connection"}`)
			return
		case "mute":
			<-r.Context().Done()
			return
		}
		defer close(ended)
		for {
			select {
			case line := <-next:
				_, _ = io.WriteString(w, line)
				_ = http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	}))
	t.Cleanup(srv.Close)
	open := func(mode string, timeout time.Duration) (io.ReadCloser, error) {
		c := newClient(t, srv.URL, func(o *Options) { o.Timeout = timeout })
		body, _, err := c.Open(t.Context(), Request{Endpoint: ActivityStream, Method: http.MethodGet, Path: "/2/activity/stream", Query: url.Values{"mode": {mode}}})
		return body, err
	}
	var e *Error
	if _, err := open("full", time.Minute); !errors.As(err, &e) || e.Class != event.Refused || e.Type != "streaming-connection" {
		t.Errorf("too many connections: got %v", err)
	}
	if _, err := open("mute", 20*time.Millisecond); !errors.As(err, &e) || e.Class != event.UnknownOutcome {
		t.Errorf("no answer in time: got %v", err)
	}
	go func() { next <- "one\r\n" }()
	body, err := open("", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(body)
	for _, want := range []string{"one", "two"} {
		if want == "two" {
			next <- "two\r\n"
		}
		if line, err := r.ReadString('\n'); err != nil || strings.TrimSpace(line) != want {
			t.Errorf("want %q, got %q, %v", want, line, err)
		}
	}
	_ = body.Close()
	<-ended
	if _, err := r.ReadString('\n'); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("after Close: %v", err)
	}
}

// TestGoTwitterPanics: a panic beneath a call is no panic of ours, and what X
// did is judged all the same.
func TestGoTwitterPanics(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(srv.Close)
	c := newClient(t, srv.URL, nil)
	for _, early := range []bool{true, false} {
		_, e := c.run(t.Context(), CreatePost, As{}, func(ctx context.Context, x *exchange) error {
			if !early {
				_ = c.request(ctx, x, Request{Method: http.MethodPost, Path: "/2/tweets"})
			}
			panic("of the library")
		}, nil)
		want := event.Refused
		if early {
			want = event.Bug
		}
		if e == nil || e.Class != want {
			t.Errorf("early %v: want %s, got %v", early, want, e)
		}
	}
}
