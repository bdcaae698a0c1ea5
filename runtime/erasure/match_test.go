package erasure

import (
	"context"
	"errors"
	"testing"

	"github.com/beckon-bot/beckon/db"
)

// TestT26Forgotten: a match goes with its user, the ended ones too, and the receipt
// counts it.
func TestT26Forgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := db.Match{Bot: "globex", User: ann, Purpose: "crm", Basis: db.BasisOptIn, Sealed: []byte("C-1"), At: nine}
	ended, bens := m, m
	ended.Purpose, ended.Sealed, ended.EndedAt = "shop", nil, nine
	bens.User = ben
	w.write(func(tx db.Tx) error { return errors.Join(tx.PutMatch(m), tx.PutMatch(ended), tx.PutMatch(bens)) })
	e := w.eraser(w.below)
	_, err := e.Begin(context.Background(), nine, Request{User: ann, By: "bob"})
	if err := errors.Join(err, e.All(context.Background(), nine)); err != nil {
		t.Fatal(err)
	}
	counts, err := read(w.receipts()[0].Counts)
	if err != nil || counts["matches"] != 2 {
		t.Errorf("the receipt counts %v, %v", counts, err)
	}
	err = w.below.Read(context.Background(), func(tx db.Tx) error {
		all, err := tx.AllMatches()
		if len(all) != 1 || all[0].User != ben {
			t.Errorf("left: %+v", all)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
