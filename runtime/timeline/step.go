package timeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// step lets one thing happen and returns what was decided of it.
func (s *story) step(ctx context.Context, n int, step rules.Step) (gate.Record, error) {
	switch step.Act {
	case rules.ActEvent:
		return s.event(ctx, n, step)
	case rules.ActDraft:
		return s.draft(ctx, n, step)
	case rules.ActApprove:
		return s.approve(ctx, step.Of)
	case rules.ActReject:
		return s.reject(ctx, step.Of)
	case rules.ActSend:
		return s.sends(ctx, step)
	case rules.ActPause:
		return gate.Record{}, s.desk.Pause(ctx, s.now, botName, operator, "a step of the timeline", step.What == "true")
	case rules.ActOptOut:
		_, err := s.desk.OptOut(ctx, s.now, s.user(step.User), operator)
		return gate.Record{}, err
	case rules.ActSpoke:
		_, err := s.deliver(ctx, s.spokeBody(s.user(step.User)))
		return gate.Record{}, err
	case rules.ActHandOff:
		return gate.Record{}, s.reduce(ctx, step.User, conversation.HandedOff{})
	case rules.ActRelease:
		return gate.Record{}, s.reduce(ctx, step.User, conversation.Released{})
	}
	return gate.Record{}, fmt.Errorf("no act %q", step.Act)
}

func (s *story) reduce(ctx context.Context, user string, in conversation.Input) error {
	return s.reduceID(ctx, s.user(user), in)
}

func (s *story) reduceID(ctx context.Context, id string, in conversation.Input) error {
	return action.Transact(ctx, s.store, s.key, nil, s.now, func(u *action.Unit) error {
		_, effects, err := u.Reduce(botName, id, "", in)
		if err != nil {
			return err
		}
		_, err = u.CarryOut(id, effects)
		return err
	})
}

// draft is a handler with something to say.
func (s *story) draft(ctx context.Context, n int, step rules.Step) (gate.Record, error) {
	d := step.Draft
	r, err := s.disp.Draft(ctx, s.now, s.events[step.Of], event.Draft{
		Kind: event.ActionKind(step.What), Purpose: event.Purpose(step.Purpose), Text: step.Text, Handler: "timeline",
		AIGenerated: d.AIGenerated, Promotional: d.Promotional, Affiliate: d.Affiliate,
		AffiliateDisclosed: d.AffiliateDisclosed, PaidPartnership: d.PaidPartnership,
	})
	s.drafted(n, r)
	return r, err
}

func (s *story) drafted(n int, r gate.Record) {
	if r.Action != nil && r.Action.ID != "" {
		s.rows[n] = r.Action.ID
	}
}

// row is the action that was drafted in a step.
func (s *story) row(ctx context.Context, n int) (a db.Action, err error) {
	id, ok := s.rows[n]
	if !ok {
		return a, fmt.Errorf("step %d left nothing that waits: it was denied", n)
	}
	err = s.store.Read(ctx, func(tx db.Tx) error {
		a, err = tx.Action(id)
		return err
	})
	return a, err
}

// approve is a person's yes. What no longer waits cannot be approved: that is a
// denial, for which the rules may have their own reasons by now.
func (s *story) approve(ctx context.Context, n int) (gate.Record, error) {
	a, err := s.row(ctx, n)
	if err != nil {
		return gate.Record{}, err
	}
	kept, held := recordOf(a), heldBy(a)
	a, err = s.desk.Approve(ctx, s.now, a.ID, operator)
	switch {
	case errors.Is(err, action.ErrNotHeld):
		return s.late(ctx, n, kept, held)
	case errors.Is(err, action.ErrPaused):
		return wall("action.paused", err.Error()), nil
	case err != nil:
		return gate.Record{}, err
	}
	return recordOf(a), nil
}

// late asks the rules, as an approval would, about an action that has ended.
func (s *story) late(ctx context.Context, n int, kept gate.Record, held []string) (r gate.Record, err error) {
	a, err := s.row(ctx, n)
	if err != nil {
		return r, err
	}
	r = wall("action.not-held", fmt.Sprintf("It does not wait for a person: it is %s, %s.", a.State, a.Reason))
	facts, err := gate.ParseFacts(a.Draft)
	if err != nil {
		return r, err
	}
	var v gate.Verdict
	var st conversation.State
	err = action.Transact(ctx, s.store, s.key, nil, s.now, func(u *action.Unit) error {
		paused, _, err := u.Paused(botName)
		if err != nil {
			return err
		}
		if st, err = u.State(a.Bot, a.User, a.Interaction); err != nil {
			return err
		}
		st = conversation.WithoutAction(st, a.Kind, facts.Aside(), a.State, a.CreatedAt)
		v = s.desk.Gate.Decide(gate.Case{Bot: botName, State: st, Facts: facts, Paused: paused, Lifted: held, Approval: "approved", Now: s.now})
		return nil
	})
	if err != nil || v.Decision.Effect != gate.Deny {
		return r, err
	}
	return v.Record(kept, st, held), nil
}

