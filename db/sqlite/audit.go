package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite/gen"
)

func (t tx) AppendEntry(e db.AuditEntry) error {
	err := t.q.AppendEntry(background(), gen.AppendEntryParams{
		Writer: e.Writer, Seq: e.Seq, At: millis(e.At), Facts: string(e.Facts), Prev: e.Prev, Hash: e.Hash,
	})
	if err != nil {
		return fmt.Errorf("append entry %d of %s: %w", e.Seq, e.Writer, err)
	}
	return nil
}

func (t tx) ChainHead(writer string) (db.AuditHead, error) {
	r, err := t.q.ChainHead(background(), writer)
	if errors.Is(err, sql.ErrNoRows) {
		return db.AuditHead{Writer: writer}, nil
	}
	if err != nil {
		return db.AuditHead{}, fmt.Errorf("head of the chain of %s: %w", writer, err)
	}
	return db.AuditHead{Writer: writer, Seq: r.Seq, Hash: r.Hash}, nil
}

func (t tx) PutWriter(w db.AuditWriter) error {
	if err := t.q.PutWriter(background(), w.Writer, w.Verifier, millis(w.Since)); err != nil {
		return fmt.Errorf("put writer %s: %w", w.Writer, err)
	}
	return nil
}

func (t tx) ListWriters() ([]db.AuditWriter, error) {
	rows, err := t.q.ListWriters(background())
	if err != nil {
		return nil, fmt.Errorf("list writers: %w", err)
	}
	return each(rows, func(r gen.AuditWriter) db.AuditWriter {
		return db.AuditWriter{Writer: r.Writer, Verifier: r.Verifier, Since: timeOf(r.Since)}
	}), nil
}

func (t tx) ListEntries(writer string, after int64, max int) ([]db.AuditEntry, error) {
	rows, err := t.q.ListEntries(background(), writer, after, int64(max))
	if err != nil {
		return nil, fmt.Errorf("list entries of %s: %w", writer, err)
	}
	return each(rows, func(r gen.ListEntriesRow) db.AuditEntry {
		return db.AuditEntry{Writer: r.Writer, Seq: r.Seq, At: timeOf(r.At), Facts: bytesOf(r.Facts), Prev: r.Prev, Hash: r.Hash}
	}), nil
}

func (t tx) PruneEntries(writer string, before time.Time, max int) (int, error) {
	n, err := t.q.PruneEntries(background(), writer, millis(before), int64(max))
	if err != nil {
		return 0, fmt.Errorf("prune entries of %s: %w", writer, err)
	}
	return int(n), nil
}

func (t tx) AppendCheckpoint(c db.Checkpoint) error {
	if err := t.q.AppendCheckpoint(background(), millis(c.At), c.Note); err != nil {
		return fmt.Errorf("append checkpoint: %w", err)
	}
	return nil
}

func (t tx) LastCheckpoint() (db.Checkpoint, error) {
	r, err := t.q.LastCheckpoint(background())
	if errors.Is(err, sql.ErrNoRows) {
		return db.Checkpoint{}, nil
	}
	if err != nil {
		return db.Checkpoint{}, fmt.Errorf("last checkpoint: %w", err)
	}
	return db.Checkpoint{At: timeOf(r.At), Note: r.Note}, nil
}

func (t tx) ListCheckpoints(since time.Time, max int) ([]db.Checkpoint, error) {
	rows, err := t.q.ListCheckpoints(background(), millis(since), int64(max))
	if err != nil {
		return nil, fmt.Errorf("list checkpoints: %w", err)
	}
	return each(rows, func(r gen.ListCheckpointsRow) db.Checkpoint {
		return db.Checkpoint{At: timeOf(r.At), Note: r.Note}
	}), nil
}

func (t tx) WalkDecisions(after int64, max int) ([]db.Decision, int64, error) {
	rows, err := t.q.WalkDecisions(background(), after, int64(max))
	if err != nil {
		return nil, 0, fmt.Errorf("walk decisions: %w", err)
	}
	if len(rows) > 0 {
		after = rows[len(rows)-1].Seq
	}
	return each(rows, decisionOf), after, nil
}

func (t tx) WalkActions(after int64, max int) ([]db.Action, int64, error) {
	rows, err := t.q.WalkActions(background(), after, int64(max))
	actions, err := actionsOf("walked", rows, err)
	if err != nil {
		return nil, 0, err
	}
	if len(rows) > 0 {
		after = rows[len(rows)-1].Seq
	}
	return actions, after, nil
}

func (t tx) AllConsents() ([]db.Consent, error) {
	rows, err := t.q.AllConsents(background())
	if err != nil {
		return nil, fmt.Errorf("list consents: %w", err)
	}
	return each(rows, consentOf), nil
}
