package dbtest

import (
	"errors"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
)

func testLookups(t *testing.T, s db.Store, _ Features) {
	put := func(l db.Lookup) {
		t.Helper()
		write(t, s, func(tx db.Tx) error { return tx.PutLookup(l) })
	}
	next := func() db.Lookup {
		t.Helper()
		return get(t, s, func(tx db.Tx) (db.Lookup, error) { return tx.NextLookup() })
	}
	write(t, s, func(tx db.Tx) error {
		return errors.Join(tx.InsertAction(pending("a")), tx.InsertAction(pending("b")), tx.InsertAction(pending("c")))
	})
	put(db.Lookup{Action: "c", NextAt: at(5)})
	put(db.Lookup{Action: "b", NextAt: at(5)})
	put(db.Lookup{Action: "a", Looks: 1, Absent: 1, LastAt: at(1), NextAt: at(9), Found: "X does not show it"})
	same(t, "the earliest, then by id", next().Action, "b")
	same(t, "one by its key", get(t, s, func(tx db.Tx) (db.Lookup, error) { return tx.Lookup("a") }),
		db.Lookup{Action: "a", Looks: 1, Absent: 1, LastAt: at(1).UTC(), NextAt: at(9).UTC(), Found: "X does not show it"})
	put(db.Lookup{Action: "b", Looks: 9, LastAt: at(6), NextAt: time.Time{}}) // a person's
	same(t, "what nobody looks for again is left out", next().Action, "c")
	write(t, s, func(tx db.Tx) error { return tx.DropLookup("c") })
	same(t, "a dropped one is left out", next().Action, "a")
	err := s.Write(t.Context(), func(tx db.Tx) error { return tx.PutLookup(db.Lookup{Action: "none", NextAt: at(1)}) })
	if err == nil {
		t.Error("a lookup of no action was stored")
	}
}
