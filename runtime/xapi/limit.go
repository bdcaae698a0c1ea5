package xapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// limitKey: X counts by user and endpoint.
type limitKey struct{ bot, op string }

type limit struct {
	remaining int
	reset     time.Time
}

// Limit returns what X's last answer to the bot said about a call (CreatePost,
// SendDM): how many are left and when the window ends, in UTC. known is false
// if X has not said, or the window has ended since.
func (c *Client) Limit(bot, op string) (remaining int, reset time.Time, known bool) {
	c.mu.Lock()
	l, ok := c.limits[limitKey{bot, op}]
	c.mu.Unlock()
	if !ok || !c.now().Before(l.reset) {
		return 0, time.Time{}, false
	}
	return l.remaining, l.reset, true
}

// learn keeps what an answer says about limits. A 429 closes the window
// whatever its headers say, so that the next send waits instead of hitting X.
func (c *Client) learn(bot, op string, h http.Header, e *Error, now time.Time) {
	l := limit{reset: resetOf(h, now)}
	remaining, err := strconv.Atoi(h.Get("x-rate-limit-remaining"))
	switch {
	case e != nil && e.Class == event.RateLimited:
		l = limit{reset: e.RetryAt}
	case err != nil || l.reset.IsZero():
		return
	default:
		l.remaining = max(remaining, 0)
	}
	c.mu.Lock()
	c.limits[limitKey{bot, op}] = l
	c.mu.Unlock()
}

// retryAt is the reset of the window, or the common window from now on where
// the header is missing, garbage or already past by our clock.
func retryAt(h http.Header, now time.Time) time.Time {
	if t := resetOf(h, now); !t.IsZero() {
		return t
	}
	return now.Add(fallbackWait).UTC()
}

// resetOf reads x-rate-limit-reset (Unix seconds); zero if it does not lie in
// the time ahead.
func resetOf(h http.Header, now time.Time) time.Time {
	s, err := strconv.ParseInt(h.Get("x-rate-limit-reset"), 10, 64)
	if err != nil {
		return time.Time{}
	}
	t := time.Unix(s, 0).UTC()
	if !t.After(now) || t.After(now.Add(maxWait)) {
		return time.Time{}
	}
	return t
}
