package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite/gen"
)

func redistributionOf(r gen.Redistribution) db.Redistribution {
	return db.Redistribution{
		ID: r.ID, At: timeOf(r.At), Recipient: r.Recipient, What: r.What, File: r.File, IDs: r.Ids, Hydrated: r.Hydrated,
		Automated: r.Automated == 1, By: r.MadeBy,
	}
}

func recallOf(r gen.Recall) db.Recall {
	return db.Recall{
		Export: r.Export, Cause: r.Cause, AskedAt: timeOf(r.AskedAt), DueAt: timeOf(r.DueAt), DoneAt: timeOf(r.DoneAt), DoneBy: r.DoneBy,
	}
}

func (t tx) PutExportMarks(export string, marks []string) error {
	for _, mark := range marks {
		if err := t.q.PutExportMark(background(), mark, export); err != nil {
			return fmt.Errorf("note what export %s holds: %w", export, err)
		}
	}
	return nil
}

func (t tx) DropExportMark(mark string) (int, error) {
	n, err := t.q.DropExportMark(background(), mark)
	if err != nil {
		return 0, fmt.Errorf("drop a mark of exports: %w", err)
	}
	return int(n), nil
}

func (t tx) ExportsWith(mark string) ([]db.Redistribution, error) {
	rows, err := t.q.ExportsWith(background(), mark)
	if err != nil {
		return nil, fmt.Errorf("find exports by what they hold: %w", err)
	}
	return each(rows, redistributionOf), nil
}

func (t tx) Redistribution(id string) (db.Redistribution, error) {
	r, err := t.q.Redistribution(background(), id)
	if errors.Is(err, sql.ErrNoRows) {
		return db.Redistribution{}, fmt.Errorf("export %s: %w", id, db.ErrNotFound)
	}
	if err != nil {
		return db.Redistribution{}, fmt.Errorf("read export %s: %w", id, err)
	}
	return redistributionOf(r), nil
}

func (t tx) PutRecall(r db.Recall) error {
	err := t.q.PutRecall(background(), gen.PutRecallParams{
		Export: r.Export, Cause: r.Cause, AskedAt: millis(r.AskedAt), DueAt: millis(r.DueAt), DoneAt: millis(r.DoneAt), DoneBy: r.DoneBy,
	})
	if err != nil {
		return fmt.Errorf("recall export %s: %w", r.Export, err)
	}
	return nil
}

func (t tx) OpenRecalls(max int) ([]db.Recall, error) {
	rows, err := t.q.OpenRecalls(background(), int64(max))
	if err != nil {
		return nil, fmt.Errorf("list open recalls: %w", err)
	}
	return each(rows, recallOf), nil
}

func (t tx) RecallsOf(cause string) ([]db.Recall, error) {
	rows, err := t.q.RecallsOf(background(), cause)
	if err != nil {
		return nil, fmt.Errorf("list recalls of %s: %w", cause, err)
	}
	return each(rows, recallOf), nil
}

func (t tx) EndRecalls(export, by string, at time.Time) (int, error) {
	n, err := t.q.EndRecalls(background(), millis(at), by, export)
	if err == nil && n > 0 {
		err = t.q.DropExportMarks(background(), export)
	}
	if err != nil {
		return 0, fmt.Errorf("end the recalls of export %s: %w", export, err)
	}
	return int(n), nil
}
