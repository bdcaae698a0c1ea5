package dispatch

import (
	"context"
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
)

// How long what is only needed for a while is kept.
const (
	// KeepSeen outlasts what X can deliver again (24 hours) by far.
	KeepSeen = 7 * 24 * time.Hour
	// KeepDecisions is how long decision records are at hand.
	KeepDecisions = 90 * 24 * time.Hour

	pruneEvery = time.Hour
	pruneChunk = 2000 // rows a transaction, so that the writer is never held for long
)

// Prune forgets a chunk of what is past its time. It returns when it wants to
// be called again: now if there is more.
func Prune(ctx context.Context, store db.Store, now time.Time) (next time.Time, err error) {
	next = now.Add(pruneEvery)
	err = store.Write(ctx, func(tx db.Tx) error {
		seen, err := tx.PruneSeen(now.Add(-KeepSeen), pruneChunk)
		if err != nil {
			return fmt.Errorf("prune dedupe rows: %w", err)
		}
		decisions, err := tx.PruneDecisions(now.Add(-KeepDecisions), pruneChunk)
		if err != nil {
			return fmt.Errorf("prune decisions: %w", err)
		}
		prints, err := action.PruneFingerprints(tx, now, pruneChunk)
		if err != nil {
			return err
		}
		questions, err := tx.PruneQuestions(now.Add(-KeepSeen), pruneChunk)
		if err != nil {
			return fmt.Errorf("prune questions: %w", err)
		}
		erased, err := tx.PruneErased(now.Add(-KeepSeen), pruneChunk)
		if err != nil {
			return fmt.Errorf("prune erased actions: %w", err)
		}
		if erased == pruneChunk || questions == pruneChunk || prints == pruneChunk || seen == pruneChunk || decisions == pruneChunk {
			next = now
		}
		return nil
	})
	if err != nil {
		return now.Add(pruneEvery), err
	}
	return next, nil
}
