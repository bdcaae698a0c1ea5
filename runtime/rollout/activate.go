package rollout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// activate stores a set that passed and then lets it decide (L2):
//
//	1 sources and activation committed
//	2 the gate has the set
//
// A crash after 1 leaves an activation of a set that decided nothing yet; the
// next start puts in force what the directory holds then.
func (r *Rollout) activate(ctx context.Context, s *slot, d directory, l loaded, why string) error {
	hash := l.set.Hash()
	if s.set.Hash() == hash {
		r.note(s, func() { s.seen, s.tests, s.failure = d.digest, l.tests, nil })
		return nil
	}
	now := r.Now().UTC().Truncate(time.Millisecond)
	since, err := r.store(ctx, s, l.set, why, now)
	if err != nil {
		return stepError{StepStore, err}
	}
	known := r.Gate.Update(s.bot, func(b *gate.Bot) {
		if s.candidate {
			b.Candidate = l.set
		} else {
			b.Rules = l.set
		}
	})
	if !known {
		return stepError{StepLoad, fmt.Errorf("no bot %q is configured on this host", s.bot)}
	}
	was := s.set.Hash()
	r.note(s, func() {
		s.seen, s.tests, s.failure = d.digest, l.tests, nil
		s.set, s.since, s.why, s.tally = l.set, since, why, Tally{}
	})
	platform, account := l.set.Packs()
	r.Log.InfoContext(ctx, "rules in force", "bot", s.bot, "candidate", s.candidate, "set", hash, "was", was,
		"account", account, "platform", platform, "tests", l.tests, "why", why)
	r.Metrics.Changed.Add(1)
	return nil
}

// store keeps a set with its sources and, where the bot had another one,
// records the activation. It returns since when the bot has this set.
func (r *Rollout) store(ctx context.Context, s *slot, set *rules.Set, why string, now time.Time) (since time.Time, err error) {
	err = r.Store.Write(ctx, func(tx db.Tx) error {
		was, at, err := inForce(tx, s)
		if err != nil {
			return err
		}
		_, err = tx.RuleSet(set.Hash())
		if err == nil && was == set.Hash() { // a restart
			since = at
			return nil
		}
		if err != nil && !errors.Is(err, db.ErrNotFound) {
			return fmt.Errorf("look for rule set %s: %w", set.Hash(), err)
		}
		since = now
		return record(tx, s, set, was, why, now)
	})
	return since, err
}

// record writes what an activation leaves behind.
func record(tx db.Tx, s *slot, set *rules.Set, was, why string, now time.Time) error {
	if err := Keep(tx, set, now); err != nil {
		return err
	}
	a := gate.Activation{Bot: s.bot, Candidate: s.candidate, Was: was, Set: set.Hash(), Why: why}
	a.Platform, a.Account = set.Packs()
	rec := a.Record(action.DecisionID(a.Cause(now)...), now)
	line, err := rec.Line()
	if err != nil {
		return fmt.Errorf("write the activation of rule set %s: %w", a.Set, err)
	}
	if err := tx.AppendDecision(db.Decision{ID: rec.ID, At: rec.At, Bot: rec.Bot, Record: line}); err != nil {
		return fmt.Errorf("record the activation of rule set %s: %w", a.Set, err)
	}
	err = tx.PutActivation(db.Activation{
		Bot: a.Bot, Candidate: a.Candidate, Set: a.Set, Was: a.Was, At: now, Packs: a.Platform + ", " + a.Account, Why: a.Why,
	})
	if err != nil {
		return err
	}
	if err := tx.SetMeta(s.key(), a.Set+" "+now.Format(time.RFC3339Nano)); err != nil {
		return fmt.Errorf("remember that rule set %s is in force: %w", a.Set, err)
	}
	return nil
}

// Keep stores a set with its sources, so that any decision of it can be made
// again.
func Keep(tx db.Tx, set *rules.Set, now time.Time) error {
	sources := map[string]string{}
	for _, s := range set.Sources() {
		sources[s.Name] = string(s.Data)
	}
	data, err := json.Marshal(sources)
	if err != nil {
		return fmt.Errorf("write down rule set %s: %w", set.Hash(), err)
	}
	platform, account := set.Packs()
	if err := tx.PutRuleSet(db.RuleSet{Hash: set.Hash(), ActivatedAt: now, Packs: platform + ", " + account, Sources: data}); err != nil {
		return fmt.Errorf("keep rule set %s: %w", set.Hash(), err)
	}
	return nil
}

// key is where the database remembers what a slot has in force, and since when.
func (s *slot) key() string {
	if s.candidate {
		return "rules.candidate." + s.bot
	}
	return "rules.active." + s.bot
}

func inForce(tx db.Tx, s *slot) (hash string, since time.Time, err error) {
	v, err := tx.Meta(s.key())
	if err != nil {
		return "", since, fmt.Errorf("read which rules bot %s had: %w", s.bot, err)
	}
	hash, at, _ := strings.Cut(v, " ")
	if at != "" {
		if since, err = time.Parse(time.RFC3339Nano, at); err != nil {
			return "", since, fmt.Errorf("read since when bot %s has its rules: %w", s.bot, err)
		}
	}
	return hash, since, nil
}
