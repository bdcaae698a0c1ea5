package admin

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
)

// Consent is what one user agreed to, toward one bot.
type Consent struct {
	Bot     string    `json:"bot"`
	User    string    `json:"user"`
	Kind    string    `json:"kind"`             // dm_storage, matching or opt_in
	Covers  string    `json:"covers,omitempty"` // what an opt-in named, and nothing else
	Wording string    `json:"wording"`          // as the user saw it
	At      time.Time `json:"at"`
	Event   string    `json:"event"` // by which it was given

	WithdrawnAt time.Time `json:"withdrawn_at,omitzero"`
	WithdrawnBy string    `json:"withdrawn_by,omitempty"`
}

// Consents is the answer to a question about one user.
type Consents struct {
	Consents []Consent `json:"consents"`
}

// ConsentChange is the body of a request that records or withdraws one.
type ConsentChange struct {
	By      string `json:"by"`
	Bot     string `json:"bot"`
	User    string `json:"user"`
	Kind    string `json:"kind"`
	Covers  string `json:"covers,omitempty"` // of an opt-in
	Wording string `json:"wording,omitempty"`
	Event   string `json:"event,omitempty"` // "": it reached the operator, by another way than X
}

// readConsent reads and checks a change. Nobody is looked for: the bot and the
// user are named.
func (s *server) readConsent(r *http.Request) (by string, c db.Consent, err error) {
	var in ConsentChange
	if err := readBody(r, &in); err != nil {
		return "", c, err
	}
	who := Change{By: in.By}
	if err := who.check(); err != nil {
		return "", c, err
	}
	c = db.Consent{Bot: in.Bot, User: in.User, Covers: in.Covers, Wording: in.Wording, Event: cmp.Or(in.Event, "operator "+who.By)}
	if c.Kind, err = action.ConsentKind(in.Kind); err != nil {
		return "", c, badRequest(err.Error())
	}
	if len(in.Event) > maxName || !plain(in.Event) {
		return "", c, badRequest(fmt.Sprintf("event: an id of one line and at most %d bytes", maxName))
	}
	if (in.Kind == "opt_in") != (strings.TrimSpace(c.Covers) != "") || len(c.Covers) > maxName || !plain(c.Covers) {
		return "", c, badRequest(fmt.Sprintf("covers: what an opt-in is about, in one line and at most %d bytes; no other consent has it", maxName))
	}
	return who.By, c, s.oneUser(c.Bot, c.User)
}

// oneUser checks that a bot of this host and one user are named.
func (s *server) oneUser(bot, user string) error {
	switch {
	case !slices.Contains(s.Bots, bot):
		return badRequest(fmt.Sprintf("bot: one of %s, not %q", strings.Join(s.Bots, ", "), bot))
	case !userID(user):
		return badUser(user)
	}
	return nil
}

func (s *server) recordConsent(r *http.Request) (any, error) {
	by, c, err := s.readConsent(r)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(c.Wording) == "" || len(c.Wording) > maxWhy {
		return nil, badRequest(fmt.Sprintf("wording: what the user saw and agreed to, at most %d bytes", maxWhy))
	}
	if err := s.Desk.Consent(r.Context(), s.Now(), c); err != nil {
		return nil, fmt.Errorf("record consent of user %s: %w", c.User, err)
	}
	s.did(r.Context(), by, "record consent", "bot", c.Bot, "user", c.User, "kind", c.Kind)
	return s.consentsOf(r, c.Bot, c.User)
}

func (s *server) withdrawConsent(r *http.Request) (any, error) {
	by, c, err := s.readConsent(r)
	if err != nil {
		return nil, err
	}
	err = s.Desk.WithdrawConsent(r.Context(), s.Now(), c.Bot, c.User, c.Kind, c.Covers, c.Event)
	if errors.Is(err, action.ErrNoConsent) {
		return nil, fmt.Errorf("%w: %w", err, db.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("withdraw consent of user %s: %w", c.User, err)
	}
	s.did(r.Context(), by, "withdraw consent", "bot", c.Bot, "user", c.User, "kind", c.Kind)
	return s.consentsOf(r, c.Bot, c.User)
}

func (s *server) listConsents(r *http.Request) (any, error) {
	bot, user := r.FormValue("bot"), r.FormValue("user")
	if err := s.oneUser(bot, user); err != nil {
		return nil, err
	}
	return s.consentsOf(r, bot, user)
}

func (s *server) consentsOf(r *http.Request, bot, user string) (Consents, error) {
	out := Consents{Consents: []Consent{}}
	err := s.Store.Read(r.Context(), func(tx db.Tx) error {
		all, err := tx.ConsentsOf(bot, user)
		for _, c := range all {
			out.Consents = append(out.Consents, Consent{
				Bot: c.Bot, User: c.User, Kind: string(c.Kind), Covers: c.Covers, Wording: c.Wording, At: c.At, Event: c.Event,
				WithdrawnAt: c.WithdrawnAt, WithdrawnBy: c.WithdrawnBy,
			})
		}
		return err
	})
	return out, err
}
