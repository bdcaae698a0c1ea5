package suppression

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
)

// Start merges, and lets a host send whose database was restored from a backup:
// from a copy that was kept when the backup was made. A newer one, in which those
// are missing who said stop in between, is not taken for their word (S18); then
// the restore is returned that keeps waiting, and nothing is sent.
func (k *Keeper) Start(ctx context.Context, now time.Time) (waits db.Restore, err error) {
	r, err := k.Merge(ctx, now)
	if err != nil {
		return waits, err
	}
	err = k.Store.Read(ctx, func(tx db.Tx) error {
		waits, err = tx.LastRestore()
		return err
	})
	switch {
	case err != nil:
		return waits, fmt.Errorf("read whether the database was restored: %w", err)
	case waits.At.IsZero() || !waits.MergedAt.IsZero():
		return db.Restore{}, nil
	}
	users, err := k.takeBack(ctx, now, waits.BackupAt)
	if err != nil {
		return waits, fmt.Errorf("withdraw what users took back since the backup: %w", err)
	}
	if users > 0 {
		k.Log.InfoContext(ctx, "users took consents or matches back since the backup: nothing that they agreed to before counts any more", "users", users)
	}
	if r.Since.IsZero() || !r.Since.Before(waits.BackupAt) {
		return waits, nil // until an operator's word; what a copy has counts all the same
	}
	if err := k.Desk.Merged(ctx, now, "bus"); err != nil && !errors.Is(err, action.ErrNotRestored) {
		return waits, err
	}
	return db.Restore{}, nil
}