func (s *story) reject(ctx context.Context, n int) (gate.Record, error) {
	a, err := s.row(ctx, n)
	if err != nil {
		return gate.Record{}, err
	}
	_, err = s.desk.Reject(ctx, s.now, a.ID, operator, "a step of the timeline")
	return gate.Record{}, err
}

// sends lets the sender come to one action now, whatever it waits for.
func (s *story) sends(ctx context.Context, step rules.Step) (gate.Record, error) {
	a, err := s.row(ctx, step.Of)
	if err != nil {
		return gate.Record{}, err
	}
	if a.State != event.Pending {
		return wall("action.not-waiting", fmt.Sprintf("There is nothing to send: it is %s, %s.", a.State, a.Reason)), nil
	}
	if _, err := s.desk.Retry(ctx, s.now, a.ID); err != nil {
		return gate.Record{}, err
	}
	s.records, s.store.only, s.ends = nil, a.ID, step.Outcome
	_, err = s.sender.Step(ctx, s.now)
	s.store.only, s.ends = "", "sent"
	if err != nil {
		return gate.Record{}, err
	}
	if step.Outcome == blocked { // it takes a second refusal to tell
		if err := s.reduceID(ctx, a.User, conversation.Moved{Kind: a.Kind, From: event.Failed, To: event.Failed, Refused: true}); err != nil {
			return gate.Record{}, err
		}
	}
	if i := slices.IndexFunc(s.records, func(r gate.Record) bool { return r.Action.ID == a.ID }); i >= 0 {
		return s.records[i], nil
	}
	if a, err = s.row(ctx, step.Of); err != nil {
		return gate.Record{}, err
	}
	return wall("action.stopped", fmt.Sprintf("The sender did not send it: it is %s, %s.", a.State, a.Reason)), nil
}

// blocked is how a call to X ends where the user blocks the bot.
const blocked = "blocked"

// Send is X: it ends a call as the story says.
func (s *story) Send(_ context.Context, o event.Outgoing) event.Outcome {
	switch s.ends {
	case "sent":
		return event.Outcome{RemoteID: "x-" + o.Action}
	case blocked:
		return event.Outcome{Class: event.Refused, Detail: "the user blocks the account"}
	case string(event.RateLimited):
		return event.Outcome{Class: event.RateLimited, RetryAt: s.now.Add(15 * time.Minute)}
	}
	return event.Outcome{Class: event.Class(s.ends), Detail: "a step of the timeline"}
}

// wall is a denial by what stands behind the rules.
func wall(rule, say string) gate.Record {
	return gate.Record{Decision: gate.Deny, By: []gate.By{{Rule: rule}}, Say: say}
}

// recordOf reads the decision that an action keeps.
func recordOf(a db.Action) (r gate.Record) {
	if err := json.Unmarshal(a.Decision, &r); err != nil {
		return wall("action.no-record", "The action keeps no decision: "+err.Error())
	}
	return r
}

// heldBy are the rules whose hold an approval of the action lifts.
func heldBy(a db.Action) (out []string) {
	r := recordOf(a)
	if r.Decision == gate.Hold {
		for _, by := range r.By {
			out = append(out, by.Rule)
		}
	}
	if a.Approval != nil {
		out = append(out, a.Approval.Rules...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// picky is a store whose sender is shown one action only.
type picky struct {
	db.Store
	only string // its id; "" for all
}

// nothing is the id of no action.
const nothing = "none"

func (p *picky) Write(ctx context.Context, fn func(db.Tx) error) error {
	return p.Store.Write(ctx, func(tx db.Tx) error { return fn(pickyTx{tx, p.only}) })
}

type pickyTx struct {
	db.Tx
	only string
}

// DueActions implements db.Tx.
func (t pickyTx) DueActions(now time.Time, limit int) ([]db.Action, error) {
	if t.only == "" {
		return t.Tx.DueActions(now, limit)
	}
	if t.only == nothing {
		return nil, nil
	}
	a, err := t.Action(t.only)
	if err != nil || a.State != event.Pending || a.DueAt.After(now) {
		return nil, err
	}
	return []db.Action{a}, nil
}
