// Package timeline plays the timelines of rule tests with the production path:
// bodies in X's form, the dispatcher with its reducer and opt-out matcher, the
// gate, the action log, the sender and the operators' desk. Only the clock, the
// handlers and X are the story's.
//
// What it owns: the people and ids of a story, and what each step leads to.
// What it refuses: to decide anything itself, to reach X, to read the machine's
// clock, to leave anything behind in the store.
package timeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/replay"
)

// Player plays timelines, one after the other, each in a transaction that is
// rolled back.
type Player struct {
	Store db.Store // empty, temporary
}

var errOver = errors.New("the story is over")

// Play implements the half of rules.Host that timelines need.
func (p Player) Play(set *rules.Set, t rules.Timeline) (played []rules.Played, err error) {
	ctx := context.Background()
	over := replay.Within(ctx, p.Store, func(s db.Store) error {
		played, err = newStory(s, set, t).play(ctx)
		return errOver
	})
	if err == nil && !errors.Is(over, errOver) {
		err = over
	}
	return played, err
}

// botName and its account are the same in every story.
const (
	botName  = "bot"
	botID    = "1000000000000000001"
	operator = "operator"
)

// story is one timeline under way.
type story struct {
	rules.Timeline
	bot    gate.Bot
	key    event.Key
	disp   *dispatch.Dispatcher
	desk   action.Desk
	sender *action.Sender
	store  *picky
	now    time.Time
	due    time.Time // when the sender wants to be called

	users   map[string]string   // ids by name
	seq     int64               // ids given
	posts   map[int]post        // by step: the post of an event
	events  map[int]event.Event // by step: the last event, as it was decoded
	rows    map[int]string      // by step: the action that was drafted in it
	ends    string              // how the next call to X ends
	records []gate.Record       // what the sender decided since
}

func newStory(store db.Store, set *rules.Set, t rules.Timeline) *story {
	b := t.Bot
	s := &story{
		Timeline: t, key: replay.Key(), store: &picky{Store: store}, now: t.Clock, ends: "sent",
		users: map[string]string{}, posts: map[int]post{}, events: map[int]event.Event{}, rows: map[int]string{},
		bot: gate.Bot{
			Name: botName, UserID: botID, Username: botName, Operator: operator, Tier: b.Tier, Zone: t.Clock.Location(),
			OptOutHint: "Say STOP and we stop.", OptOutConfirmation: "You will hear no more from us.", Disclosure: "We earn by this link.",
			LabelOn: b.LabelOn, BioDiscloses: b.BioDiscloses, OperatorLinked: b.OperatorLinked, AIApproved: b.AIApproved, Rules: set,
		},
	}
	if b.PrivacyURLSet {
		s.bot.PrivacyURL = "https://bot.example/privacy"
	}
	g := gate.New([]gate.Bot{s.bot})
	s.disp = dispatch.New(dispatch.Options{Store: store, Gate: g, Handlers: map[string]handlers.Chain{botName: nil}, Key: s.key})
	s.desk = action.Desk{Store: store, Gate: g, Key: s.key}
	s.sender = action.New(action.Options{
		Store: s.store, Gate: g, X: s, Key: s.key, Send: map[string]bool{botName: true},
		Decided: func(r gate.Record) { s.records = append(s.records, r) },
	})
	return s
}

// play lets the steps happen and returns what was decided where the timeline
// expects something.
func (s *story) play(ctx context.Context) (out []rules.Played, err error) {
	for i, step := range s.Steps {
		if err := s.wait(ctx, s.Clock.Add(step.At)); err != nil {
			return out, err
		}
		r, err := s.step(ctx, i+1, step)
		if err == nil && !s.ByHand {
			err = s.send(ctx)
		}
		if err != nil {
			return out, &rules.StepError{Step: i + 1, Err: err}
		}
		if step.Expect != "" {
			out = append(out, shown(i+1, r))
		}
	}
	return out, nil
}

// wait moves the clock, stopping where the sender wants to be called. By hand
// it only lets expire what has waited too long.
func (s *story) wait(ctx context.Context, to time.Time) error {
	if s.ByHand {
		s.now, s.store.only = to, nothing
		_, err := s.sender.Step(ctx, s.now)
		s.store.only = ""
		return err
	}
	for !s.due.IsZero() && !s.due.After(to) {
		if s.due.After(s.now) {
			s.now = s.due
		}
		if err := s.send(ctx); err != nil {
			return fmt.Errorf("on the way to %s: %w", to.Sub(s.Clock), err)
		}
	}
	s.now = to
	return nil
}

// send lets the sender work until nothing is due now.
func (s *story) send(ctx context.Context) (err error) {
	for {
		s.due, err = s.sender.Step(ctx, s.now)
		if err != nil || s.due.IsZero() || s.due.After(s.now) {
			return err
		}
	}
}

func shown(step int, r gate.Record) rules.Played {
	p := rules.Played{Step: step, Got: rules.Decision{
		Effect: r.Decision, By: r.By, Say: r.Say, Obligations: r.Obligations, Outcomes: r.Outcomes, Shadow: r.Shadow,
	}}
	if len(r.By) > 0 && strings.HasPrefix(r.By[0].Rule, "action.") {
		p.Wall = r.Say
	}
	if r.Input != nil {
		p.Input, p.Features, p.Lifted = r.Input.Values, r.Input.Features, r.Input.Lifted
	}
	return p
}
