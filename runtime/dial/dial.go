// Package dial makes the HTTP clients for addresses that a configuration or a
// document of others names: feeds, webhooks, endpoints of models.
//
// What it owns: where such a client may connect to. What it refuses: to reach
// into the machine or the network that the host stands in, unless it is told
// that the address is meant to be there.
//
//   - N1 the address that is connected to is the address that was checked,
//     whatever its name resolves to before or afterwards.
//   - N2 no proxy of the environment is used: it would be checked instead.
//   - N3 a redirect is checked like the first address, and goes to https only.
package dial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// ErrInside is the fault of an address that is not on the public internet.
var ErrInside = errors.New("not an address of the public internet")

// ErrRedirect is the fault of a redirect that is not followed.
var ErrRedirect = errors.New("redirect not followed")

// Options are what a client may do; the zero value reaches the public internet,
// follows no redirect, and gives up after DefaultTimeout.
type Options struct {
	Inside    bool          // loopback and private addresses too, over http too
	Redirects int           // how many are followed
	Timeout   time.Duration // of a whole request with its body; 0: DefaultTimeout
}

// DefaultTimeout is how long a request may take, from the name to the last byte.
const DefaultTimeout = 20 * time.Second

// maxHeaders is far above what a server says and far below what hurts.
const maxHeaders = 64 << 10

// Client returns a client of its own connections. It sends no cookie.
func Client(o Options) *http.Client {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	d := &net.Dialer{Timeout: o.Timeout}
	if !o.Inside {
		d.ControlContext = outside
	}
	return &http.Client{
		Timeout: o.Timeout,
		Transport: &http.Transport{ // Proxy stays nil (N2)
			DialContext: d.DialContext, TLSHandshakeTimeout: o.Timeout, ForceAttemptHTTP2: true,
			MaxIdleConns: 4, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: maxHeaders,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error { return redirect(o, r, len(via)) },
	}
}

// redirect checks the hop that follows n requests (N3).
func redirect(o Options, r *http.Request, n int) error {
	switch {
	case n > o.Redirects:
		return fmt.Errorf("%w: the %dth, at most %d are", ErrRedirect, n, o.Redirects)
	case r.URL.Scheme != "https" && !(o.Inside && r.URL.Scheme == "http"):
		return fmt.Errorf("%w: it leads to %s, not to https", ErrRedirect, r.URL.Scheme)
	}
	return nil
}

// outside looks at an address after its name was resolved and before anything
// is sent to it (N1).
func outside(_ context.Context, _, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInside, err)
	}
	if !Public(a.Addr()) {
		return fmt.Errorf("%s: %w", a.Addr(), ErrInside)
	}
	return nil
}

// Public reports whether an address is one of the public internet. What it does
// not know as such is none.
func Public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.Zone() != "" {
		return false
	}
	for _, p := range special() {
		if p.Contains(a) {
			return false
		}
	}
	return a.Is4() || netip.MustParsePrefix("2000::/3").Contains(a)
}

// special are ranges that lead somewhere else than they seem, or nowhere (IANA
// special-purpose address registries): among them the IPv6 forms that carry an
// IPv4 address, which could be a private one.
func special() []netip.Prefix {
	var out []netip.Prefix
	for _, p := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
	} {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}
