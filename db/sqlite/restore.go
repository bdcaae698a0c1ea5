package sqlite

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite/gen"
)

func (t tx) PutRestore(r db.Restore) error {
	err := t.q.PutRestore(background(), gen.PutRestoreParams{
		ID: r.ID, BackupAt: millis(r.BackupAt), At: millis(r.At), MadeBy: r.By, Seq: r.Seq, Chains: r.Chains,
		RewoundAt: millis(r.RewoundAt), MergedAt: millis(r.MergedAt), MergedBy: r.MergedBy,
	})
	if err != nil {
		return fmt.Errorf("put restore %s: %w", r.ID, err)
	}
	return nil
}

func (t tx) LastRestore() (db.Restore, error) {
	r, err := t.q.LastRestore(background())
	if errors.Is(err, sql.ErrNoRows) {
		return db.Restore{}, nil
	}
	if err != nil {
		return db.Restore{}, fmt.Errorf("last restore: %w", err)
	}
	return restoreOf(r), nil
}

func (t tx) ListRestores() ([]db.Restore, error) {
	rows, err := t.q.ListRestores(background())
	if err != nil {
		return nil, fmt.Errorf("list restores: %w", err)
	}
	return each(rows, restoreOf), nil
}

func restoreOf(r gen.Restore) db.Restore {
	return db.Restore{
		ID: r.ID, BackupAt: timeOf(r.BackupAt), At: timeOf(r.At), By: r.MadeBy, Seq: r.Seq, Chains: r.Chains,
		RewoundAt: timeOf(r.RewoundAt), MergedAt: timeOf(r.MergedAt), MergedBy: r.MergedBy,
	}
}
