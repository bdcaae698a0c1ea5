package backup

import (
	"context"
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
)

// Again is the position on the bus after which everything has to be handed out
// again, because the database was brought back from before; nil: nothing has.
func Again(ctx context.Context, store db.Store) (after *uint64, err error) {
	r, err := last(ctx, store)
	if err != nil || r.At.IsZero() || !r.RewoundAt.IsZero() {
		return nil, err
	}
	return new(uint64(r.Seq)), nil
}

// Rewound notes that the bus does. A crash before it does so once more, which is
// harmless: what is known already is dropped.
func Rewound(ctx context.Context, store db.Store, now time.Time) error {
	r, err := last(ctx, store)
	if err != nil || r.At.IsZero() || !r.RewoundAt.IsZero() {
		return err
	}
	r.RewoundAt = now.UTC()
	if err := store.Write(ctx, func(tx db.Tx) error { return tx.PutRestore(r) }); err != nil {
		return fmt.Errorf("note that the bus was put back: %w", err)
	}
	return nil
}

func last(ctx context.Context, store db.Store) (r db.Restore, err error) {
	err = store.Read(ctx, func(tx db.Tx) error {
		r, err = tx.LastRestore()
		return err
	})
	return r, err
}
