package admin

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/conversation"
)

// Conversation is one that a person has, or should look at: an entry of the
// desk's work queue. Nothing here finds users by anything else.
type Conversation struct {
	Bot   string    `json:"bot"`
	User  string    `json:"user"`
	State string    `json:"state"`          // held, handed_off or paused
	Why   string    `json:"why"`            // no text of theirs
	Since time.Time `json:"since,omitzero"` // UTC
	Until time.Time `json:"until,omitzero"` // when the bot speaks again by itself
	Last  time.Time `json:"last,omitzero"`  // the user's latest act that we know of
	Desk  string    `json:"desk,omitempty"` // why the desk was not told of it yet, or is not told any more
}

// Conversations is the answer to a list, by bot and user.
type Conversations struct {
	Conversations []Conversation `json:"conversations"`
}

func (s *server) listConversations(r *http.Request) (any, error) {
	bot := r.FormValue("bot")
	if bot != "" {
		if err := s.known(bot); err != nil {
			return nil, err
		}
	}
	limit, err := readMax(r)
	if err != nil {
		return nil, err
	}
	out := Conversations{Conversations: []Conversation{}}
	now := s.Now()
	err = s.Store.Read(r.Context(), func(tx db.Tx) error {
		rows, err := tx.WithPeople(bot, now, limit)
		for _, c := range rows {
			one, err := conversationOf(tx, c, now)
			if err != nil {
				return err
			}
			out.Conversations = append(out.Conversations, one)
		}
		return err
	})
	return out, err
}

func conversationOf(tx db.Tx, c conversation.Conversation, now time.Time) (Conversation, error) {
	w := action.WithPersonOf(c, now)
	out := Conversation{Bot: w.Bot, User: w.User, State: w.State, Why: w.Why, Since: w.Since, Until: w.Until, Last: w.Last}
	n, err := tx.DeskNotice(c.Bot, c.User)
	switch {
	case errors.Is(err, db.ErrNotFound):
		return out, nil
	case err != nil:
		return out, err
	case n.NextAt.IsZero():
		out.Desk = fmt.Sprintf("gave up after attempt %d: %s", n.Attempts, n.Reason)
	case n.Attempts == 0:
		out.Desk = "not told yet"
	default:
		out.Desk = fmt.Sprintf("attempt %d failed: %s", n.Attempts, n.Reason)
	}
	return out, nil
}

func (s *server) handOff(r *http.Request) (any, error) {
	return s.changeConversation(r, "hand off", func(c Change, bot, user string) error {
		_, err := s.Desk.HandOff(r.Context(), s.Now(), bot, user, c.By, c.Why)
		return err
	})
}

func (s *server) release(r *http.Request) (any, error) {
	return s.changeConversation(r, "release", func(c Change, bot, user string) error {
		return s.Desk.Release(r.Context(), s.Now(), bot, user, c.By)
	})
}

// changeConversation answers with the conversation as it stands then; its state
// is "" where the bot may speak.
func (s *server) changeConversation(r *http.Request, what string, do func(c Change, bot, user string) error) (any, error) {
	bot, user := r.PathValue("bot"), r.PathValue("user")
	if err := s.known(bot); err != nil {
		return nil, err
	}
	if !userID(user) {
		return nil, badUser(user)
	}
	c, err := readChange(r)
	if err != nil {
		return nil, err
	}
	if err := do(c, bot, user); err != nil {
		return nil, err
	}
	s.did(r.Context(), c.By, what, "bot", bot, "user", user)
	s.Stir()
	var out Conversation
	now := s.Now()
	err = s.Store.Read(r.Context(), func(tx db.Tx) error {
		c, err := tx.Conversation(bot, user)
		if err == nil {
			out, err = conversationOf(tx, c, now)
		}
		return err
	})
	return out, err
}

// userID reports whether it has the form of X's user ids.
func userID(s string) bool { return s != "" && len(s) <= 20 && strings.Trim(s, "0123456789") == "" }

func badUser(s string) error {
	return badRequest(fmt.Sprintf("user: X's user id, which is digits, not %q; a handle can change", s))
}

func (s *server) known(bot string) error {
	if slices.Contains(s.Bots, bot) {
		return nil
	}
	return badRequest(fmt.Sprintf("bot: one of %s, not %q", strings.Join(s.Bots, ", "), bot))
}
