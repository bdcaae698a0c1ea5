package dbtest

import (
	"context"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
)

func testAuditChain(t *testing.T, s db.Store, _ Features) {
	entry := func(writer string, seq int64) db.AuditEntry {
		return db.AuditEntry{Writer: writer, Seq: seq, At: at(int(seq)).UTC(), Facts: []byte("a line\n"), Prev: "p", Hash: writer + "-hash"}
	}
	same(t, "head of nothing", get(t, s, func(tx db.Tx) (db.AuditHead, error) { return tx.ChainHead("w") }), db.AuditHead{Writer: "w"})
	write(t, s, func(tx db.Tx) error {
		for _, e := range []db.AuditEntry{entry("w", 1), entry("v", 1), entry("w", 2), entry("w", 3)} {
			if err := tx.AppendEntry(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err := s.Write(context.Background(), func(tx db.Tx) error { return tx.AppendEntry(entry("w", 2)) }); err == nil {
		t.Error("two entries of one number: want an error")
	}
	same(t, "head", get(t, s, func(tx db.Tx) (db.AuditHead, error) { return tx.ChainHead("w") }),
		db.AuditHead{Writer: "w", Seq: 3, Hash: "w-hash"})
	list := func(after int64, max int) []db.AuditEntry {
		return get(t, s, func(tx db.Tx) ([]db.AuditEntry, error) { return tx.ListEntries("w", after, max) })
	}
	same(t, "two after the first", list(1, 2), []db.AuditEntry{entry("w", 2), entry("w", 3)})
	prune := func(before time.Time, max int) int {
		var n int
		write(t, s, func(tx db.Tx) (err error) {
			n, err = tx.PruneEntries("w", before, max)
			return err
		})
		return n
	}
	if n := prune(at(9), 1); n != 1 {
		t.Errorf("pruned %d, want 1", n)
	}
	if n := prune(at(9), 10); n != 1 {
		t.Errorf("pruned %d, want all but the last: 1", n)
	}
	same(t, "what is left", list(0, 10), []db.AuditEntry{entry("w", 3)})

	one, two := db.AuditWriter{Writer: "w", Verifier: "k", Since: at(1).UTC()}, db.AuditWriter{Writer: "v", Verifier: "l"}
	write(t, s, func(tx db.Tx) error { return tx.PutWriter(one) })
	write(t, s, func(tx db.Tx) error { return tx.PutWriter(two) })
	write(t, s, func(tx db.Tx) error { return tx.PutWriter(db.AuditWriter{Writer: "w", Verifier: "other"}) })
	same(t, "writers, who never change", get(t, s, db.Tx.ListWriters), []db.AuditWriter{two, one})

	same(t, "no checkpoint", get(t, s, db.Tx.LastCheckpoint), db.Checkpoint{})
	a, b := db.Checkpoint{At: at(1).UTC(), Note: "one"}, db.Checkpoint{At: at(2).UTC(), Note: "two"}
	write(t, s, func(tx db.Tx) error { return tx.AppendCheckpoint(a) })
	write(t, s, func(tx db.Tx) error { return tx.AppendCheckpoint(b) })
	same(t, "last checkpoint", get(t, s, db.Tx.LastCheckpoint), b)
	same(t, "checkpoints since", get(t, s, func(tx db.Tx) ([]db.Checkpoint, error) { return tx.ListCheckpoints(at(2), 9) }), []db.Checkpoint{b})
}

func testWalks(t *testing.T, s db.Store, _ Features) {
	one, two := full[db.Decision](), full[db.Decision]()
	two.ID = "two"
	write(t, s, func(tx db.Tx) error { return tx.AppendDecision(one) })
	write(t, s, func(tx db.Tx) error { return tx.AppendDecision(two) })
	write(t, s, func(tx db.Tx) error { return tx.InsertAction(pending("a")) })
	write(t, s, func(tx db.Tx) error { return tx.InsertAction(pending("b")) })
	read(t, s, func(tx db.Tx) error {
		first, next, err := tx.WalkDecisions(0, 1)
		if err != nil {
			return err
		}
		second, next, err := tx.WalkDecisions(next, 5)
		if err != nil {
			return err
		}
		same(t, "decisions", append(first, second...), []db.Decision{one, two})
		rest, after, err := tx.WalkDecisions(next, 5)
		if len(rest) > 0 || after != next {
			t.Errorf("at the end: %d decisions, next %d, want none and %d", len(rest), after, next)
		}
		return err
	})
	read(t, s, func(tx db.Tx) error {
		rows, next, err := tx.WalkActions(0, 1)
		if err != nil {
			return err
		}
		more, _, err := tx.WalkActions(next, 5)
		same(t, "actions", ids(append(rows, more...)), []string{"a", "b"})
		return err
	})
}

func testReceipts(t *testing.T, s db.Store, _ Features) {
	r := db.Receipt{
		ID: "r-1", Cause: db.CauseUser, TriggeredAt: at(1).UTC(), DueAt: at(2).UTC(), At: at(3).UTC(), Counts: `{"decisions":1}`,
		Records: []db.RecordRef{{Kind: "decision", Ref: "d-1"}, {Kind: "decision", Ref: "d-1"}, {Kind: "action", Ref: "a-1"}},
	}
	write(t, s, func(tx db.Tx) error { return tx.PutReceipt(r) })
	bare := r
	bare.Records = nil
	list := func(since, before time.Time) []db.Receipt {
		return get(t, s, func(tx db.Tx) ([]db.Receipt, error) { return tx.ListReceipts(since, before) })
	}
	same(t, "receipts", list(at(3), at(4)), []db.Receipt{bare})
	same(t, "receipts of earlier", len(list(at(0), at(3))), 0)
	of := func(kind, ref string) string {
		return get(t, s, func(tx db.Tx) (string, error) { return tx.ReceiptOf(db.RecordRef{Kind: kind, Ref: ref}) })
	}
	same(t, "receipt of a decision", of("decision", "d-1"), "r-1")
	same(t, "receipt of what stays", of("action", "d-1"), "")
	if err := s.Write(context.Background(), func(tx db.Tx) error { return tx.PutReceipt(r) }); err == nil {
		t.Error("a receipt twice: want an error")
	}
	bare.ID, bare.Cause = "r-2", "whim"
	if err := s.Write(context.Background(), func(tx db.Tx) error { return tx.PutReceipt(bare) }); err == nil {
		t.Error("a receipt without a cause that is one: want an error")
	}
}

func testHistory(t *testing.T, s db.Store, _ Features) {
	late, early := full[db.Activation](), full[db.Activation]()
	early.At, early.Candidate = late.At.Add(-time.Hour), false
	write(t, s, func(tx db.Tx) error { return tx.PutActivation(late) })
	write(t, s, func(tx db.Tx) error { return tx.PutActivation(early) })
	same(t, "activations", get(t, s, db.Tx.ListActivations), []db.Activation{early, late})
	c := full[db.ConfigVersion]()
	write(t, s, func(tx db.Tx) error { return tx.PutConfigVersion(c) })
	same(t, "configurations", get(t, s, db.Tx.ListConfigVersions), []db.ConfigVersion{c})
	r := full[db.Redistribution]()
	write(t, s, func(tx db.Tx) error { return tx.PutRedistribution(r) })
	same(t, "redistributions", get(t, s, func(tx db.Tx) ([]db.Redistribution, error) {
		return tx.ListRedistributions(r.At, r.At.Add(time.Millisecond))
	}), []db.Redistribution{r})
	same(t, "redistributions of earlier", get(t, s, func(tx db.Tx) ([]db.Redistribution, error) {
		return tx.ListRedistributions(time.Time{}, r.At)
	}), []db.Redistribution(nil))
}

func testCounts(t *testing.T, s db.Store, _ Features) {
	day0 := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	day1 := day0.AddDate(0, 0, 1)
	add := func(day time.Time, name string, n int64) {
		t.Helper()
		write(t, s, func(tx db.Tx) error { return tx.AddCount(db.Count{Day: day, Bot: "b", Kind: "k", Name: name, N: n}) })
	}
	add(day1, "y", 1)
	add(day0, "x", 2)
	add(day0, "x", 3)
	list := func(since, before time.Time) []db.Count {
		return get(t, s, func(tx db.Tx) ([]db.Count, error) { return tx.ListCounts(since, before) })
	}
	x, y := db.Count{Day: day0, Bot: "b", Kind: "k", Name: "x", N: 5}, db.Count{Day: day1, Bot: "b", Kind: "k", Name: "y", N: 1}
	same(t, "all", list(day0, day1.AddDate(0, 0, 1)), []db.Count{x, y})
	same(t, "of a day", list(day0, day1), []db.Count{x})
	write(t, s, func(tx db.Tx) error {
		n, err := tx.PruneCounts(day1, 10)
		if n != 1 {
			t.Errorf("pruned %d, want 1", n)
		}
		return err
	})
	same(t, "what is left", list(day0, day1.AddDate(0, 0, 1)), []db.Count{y})
}
