package vault_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/vault"
)

// TestK8EndedMatch takes what a backup would have of a match, ends or replaces the
// match, and finds that nothing opens the copy any more.
func TestK8EndedMatch(t *testing.T) {
	t.Parallel()
	m := db.Match{Bot: "acme", User: "7", Purpose: "crm", Basis: db.BasisOptIn, Sealed: []byte(marker), At: noon}
	for name, after := range map[string]db.Match{
		"ended":    {Bot: "acme", User: "7", Purpose: "crm", Basis: db.BasisOptIn, At: noon, EndedAt: noon, EndedBy: "the user"},
		"replaced": {Bot: "acme", User: "7", Purpose: "crm", Basis: db.BasisOptIn, Sealed: []byte("another"), At: noon},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			other := m
			other.Purpose = "orders"
			d.write(func(tx db.Tx) error { return errors.Join(tx.PutMatch(m), tx.PutMatch(other)) })
			if files := d.find("MARKER4711"); files != nil {
				t.Fatalf("the reference stands in %v", files)
			}
			d.now = noon.AddDate(2, 0, 0) // no retention of texts ends it
			d.write(func(tx db.Tx) error { _, err := tx.PruneTextKeys(d.now, 100); return err })
			d.restart()
			var copied []db.Match
			if err := d.below.Read(t.Context(), func(tx db.Tx) (err error) { copied, err = tx.OpenMatchesOf("7"); return err }); err != nil {
				t.Fatal(err)
			}
			if got := d.references(t); !slices.Equal(got, []string{marker, marker}) {
				t.Fatalf("references %q", got)
			}

			d.write(func(tx db.Tx) error { return tx.PutMatch(after) })
			if err := d.below.Write(t.Context(), func(tx db.Tx) error { return tx.PutMatch(copied[0]) }); err != nil { // the backup is put back
				t.Fatal(err)
			}
			for range 2 { // this process, and the next
				if got := d.references(t); !slices.Equal(got, []string{"", marker}) {
					t.Errorf("references %q, want the other one alone", got)
				}
				d.restart()
			}
		})
	}
}

// A text and a match of the same day have different keys, and a transaction that
// is undone leaves the match readable.
func TestK8RolledBack(t *testing.T) {
	t.Parallel()
	d := open(t)
	m := db.Match{Bot: "acme", User: "7", Purpose: "crm", Basis: db.BasisOptIn, Sealed: []byte(marker), At: noon}
	d.write(func(tx db.Tx) error { return tx.PutMatch(m) })
	boom := errors.New("boom")
	ended := m
	ended.Sealed, ended.EndedAt = nil, noon.Add(time.Hour)
	if err := d.store.Write(t.Context(), func(tx db.Tx) error { return errors.Join(tx.PutMatch(ended), boom) }); !errors.Is(err, boom) {
		t.Fatal(err)
	}
	if got := d.references(t); !slices.Equal(got, []string{marker}) {
		t.Errorf("references %q", got)
	}
}

// references opens what the database has of user 7, by purpose.
func (d *desk) references(t *testing.T) (refs []string) {
	t.Helper()
	var s db.Store = vault.New(d.below, d.host, func() time.Time { return d.now }).Around(d.below)
	for _, s := range []db.Store{s, d.store} {
		refs = nil
		if err := s.Read(t.Context(), func(tx db.Tx) error {
			all, err := tx.OpenMatchesOf("7")
			for _, m := range all {
				refs = append(refs, string(m.Sealed))
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	return refs
}
