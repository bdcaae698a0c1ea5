package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/display"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/retry"
)

// RemovalForm stands in the body of a removal, RemovalType is its CloudEvents
// type on the bus.
const (
	RemovalForm = "beckon.removal/v1"
	RemovalType = "beckon.removal"
)

// Removal tells the desk that something which a handoff told it of is gone from
// X, or has to be deleted. It names nobody.
// X rule: what is removed is shown no more within 24 hours (facts.md, read 2026-11-25)
type Removal struct {
	Form    string    `json:"form"`
	ID      string    `json:"id"` // the same in every attempt
	Handoff string    `json:"handoff"`
	Bot     string    `json:"bot"`
	What    string    `json:"what"` // post, dm, or user: everything of the handoff
	At      time.Time `json:"at"`
	Due     time.Time `json:"due"`               // when it has to be gone at the desk
	Attempt int       `json:"attempt,omitempty"` // as of a handoff
	Sent    int64     `json:"sent,omitempty"`
}

func removal(r db.DeskRemoval) Removal {
	return Removal{
		Form: RemovalForm, ID: r.ID, Handoff: r.Handoff, Bot: r.Bot, What: string(r.What), At: r.At.UTC(), Due: r.DueAt.UTC(),
	}
}

// GiveUpRemoval is how old a removal may be and the desk still be told.
const GiveUpRemoval = 7 * 24 * time.Hour

// remove tells one removal, as tell does a handoff.
func (t *Teller) remove(ctx context.Context, r db.DeskRemoval, now time.Time) error {
	var faults [2]error
	body := removal(r)
	if t.o.Publish != nil && !r.OnBus {
		faults[0] = t.publish(ctx, Event{ID: r.ID, Type: RemovalType, Bot: r.Bot, At: r.At.UTC()}, body)
		r.OnBus = count(faults[0], &t.o.Metrics.Removals, &t.o.Metrics.Unremoved)
	}
	if t.o.URL != "" && !r.Posted {
		body.Attempt, body.Sent = r.Attempts+1, now.Unix()
		faults[1] = t.post(ctx, r.ID, body, now)
		r.Posted = count(faults[1], &t.o.Metrics.Removals, &t.o.Metrics.Unremoved)
	}
	fault := errors.Join(faults[:]...)
	if fault != nil && ctx.Err() != nil {
		return ctx.Err() // the host stops: that is no attempt
	}
	if fault == nil {
		if err := t.o.Store.Write(ctx, func(tx db.Tx) error { return tx.DropDeskRemoval(r.ID) }); err != nil {
			return fmt.Errorf("mark removal %s as told: %w", r.ID, err)
		}
		t.o.Log.InfoContext(ctx, "the desk was told to remove what it knew", "bot", r.Bot, "handoff", r.Handoff, "what", r.What)
		return nil
	}
	r.Attempts++
	r.Reason = strings.ReplaceAll(fault.Error(), "\n", "; ")
	if r.NextAt = now.Add(retry.After(r.Attempts, minPause, maxPause)); r.NextAt.After(r.At.Add(GiveUpRemoval)) {
		r.NextAt = time.Time{}
	}
	if err := t.o.Store.Write(ctx, func(tx db.Tx) error { return tx.RetryDeskRemoval(r) }); err != nil {
		return fmt.Errorf("keep removal %s for another attempt: %w", r.ID, err)
	}
	what := "the desk could not be told to remove what it knows; it is told again"
	switch {
	case r.NextAt.IsZero():
		t.o.Metrics.Dead.Add(1)
		what = "the desk could not be told to remove what it knows, which is given up: see to it by hand, and see `beckon compliance status`"
	case now.After(r.DueAt):
		what = "the desk could not be told to remove what it knows, and the time that X gives is over; it is told again, or see to it by hand"
	default:
		t.o.Log.WarnContext(ctx, what, "bot", r.Bot, "handoff", r.Handoff, "attempts", r.Attempts, "next", r.NextAt, "err", fault)
		return nil
	}
	t.o.Log.ErrorContext(ctx, what, "bot", r.Bot, "handoff", r.Handoff, "attempts", r.Attempts, "due", r.DueAt, "err", fault)
	return nil
}

// Unpost takes out of a handoff's body what a duty is about: a post or DM by its
// id, or the public post of a user. nil: it is not in there.
func Unpost(body []byte, d db.Duty) ([]byte, error) {
	var h Handoff
	if err := json.Unmarshal(body, &h); err != nil {
		return nil, fmt.Errorf("a handoff on the bus is not read: %w", err)
	}
	if h.Form != Form || d.Target == "" || d.Bot != "" && d.Bot != h.Bot {
		return nil, nil
	}
	gone := false
	switch d.What {
	case db.DutyPost, db.DutyDM:
		gone = h.Interaction == d.Target || h.Link == display.Link("", d.Target)
	case db.DutyPosts:
		gone = h.User == d.Target && h.Link != event.DMLink(h.User)
	}
	if !gone {
		return nil, nil
	}
	h.Interaction, h.Post, h.Link = "", nil, event.DMLink(h.User)
	return json.Marshal(h)
}

// UnpostAll is an edit of handoffs on the bus: it takes out of each what any of
// the duties is about, and counts in n by duty.
func UnpostAll(duties []db.Duty, n []int64) func(body []byte) ([]byte, error) {
	return func(body []byte) (edited []byte, err error) {
		for i, d := range duties {
			out, err := Unpost(body, d)
			if err != nil {
				return nil, err
			}
			if out != nil {
				n[i]++
				body, edited = out, out
			}
		}
		return edited, nil
	}
}
