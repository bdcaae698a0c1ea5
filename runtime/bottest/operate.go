package bottest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/event"
)

// operate is what an operator does.
func (r *run) operate(ctx context.Context, s step) error {
	now, who := time.Now(), s.args[0]
	defer r.host().stir()
	switch s.verb {
	case "pause", "resume":
		if who == "all" {
			who = db.AllBots
		}
		return r.host().desk.Pause(ctx, now, who, "olga", "asked for", s.verb == "pause")
	case "handoff", "release":
		u, ok := r.sim.User(s.args[1])
		if !ok {
			return fmt.Errorf("nobody is called %s", s.args[1])
		}
		if s.verb == "release" {
			return r.host().desk.Release(ctx, now, who, u.ID, "olga")
		}
		_, err := r.host().desk.HandOff(ctx, now, who, u.ID, "olga", "asked for")
		return err
	case "optout":
		u, ok := r.sim.User(who)
		if !ok {
			return fmt.Errorf("nobody is called %s", who)
		}
		_, err := r.host().desk.OptOut(ctx, now, u.ID, "olga")
		return errors.Join(err, r.noteStop(r.host(), u.ID))
	}
	if s.verb == "redo" {
		return r.redo(ctx, who)
	}
	id, err := r.answerTo(ctx, who)
	if err != nil {
		return err
	}
	switch s.verb {
	case "approve":
		_, err = r.host().desk.Approve(ctx, now, id, "olga")
	case "reject":
		_, err = r.host().desk.Reject(ctx, now, id, "olga", "not today")
	case "retry":
		_, err = r.host().desk.Retry(ctx, now, id)
	}
	if s.flag("fails") {
		if err == nil {
			return errors.New("it went through")
		}
		return nil
	}
	return err
}

// redo puts the dead letters of an act back on the bus, as an operator's
// command does.
func (r *run) redo(ctx context.Context, name string) error {
	a := r.acts[name]
	if a == nil {
		return fmt.Errorf("nothing is named %q", name)
	}
	n := 0
	h := r.host()
	err := h.store.Write(ctx, func(tx db.Tx) error {
		letters, err := tx.ListDeadLetters(1000)
		if err != nil {
			return err
		}
		for _, l := range letters {
			body, err := event.Open(l.Raw)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(a.bodies, func(b []byte) bool { return bytes.Equal(b, body) }) {
				continue
			}
			n++
			head, err := event.Scan(body)
			if err != nil {
				return err
			}
			msg := bus.Message{ID: l.Event, Type: string(head.Type), Source: dispatch.RetrySource(l), Time: l.At, Bot: l.Bot, User: head.User, Data: body}
			if err := h.bus.Publish(ctx, msg); err != nil {
				return err
			}
			if err := tx.DropDeadLetter(l.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && n == 0 {
		err = fmt.Errorf("%s has no dead letter", name)
	}
	return err
}

// answerTo finds the newest action that answers a named act.
func (r *run) answerTo(ctx context.Context, name string) (id string, err error) {
	a := r.acts[name]
	if a == nil {
		return "", fmt.Errorf("nothing is named %q", name)
	}
	key := a.id
	if p, ok := r.sim.Post(a.id); ok && len(p.History) > 0 {
		key = p.History[0]
	}
	var rows []db.Action
	err = r.host().store.Read(ctx, func(tx db.Tx) error {
		all, err := tx.ListActions(db.ActionFilter{Max: 1000})
		for _, row := range all {
			if row.Interaction == key {
				rows = append(rows, row)
			}
		}
		return err
	})
	if err == nil && len(rows) == 0 {
		err = fmt.Errorf("no action answers %s", name)
	}
	if err != nil {
		return "", err
	}
	slices.SortStableFunc(rows, func(a, b db.Action) int { return cmp.Or(b.Version-a.Version, a.Part-b.Part) })
	return rows[0].ID, nil
}
