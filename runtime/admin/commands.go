package admin

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/runtime/event"
)

// Asked is the answer to a command: it is stored, and decided in its turn.
type Asked struct {
	ID  string           `json:"id"`
	Bot string           `json:"bot"`
	Do  event.ActionKind `json:"kind"`
}

// command puts what an operator asks for on the bus. Nothing is decided here:
// it takes the way of every event. Asking again with the same id changes
// nothing.
func (s *server) command(r *http.Request) (any, error) {
	var c event.Command
	if err := readBody(r, &c); err != nil {
		return nil, err
	}
	who := Change{By: c.By}
	if err := who.check(); err != nil {
		return nil, err
	}
	c.By, c.At = who.By, s.Now().UTC()
	switch {
	case !slices.Contains(s.Bots, c.Bot):
		return nil, badRequest(fmt.Sprintf("bot: one of %s, not %q", strings.Join(s.Bots, ", "), c.Bot))
	case c.Timer || c.Reminder != "":
		return nil, badRequest("timer: an operator is no timer")
	case len(c.UserAct) > maxWhy || !plain(c.UserAct):
		return nil, badRequest(fmt.Sprintf("user_act: who did what, in one line and at most %d bytes", maxWhy))
	case len(c.ID) > maxName || !plain(c.ID) || strings.ContainsAny(c.ID, " /"):
		return nil, badRequest(fmt.Sprintf("id: one word of at most %d bytes", maxName))
	}
	if err := c.Check(); err != nil {
		return nil, badRequest(err.Error())
	}
	c, err := c.WithID()
	if err != nil {
		return nil, err
	}
	if err := s.Publish(r.Context(), c); err != nil {
		return nil, fmt.Errorf("put command %s on the bus: %w", c.ID, err)
	}
	s.did(r.Context(), c.By, "ask for a "+string(c.Kind), "event", c.ID, "bot", c.Bot, "user", c.User)
	return Asked{ID: c.ID, Bot: c.Bot, Do: c.Kind}, nil
}
