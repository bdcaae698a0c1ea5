package desk

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"github.com/beckon-bot/beckon/runtime/dial"
)

// N11, N12 with a desk that answers badly, or is not where it seems to be: it
// was told only by a 2xx of its own, it costs no more than the time and memory
// of one attempt, and what is kept of the fault holds no token of the address.
func TestHostileDesk(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	gone := make(chan struct{})
	var sent atomic.Int64
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		dial   dial.Options
		told   bool
		why    string // of the fault
	}{
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+"/?token=tok", http.StatusTemporaryRedirect)
		},
			dial.Options{Inside: true}, false, "redirect not followed"},
		{"a redirect into the network", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/latest?token=tok", http.StatusFound)
		}, dial.Options{Inside: true}, false, "redirect not followed"},
		{"a name that leads inside", func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }, dial.Options{}, false, "not an address of the public internet"},
		{"no answer", func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-gone:
			case <-r.Context().Done():
			}
		}, dial.Options{Inside: true, Timeout: 100 * time.Millisecond}, false, "deadline exceeded"},
		{"taken, and a body that never ends", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			select {
			case <-gone:
			case <-r.Context().Done():
			}
		}, dial.Options{Inside: true, Timeout: 2 * time.Second}, true, ""},
		{"taken, and a huge body", func(w http.ResponseWriter, _ *http.Request) {
			for chunk := make([]byte, 64<<10); sent.Load() < 1<<30; {
				n, err := w.Write(chunk)
				if sent.Add(int64(n)); err != nil {
					return
				}
			}
		}, dial.Options{Inside: true}, true, ""},
		{"taken without a word", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, dial.Options{Inside: true}, true, ""},
		{"headers without end", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-A", strings.Repeat("a", 1<<20))
			w.WriteHeader(http.StatusOK)
		}, dial.Options{Inside: true}, false, "headers"},
		{"no HTTP", func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = c.Write([]byte("\x1b[31mred \u202e\nSTOP"))
				_ = c.Close()
			}
		}, dial.Options{Inside: true}, false, "malformed HTTP"},
		{"busy", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }, dial.Options{Inside: true}, false, "the desk answered 429"},
	} {
		w := newWorld(t)
		srv := httptest.NewServer(tt.answer)
		w.teller = New(Options{Store: w.store, HTTP: dial.Client(tt.dial), URL: srv.URL + "/in?token=tok", Secret: []byte(secret), Metrics: &w.met})
		w.put(handed("h-1", "7", "41"))
		next := w.step(nine)
		n := w.notice("7")
		switch {
		case tt.told:
			if n.ID != "" || !next.IsZero() {
				t.Errorf("%s: the desk has taken it, and it is kept: %+v, next %s", tt.name, n, next)
			}
		case n.ID != "h-1" || n.Attempts != 1 || !next.Equal(nine.Add(minPause)):
			t.Errorf("%s: want another attempt, got %+v, next %s", tt.name, n, next)
		}
		if !strings.Contains(n.Reason, tt.why) || strings.Contains(n.Reason, "tok") || strings.ContainsFunc(n.Reason, unicode.IsControl) || len(n.Reason) > 500 {
			t.Errorf("%s: the reason is %q, want %q", tt.name, n.Reason, tt.why)
		}
		srv.CloseClientConnections()
		t.Cleanup(srv.Close)
	}
	close(gone)
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("%d requests went where none may go", n)
	}
	if n := sent.Load(); n >= 1<<30 {
		t.Errorf("%d bytes of a body were read", n)
	}
}
