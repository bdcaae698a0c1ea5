package xapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
)

// maxBody bounds what is read of an answer. X's are a few hundred bytes.
const maxBody = 1 << 20

var errSecondTrip = errors.New("a second request within one call")

// exchange is one request and what came of it. It is the RoundTripper of that
// one request, beneath go-twitter and our own calls alike, so that both are
// judged from the same facts.
type exchange struct {
	transport http.RoundTripper
	auth      Authorizer // nil: the request bears no credentials
	live      bool       // a success's body is left to be read, as stream

	// The transport asks for a connection before anything else, and says when
	// it has one. It asks again only where it knows that nothing of the request
	// was written, or that the server did not look at it.
	asked, connected atomic.Bool

	ran      bool
	unsigned bool // no usable credentials: nothing was sent
	status   int  // 0: no answer
	header   http.Header
	body     []byte
	err      error // no answer, or its body could not be read whole
	stream   io.ReadCloser
}

// client wraps the exchange for one call. Redirects come back as answers.
func (x *exchange) client() *http.Client {
	return &http.Client{
		Transport:     x,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// RoundTrip records the exchange. A second request through it is refused.
func (x *exchange) RoundTrip(req *http.Request) (*http.Response, error) {
	if x.ran {
		return nil, errSecondTrip
	}
	x.ran = true
	req = req.Clone(x.traced(req.Context()))
	req.Header.Set("User-Agent", "beckon")
	if x.auth != nil {
		x.auth.Add(req)
		if x.unsigned = !printable(req.Header.Get("Authorization")); x.unsigned {
			return nil, errToken
		}
	}

	resp, err := x.transport.RoundTrip(req)
	if err != nil {
		x.err = err
		return nil, err
	}
	x.status, x.header = resp.StatusCode, resp.Header
	if x.live && x.status >= 200 && x.status < 300 {
		x.stream = resp.Body
		return resp, nil
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end, or given up
	x.body, x.err = io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if x.err == nil && len(x.body) > maxBody {
		x.err = errors.New("answer is longer than 1 MiB")
	}
	resp.Body = io.NopCloser(bytes.NewReader(x.body))
	return resp, nil
}

// printable reports whether a header's value is there and will be taken by the
// transport.
func printable(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

func (x *exchange) traced(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { x.asked.Store(true); x.connected.Store(false) },
		// Not WroteHeaders: with HTTP/2 it comes after the bytes, and the
		// moment between the two would look as if nothing had been sent.
		GotConn: func(httptrace.GotConnInfo) { x.connected.Store(true) },
	})
}

// untouched reports whether X surely did nothing because no connection came
// about: dial, DNS, TLS or proxy failed (A2).
func (x *exchange) untouched() bool {
	return x.status == 0 && x.asked.Load() && !x.connected.Load()
}
