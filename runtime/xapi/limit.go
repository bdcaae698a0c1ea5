package xapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// windowKey: X counts by user and endpoint.
type windowKey struct{ bot, endpoint string }

// Window is what X's headers said about one rate window.
type Window struct {
	Bot       string // "" is the app itself
	Endpoint  string // one of the names of this package
	Limit     int    // calls in a window; 0 if X did not say
	Remaining int
	Reset     time.Time // UTC
}

// Limit returns what X's last answer to the bot said about an endpoint: how
// many calls are left and when the window ends, in UTC. known is false if X has
// not said, or the window has ended since.
func (c *Client) Limit(bot, endpoint string) (remaining int, reset time.Time, known bool) {
	c.mu.Lock()
	w, ok := c.windows[windowKey{bot, endpoint}]
	c.mu.Unlock()
	if !ok || !c.now().Before(w.Reset) {
		return 0, time.Time{}, false
	}
	return w.Remaining, w.Reset, true
}

// learn keeps what an answer says about limits. A 429 closes the window
// whatever its headers say, so that the next send waits instead of hitting X.
func (c *Client) learn(bot, endpoint string, h http.Header, e *Error, now time.Time) {
	w := Window{Bot: bot, Endpoint: endpoint, Reset: resetOf(h, now)}
	remaining, err := strconv.Atoi(h.Get("x-rate-limit-remaining"))
	switch {
	case e != nil && e.Class == event.RateLimited && e.Status == http.StatusTooManyRequests:
		w.Reset = e.RetryAt
	case err != nil || w.Reset.IsZero():
		return
	default:
		w.Remaining = max(remaining, 0)
	}
	if n, err := strconv.Atoi(h.Get("x-rate-limit-limit")); err == nil && n > 0 {
		w.Limit = n
	}
	c.mu.Lock()
	c.windows[windowKey{bot, endpoint}] = w
	c.mu.Unlock()
	if c.learnt != nil {
		c.learnt(w)
	}
}

// retryAt is the reset of the window that is used up, or the common window from
// now on where the header is missing, garbage or already past by our clock. Of
// the windows of a day, the user's and the app's, X tells in headers of their
// own (practice): without them a bot would run into the same 429 every quarter of
// an hour.
func retryAt(h http.Header, now time.Time) time.Time {
	at := resetOf(h, now)
	for _, day := range []string{"x-user-limit-24hour", "x-app-limit-24hour"} {
		if t := resetIn(h, day, now); h.Get(day+"-remaining") == "0" && t.After(at) {
			at = t
		}
	}
	if at.IsZero() {
		return now.Add(fallbackWait).UTC()
	}
	return at
}

// resetOf is the reset of the common window.
func resetOf(h http.Header, now time.Time) time.Time { return resetIn(h, "x-rate-limit", now) }

// resetIn reads a window's reset (Unix seconds); zero if it does not lie in the
// time ahead.
func resetIn(h http.Header, window string, now time.Time) time.Time {
	s, err := strconv.ParseInt(h.Get(window+"-reset"), 10, 64)
	if err != nil {
		return time.Time{}
	}
	t := time.Unix(s, 0).UTC()
	if !t.After(now) || t.After(now.Add(maxWait)) {
		return time.Time{}
	}
	return t
}
