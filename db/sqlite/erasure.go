package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite/gen"
)

func (t tx) PutErasure(e db.Erasure) error {
	err := t.q.PutErasure(background(), gen.PutErasureParams{
		ID: e.ID, Bot: e.Bot, UserID: e.User, Step: string(e.Step), AskedBy: e.By, AskedAt: millis(e.AskedAt),
		StartBy: millis(e.StartBy), AfterID: e.After, ErasedAt: millis(e.ErasedAt), DoneAt: millis(e.DoneAt),
		Position: e.Position, Counts: e.Counts, Cause: string(cmp.Or(e.Cause, db.CauseUser)), DueAt: millis(e.DueAt),
	})
	if err != nil {
		return fmt.Errorf("put erasure %s: %w", e.ID, err)
	}
	return nil
}

func (t tx) Erasure(id string) (db.Erasure, error) {
	r, err := t.q.Erasure(background(), id)
	if err != nil {
		return db.Erasure{}, fmt.Errorf("erasure %s: %w", id, found(err))
	}
	return erasureOf(r), nil
}

func (t tx) OpenErasures() ([]db.Erasure, error) {
	rows, err := t.q.OpenErasures(background())
	if err != nil {
		return nil, fmt.Errorf("open erasures: %w", err)
	}
	return each(rows, erasureOf), nil
}

func (t tx) ListErasures(max int) ([]db.Erasure, error) {
	rows, err := t.q.ListErasures(background(), int64(max))
	if err != nil {
		return nil, fmt.Errorf("list erasures: %w", err)
	}
	return each(rows, erasureOf), nil
}

func erasureOf(r gen.Erasure) db.Erasure {
	return db.Erasure{
		ID: r.ID, Bot: r.Bot, User: r.UserID, Step: db.EraseStep(r.Step), By: r.AskedBy, AskedAt: timeOf(r.AskedAt),
		StartBy: timeOf(r.StartBy), After: r.AfterID, ErasedAt: timeOf(r.ErasedAt), DoneAt: timeOf(r.DoneAt),
		Position: r.Position, Counts: r.Counts, Cause: db.Cause(r.Cause), DueAt: timeOf(r.DueAt),
	}
}

// until is the time of w in the form of the queries.
func until(w db.Who) int64 {
	if w.Before.IsZero() {
		return math.MaxInt64
	}
	return millis(w.Before)
}

func (t tx) UnendedTo(w db.Who) ([]string, error) {
	ids, err := t.q.UnendedTo(background(), w.User, w.Bot, until(w))
	if err != nil {
		return nil, fmt.Errorf("actions to user %s that have not ended: %w", w.User, err)
	}
	return ids, nil
}

// EraseUser goes from what points at actions to the actions. The test of the
// schema holds that no table with a user's id is left out.
func (t tx) EraseUser(w db.Who, as string, at time.Time) (db.Erased, error) {
	e := db.Erased{Counts: map[string]int64{}}
	type query = func(ctx context.Context, user, bot string, before int64) (int64, error)
	for _, s := range []struct {
		table string
		run   query
	}{
		{"action_texts", t.q.EraseTexts},
		{"fingerprints", t.q.EraseFingerprints},
		{"lookups", t.q.EraseLookups},
		{"question_texts", t.q.EraseQuestionTexts},
		{"questions", t.q.EraseQuestions},
		{"conversations", t.q.EraseConversations},
		{"interactions", t.q.EraseInteractions},
		{"echoes", t.q.EraseEchoes},
		{"reminders", t.q.EraseReminders},
		{"desk_notices", t.q.EraseDeskNotices},
		{"desk_told", t.q.EraseDeskTold},
		{"consents", t.q.EraseConsents},
		{"matches", t.q.EraseMatches},
		{"slots", func(ctx context.Context, user, bot string, _ int64) (int64, error) {
			if !w.Before.IsZero() {
				return 0, nil // they have no time: what is there now may be newer
			}
			return t.q.EraseSlots(ctx, user, bot)
		}},
	} {
		n, err := s.run(background(), w.User, w.Bot, until(w))
		if err != nil {
			return db.Erased{}, fmt.Errorf("erase %s of user %s: %w", s.table, w.User, err)
		}
		if n > 0 {
			e.Counts[s.table] = n
		}
	}
	ids, err := t.q.EraseActions(background(), gen.EraseActionsParams{
		AsUser: as, UserID: w.User, Bot: w.Bot, Before: until(w),
	})
	if err != nil {
		return db.Erased{}, fmt.Errorf("erase actions to user %s: %w", w.User, err)
	}
	for _, id := range ids {
		if err := t.q.PutErased(background(), id, millis(at)); err != nil {
			return db.Erased{}, fmt.Errorf("erase action %s: %w", id, err)
		}
		e.Records = append(e.Records, db.RecordRef{Kind: "action", Ref: id})
		e.Counts["actions"]++
	}
	return e, nil
}

func (t tx) EraseDecisions(w db.Who, after int64, max int) ([]string, int64, error) {
	last, err := t.q.LastDecision(background())
	if err != nil {
		return nil, after, fmt.Errorf("last decision: %w", err)
	}
	next := min(after+int64(max), last)
	if next <= after {
		return nil, after, nil
	}
	ids, err := t.q.EraseDecisions(background(), gen.EraseDecisionsParams{
		After: after, Until: next, Bot: w.Bot, Mark: `"user":"` + w.User + `"`,
	})
	if err != nil {
		return nil, after, fmt.Errorf("erase decisions of user %s: %w", w.User, err)
	}
	return ids, next, nil
}

func (t tx) NamedUsers() ([]string, error) {
	ids, err := t.q.NamedUsers(background())
	if err != nil {
		return nil, fmt.Errorf("ids of users that are named: %w", err)
	}
	return ids, nil
}

func (t tx) PruneErased(before time.Time, max int) (int, error) {
	n, err := t.q.PruneErased(background(), millis(before), int64(max))
	if err != nil {
		return 0, fmt.Errorf("prune erased actions: %w", err)
	}
	if n > 0 {
		if err := t.q.PruneErasedMarks(background()); err != nil {
			return 0, fmt.Errorf("prune marks of erased actions: %w", err)
		}
	}
	return int(n), nil
}
