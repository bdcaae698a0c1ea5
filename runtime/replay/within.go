package replay

import (
	"context"

	"github.com/beckon-bot/beckon/db"
)

// Within runs a replay in one transaction of s, on a store that lasts as long:
// nothing of a replay is read after it, and commits were half of its time. An
// error of the store ends the replay, so nothing ever has to be rolled back
// alone.
func Within(ctx context.Context, s db.Store, run func(db.Store) error) error {
	return s.Write(ctx, func(tx db.Tx) error { return run(within{tx}) })
}

// within is a store whose transactions are parts of one that is open.
type within struct{ tx db.Tx }

func (w within) Write(_ context.Context, fn func(db.Tx) error) error { return fn(w.tx) }
func (w within) Read(_ context.Context, fn func(db.Tx) error) error  { return fn(w.tx) }
func (w within) Close() error                                        { return nil }
