package xapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

var errPath = errors.New("path is none of X's API")

// Request is one call of X's API beside Send: a read, a call about webhooks,
// subscriptions or compliance jobs.
type Request struct {
	Endpoint string // one of the names of this package
	As       As
	Method   string
	Path     string // /2/…; ids in it are X's digits, which the caller has checked (IsID)
	Query    url.Values
	Body     any // sent as JSON; nil: none
}

// Do makes one call and decodes X's whole answer ({"data", "includes", "meta",
// "errors"}) into into, or drops it where into is nil. Its error is an *Error.
//
// Problems beside data are the caller's to read; problems without data are an
// Error of their class. Nothing is tried again here. For a read unknown_outcome
// means that the answer was lost, and reading again does no harm.
func (c *Client) Do(ctx context.Context, r Request, into any) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	_, e := c.run(ctx, r.Endpoint, r.As, func(ctx context.Context, x *exchange) error {
		return c.request(ctx, x, r)
	}, func(e *Error, x *exchange) *Error { return read(e, r.Method, x.body, into) })
	return c.note(ctx, r.As, r.Endpoint, e)
}

// Open makes one call whose answer does not end, such as the activity stream.
// The caller reads and closes the body. The client's time-out holds for the
// start of the answer only; afterwards it is ctx that ends it.
func (c *Client) Open(ctx context.Context, r Request) (io.ReadCloser, http.Header, error) {
	ctx, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(c.timeout, cancel)
	x, e := c.run(ctx, r.Endpoint, r.As, func(ctx context.Context, x *exchange) error {
		x.live = true
		return c.request(ctx, x, r)
	}, func(*Error, *exchange) *Error { return nil })
	if inTime := timer.Stop(); e == nil && !inTime {
		_ = x.stream.Close()
		e = &Error{Op: r.Endpoint, Status: x.status, Class: event.UnknownOutcome, Err: context.DeadlineExceeded}
	}
	if err := c.note(ctx, r.As, r.Endpoint, e); err != nil {
		cancel()
		return nil, nil, err
	}
	return &stream{x.stream, cancel}, x.header, nil
}

// stream ends its request when it is closed.
type stream struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (s *stream) Close() error {
	s.cancel()
	return s.ReadCloser.Close()
}

// request builds and makes a request by the exchange, which signs it.
func (c *Client) request(ctx context.Context, x *exchange, r Request) error {
	if !strings.HasPrefix(r.Path, "/2/") || strings.ContainsAny(r.Path, "?#%\\ ") || strings.Contains(r.Path, "..") {
		return errPath
	}
	var body io.Reader
	if r.Body != nil {
		b, err := json.Marshal(r.Body)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	target := c.base + r.Path
	if len(r.Query) > 0 {
		target += "?" + r.Query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, target, body)
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	resp, err := x.client().Do(req)
	if err != nil {
		return err
	}
	if x.stream != nil {
		return nil
	}
	return resp.Body.Close()
}

// run makes one call: window, credentials, request, class. judge reads an
// answer whose status says success; e is its Error so far.
func (c *Client) run(ctx context.Context, op string, as As,
	call func(context.Context, *exchange) error, judge func(e *Error, x *exchange) *Error,
) (*exchange, *Error) {
	x := &exchange{transport: c.transport}
	// Whatever fails before the call means that X did nothing.
	if remaining, reset, known := c.Limit(as.Bot, op); known && remaining == 0 {
		return x, &Error{Op: op, Class: event.RateLimited, RetryAt: reset, Err: ErrClosed}
	}
	auth, err := c.auth(ctx, as)
	switch {
	case err != nil:
		return x, authError(ctx, op, err)
	case auth == nil:
		return x, &Error{Op: op, Class: event.Auth, Err: errToken}
	case ctx.Err() != nil:
		return x, &Error{Op: op, Class: event.Transient, Err: ctx.Err()}
	}
	x.auth = auth
	err = safely(func() error { return call(ctx, x) })
	now := c.now()
	e := classify(op, x, err, now)
	if e == nil {
		e = judge(&Error{Op: op, Status: x.status, Class: event.UnknownOutcome}, x)
	}
	c.learn(as.Bot, op, x.header, e, now)
	if e == nil && c.gave != nil && as.Bot != "" {
		c.gave(as.Bot, op, resources(x.body))
	}
	return x, e
}

// note writes the line about a call that is no Send, and returns e as an error.
func (c *Client) note(ctx context.Context, as As, op string, e *Error) error {
	if e == nil {
		c.log.DebugContext(ctx, "call to X", "bot", as.Bot, "op", op)
		return nil
	}
	c.log.DebugContext(ctx, "call to X", "bot", as.Bot, "op", op, "class", e.Class, "status", e.Status)
	return e
}

// safely makes a panic of go-twitter an error. What X did is judged from the
// exchange all the same.
func safely(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a call to X: %v", p)
		}
	}()
	return fn()
}

// authError keeps the class of an *Error (a refresh that failed by the network
// is transient) and takes the rest for auth.
func authError(ctx context.Context, op string, err error) *Error {
	class := event.Auth
	var e *Error
	switch {
	case errors.As(err, &e):
		if e.Op == "" && e.Err != nil { // of no call: it says no more than its cause
			err = e.Err
		}
		return &Error{Op: op, Status: e.Status, Type: e.Type, Class: e.Class, RetryAt: e.RetryAt, Err: err}
	case ctx.Err() != nil:
		class = event.Transient
	}
	return &Error{Op: op, Class: class, Err: err}
}
