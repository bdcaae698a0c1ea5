package account

import (
	"context"
	"errors"
	"net/url"

	"github.com/beckon-bot/beckon/runtime/event"
)

// appCredential is the app-only Bearer: as configured, or asked for once with
// the consumer key and secret. It does not expire and can be asked for again at
// any time, so it is kept in memory only.
func (m *Manager) appCredential(ctx context.Context) (Credential, error) {
	if !m.App.Bearer.IsZero() {
		return Credential{Bearer: m.App.Bearer}, nil
	}
	if m.App.ConsumerKey.IsZero() || m.App.ConsumerSecret.IsZero() {
		return Credential{}, &Error{Class: event.Auth, Err: errors.New("set app.bearer, or app.consumer_key beside app.consumer_secret")}
	}
	m.app.Lock()
	defer m.app.Unlock()
	if !m.bearer.IsZero() {
		return Credential{Bearer: m.bearer}, nil
	}
	now := m.Now()
	if now.Before(m.appBusy) {
		return Credential{}, &Error{Class: event.Transient, RetryAt: m.appBusy, Err: errors.New("X gave no app token a moment ago")}
	}
	a := m.x.tokens(ctx, "/oauth2/token", m.App.ConsumerKey.Reveal(), m.App.ConsumerSecret, url.Values{"grant_type": {"client_credentials"}})
	if a.ending == granted {
		m.bearer = a.access
		return Credential{Bearer: m.bearer}, nil
	}
	m.appBusy = later(now.Add(retryBase), a.retryAt)
	err := &Error{Class: event.Transient, RetryAt: m.appBusy, Err: errors.New("X's token endpoint gave none; it is asked again")}
	switch a.ending {
	case busy:
		err.Class = event.RateLimited
	case misconfigured, refused:
		err.Class, err.Err = event.Auth, errors.New("X does not take app.consumer_key and app.consumer_secret")
	}
	return Credential{}, err
}
