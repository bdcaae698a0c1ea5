package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
)

// Accounts is the owner of the bots' tokens. No token passes through here.
type Accounts interface {
	List(ctx context.Context) ([]Account, error)
	// Login exchanges a code for tokens and keeps them.
	Login(ctx context.Context, bot string, l Login) (Account, error)
	// Logout revokes and drops a bot's tokens; drop: drops them even where X does
	// not confirm, which revoked tells.
	Logout(ctx context.Context, bot, by string, drop bool) (revoked bool, err error)
}

// Refusal is an error that the asker can do something about; it answers 409.
type Refusal struct{ Err error }

func (r Refusal) Error() string { return r.Err.Error() }
func (r Refusal) Unwrap() error { return r.Err }

// Account says how a bot speaks for its account, and since when.
type Account struct {
	Bot         string    `json:"bot"`
	Kind        string    `json:"kind"`  // token, oauth1 or login
	State       string    `json:"state"` // configured; of a login none, live, refreshing, unknown or ended
	Scopes      string    `json:"scopes,omitempty"`
	LoginAt     time.Time `json:"login_at,omitzero"`
	RefreshedAt time.Time `json:"refreshed_at,omitzero"`
	ExpiresAt   time.Time `json:"expires_at,omitzero"` // of the access token, which is renewed before
	Reason      string    `json:"reason,omitempty"`
}

// AccountList is the answer to a list.
type AccountList struct {
	Accounts []Account `json:"accounts"`
}

// Login is what X's answer to a login holds. The code works once, for 30
// seconds, and only with the verifier and the app's own secret.
type Login struct {
	By       string `json:"by"`
	Code     string `json:"code"`
	Verifier string `json:"verifier"`
	Redirect string `json:"redirect"`
}

// Logout is the body of a logout.
type Logout struct {
	By   string `json:"by"`
	Drop bool   `json:"drop"`
}

// LoggedOut is the answer to a logout.
type LoggedOut struct {
	Bot     string `json:"bot"`
	Revoked bool   `json:"revoked"` // X confirmed it
}

var errNoAccounts = errors.New("this host keeps no accounts")

func (s *server) accountsOf(r *http.Request) (bot string, err error) {
	bot = r.PathValue("bot")
	switch {
	case s.Accounts == nil:
		return "", Refusal{errNoAccounts}
	case !slices.Contains(s.Bots, bot):
		return "", fmt.Errorf("bot %q: %w; the bots are %s", bot, db.ErrNotFound, strings.Join(s.Bots, ", "))
	}
	return bot, nil
}

func (s *server) listAccounts(r *http.Request) (any, error) {
	if s.Accounts == nil {
		return nil, Refusal{errNoAccounts}
	}
	all, err := s.Accounts.List(r.Context())
	return AccountList{all}, err
}

func (s *server) login(r *http.Request) (any, error) {
	bot, err := s.accountsOf(r)
	if err != nil {
		return nil, err
	}
	var in Login
	if err := readBody(r, &in); err != nil {
		return nil, err
	}
	c := Change{By: in.By}
	if err := c.check(); err != nil {
		return nil, err
	}
	if in.Code == "" || in.Verifier == "" || in.Redirect == "" {
		return nil, badRequest("code, verifier and redirect: all three")
	}
	a, err := s.Accounts.Login(r.Context(), bot, in)
	if err != nil {
		return nil, err
	}
	s.did(r.Context(), c.By, "login", "bot", bot)
	return a, nil
}

func (s *server) logout(r *http.Request) (any, error) {
	bot, err := s.accountsOf(r)
	if err != nil {
		return nil, err
	}
	var in Logout
	if err := readBody(r, &in); err != nil {
		return nil, err
	}
	c := Change{By: in.By}
	if err := c.check(); err != nil {
		return nil, err
	}
	revoked, err := s.Accounts.Logout(r.Context(), bot, c.By, in.Drop)
	if err != nil {
		return nil, err
	}
	s.did(r.Context(), c.By, "logout", "bot", bot)
	return LoggedOut{bot, revoked}, nil
}
