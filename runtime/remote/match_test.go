package remote

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/match"
)

// TestT25Handler: a handler is told the references of this user for its purposes,
// as they stand at each attempt; one without purposes is told none.
func TestT25Handler(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	m := db.Match{Bot: "acme", User: "7", Purpose: "order_status", Basis: db.BasisProvided, Sealed: event.Seal([]byte("O-1")), At: nine, ExpiresAt: nine.Add(time.Hour)}
	crm, others := m, m
	crm.Purpose, crm.Sealed = "crm", event.Seal([]byte("C-1"))
	others.User, others.Sealed = "8", event.Seal([]byte("O-8"))
	put := func(all ...db.Match) {
		t.Helper()
		err := f.below.Write(t.Context(), func(tx db.Tx) (err error) {
			for _, m := range all {
				err = errors.Join(err, tx.PutMatch(m))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	put(m, crm, others)
	f.open("q-1", nine)
	f.step(0, 5*time.Second)
	h := f.o.Handlers["orders"]
	h.Purposes = []string{"order_status", "shop"}
	f.o.Handlers["orders"] = h
	f.step(5*time.Second, 10*time.Second)
	put(match.Ended(m, nine, "the user"))
	f.step(10*time.Second, 12*time.Second)
	var got [][]match.Given
	for _, q := range f.box.got {
		got = append(got, q.Matches)
	}
	want := [][]match.Given{nil, {{Purpose: "order_status", Ref: "O-1", Basis: "provided_by_user", Until: nine.Add(time.Hour)}}, nil}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("without a purpose, with one, after its end (-want +got):\n%s", d)
	}
	err := f.below.Read(t.Context(), func(tx db.Tx) error {
		counts, err := tx.ListCounts(nine.Add(-48*time.Hour), nine.Add(48*time.Hour))
		if len(counts) != 1 || counts[0].Kind != match.CountGiven || counts[0].Name != "orders order_status" || counts[0].N != 1 {
			t.Errorf("counted %+v", counts)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
