package main

import (
	"context"
	"fmt"

	"github.com/beckon-bot/beckon/db"
)

// restored reads whether the bus has to hand out again what the database was
// brought back from before.
func (h *host) restored(ctx context.Context) (again *uint64, err error) {
	r, err := lastRestore(ctx, h.store)
	if err != nil || r.At.IsZero() || !r.RewoundAt.IsZero() {
		return nil, err
	}
	return new(uint64(r.Seq)), nil
}

// rewound notes that the bus does.
func (h *host) rewound(ctx context.Context) error {
	r, err := lastRestore(ctx, h.store)
	if err != nil || r.At.IsZero() || !r.RewoundAt.IsZero() {
		return err
	}
	r.RewoundAt = h.now().UTC()
	if err := h.store.Write(ctx, func(tx db.Tx) error { return tx.PutRestore(r) }); err != nil {
		return fmt.Errorf("note that the bus was put back: %w", err)
	}
	return nil
}

func lastRestore(ctx context.Context, store db.Store) (r db.Restore, err error) {
	err = store.Read(ctx, func(tx db.Tx) error {
		r, err = tx.LastRestore()
		return err
	})
	return r, err
}
