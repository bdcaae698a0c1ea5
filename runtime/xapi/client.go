// Package xapi is the only place that talks to X's REST API, and the only
// importer of go-twitter. It owns what a failed call means (Error, Class) and
// what X's headers say about limits.
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
package xapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
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

// Options configures a Client. Only Token must be given.
type Options struct {
	BaseURL string // https, or http on a loopback address; default https://api.x.com

	// HTTP gives its Transport, nothing else: redirects, cookies and the
	// time-out are the Client's own. A transport that does not report to
	// net/http/httptrace makes every failure an unknown outcome.
	HTTP *http.Client

	// Token returns the bot's OAuth 2.0 user access token. Its error settles
	// the send as auth, or with the class of an *Error in its chain.
	Token func(ctx context.Context, bot string) (string, error)

	Timeout time.Duration    // of a whole call; default 30 s
	Now     func() time.Time // default time.Now
	Log     *slog.Logger     // default: nothing
	Metrics *Metrics         // default: not counted
}

// Client sends for all bots of a host. It is safe for concurrent use.
type Client struct {
	base      string
	transport http.RoundTripper
	token     func(ctx context.Context, bot string) (string, error)
	timeout   time.Duration
	now       func() time.Time
	log       *slog.Logger
	metrics   *Metrics

	mu     sync.Mutex
	limits map[limitKey]limit
}

// New checks the options and makes a Client.
func New(o Options) (*Client, error) {
	if o.Token == nil {
		return nil, errors.New("xapi: Options.Token is missing")
	}
	base, err := checkBase(o.BaseURL)
	if err != nil {
		return nil, err
	}
	c := &Client{
		base: base, transport: http.DefaultTransport, token: o.Token,
		timeout: o.Timeout, now: o.Now, log: o.Log, metrics: o.Metrics,
		limits: map[limitKey]limit{},
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
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
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
// outcome is never in doubt for lack of a class: OK only with X's id.
func (c *Client) Send(ctx context.Context, o event.Outgoing) event.Outcome {
	start := c.now()
	op, err := check(o)
	var out event.Outcome
	if err != nil {
		out = outcome(&Error{Op: op, Class: event.Bug, Err: err}, o.Text)
	} else if id, status, e := c.try(ctx, op, o); e != nil {
		out = outcome(e, o.Text)
	} else {
		out = event.Outcome{RemoteID: id, Status: status}
	}
	took := c.now().Sub(start)
	c.metrics.count(out.Class, took)
	c.log.DebugContext(ctx, "call to X", "bot", o.Bot, "action", o.Action, "kind", o.Kind, "class", out.Class, "dur", took)
	return out
}

func outcome(e *Error, text string) event.Outcome {
	return event.Outcome{
		Class: e.Class, RetryAt: e.RetryAt, Status: e.Status,
		Problem: e.Type, Detail: e.detail(text),
	}
}

// try makes the call. Whatever fails before it means that X did nothing.
func (c *Client) try(ctx context.Context, op string, o event.Outgoing) (id string, status int, e *Error) {
	if remaining, reset, known := c.Limit(o.Bot, op); known && remaining == 0 {
		return "", 0, &Error{Op: op, Class: event.RateLimited, RetryAt: reset, Err: errWaits}
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()

	token, err := c.token(ctx, o.Bot)
	switch {
	case err != nil:
		return "", 0, tokenError(ctx, op, err)
	case !headerSafe(token):
		return "", 0, &Error{Op: op, Class: event.Auth, Err: errToken}
	case ctx.Err() != nil:
		return "", 0, &Error{Op: op, Class: event.Transient, Err: ctx.Err()}
	}

	x := &exchange{transport: c.transport}
	err = c.call(ctx, x, token, o)
	now := c.now()
	id, e = classify(op, x, err, now)
	c.learn(o.Bot, op, x.header, e, now)
	return id, x.status, e
}

// tokenError keeps the class of an *Error (a refresh that failed by the
// network is transient) and takes the rest for auth.
func tokenError(ctx context.Context, op string, err error) *Error {
	class := event.Auth
	var e *Error
	switch {
	case errors.As(err, &e):
		return &Error{Op: op, Status: e.Status, Type: e.Type, Class: e.Class, RetryAt: e.RetryAt, Err: err}
	case ctx.Err() != nil:
		class = event.Transient
	}
	return &Error{Op: op, Class: class, Err: err}
}

// headerSafe reports whether the token can stand in a header.
func headerSafe(token string) bool {
	return token != "" && !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}
