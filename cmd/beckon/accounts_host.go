package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/account"
	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/seal"
	"github.com/beckon-bot/beckon/runtime/xapi"
)

// speakers is how the app and its bots identify themselves to X.
type speakers struct {
	app  account.App
	bots map[string]account.Bot
}

// loadSpeakers resolves what the configuration names, and reports all faults.
func loadSpeakers(sys system, cfg *config.Config) (speakers, error) {
	s := speakers{app: account.App{ClientID: cfg.App.ClientID}, bots: map[string]account.Bot{}}
	var errs []error
	resolve := func(what string, ref config.SecretRef) account.Secret {
		if ref == "" {
			return account.Secret{}
		}
		v, err := secret(sys, ref)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", what, err))
		}
		return v
	}
	s.app.ClientSecret = resolve("app.client_secret", cfg.App.ClientSecret)
	s.app.ConsumerKey = resolve("app.consumer_key", cfg.App.ConsumerKey)
	s.app.Bearer = resolve("app.bearer", cfg.App.Bearer)
	if !s.app.ConsumerKey.IsZero() {
		s.app.ConsumerSecret = resolve("app.consumer_secret", cfg.App.ConsumerSecret)
	}
	for _, name := range cfg.Names() {
		c := cfg.Bots[name]
		s.bots[name] = account.Bot{
			UserID: c.UserID, Username: c.Username, Kind: account.Kind(c.SpeaksBy()),
			Token: resolve("token of bot "+name, c.Token),
			Keys: account.Keys{
				ConsumerKey: s.app.ConsumerKey, ConsumerSecret: s.app.ConsumerSecret,
				AccessToken:  resolve("oauth1.access_token of bot "+name, c.OAuth1.AccessToken),
				AccessSecret: resolve("oauth1.access_secret of bot "+name, c.OAuth1.AccessSecret),
			},
		}
	}
	return s, errors.Join(errs...)
}

// openAccounts puts the owner of the tokens together. A login that ends turns
// the bot's kill switch on.
func (h *host) openAccounts(s speakers, client *http.Client, count *account.Metrics) *account.Manager {
	return account.New(account.Options{
		Store: h.store, Seal: h.seals.Live, App: s.app, Bots: s.bots,
		BaseURL: h.cfg.XBaseURL, HTTP: client, Now: h.now, Log: h.log, Metrics: count,
		Stop: func(ctx context.Context, bot, why string) error {
			return h.desk.Pause(ctx, h.now(), bot, "host", why, true)
		},
	})
}

// lateAccounts is openAccounts for a command without a host: most commands need
// no secret of the app, and must work where there is none.
func (h *host) lateAccounts(sys system) (*account.Manager, error) {
	s, err := loadSpeakers(sys, h.cfg)
	if err != nil {
		return nil, err
	}
	return h.openAccounts(s, nil, nil), nil
}

// startAccounts says who cannot speak yet.
func (h *host) startAccounts(ctx context.Context) error {
	all, err := h.accounts.List(ctx)
	for _, a := range all {
		if a.State == "none" || a.State == string(db.TokenEnded) {
			h.log.WarnContext(ctx, "the bot cannot send: "+a.Reason, "bot", a.Bot)
		}
	}
	return err
}

// tokenKey reads the key that logins are sealed with: given by the
// configuration, or in the data directory, where it is made at the first start.
func (d *dataDir) tokenKey(given account.Secret) (*seal.Keyset, error) {
	if !given.IsZero() {
		k, err := seal.Parse(given.Reveal())
		if err != nil {
			return nil, exitError{exitUsage, fmt.Errorf("app.token_key: %w; the host makes one in data_dir/token.key where app.token_key is left out", err)}
		}
		return k, nil
	}
	path := d.file("token.key")
	s, err := account.ParseSecretRef("file:"+path, nil, os.ReadFile)
	if errors.Is(err, fs.ErrNotExist) {
		return d.makeTokenKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the token key: %w", err)
	}
	k, err := seal.Parse(s.Reveal())
	if err != nil {
		return nil, fmt.Errorf("%s: %w: restore it from a backup, or remove it and log in again", path, err)
	}
	return k, nil
}

func (d *dataDir) makeTokenKey(path string) (*seal.Keyset, error) {
	k, err := seal.New()
	if err != nil {
		return nil, err
	}
	text, err := k.Text()
	if err != nil {
		return nil, err
	}
	if err := writeSecret(path, text+"\n"); err != nil {
		return nil, fmt.Errorf("keep the token key: %w", err)
	}
	return k, nil
}

// authorize gives every call to X its credentials.
func authorize(m *account.Manager) xapi.Auth {
	return func(ctx context.Context, as xapi.As) (xapi.Authorizer, error) {
		c, err := m.Credential(ctx, as.Bot)
		if e, ok := errors.AsType[*account.Error](err); ok {
			return nil, &xapi.Error{Class: e.Class, RetryAt: e.RetryAt, Err: e}
		}
		if err != nil {
			return nil, err
		}
		if k := c.Keys; c.Bearer.IsZero() {
			return xapi.OAuth1(k.ConsumerKey.Reveal(), k.ConsumerSecret.Reveal(), k.AccessToken.Reveal(), k.AccessSecret.Reveal()), nil
		}
		return xapi.Bearer(c.Bearer.Reveal()), nil
	}
}

// watched lets the owner of the tokens see which of them X refuses.
func watched(m *account.Manager, client *http.Client) *http.Client {
	var next http.RoundTripper
	if client != nil {
		next = client.Transport
	}
	return &http.Client{Transport: m.Transport(next)}
}

// lazily answers the administration from a manager that is made when it is
// first asked for.
type lazily func() (*account.Manager, error)

func (get lazily) List(ctx context.Context) ([]admin.Account, error) {
	m, err := get()
	if err != nil {
		return nil, admin.Refusal{Err: err}
	}
	all, err := m.List(ctx)
	out := make([]admin.Account, len(all))
	for i, a := range all {
		out[i] = accountOf(a)
	}
	return out, err
}

func (get lazily) Login(ctx context.Context, bot string, l admin.Login) (admin.Account, error) {
	m, err := get()
	if err != nil {
		return admin.Account{}, admin.Refusal{Err: err}
	}
	a, err := m.Login(ctx, bot, account.Code{
		Code: account.NewSecret(l.Code), Verifier: account.NewSecret(l.Verifier), Redirect: l.Redirect,
	})
	if err != nil {
		return admin.Account{}, admin.Refusal{Err: err}
	}
	return accountOf(a), nil
}

func (get lazily) Logout(ctx context.Context, bot, by string, drop bool) (bool, error) {
	m, err := get()
	if err != nil {
		return false, admin.Refusal{Err: err}
	}
	revoked, err := m.Logout(ctx, bot, by, drop)
	if err != nil {
		return revoked, admin.Refusal{Err: err}
	}
	return revoked, nil
}

func accountOf(a account.Status) admin.Account {
	return admin.Account{
		Bot: a.Bot, Kind: string(a.Kind), State: a.State, Scopes: a.Scopes,
		LoginAt: a.LoginAt, RefreshedAt: a.RefreshedAt, ExpiresAt: a.ExpiresAt, Reason: a.Reason,
	}
}
