package account

import (
	"net/http"
	"strings"
	"time"
)

// Transport watches what X answers. A 401 to a token that was given out here
// makes the next Credential a refreshed one (T5).
func (m *Manager) Transport(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return watched{m, next}
}

type watched struct {
	m    *Manager
	next http.RoundTripper
}

func (w watched) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(r)
	if err == nil && resp.StatusCode == http.StatusUnauthorized {
		if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && token != "" {
			w.m.Rejected(NewSecret(token))
		}
	}
	return resp, err
}

// tooFresh: a token that X refuses so soon after it gave it out is not helped
// by another one.
const tooFresh = time.Minute

// Rejected is told of an access token that X answered 401 to. The first of
// several who were refused the same token causes a refresh; the others find
// that it is no longer the one in use.
func (m *Manager) Rejected(token Secret) {
	m.app.Lock()
	if !m.bearer.IsZero() && m.bearer.Reveal() == token.Reveal() {
		m.bearer = Secret{}
	}
	m.app.Unlock()
	now := m.Now()
	for _, b := range m.bots {
		b.mu.Lock()
		if !b.access.IsZero() && b.access.Reveal() == token.Reveal() && b.rejected.Reveal() != token.Reveal() {
			if age := now.Sub(b.row.RefreshedAt); age >= 0 && age < tooFresh {
				m.Log.Error("X refuses an access token that it gave out just now: look at the app's access level and permissions on X", "bot", b.name)
			} else {
				b.rejected = token
				m.Metrics.Rejected.Add(1)
				m.Log.Warn("X refuses the access token before its end; it is refreshed", "bot", b.name)
				m.stir()
			}
		}
		b.mu.Unlock()
	}
}
