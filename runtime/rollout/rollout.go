// Package rollout puts rules in force in a host that runs, and answers and
// schedules in place.
//
// What it owns: the way of a rules directory into the gate (read, load, tests,
// invariants, stored, swapped), the last good set, the candidate beside it, and
// what an operator sees of all that. What it refuses: to decide, to stop a host
// that has good rules, to put in force what was not stored first.
//
//   - L1 a directory or file that fails at any step changes nothing: what was good
//     before it goes on deciding, and the status says why.
//   - L2 a set is stored with its sources, and its activation recorded, in one
//     transaction, before it decides anything.
//   - L3 a candidate, good or bad, changes no decision and stops nothing.
package rollout

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// Bot is where the rules of a bot come from.
type Bot struct {
	Name      string
	Rules     string // directory
	Candidate string // directory; "": none
}

// Options is what a rollout needs.
type Options struct {
	Store db.Store
	Gate  *gate.Gate // knows the bots
	Bots  []Bot
	Now   func() time.Time

	// Test runs the tests of a directory; nil: rules.RunTests without a host, in
	// which timelines and replays fail.
	Test func(ctx context.Context, set *rules.Set, files []rules.TestFile) (rules.Report, error)

	Log     *slog.Logger // nil: silent
	Metrics *Metrics     // nil: not counted
}

// Rollout keeps the rules of a host's bots. It is safe for concurrent use.
type Rollout struct {
	Options
	turn sync.Mutex // one reload at a time

	mu    sync.Mutex
	slots []*slot // by bot, the rules before the candidate
}

// slot is one directory and what came of it. Its fields belong to Rollout.mu.
type slot struct {
	bot       string
	dir       string
	candidate bool

	seen    digest // of what was read last, good or bad
	set     *rules.Set
	since   time.Time
	why     string
	failure *Failure
	tests   int
	tally   Tally
}

// New returns a rollout that has loaded nothing yet.
func New(o Options) *Rollout {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = &Metrics{}
	}
	if o.Test == nil {
		o.Test = func(_ context.Context, set *rules.Set, files []rules.TestFile) (rules.Report, error) {
			return rules.RunTests(set, files, nil), nil
		}
	}
	r := &Rollout{Options: o}
	for _, b := range o.Bots {
		r.slots = append(r.slots, &slot{bot: b.Name, dir: b.Rules})
		if b.Candidate != "" {
			r.slots = append(r.slots, &slot{bot: b.Name, dir: b.Candidate, candidate: true})
		}
	}
	return r
}

// Why a reload was asked for, besides an operator's name.
const (
	WhyStart  = "start"
	WhyChange = "change"
	WhySignal = "signal"
)

// WhyOperator is a reload at an operator's word.
func WhyOperator(name string) string { return "operator " + name }

// Outcome is what a reload did with one directory.
type Outcome string

// Outcomes.
const (
	Changed   Outcome = "changed"   // another set is in force
	Unchanged Outcome = "unchanged" // the rules mean what they meant
	Failed    Outcome = "failed"    // the set before it is still in force
)

// Start loads the rules of every bot and puts them in force. Rules that fail are
// an error, of all bots together: a host does not start with them. A candidate
// that fails is only told.
func (r *Rollout) Start(ctx context.Context) error {
	r.turn.Lock()
	defer r.turn.Unlock()
	var faults []error
	for _, s := range r.slots {
		outcome, err := r.reload(ctx, s, WhyStart)
		if outcome == Failed && !s.candidate {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// Reload reads the directories of a bot, of all if bot is "", and puts in force
// what is good. It answers with the status of those bots, which says what it did.
func (r *Rollout) Reload(ctx context.Context, bot, why string) ([]Status, error) {
	r.turn.Lock()
	defer r.turn.Unlock()
	did := map[*slot]Outcome{}
	for _, s := range r.slots {
		if bot != "" && s.bot != bot {
			continue
		}
		outcome, err := r.reload(ctx, s, why)
		if ctx.Err() != nil {
			return nil, errors.Join(ctx.Err(), err)
		}
		did[s] = outcome
	}
	return r.status(bot, did), nil
}

// changed reloads the directories that do not hold what was read last.
func (r *Rollout) changed(ctx context.Context) {
	r.turn.Lock()
	defer r.turn.Unlock()
	for _, s := range r.slots {
		if ctx.Err() == nil && read(s.dir).digest != r.seen(s) {
			_, _ = r.reload(ctx, s, WhyChange) // a failure is told and kept
		}
	}
}

func (r *Rollout) seen(s *slot) digest {
	r.mu.Lock()
	defer r.mu.Unlock()
	return s.seen
}

// reload takes one directory through all steps. The error of a failure is a
// *Failure.
func (r *Rollout) reload(ctx context.Context, s *slot, why string) (Outcome, error) {
	d, err := readSettled(ctx, s.dir)
	if err != nil {
		return Failed, err
	}
	was, failed := s.set.Hash(), s.failure != nil // only this turn changes them
	l, fault := r.load(ctx, d)
	if fault == nil {
		fault = r.activate(ctx, s, d, l, why)
	}
	switch {
	case fault == nil:
		return r.done(ctx, s, was, failed), nil
	case ctx.Err() != nil:
		return Failed, ctx.Err()
	}
	return Failed, r.failed(ctx, s, d, fault)
}
