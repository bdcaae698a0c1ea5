package action

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// ErrOtherText is returned where the text was edited after a person judged it.
var ErrOtherText = errors.New("its text was edited since it was judged: look at it again")

// Judged reports whether err says that a person's word changed nothing, and
// why: it is an answer, no failure.
func Judged(err error) bool {
	return errors.Is(err, ErrNotHeld) || errors.Is(err, ErrPaused) || errors.Is(err, ErrNoText) ||
		errors.Is(err, ErrOtherText) || errors.Is(err, ErrTextGone) || errors.Is(err, db.ErrNotFound)
}

// Judge does what a person says of a held draft, and returns the action as it
// stands then, and the record of the decision that followed; zero for a
// rejection.
func (u *Unit) Judge(g *gate.Gate, j event.Judgement) (a db.Action, r gate.Record, err error) {
	if a, err = u.Tx.Action(j.Action); err != nil {
		return a, r, err // names the action
	}
	switch {
	case a.State != event.Hold:
		return a, r, fmt.Errorf("action %s is %s: %w", a.ID, a.State, ErrNotHeld)
	case j.Of != "" && j.Of != a.TextHash:
		return a, r, fmt.Errorf("action %s: %w", a.ID, ErrOtherText)
	case j.Word == event.Reject:
		a.State, a.Reason = event.Denied, "rejected by "+j.By
		if j.Why != "" {
			a.Reason += ": " + j.Why
		}
		return a, r, u.Move(a, event.Hold)
	}
	paused, why, err := u.Paused(a.Bot)
	if err != nil {
		return a, r, err
	}
	if paused {
		return a, r, fmt.Errorf("%s: %w", why, ErrPaused)
	}
	var v gate.Verdict
	if j.Word == event.Edit {
		v, r, err = u.edit(g, &a, j)
	} else {
		v, r, err = u.approve(g, &a, j)
	}
	if err != nil {
		return a, r, err
	}
	if err := u.Move(a, event.Hold); err != nil {
		return a, r, err
	}
	return a, r, u.handOffBy(g, a, v)
}

// approve lifts the holds of the rules that held the draft, for this text.
func (u *Unit) approve(g *gate.Gate, a *db.Action, j event.Judgement) (gate.Verdict, gate.Record, error) {
	lifted := heldBy(*a)
	if a.Approval != nil { // a later hold does not take back what was approved before
		lifted = append(lifted, a.Approval.Rules...)
	}
	slices.Sort(lifted)
	a.Approval = &db.Approval{By: j.By, At: j.At.UTC(), Rules: slices.Compact(lifted)}
	v, r, err := u.redecide(g, a, gate.StageApprove)
	if err != nil {
		return v, r, err
	}
	if v.Allowed() {
		if err := u.reprice(a, v.Facts.Text.HasURL); err != nil {
			return v, r, err
		}
	}
	switch v.Decision.Effect {
	case gate.Allow:
		a.State, a.DueAt, a.Reason = event.Pending, u.Now, "approved by "+j.By+"; waits for the sender"
	case gate.Hold:
		a.Reason = "approved by " + j.By + ", and held by another rule: " + v.Decision.Say
	default:
		a.State, a.Reason = event.Cancelled, "approved by "+j.By+", and denied by now: "+v.Decision.Say
	}
	return v, r, nil
}

// Judge is Unit.Judge in a transaction of its own, for a host that takes no
// events in at this moment. A judgement with an id counts once.
func (d Desk) Judge(ctx context.Context, now time.Time, j event.Judgement) (a db.Action, err error) {
	err = d.transact(ctx, now, func(u *Unit) (err error) {
		if a, _, err = u.Judge(d.Gate, j); err != nil || j.ID == "" {
			return err
		}
		_, err = u.Tx.MarkSeen(a.Bot, j.ID, 0, now)
		return err
	})
	return a, err
}

// Approve records a person's yes to a held draft and decides again at this
// moment: the holds of the rules that held it count as lifted, any other holds
// again, forbids are never lifted. It returns the action as it stands then.
// While the kill switch is on it is ErrPaused, and nothing changes.
func (d Desk) Approve(ctx context.Context, now time.Time, id, by string) (db.Action, error) {
	return d.Judge(ctx, now, event.Judgement{Action: id, Word: event.Approve, By: by, At: now})
}

// Reject records a person's no to a held draft.
func (d Desk) Reject(ctx context.Context, now time.Time, id, by, why string) (db.Action, error) {
	return d.Judge(ctx, now, event.Judgement{Action: id, Word: event.Reject, By: by, At: now, Why: why})
}
