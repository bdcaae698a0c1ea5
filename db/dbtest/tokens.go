package dbtest

import (
	"errors"
	"testing"

	"github.com/beckon-bot/beckon/db"
)

// testTokens: a row is written only on top of the version that was read.
func testTokens(t *testing.T, s db.Store, _ Features) {
	put := func(k db.Token) (err error) {
		t.Helper()
		werr := s.Write(t.Context(), func(tx db.Tx) error {
			err = tx.PutToken(k)
			return err
		})
		if !errors.Is(werr, err) {
			t.Errorf("Write returned %v, PutToken %v", werr, err)
		}
		return err
	}
	one := db.Token{Bot: "b", State: db.TokenLive, Reason: "one", ExpiresAt: at(1).UTC(), Sealed: []byte{0, 1, 0xff}}
	wantErr(t, "put on top of a version that is not there", put(db.Token{Bot: "b", Version: 1, State: db.TokenLive}), db.ErrStale)
	wantErr(t, "first put", put(one), nil)
	wantErr(t, "first put again", put(db.Token{Bot: "b", State: db.TokenEnded}), db.ErrStale)
	got := get(t, s, func(tx db.Tx) (db.Token, error) { return tx.Token("b") })
	one.Version = 1
	same(t, "after the first put", got, one)

	two := one
	two.State, two.Reason, two.LeaseUntil = db.TokenRefreshing, "two", at(5).UTC()
	wantErr(t, "second put", put(two), nil)
	late := one
	late.Reason = "late"
	wantErr(t, "put by one who read before", put(late), db.ErrStale)
	wantErr(t, "put of a version to come", put(db.Token{Bot: "b", Version: 7, State: db.TokenLive}), db.ErrStale)
	two.Version = 2
	got = get(t, s, func(tx db.Tx) (db.Token, error) { return tx.Token("b") })
	same(t, "after the refused puts", got, two)

	wantErr(t, "another bot", put(db.Token{Bot: "a", State: db.TokenUnknown}), nil)
	all := get(t, s, func(tx db.Tx) ([]db.Token, error) { return tx.ListTokens() })
	if len(all) != 2 || all[0].Bot != "a" || all[1].Bot != "b" {
		t.Errorf("list: got %d rows, want a and b", len(all))
	}
}
