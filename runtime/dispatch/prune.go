package dispatch

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/compliance"
)

// KeepSeen outlasts what X can deliver again (24 hours) by far. Nothing that
// tells whether something was answered goes earlier.
const KeepSeen = 7 * 24 * time.Hour

const (
	pruneEvery = time.Hour
	pruneChunk = 2000 // rows a transaction, so that the writer is never held for long
)

// Keep is how long what is only needed for a while is kept. Texts are not among
// it: they go when their action ends. A zero time stands for the default.
type Keep struct {
	Decisions     time.Duration // decision records: 90 days
	Interactions  time.Duration // acts of users, since they were last heard of: 90 days
	Conversations time.Duration // of users, since they wrote last, where nothing stands: 400 days
	DeadLetters   time.Duration // with the body that could not be used: 30 days
}

const day = 24 * time.Hour

// DefaultKeep is what a configuration says that says nothing.
func DefaultKeep() Keep {
	return Keep{Decisions: 90 * day, Interactions: 90 * day, Conversations: 400 * day, DeadLetters: 30 * day}
}

// Prune forgets a chunk of what is past its time. It returns when it wants to
// be called again: now if there is more.
func Prune(ctx context.Context, store db.Store, now time.Time, keep Keep) (next time.Time, err error) {
	next = now.Add(pruneEvery)
	std := DefaultKeep()
	err = store.Write(ctx, func(tx db.Tx) error {
		for _, p := range []struct {
			what  string
			prune func(before time.Time, max int) (int, error)
			keep  time.Duration
		}{
			{"dedupe rows", tx.PruneSeen, KeepSeen},
			{"decisions", tx.PruneDecisions, cmp.Or(keep.Decisions, std.Decisions)},
			{"fingerprints", func(_ time.Time, max int) (int, error) { return action.PruneFingerprints(tx, now, max) }, 0},
			{"matches that are over", func(_ time.Time, max int) (int, error) { return action.EndExpired(tx, now, max) }, 0},
			{"matches that ended", func(before time.Time, max int) (int, error) {
				gone, err := tx.PruneMatches(before, max)
				return len(gone), err
			}, cmp.Or(keep.Conversations, std.Conversations)},
			{"questions", tx.PruneQuestions, KeepSeen},
			{"erased actions", tx.PruneErased, KeepSeen},
			{"what the desk was told", tx.PruneDeskTold, cmp.Or(keep.Conversations, std.Conversations)},
			{"duties", tx.PruneDuties, compliance.Keep},
			{"interactions", tx.PruneInteractions, cmp.Or(keep.Interactions, std.Interactions)},
			{"conversations", tx.PruneConversations, cmp.Or(keep.Conversations, std.Conversations)},
			// They open what is kept: on the bus, of open actions and flows, dead letters.
			{"keys of texts", tx.PruneTextKeys, max(31*day, cmp.Or(keep.DeadLetters, std.DeadLetters)+day)},
			{"dead letters", tx.PruneDeadLetters, cmp.Or(keep.DeadLetters, std.DeadLetters)},
		} {
			n, err := p.prune(now.Add(-p.keep), pruneChunk)
			if err != nil {
				return fmt.Errorf("prune %s: %w", p.what, err)
			}
			if n == pruneChunk {
				next = now
			}
		}
		return nil
	})
	if err != nil {
		return now.Add(pruneEvery), err
	}
	return next, nil
}
