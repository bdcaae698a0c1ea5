package dbtest

import (
	"errors"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
)

// testMatches: the latest match for each purpose is kept whole; one that has
// ended keeps no reference, and no list but the user's own has it.
func testMatches(t *testing.T, s db.Store, _ Features) {
	of := func(user string) []db.Match {
		t.Helper()
		return get(t, s, func(tx db.Tx) ([]db.Match, error) { return tx.MatchesOf("bot", user) })
	}
	for _, v := range variants[db.Match]() {
		v.Bot, v.User = "bot", "whole"
		open, ended := v, v
		open.EndedAt, open.EndedBy = time.Time{}, ""
		ended.Sealed, ended.RefHash = nil, ""
		for _, m := range []db.Match{open, ended, open, ended} {
			write(t, s, func(tx db.Tx) error { return tx.PutMatch(m) })
			same(t, "as it was put", of("whole"), []db.Match{m})
		}
		err := s.Write(t.Context(), func(tx db.Tx) error { return tx.PutMatch(v) })
		if err == nil {
			t.Error("one that has ended was stored with its reference")
		}
	}

	m := db.Match{Bot: "bot", User: "u", Purpose: "orders", Basis: db.BasisProvided, Sealed: []byte("C-1"), Event: "e1", At: at(1).UTC(), ExpiresAt: at(5).UTC()}
	n, other, ended := m, m, m
	n.Purpose, n.Basis, n.ExpiresAt = "crm", db.BasisOptIn, time.Time{}
	other.Bot, other.Event, other.ExpiresAt = "other", "e2", at(4).UTC()
	ended.Purpose, ended.Sealed, ended.EndedAt, ended.EndedBy = "old", nil, at(2).UTC(), "e9"
	write(t, s, func(tx db.Tx) error {
		return errors.Join(tx.PutMatch(m), tx.PutMatch(n), tx.PutMatch(other), tx.PutMatch(ended))
	})
	same(t, "of one user toward one bot", of("u"), []db.Match{n, ended, m})
	same(t, "open ones, toward every bot", get(t, s, func(tx db.Tx) ([]db.Match, error) { return tx.OpenMatchesOf("u") }), []db.Match{n, m, other})
	same(t, "by an event", get(t, s, func(tx db.Tx) ([]db.Match, error) { return tx.OpenMatchesBy("e1") }), []db.Match{n, m})
	expired := func(now, max int) []db.Match {
		t.Helper()
		return get(t, s, func(tx db.Tx) ([]db.Match, error) { return tx.ExpiredMatches(at(now), max) })
	}
	same(t, "before", len(expired(3, 9)), 0)
	same(t, "at its time", expired(4, 9), []db.Match{other})
	same(t, "the first", expired(9, 1), []db.Match{other})
	same(t, "all", expired(9, 9), []db.Match{other, m})
	var pruned []db.Match
	for _, before := range []int{2, 3} {
		write(t, s, func(tx db.Tx) (err error) { pruned, err = tx.PruneMatches(at(before), 9); return err })
		for i := range pruned {
			pruned[i] = db.Match{Purpose: pruned[i].Purpose, EndedAt: pruned[i].EndedAt}
		}
		same(t, "what ended before", len(pruned), map[int]int{2: 1, 3: 1}[before]) // the variant, then the other
	}
	same(t, "the last", pruned, []db.Match{{Purpose: "old", EndedAt: at(2).UTC()}})
	all := get(t, s, db.Tx.AllMatches)
	same(t, "every row that is left", len(all), 3)
	for _, a := range all {
		if a.Sealed != nil {
			t.Errorf("%s: the list of all has a reference", a.Purpose)
		}
	}
}
