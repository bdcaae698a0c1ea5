// Package xapi is the only place that talks to X's REST API, and the only
// importer of go-twitter. It owns what a failed call means (Error, Class) and
// what X's headers say about limits.
//
// There are three roads: Send for what leaves by the action log, Do for every
// other call, Open for an answer without end. All three go through run: window,
// credentials, one request, class. go-twitter makes the requests that it knows,
// our own small calls make the rest; what X did is read from the exchange
// beneath both, because go-twitter's answers lack fields and its errors lose how
// far a call got.
//
// What it refuses: to try anything twice, to follow a redirect, to send a
// token over plain HTTP to another machine, and to send anything that its
// caller has not recorded first (that is action's I1; here it is one Send for
// one Outgoing).
//
//   - A1 one Send is at most one request that X can act upon: no retry, no
//     redirect. net/http itself repeats a POST only where it knows that not a
//     byte of it was written.
//   - A2 transient only where the transport's own trace proves that no
//     connection was handed over; without that proof unknown_outcome.
//   - A3 the class depends on the exchange alone, by one function (classify),
//     whichever code built the request.
//   - A4 no token and no text of a post or DM in an Error, an Outcome or a log
//     line.
//   - A5 credentials go to the base URL only; the addresses of a compliance job
//     get none.
package xapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

const (
	defaultBaseURL = "https://api.x.com"
	defaultTimeout = 30 * time.Second
)

// Options configures a Client. Only Auth must be given.
type Options struct {
	BaseURL string // https, or http on a loopback address; default https://api.x.com

	// HTTP gives its Transport, nothing else: redirects, cookies and the
	// time-out are the Client's own. A transport that does not report to
	// net/http/httptrace makes every failure an unknown outcome.
	HTTP *http.Client

	Auth Auth // credentials for each call

	// UserID returns a bot's own user id, which stands in the path of likes,
	// reposts, bookmarks and follows; "" if it has none.
	UserID func(bot string) string

	Known  []Window     // rate windows learnt before a restart
	Learnt func(Window) // told of each window that an answer spoke of, from the goroutine of the call

	// Gave is told of the resources that a call of a bot gave, by their ids, for
	// what X bills; "" where X named none. From the goroutine of the call.
	Gave func(bot, endpoint string, ids []string)

	Timeout time.Duration    // of a whole call; default 30 s
	Now     func() time.Time // default time.Now
	Log     *slog.Logger     // default: nothing
	Metrics *Metrics         // default: not counted
}

// Client calls X for all bots of a host. It is safe for concurrent use.
type Client struct {
	base      string
	transport http.RoundTripper
	auth      Auth
	userID    func(bot string) string
	learnt    func(Window)
	gave      func(bot, endpoint string, ids []string)
	timeout   time.Duration
	now       func() time.Time
	log       *slog.Logger
	metrics   *Metrics

	mu      sync.Mutex
	windows map[windowKey]Window
}

// New checks the options and makes a Client.
func New(o Options) (*Client, error) {
	if o.Auth == nil {
		return nil, errors.New("xapi: Options.Auth is missing")
	}
	base, err := checkBase(o.BaseURL)
	if err != nil {
		return nil, err
	}
	c := &Client{
		base: base, transport: http.DefaultTransport, auth: o.Auth, userID: o.UserID, learnt: o.Learnt, gave: o.Gave,
		timeout: o.Timeout, now: o.Now, log: o.Log, metrics: o.Metrics,
		windows: map[windowKey]Window{},
	}
	for _, w := range o.Known {
		c.windows[windowKey{w.Bot, w.Endpoint}] = w
	}
	if c.userID == nil {
		c.userID = func(string) string { return "" }
	}
	if o.HTTP != nil && o.HTTP.Transport != nil {
		c.transport = o.HTTP.Transport
	}
	if c.timeout <= 0 {
		c.timeout = defaultTimeout
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.metrics == nil {
		c.metrics = &Metrics{}
	}
	return c, nil
}

// checkBase returns the base URL without a trailing slash. Plain HTTP is for a
// simulator on this machine only: a token goes with every request.
func checkBase(base string) (string, error) {
	if base == "" {
		return defaultBaseURL, nil
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("X base URL %q: want https://host", redactUser(u))
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return "", fmt.Errorf("X base URL %q: plain http is refused except on a loopback address, because it carries tokens", base)
	}
	return strings.TrimRight(base, "/"), nil
}

func redactUser(u *url.URL) string {
	if u == nil {
		return ""
	}
	return u.Redacted()
}

// Send makes one call to X and says how it ended. It never tries again. The
// outcome is never in doubt for lack of a class: OK only with X's id, or with
// X's word for what has none (likes, bookmarks and the like).
func (c *Client) Send(ctx context.Context, o event.Outgoing) event.Outcome {
	start := c.now()
	w, err := c.wayOut(o)
	var out event.Outcome
	if err != nil {
		out = outcome(&Error{Op: w.op, Class: event.Bug, Err: err}, o.Text)
	} else {
		out = c.send(ctx, w, o)
	}
	took := c.now().Sub(start)
	c.metrics.count(out.Class, took)
	c.log.DebugContext(ctx, "call to X", "bot", o.Bot, "action", o.Action, "kind", o.Kind, "class", out.Class, "dur", took)
	return out
}

func (c *Client) send(ctx context.Context, w wayOut, o event.Outgoing) event.Outcome {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var id string
	x, e := c.run(ctx, w.op, As{Bot: o.Bot}, w.call, func(e *Error, x *exchange) *Error {
		return wrote(e, x.body, w.made(&id))
	})
	if e != nil {
		return outcome(e, o.Text)
	}
	return event.Outcome{RemoteID: id, Status: x.status}
}

func outcome(e *Error, text string) event.Outcome {
	return event.Outcome{
		Class: e.Class, RetryAt: e.RetryAt, Status: e.Status,
		Problem: e.Type, Detail: e.detail(text),
	}
}
