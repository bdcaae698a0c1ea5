package dbtest

import (
	"errors"
	"testing"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
)

// testSuppressionsOwed holds that nothing which was put is forgotten before the
// same thing was settled.
func testSuppressionsOwed(t *testing.T, s db.Store, _ Features) {
	stop := func(hash string, seconds int) conversation.Suppression {
		return conversation.Suppression{UserHash: hash, OptedOut: true, At: at(seconds).UTC(), Tier: conversation.TierHard}
	}
	owed := func(max int) []db.OwedSuppression {
		t.Helper()
		return get(t, s, func(tx db.Tx) ([]db.OwedSuppression, error) { return tx.OwedSuppressions(max) })
	}
	settle := func(o db.OwedSuppression) {
		t.Helper()
		write(t, s, func(tx db.Tx) error { return tx.SettleSuppression(o.UserHash, o.Rev) })
	}
	count := func(want int64) {
		t.Helper()
		same(t, "owed", get(t, s, db.Tx.CountOwedSuppressions), want)
	}
	count(0)
	mine := errors.New("mine")
	err := s.Write(t.Context(), func(tx db.Tx) error { return errors.Join(tx.PutSuppression(stop("lost", 0)), mine) })
	wantErr(t, "Write", err, mine)
	count(0)

	write(t, s, func(tx db.Tx) error {
		return errors.Join(tx.PutSuppression(stop("b", 1)), tx.PutSuppression(stop("a", 2)), tx.PutSuppression(stop("b", 3)))
	})
	count(2)
	same(t, "the first", owed(1)[0].Suppression, stop("a", 2))
	both := owed(10)
	same(t, "how many", len(both), 2)
	same(t, "the second", both[1].Suppression, stop("b", 3))

	write(t, s, func(tx db.Tx) error { return tx.PutSuppression(stop("a", 4)) })
	settle(both[0]) // put again since it was listed
	settle(both[1])
	count(1)
	left := owed(10)
	same(t, "what is left", left[0].Suppression, stop("a", 4))
	settle(left[0])
	settle(left[0])
	count(0)
	write(t, s, func(tx db.Tx) error { return tx.PutSuppression(stop("b", 5)) })
	same(t, "owed again", owed(10)[0].Suppression, stop("b", 5))
}

func testListSuppressions(t *testing.T, s db.Store, _ Features) {
	write(t, s, func(tx db.Tx) error {
		var errs []error
		for i, h := range []string{"d", "a", "c", "b"} {
			errs = append(errs, tx.PutSuppression(conversation.Suppression{UserHash: h, OptedOut: i%2 == 0, At: at(i)}))
		}
		return errors.Join(errs...)
	})
	for _, c := range []struct {
		after string
		max   int
		want  []string
	}{{"", 10, []string{"a", "b", "c", "d"}}, {"", 3, []string{"a", "b", "c"}}, {"b", 3, []string{"c", "d"}}, {"d", 3, nil}} {
		var got []string
		for _, p := range get(t, s, func(tx db.Tx) ([]conversation.Suppression, error) { return tx.ListSuppressions(c.after, c.max) }) {
			got = append(got, p.UserHash)
		}
		same(t, "all after "+c.after, got, c.want)
	}
}
