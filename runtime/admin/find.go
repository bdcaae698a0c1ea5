package admin

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/compliance"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/display"
	"github.com/beckon-bot/beckon/runtime/erasure"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Find is the body of a request for everything that is kept of one user.
type Find struct {
	By   string `json:"by"`
	User string `json:"user"`
}

// KeptOf is everything that is kept of one user, to be given to them where they
// ask for it.
// X rule: no profiling or tracking of users (facts.md, read 2026-11-25): it is
// asked for one user at a time, and each time is an act on record.
type KeptOf struct {
	User     string           `json:"user"`
	OptedOut *KeptSuppression `json:"opted_out,omitempty"`
	Bots     []KeptByBot      `json:"bots"`   // those that know them
	Counts   map[string]int64 `json:"counts"` // of records, by kind: what an erasure would remove
}

// KeptSuppression is the user's opt-out, or what is kept of one that has ended.
type KeptSuppression struct {
	Stands   bool      `json:"stands"`
	At       time.Time `json:"at"`
	How      string    `json:"how"`
	ErasedAt time.Time `json:"erased_at,omitzero"`
}

// KeptByBot is what one bot has of the user.
type KeptByBot struct {
	Bot      string                     `json:"bot"`
	Knows    *conversation.Conversation `json:"conversation,omitempty"`
	Consents []Consent                  `json:"consents"`
	Matches  []Match                    `json:"matches"`
	Remember map[string]string          `json:"remembered"` // what handlers noted, by name
	Posts    []display.Post             `json:"posts"`      // what they wrote, as far as the bus keeps it
	Actions  []KeptAction               `json:"actions"`    // what was written to them, or waits
}

// KeptAction is one of them, with its text where that is still kept.
type KeptAction struct {
	Action
	Text string `json:"text,omitempty"`
}

// find answers with all of it.
func (s *server) find(r *http.Request) (any, error) {
	var in Find
	if err := readBody(r, &in); err != nil {
		return nil, err
	}
	who := Change{By: in.By}
	if err := who.check(); err != nil {
		return nil, err
	}
	switch {
	case !userID(in.User):
		return nil, badUser(in.User)
	case s.Eraser == nil:
		return nil, errNoEraser
	}
	a := actOf(r.Context())
	a.users = append(a.users, in.User)
	out := KeptOf{User: in.User, Bots: []KeptByBot{}}
	var err error
	if out.Counts, err = s.Eraser.Dry(r.Context(), s.Now(), erasure.Request{User: in.User, By: in.By}); err != nil {
		return nil, err
	}
	if out.OptedOut, err = s.keptSuppression(r.Context(), in.User); err != nil {
		return nil, err
	}
	for _, bot := range s.Bots {
		b, err := s.keptBy(r, bot, in.User)
		if err != nil {
			return nil, err
		}
		if b.Knows != nil || len(b.Consents)+len(b.Matches)+len(b.Remember)+len(b.Posts)+len(b.Actions) > 0 {
			out.Bots = append(out.Bots, b)
		}
	}
	s.did(r.Context(), in.By, "find") // the log does not name whom
	return out, nil
}

func (s *server) keptSuppression(ctx context.Context, user string) (f *KeptSuppression, err error) {
	err = s.Store.Read(ctx, func(tx db.Tx) error {
		p, err := tx.Suppression(s.Desk.Key.User(user))
		if err == nil && (p.OptedOut || !p.At.IsZero() || !p.ErasedAt.IsZero()) {
			f = &KeptSuppression{Stands: p.OptedOut, At: p.At, How: string(p.Tier), ErasedAt: p.ErasedAt}
		}
		return err
	})
	return f, err
}

func (s *server) keptBy(r *http.Request, bot, user string) (f KeptByBot, err error) {
	f = KeptByBot{Bot: bot, Remember: map[string]string{}, Posts: []display.Post{}, Actions: []KeptAction{}}
	consents, err := s.consentsOf(r, bot, user)
	if err != nil {
		return f, err
	}
	matches, err := s.matchesOf(r, bot, user)
	if err != nil {
		return f, err
	}
	f.Consents, f.Matches = consents.Consents, matches.Matches
	acts, err := s.acts(r.Context(), bot, user)
	if err != nil {
		return f, err
	}
	err = s.Store.Read(r.Context(), func(tx db.Tx) error {
		c, err := tx.Conversation(bot, user)
		if err != nil {
			return err
		}
		if c.Version > 0 {
			f.Knows = &c
		}
		if err := remembered(tx, &f, user); err != nil {
			return err
		}
		if f.Actions, err = keptActions(tx, bot, user); err != nil {
			return err
		}
		f.Posts, err = s.visible(tx, bot, user, acts)
		return err
	})
	return f, err
}

// visible shows acts that are not gone from X, oldest first.
func (s *server) visible(tx db.Tx, bot, user string, acts map[string]written) ([]display.Post, error) {
	posts := []display.Post{}
	for _, key := range slices.Sorted(maps.Keys(acts)) {
		w := acts[key]
		gone, err := compliance.Hidden(tx, s.Desk.Key, conversation.Interaction{
			Bot: bot, Key: w.event.Interaction, Message: w.event.Message, User: user, Kind: w.event.Kind, FirstAt: w.event.At,
		})
		if err != nil {
			return nil, err
		}
		if !gone {
			posts = append(posts, display.Of(w.event, w.body))
		}
	}
	slices.SortStableFunc(posts, func(a, b display.Post) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return posts, nil
}

func remembered(tx db.Tx, f *KeptByBot, user string) error {
	slots, err := tx.Slots(f.Bot, user)
	if err != nil {
		return err
	}
	for name, sealed := range slots {
		value, err := event.Open(sealed)
		if err != nil {
			return fmt.Errorf("open what %s remembers as %s: %w", f.Bot, name, err)
		}
		f.Remember[name] = string(value)
	}
	return nil
}

// mostActions is more than anybody is written in the time that actions are kept.
const mostActions = 10_000

func keptActions(tx db.Tx, bot, user string) ([]KeptAction, error) {
	rows, err := tx.ListActions(db.ActionFilter{Bot: bot, User: user, Max: mostActions})
	if err != nil {
		return nil, err
	}
	out := make([]KeptAction, 0, len(rows))
	for _, a := range slices.Backward(rows) {
		text, err := textOf(tx, a.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, KeptAction{rowOf(a), text})
	}
	return out, nil
}
