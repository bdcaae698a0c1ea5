package action

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// ErrNotHeld is returned for an approval, a rejection or an edit of an action
// that does not wait for one.
var ErrNotHeld = errors.New("only an action on hold can be approved or rejected, or its text edited")

// ErrNotWaiting is returned where an action to be retried is not pending.
var ErrNotWaiting = errors.New("only a pending action can be tried earlier")

// ErrPaused is returned for an approval or an edit while the kill switch is on: deciding
// then would end the draft for good.
var ErrPaused = errors.New("resume the bot before approving or editing")

// Desk is what operators do to the action log. Each call is one transaction.
type Desk struct {
	Store db.Store
	Gate  *gate.Gate
	Key   event.Key
	Book  *budget.Book // nil: the shipped one

	PersonQuiet Quiet
}

// Retry makes a pending action due now instead of at its retry time. While X
// refuses the whole app, it tries whether that has ended; a rate window that is
// used up still holds it.
func (d Desk) Retry(ctx context.Context, now time.Time, id string) (db.Action, error) {
	return d.change(ctx, now, id, func(u *Unit, a *db.Action) error {
		if a.State != event.Pending {
			return fmt.Errorf("action %s is %s: %w", id, a.State, ErrNotWaiting)
		}
		if waitsForPart(*a) {
			return fmt.Errorf("action %s is a later part of an answer: %w", id, ErrPart)
		}
		a.DueAt = now
		if err := u.tryNow(); err != nil {
			return err
		}
		return u.Move(*a, event.Pending)
	})
}

// ErrNotUnknown is returned where the outcome of an action is known.
var ErrNotUnknown = errors.New("only an action whose outcome is unknown can be settled by hand")

// Found is what a person saw on X of an action whose outcome is unknown.
type Found struct {
	Sent     bool
	RemoteID string // X's id of the post or DM, where it was sent; "" if it was not looked up
}

// Settle records what a person found out about an action of unknown outcome.
// Nothing is sent, whatever they found.
func (d Desk) Settle(ctx context.Context, now time.Time, id, by string, f Found) (db.Action, error) {
	return d.change(ctx, now, id, func(u *Unit, a *db.Action) error {
		if a.State != event.Unsettled {
			return fmt.Errorf("action %s is %s: %w", id, a.State, ErrNotUnknown)
		}
		a.State, a.Reason = event.Failed, "X does not have it, says "+by
		if f.Sent {
			a.State, a.RemoteID, a.Class = event.Sent, f.RemoteID, event.OK
			a.Reason = "X has it, says " + by
			if err := disown(u.Tx, a); err != nil {
				return err
			}
		}
		if err := u.Move(*a, event.Unsettled); err != nil {
			return err
		}
		return u.judgeEchoes(*a, d.PersonQuiet.Of(a.Bot))
	})
}

// Pause turns the kill switch of a bot, or of db.AllBots, on or off. While it
// is on nothing is sent and new drafts are denied; what waits is parked. When
// it goes off, what was parked is due again and decided again, and so is what
// waits because X refused the whole app: an operator who resumes has looked.
func (d Desk) Pause(ctx context.Context, now time.Time, bot, by, why string, on bool) error {
	return d.transact(ctx, now, func(u *Unit) error {
		err := u.SetSwitch(db.Switch{Bot: bot, Paused: on, By: by, At: now.UTC(), Reason: why})
		if err != nil || on {
			return err
		}
		if err := u.uncap(); err != nil {
			return err
		}
		return unpark(u, ParkedReason, bot)
	})
}

// unpark makes due what waits for the reason.
func unpark(u *Unit, reason, bot string) error {
	rows, err := u.Tx.InState(event.Pending, everyRow)
	if err != nil {
		return fmt.Errorf("find parked actions: %w", err)
	}
	for _, a := range rows {
		if !strings.HasPrefix(a.Reason, reason) || bot != db.AllBots && bot != a.Bot {
			continue
		}
		a.DueAt, a.Reason = u.Now, "resumed; waits for the sender"
		if err := u.Move(a, event.Pending); err != nil {
			return err
		}
	}
	return nil
}

func (d Desk) change(ctx context.Context, now time.Time, id string, fn func(*Unit, *db.Action) error) (db.Action, error) {
	var a db.Action
	err := d.transact(ctx, now, func(u *Unit) (err error) {
		if a, err = u.Tx.Action(id); err != nil {
			return err // names the action
		}
		return fn(u, &a)
	})
	return a, err
}

func (d Desk) transact(ctx context.Context, now time.Time, fn func(*Unit) error) error {
	return Transact(ctx, d.Store, d.Key, d.Book, now, fn)
}

// heldBy names the rules that hold an action, from its decision record.
func heldBy(a db.Action) []string {
	var r gate.Record
	if json.Unmarshal(a.Decision, &r) != nil || r.Decision != gate.Hold {
		return nil
	}
	ids := make([]string, len(r.By))
	for i, by := range r.By {
		ids[i] = by.Rule
	}
	return ids
}
