package admin

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/match"
)

// Match is a user and a reference of theirs outside of X, for one purpose.
type Match struct {
	Bot     string    `json:"bot"`
	User    string    `json:"user"`
	Purpose string    `json:"purpose"`
	Basis   string    `json:"basis"`
	Ref     string    `json:"ref,omitempty"`    // none of one that has ended
	Event   string    `json:"event,omitempty"`  // by which the basis was given
	Source  string    `json:"source,omitempty"` // post, dm, or a public link
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Until   time.Time `json:"until,omitzero"`

	EndedAt time.Time `json:"ended_at,omitzero"`
	EndedBy string    `json:"ended_by,omitempty"`
}

// Matches is the answer to a question about one user.
type Matches struct {
	Matches []Match `json:"matches"`
	Ended   int     `json:"ended,omitempty"` // by this request
}

// MatchChange is the body of a request that sets, removes or withdraws one.
type MatchChange struct {
	By      string `json:"by"`
	Bot     string `json:"bot"`
	User    string `json:"user"`
	Purpose string `json:"purpose,omitempty"` // not of a withdrawal: it ends all
	Basis   string `json:"basis,omitempty"`
	Ref     string `json:"ref,omitempty"` // never logged
	Event   string `json:"event,omitempty"`
	Source  string `json:"source,omitempty"`
	Keep    string `json:"keep,omitempty"` // at most, such as 48h; "": as long as the basis allows
}

func (s *server) readMatch(r *http.Request) (in MatchChange, err error) {
	if err := readBody(r, &in); err != nil {
		return in, err
	}
	who := Change{By: in.By}
	if err := who.check(); err != nil {
		return in, err
	}
	in.By = who.By
	if len(in.Event) > maxName || !plain(in.Event) {
		return in, badRequest(fmt.Sprintf("event: an id of one line and at most %d bytes", maxName))
	}
	return in, s.oneUser(in.Bot, in.User)
}

func (s *server) setMatch(r *http.Request) (any, error) {
	in, err := s.readMatch(r)
	if err != nil {
		return nil, err
	}
	a := match.Ask{
		Bot: in.Bot, User: in.User, Purpose: in.Purpose, Basis: in.Basis, Ref: in.Ref, Event: in.Event, Source: in.Source, By: in.By,
	}
	if in.Keep != "" {
		if a.Keep, err = time.ParseDuration(in.Keep); err != nil || a.Keep <= 0 {
			return nil, badRequest(fmt.Sprintf("keep: a time such as 48h, not %q", in.Keep))
		}
	}
	if _, err := s.Desk.Match(r.Context(), s.Now(), a); err != nil {
		return nil, err
	}
	s.did(r.Context(), in.By, "match", "bot", in.Bot, "user", in.User, "purpose", in.Purpose, "basis", in.Basis)
	return s.matchesOf(r, in.Bot, in.User)
}

// withdrawMatch records that the user does not want to be matched.
func (s *server) withdrawMatch(r *http.Request) (any, error) {
	in, err := s.readMatch(r)
	switch {
	case err != nil:
		return nil, err
	case in.Purpose != "":
		return nil, badRequest("purpose: a user withdraws from being matched for every purpose; remove ends one match")
	}
	by := in.Event
	if by == "" {
		by = "operator " + in.By
	}
	n, err := s.Desk.Unmatch(r.Context(), s.Now(), in.Bot, in.User, by)
	if err != nil {
		return nil, fmt.Errorf("withdraw the matches of user %s: %w", in.User, err)
	}
	s.did(r.Context(), in.By, "withdraw matching", "bot", in.Bot, "user", in.User, "ended", n)
	out, err := s.matchesOf(r, in.Bot, in.User)
	out.Ended = n
	return out, err
}

func (s *server) removeMatch(r *http.Request) (any, error) {
	in, err := s.readMatch(r)
	if err != nil {
		return nil, err
	}
	if err := match.Purpose(in.Purpose); err != nil {
		return nil, err
	}
	err = s.Desk.RemoveMatch(r.Context(), s.Now(), in.Bot, in.User, in.Purpose, "operator "+in.By)
	if errors.Is(err, action.ErrNoMatch) {
		return nil, fmt.Errorf("%w: %w", err, db.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("remove a match of user %s: %w", in.User, err)
	}
	s.did(r.Context(), in.By, "remove a match", "bot", in.Bot, "user", in.User, "purpose", in.Purpose)
	out, err := s.matchesOf(r, in.Bot, in.User)
	out.Ended = 1
	return out, err
}

// listMatches shows references: who read them is recorded, as with texts.
func (s *server) listMatches(r *http.Request) (any, error) {
	bot, user := r.FormValue("bot"), r.FormValue("user")
	if err := s.oneUser(bot, user); err != nil {
		return nil, err
	}
	a := actOf(r.Context())
	a.on, a.users = append(a.on, "bot "+bot), append(a.users, user)
	return s.matchesOf(r, bot, user)
}

func (s *server) matchesOf(r *http.Request, bot, user string) (Matches, error) {
	out, now := Matches{Matches: []Match{}}, s.Now()
	err := s.Store.Read(r.Context(), func(tx db.Tx) error {
		all, err := tx.MatchesOf(bot, user)
		for _, m := range all {
			x := Match{
				Bot: m.Bot, User: m.User, Purpose: m.Purpose, Basis: string(m.Basis), Event: m.Event, Source: m.Source, By: m.By, At: m.At,
				Until: m.ExpiresAt, EndedAt: m.EndedAt, EndedBy: m.EndedBy,
			}
			if m.Stands(now) && len(m.Sealed) > 0 {
				ref, err := event.Open(m.Sealed)
				if err != nil {
					return fmt.Errorf("open the reference of user %s for %s: %w", user, m.Purpose, err)
				}
				x.Ref = string(ref)
			}
			out.Matches = append(out.Matches, x)
		}
		return err
	})
	return out, err
}
