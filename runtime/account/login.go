package account

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
)

// loginBot returns the bot if it is one that logs in.
func (m *Manager) loginBot(name string) (*bot, error) {
	c, ok := m.Bots[name]
	if !ok {
		return nil, ErrNoBot
	}
	if c.Kind != Login {
		return nil, ErrNotLogin
	}
	return m.bots[name], nil
}

// Login exchanges a code, makes sure that the tokens are for the bot's own
// account, and stores them. Tokens that are not kept are revoked. A refresh
// under way ends first; one of another process finds that its turn is over.
func (m *Manager) Login(ctx context.Context, name string, c Code) (Status, error) {
	b, err := m.loginBot(name)
	if err != nil {
		return Status{}, err
	}
	if err := b.take(ctx); err != nil {
		return Status{}, err
	}
	defer b.give()
	ctx = context.WithoutCancel(ctx) // a code works once
	asked := m.Now()
	a := m.x.tokens(ctx, "/2/oauth2/token", m.App.ClientID, m.App.ClientSecret, url.Values{
		"grant_type": {"authorization_code"}, "code": {c.Code.Reveal()}, "redirect_uri": {c.Redirect},
		"code_verifier": {c.Verifier.Reveal()}, "client_id": {m.App.ClientID},
	})
	if a.ending != granted {
		return Status{}, exchangeError(a)
	}
	if err := m.check(ctx, name, a); err != nil {
		return Status{}, m.discard(ctx, a, err)
	}
	row := db.Token{
		Bot: name, State: db.TokenLive, Scopes: a.scopes,
		LoginAt: asked, RefreshedAt: asked, ExpiresAt: asked.Add(a.lifetime),
	}
	if err := m.seal(&row, a.access, a.refresh); err != nil {
		return Status{}, m.discard(ctx, a, err)
	}
	err = m.Store.Write(ctx, func(tx db.Tx) error {
		now, err := tx.Token(name)
		if err != nil && !errors.Is(err, db.ErrNotFound) {
			return err
		}
		row.Version = now.Version
		return tx.PutToken(row)
	})
	if err != nil {
		return Status{}, m.discard(ctx, a, fmt.Errorf("store the tokens: %w", err))
	}
	row.Version++
	b.mu.Lock()
	b.row, b.access, b.rejected, b.unsaved = row, a.access, Secret{}, nil
	b.fails, b.tryAt, b.why = 0, time.Time{}, nil
	b.mu.Unlock()
	m.Log.InfoContext(ctx, "logged in", "bot", name)
	m.stir()
	return Status{
		Bot: name, Kind: Login, State: string(row.State), Scopes: row.Scopes,
		LoginAt: row.LoginAt, RefreshedAt: row.RefreshedAt, ExpiresAt: row.ExpiresAt,
	}, nil
}

func exchangeError(a answer) error {
	switch a.ending {
	case untouched:
		return errors.New("X's token endpoint cannot be reached: try again")
	case busy:
		return errors.New("X takes no more logins for now: try again in a quarter of an hour")
	case misconfigured:
		return fmt.Errorf("X does not take app.client_id and app.client_secret (status %d): compare them with the app's keys on X", a.status)
	case refused:
		return errors.New("X does not take the code: it lives 30 seconds and works once, and app.redirect must be to the letter what the app's settings on X name; try again")
	}
	return errors.New("X's answer was lost, and the code with it: try again")
}

// check refuses tokens that are of no use, or for another account.
func (m *Manager) check(ctx context.Context, name string, a answer) error {
	if a.refresh.IsZero() {
		return errors.New("X gave no refresh token, so the login would end within hours: the scope offline.access was not granted")
	}
	id, username, err := m.x.whoami(ctx, a.access)
	if err != nil {
		return fmt.Errorf("whose login it is cannot be told: %w; try again", err)
	}
	want := m.Bots[name]
	if id != want.UserID {
		return fmt.Errorf("%w: @%s (user id %s), and bot %s is @%s (user id %s); log in to X as that one first", ErrOtherAccount, plainHandle(username), plainID(id), name, want.Username, want.UserID)
	}
	return nil
}

// discard revokes tokens that are not kept.
func (m *Manager) discard(ctx context.Context, a answer, why error) error {
	if m.revokePair(ctx, a.access, a.refresh) {
		return fmt.Errorf("%w. The tokens were revoked", why)
	}
	return fmt.Errorf("%w. X did not confirm that the tokens are revoked: take the app's access away in that account's settings on X (connected apps)", why)
}

// revokePair revokes the refresh token first: the other dies within hours.
func (m *Manager) revokePair(ctx context.Context, access, refresh Secret) bool {
	ok := true
	if !refresh.IsZero() {
		ok = m.x.revoke(ctx, m.App.ClientID, m.App.ClientSecret, refresh, "refresh_token")
	}
	if !access.IsZero() {
		ok = m.x.revoke(ctx, m.App.ClientID, m.App.ClientSecret, access, "access_token") && ok
	}
	return ok
}

// ErrNotRevoked: X did not confirm a logout, and the tokens are kept.
var ErrNotRevoked = errors.New("X did not confirm that the tokens are revoked; they are kept: try again, or drop them here with --drop and take the app's access away in the account's settings on X (connected apps)")

// Logout revokes a bot's tokens at X and drops them here. drop: here in any
// case. revoked tells whether X confirmed.
func (m *Manager) Logout(ctx context.Context, name, by string, drop bool) (revoked bool, err error) {
	b, err := m.loginBot(name)
	if err != nil {
		return false, err
	}
	if err := b.take(ctx); err != nil {
		return false, err
	}
	defer b.give()
	for {
		if err := m.save(ctx, b); err != nil && !drop {
			return revoked, err
		}
		row, err := m.look(ctx, b)
		switch {
		case errors.Is(err, ErrWrongKey) && drop:
		case err != nil:
			return revoked, err
		case row.State == db.TokenEnded:
			return revoked, ended(row)
		case row.State == db.TokenRefreshing && m.Now().Before(row.LeaseUntil):
			if err := m.pause(ctx, b); err != nil {
				return revoked, err
			}
			continue
		}
		if access, refresh, err := m.open(row); err == nil {
			revoked = m.revokePair(context.WithoutCancel(ctx), access, refresh)
		}
		if !revoked && !drop {
			return false, ErrNotRevoked
		}
		row.State, row.Sealed, row.LeaseUntil = db.TokenEnded, nil, time.Time{}
		row.Reason = "logged out by " + by + ": `beckon login " + name + "` begins again"
		switch err := m.put(context.WithoutCancel(ctx), row); {
		case errors.Is(err, db.ErrStale):
			continue
		case err != nil:
			return revoked, fmt.Errorf("drop the tokens: %w", err)
		}
		b.mu.Lock()
		b.row, b.access, b.unsaved = row, Secret{}, nil
		b.mu.Unlock()
		m.Log.InfoContext(ctx, "logged out", "bot", name, "by", by)
		return revoked, nil
	}
}

// plainHandle and plainID keep what X answered from holding anything but what it
// should be.
func plainHandle(s string) string {
	return plainOf(s, 15, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
}

func plainID(s string) string { return plainOf(s, 20, "0123456789") }

func plainOf(s string, most int, of string) string {
	if len(s) > most || strings.Trim(s, of) != "" {
		return "?"
	}
	return s
}
