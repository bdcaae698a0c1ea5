package admin

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
)

// Switch is the kill switch of a bot, or of db.AllBots.
type Switch struct {
	Bot    string    `json:"bot"`
	Paused bool      `json:"paused"`
	By     string    `json:"by,omitempty"` // "" and no time: never used
	At     time.Time `json:"at,omitzero"`  // UTC
	Why    string    `json:"why,omitempty"`
}

// Switches are all of them: of all bots first, then each configured bot.
type Switches struct {
	Switches []Switch `json:"switches"`
}

func (s *server) listSwitches(r *http.Request) (any, error) {
	var out Switches
	err := s.Store.Read(r.Context(), func(tx db.Tx) error {
		for _, name := range append([]string{db.AllBots}, s.Bots...) {
			w, err := tx.Switch(name)
			if err != nil {
				return fmt.Errorf("read kill switch of %s: %w", name, err)
			}
			out.Switches = append(out.Switches, Switch{Bot: name, Paused: w.Paused, By: w.By, At: w.At, Why: w.Reason})
		}
		return nil
	})
	return out, err
}

// setSwitch answers with all switches as they stand then: what is paused twice
// stays paused when one of the two goes off.
func (s *server) setSwitch(r *http.Request) (any, error) {
	bot := r.PathValue("bot")
	if bot != db.AllBots && !slices.Contains(s.Bots, bot) {
		return nil, fmt.Errorf("bot %q: %w; the bots are %s", bot, db.ErrNotFound, strings.Join(s.Bots, ", "))
	}
	c, err := readChange(r)
	if err != nil {
		return nil, err
	}
	if c.Paused == nil {
		return nil, badRequest("paused: true or false")
	}
	if who := actOf(r.Context()); !*c.Paused && !may(who.role, db.RoleAdmin) {
		return nil, forbidden(fmt.Sprintf("%s is %s: whoever resumes a bot is an admin", who.by, who.role))
	}
	if err := s.Desk.Pause(r.Context(), s.Now(), bot, c.By, c.Why, *c.Paused); err != nil {
		return nil, err
	}
	did := "resume"
	if *c.Paused {
		did = "pause"
	}
	s.did(r.Context(), c.By, did, "bot", bot)
	s.Stir()
	return s.listSwitches(r)
}
