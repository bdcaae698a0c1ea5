package bottest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/match"
)

// match matches a user with a reference outside of X, by an operator's word.
func (r *run) match(ctx context.Context, s step) error {
	u, ok := r.sim.User(s.args[0])
	if !ok {
		return fmt.Errorf("nobody is called %s", s.args[0])
	}
	a := match.Ask{Bot: s.args[1], User: u.ID, Purpose: s.args[2], Basis: s.args[3], Ref: s.args[4], Source: s.keys["source"], By: "olga"}
	if of := s.keys["post"]; of != "" {
		act := r.acts[of]
		if act == nil {
			return fmt.Errorf("nothing is named %q", of)
		}
		a.Event = act.id
	}
	_, err := r.host().desk.Match(ctx, time.Now(), a)
	if !s.flag("fails") {
		return err
	}
	if errors.Is(err, match.ErrBasis) || errors.Is(err, match.ErrForm) {
		return nil
	}
	return fmt.Errorf("it should have been refused: %w", err)
}

// showMatches tells for what a user is matched, or was, and why no more.
func (r *run) showMatches(b *strings.Builder, tx db.Tx, bot, user string) error {
	all, err := tx.MatchesOf(bot, user)
	for _, m := range all {
		if m.Stands(time.Now()) {
			fmt.Fprintf(b, "matched: %s for %s by %s, %s\n", r.names[user], bot, m.Purpose, m.Basis)
			continue
		}
		by := m.EndedBy
		if m.EndedAt.IsZero() {
			by = "its time is over"
		} else if !strings.Contains(by, " ") { // an id
			by = "by their message"
		}
		fmt.Fprintf(b, "match ended: %s for %s by %s, %s: %s\n", r.names[user], bot, m.Purpose, m.Basis, r.noIDs(by))
	}
	return err
}
