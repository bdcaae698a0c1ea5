package action

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// ErrNoText is returned for an edit of an action whose text is not a person's
// to change.
var ErrNoText = errors.New("only the text of a bot's answer or post can be edited")

// Edit is a person's text in place of a draft's.
type Edit struct {
	Text      string // whole text, never logged
	Rewritten bool   // nothing that a model wrote is left in it
}

// Edit replaces the text of a held draft and decides on it at this moment: what
// was approved was another text, so the approval is void, and the holds of the
// rules hold again. A text that is denied ends the action. While the kill
// switch is on it is ErrPaused, and nothing changes.
func (d Desk) Edit(ctx context.Context, now time.Time, id, by string, e Edit) (db.Action, error) {
	return d.Judge(ctx, now, event.Judgement{Action: id, Word: event.Edit, By: by, At: now, Text: e.Text, Rewritten: e.Rewritten})
}

// edit decides on another text.
func (u *Unit) edit(g *gate.Gate, a *db.Action, j event.Judgement) (v gate.Verdict, r gate.Record, err error) {
	if err := u.replace(g, a, j.By, Edit{Text: j.Text, Rewritten: j.Rewritten}); err != nil {
		return v, r, err
	}
	stage, reason := gate.StageEdit, "edited by "+j.By
	if j.Rewritten {
		stage, reason = gate.StageRewrite, "rewritten by "+j.By
	}
	if v, r, err = u.redecide(g, a, stage); err != nil {
		return v, r, err
	}
	if v.Decision.Effect != gate.Deny {
		if err := u.reprice(a, v.Facts.Text.HasURL); err != nil {
			return v, r, err
		}
		if err := u.cutAnew(a, v); err != nil {
			return v, r, err
		}
	}
	switch v.Decision.Effect {
	case gate.Allow:
		a.State, a.DueAt, a.Reason = event.Pending, u.Now, reason+"; waits for the sender"
	case gate.Hold:
		a.Reason = reason + ", and held: " + v.Decision.Say
	default:
		a.State, a.Reason = event.Cancelled, reason+", and denied: "+v.Decision.Say
	}
	return v, r, nil
}

// replace stores another text and what it shows, undecided.
func (u *Unit) replace(g *gate.Gate, a *db.Action, by string, e Edit) error {
	facts, err := gate.ParseFacts(a.Draft)
	if err != nil {
		return fmt.Errorf("edit action %s: %w", a.ID, err)
	}
	// The host's own lines say what they have to say, and a like says nothing.
	says := a.Kind == event.Reply || a.Kind == event.DM || a.Kind == event.Post || a.Kind == event.Quote
	if !says || facts.Draft.Fixed() || a.Purpose == event.OptOutConfirmation {
		return fmt.Errorf("action %s: %w", a.ID, ErrNoText)
	}
	if a.Part > 0 { // it is held alone; what was sent before it stays
		facts.Draft.SplitAt = 0
	}
	facts, text := g.Edited(a.Bot, facts, e.Text, by, e.Rewritten)
	if text == "" {
		return fmt.Errorf("action %s: the new text is empty: %w", a.ID, ErrNoText)
	}
	if a.Draft, err = facts.Marshal(); err != nil {
		return fmt.Errorf("write facts of action %s: %w", a.ID, err)
	}
	a.Approval = nil
	if err := u.Tx.PutActionText(a.ID, event.Seal([]byte(text))); err != nil {
		return fmt.Errorf("store text of action %s: %w", a.ID, err)
	}
	return u.remember(*a, facts.Print)
}
