package dbtest

import (
	"errors"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
)

func testRecalls(t *testing.T, s db.Store, _ Features) {
	first, second := full[db.Redistribution](), full[db.Redistribution]()
	first.ID, second.ID, second.At = "x-1", "x-2", first.At.Add(1e9)
	write(t, s, func(tx db.Tx) error {
		return errors.Join(tx.PutRedistribution(second), tx.PutRedistribution(first),
			tx.PutExportMarks("x-2", []string{"u", "p"}), tx.PutExportMarks("x-1", []string{"u", "u"}), tx.PutExportMarks("x-1", []string{"u"}))
	})
	with := func(mark string) []db.Redistribution {
		return get(t, s, func(tx db.Tx) ([]db.Redistribution, error) { return tx.ExportsWith(mark) })
	}
	same(t, "with the user, by time", with("u"), []db.Redistribution{first, second})
	same(t, "with the post", with("p"), []db.Redistribution{second})
	same(t, "with another", len(with("q")), 0)
	same(t, "one", get(t, s, func(tx db.Tx) (db.Redistribution, error) { return tx.Redistribution("x-2") }), second)
	if err := s.Read(t.Context(), func(tx db.Tx) error { _, err := tx.Redistribution("x-3"); return err }); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("an export that is not there: %v", err)
	}
	if err := s.Write(t.Context(), func(tx db.Tx) error { return tx.PutExportMarks("x-3", []string{"u"}) }); err == nil {
		t.Error("a mark of an export that is not there: want an error")
	}

	one := full[db.Recall]()
	one.Export, one.Cause, one.DoneAt, one.DoneBy = "x-1", "d-1", time.Time{}, ""
	two := one
	two.Export, two.DueAt = "x-2", one.DueAt.Add(-1e9)
	again := one
	again.AskedAt = again.AskedAt.Add(1e9)
	write(t, s, func(tx db.Tx) error { return errors.Join(tx.PutRecall(one), tx.PutRecall(two), tx.PutRecall(again)) })
	open := func() []db.Recall {
		return get(t, s, func(tx db.Tx) ([]db.Recall, error) { return tx.OpenRecalls(10) })
	}
	same(t, "open, by due", open(), []db.Recall{two, one})
	end := func(export string) (n int) {
		write(t, s, func(tx db.Tx) (err error) {
			n, err = tx.EndRecalls(export, "ann", at(9))
			return err
		})
		return n
	}
	same(t, "ended", end("x-1"), 1)
	same(t, "ended again", end("x-1"), 0)
	same(t, "left open", open(), []db.Recall{two})
	one.DoneAt, one.DoneBy = at(9), "ann"
	same(t, "of the cause", get(t, s, func(tx db.Tx) ([]db.Recall, error) { return tx.RecallsOf("d-1") }), []db.Recall{two, one})
	same(t, "a file that is gone holds nothing", with("u"), []db.Redistribution{second})
	write(t, s, func(tx db.Tx) error {
		n, err := tx.DropExportMark("u")
		same(t, "marks dropped", n, 1)
		return err
	})
	same(t, "without the mark", len(with("u")), 0)
	same(t, "the other mark stays", with("p"), []db.Redistribution{second})
}
