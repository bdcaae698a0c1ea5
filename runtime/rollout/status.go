package rollout

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/runtime/gate"
)

// Status is what there is to know of a bot's rules.
type Status struct {
	Bot       string  `json:"bot"`
	Rules     InForce `json:"rules"`
	Candidate *Trial  `json:"candidate,omitempty"` // nil: none is configured
}

// InForce is a directory and the set in force of it.
type InForce struct {
	Dir      string    `json:"dir"`
	Set      string    `json:"set,omitempty"` // hash; "": none yet, of a candidate
	Platform string    `json:"platform,omitempty"`
	Account  string    `json:"account,omitempty"`
	Since    time.Time `json:"since,omitzero"` // UTC
	Why      string    `json:"why,omitempty"`  // start, change, signal, operator NAME
	Tests    int       `json:"tests"`          // that held when the directory was loaded
	// Failure is why the directory as it is now is not in force; nil: it is.
	Failure *Failure `json:"failure,omitempty"`
	Outcome Outcome  `json:"outcome,omitempty"` // in the answer to a reload
}

// Trial is a candidate and what it would have decided since it is one.
type Trial struct {
	InForce
	Tally Tally `json:"decisions"`
}

// Tally counts decisions by how a candidate's differs.
type Tally struct {
	Same    int64 `json:"same"`
	Looser  int64 `json:"looser"`
	Tighter int64 `json:"tighter"`
	Duties  int64 `json:"duties"` // the same effect, other obligations
}

// Status tells of every bot.
func (r *Rollout) Status() []Status { return r.status("", nil) }

func (r *Rollout) status(bot string, did map[*slot]Outcome) []Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := []Status{}
	for _, s := range r.slots {
		if bot != "" && s.bot != bot {
			continue
		}
		f := InForce{Dir: s.dir, Set: s.set.Hash(), Since: s.since, Why: s.why, Tests: s.tests, Failure: s.failure, Outcome: did[s]}
		f.Platform, f.Account = s.set.Packs()
		if s.candidate {
			out[len(out)-1].Candidate = &Trial{f, s.tally}
		} else {
			out = append(out, Status{Bot: s.bot, Rules: f})
		}
	}
	return out
}

// note changes a slot.
func (r *Rollout) note(s *slot, change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := s.failure != nil
	change()
	gauge := &r.Metrics.Refused
	if s.candidate {
		gauge = &r.Metrics.Doubtful
	}
	switch after := s.failure != nil; {
	case after && !before:
		gauge.Add(1)
	case before && !after:
		gauge.Add(-1)
	}
}

// failed keeps and tells why a directory is not in force (L1). What the
// database refused is tried again at the next look, everything else when the
// directory has changed.
func (r *Rollout) failed(ctx context.Context, s *slot, d directory, err error) error {
	f := failureOf(err, r.Now())
	r.note(s, func() {
		s.failure = f
		if f.Step != StepStore {
			s.seen = d.digest
		}
	})
	r.Metrics.Failed.Add(1)
	attrs := []any{"bot", s.bot, "dir", s.dir, "step", f.Step, "err", strings.Join(f.Problems, "; "), "more", f.More, "set", s.set.Hash()}
	switch {
	case s.candidate:
		r.Log.WarnContext(ctx, "candidate rules refused; no decision depends on them", attrs...)
	case s.set != nil: // at start there are none, and the error says all
		r.Log.ErrorContext(ctx, "rules refused; the last good ones stay in force", attrs...)
	}
	return f
}

// done says what a reload without a failure did. It leaves what activate wrote.
func (r *Rollout) done(ctx context.Context, s *slot, was string, failed bool) Outcome {
	if s.set.Hash() != was {
		return Changed
	}
	r.Metrics.Unchanged.Add(1)
	if failed {
		r.Log.InfoContext(ctx, "rules are good again, and mean what is in force", "bot", s.bot, "candidate", s.candidate, "set", was)
	}
	return Unchanged
}

// Saw counts and tells what a candidate says of a decision that is committed.
func (r *Rollout) Saw(ctx context.Context, rec gate.Record) {
	c := rec.Candidate
	if c == nil {
		return
	}
	if n := r.Metrics.pair(rec.Decision, c.Decision); n != nil {
		n.Add(1)
	}
	if c.Change == gate.Duties {
		r.Metrics.Duties.Add(1)
	}
	r.count(rec.Bot, c)
	if c.Change == gate.Same {
		return
	}
	attrs := []any{"bot", rec.Bot, "event", rec.Event, "decision", rec.Decision, "rule", ruleOf(rec.By),
		"candidate", c.Decision, "candidate_rule", ruleOf(c.By), "change", c.Change}
	if rec.Action != nil {
		attrs = append(attrs, "stage", rec.Action.Stage, "kind", rec.Action.Kind, "action", rec.Action.ID)
	}
	r.Log.InfoContext(ctx, "the candidate differs", attrs...)
}

// count adds to the tally of the candidate that decided, if it still is one.
func (r *Rollout) count(bot string, c *gate.Candidate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.slots {
		if s.bot != bot || !s.candidate || s.set.Hash() != c.Set {
			continue
		}
		switch c.Change {
		case gate.Looser:
			s.tally.Looser++
		case gate.Tighter:
			s.tally.Tighter++
		case gate.Duties:
			s.tally.Duties++
		default:
			s.tally.Same++
		}
	}
}

func ruleOf(by []gate.By) string {
	if len(by) == 0 {
		return ""
	}
	return by[0].Rule
}

// IsTests reports whether the failure is one of tests or invariants, of rules
// that load.
func IsTests(err error) bool {
	var f *Failure
	return errors.As(err, &f) && (f.Step == StepTests || f.Step == StepInvariants)
}
