package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite/gen"
)

// tx is one transaction; its methods stand by noun in this file and its
// neighbours. Reading and writing are the same code: SQLite itself refuses
// writes on a reader's connection.
type tx struct{ q *gen.Queries }

// background is the context of every query (Q2).
func background() context.Context { return context.Background() }

func (t tx) MarkSeen(bot, eventID string, index int, at time.Time) (bool, error) {
	n, err := t.q.MarkSeen(background(), gen.MarkSeenParams{Bot: bot, EventID: eventID, Idx: int64(index), SeenAt: millis(at)})
	if err != nil {
		return false, fmt.Errorf("mark event %s seen: %w", eventID, err)
	}
	return n == 1, nil
}

func (t tx) PruneSeen(before time.Time, max int) (int, error) {
	n, err := t.q.PruneSeen(background(), millis(before), int64(max))
	if err != nil {
		return 0, fmt.Errorf("prune events seen: %w", err)
	}
	return int(n), nil
}

func (t tx) AppendDecision(d db.Decision) error {
	err := t.q.AppendDecision(background(), gen.AppendDecisionParams{
		ID: d.ID, At: millis(d.At), Bot: d.Bot, EventID: d.Event, ActionID: d.Action, Record: string(d.Record),
	})
	if err != nil {
		return fmt.Errorf("append decision %s: %w", d.ID, err)
	}
	return nil
}

func (t tx) ListDecisions(max int) ([]db.Decision, error) {
	rows, err := t.q.ListDecisions(background(), int64(max))
	if err != nil {
		return nil, fmt.Errorf("list decisions: %w", err)
	}
	return each(rows, decisionOf), nil
}

func (t tx) FindDecisions(f db.DecisionFilter) ([]db.Decision, int64, error) {
	before := f.Before
	if before == 0 {
		last, err := t.q.LastDecision(background())
		if err != nil {
			return nil, 0, fmt.Errorf("last decision: %w", err)
		}
		before = last + 1
	}
	next := max(before-int64(f.Look), 1)
	rows, err := t.q.FindDecisions(background(), gen.FindDecisionsParams{
		Before: before, SinceSeq: next, Since: millis(f.Since), Bot: f.Bot, Mark: f.Mark,
	})
	if err != nil {
		return nil, 0, fmt.Errorf("find decisions: %w", err)
	}
	older, err := t.q.DecidedUntil(background(), next)
	if err = found(err); errors.Is(err, db.ErrNotFound) || err == nil && older < millis(f.Since) {
		return each(rows, decisionOf), 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("find decisions: %w", err)
	}
	return each(rows, decisionOf), next, nil
}

func decisionOf(r gen.Decision) db.Decision {
	return db.Decision{ID: r.ID, At: timeOf(r.At), Bot: r.Bot, Event: r.EventID, Action: r.ActionID, Record: bytesOf(r.Record)}
}

func (t tx) PruneDecisions(before time.Time, max int) (int, error) {
	n, err := t.q.PruneDecisions(background(), millis(before), int64(max))
	if err != nil {
		return 0, fmt.Errorf("prune decisions: %w", err)
	}
	return int(n), nil
}

func (t tx) PutRuleSet(r db.RuleSet) error {
	err := t.q.PutRuleSet(background(), gen.PutRuleSetParams{
		Hash: r.Hash, ActivatedAt: millis(r.ActivatedAt), Packs: r.Packs, Sources: string(r.Sources),
	})
	if err != nil {
		return fmt.Errorf("put rule set %s: %w", r.Hash, err)
	}
	return nil
}

func (t tx) RuleSet(hash string) (db.RuleSet, error) {
	r, err := t.q.RuleSet(background(), hash)
	if err != nil {
		return db.RuleSet{}, fmt.Errorf("rule set %s: %w", hash, found(err))
	}
	return db.RuleSet{Hash: r.Hash, ActivatedAt: timeOf(r.ActivatedAt), Packs: r.Packs, Sources: bytesOf(r.Sources)}, nil
}

func (t tx) Meta(key string) (string, error) {
	v, err := t.q.Meta(background(), key)
	if err = found(err); err != nil && !errors.Is(err, db.ErrNotFound) {
		return "", fmt.Errorf("meta %s: %w", key, err)
	}
	return v, nil
}

func (t tx) SetMeta(key, value string) error {
	if err := t.q.SetMeta(background(), key, value); err != nil {
		return fmt.Errorf("set meta %s: %w", key, err)
	}
	return nil
}

func (t tx) Switch(bot string) (db.Switch, error) {
	r, err := t.q.ReadSwitch(background(), bot)
	if err = found(err); errors.Is(err, db.ErrNotFound) {
		return db.Switch{Bot: bot}, nil
	}
	if err != nil {
		return db.Switch{}, fmt.Errorf("switch of %s: %w", bot, err)
	}
	return switchOf(r), nil
}

func (t tx) PutSwitch(s db.Switch) error {
	err := t.q.PutSwitch(background(), gen.PutSwitchParams{
		Bot: s.Bot, Paused: bit(s.Paused), SetBy: s.By, At: millis(s.At), Reason: s.Reason,
	})
	if err != nil {
		return fmt.Errorf("put switch of %s: %w", s.Bot, err)
	}
	return nil
}

func (t tx) ListSwitches() ([]db.Switch, error) {
	rows, err := t.q.ListSwitches(background())
	if err != nil {
		return nil, fmt.Errorf("list switches: %w", err)
	}
	return each(rows, switchOf), nil
}

func switchOf(r gen.Switch) db.Switch {
	return db.Switch{Bot: r.Bot, Paused: r.Paused == 1, By: r.SetBy, At: timeOf(r.At), Reason: r.Reason}
}

// each maps rows to records; no rows are nil.
func each[R, T any](rows []R, of func(R) T) []T {
	if len(rows) == 0 {
		return nil
	}
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = of(r)
	}
	return out
}
