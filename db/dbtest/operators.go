package dbtest

import (
	"errors"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
)

func testOperators(t *testing.T, s db.Store, _ Features) {
	ann := db.Operator{Name: "ann", Role: db.RoleAgent, TokenHash: "aa", CreatedAt: at(1), CreatedBy: "root", TokenAt: at(1), ExpiresAt: at(9)}
	bob := db.Operator{Name: "bob", Role: db.RoleViewer, TokenHash: "bb", CreatedAt: at(2), CreatedBy: "ann", TokenAt: at(2)}
	write(t, s, func(tx db.Tx) error { return errors.Join(tx.PutOperator(bob), tx.PutOperator(ann)) })
	same(t, "all, by name", get(t, s, db.Tx.ListOperators), []db.Operator{utc(ann), utc(bob)})
	same(t, "by token", get(t, s, func(tx db.Tx) (db.Operator, error) { return tx.OperatorByToken("bb") }), utc(bob))

	gone := bob
	gone.TokenHash, gone.RemovedAt, gone.CreatedBy = "", at(5), "somebody else"
	write(t, s, func(tx db.Tx) error { return tx.PutOperator(gone) })
	gone.CreatedBy = bob.CreatedBy
	same(t, "removed", get(t, s, func(tx db.Tx) (db.Operator, error) { return tx.Operator("bob") }), utc(gone))
	for _, hash := range []string{"bb", ""} {
		if err := s.Read(t.Context(), func(tx db.Tx) error { _, err := tx.OperatorByToken(hash); return err }); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("token %q: got error %v, want ErrNotFound", hash, err)
		}
	}
	if err := s.Read(t.Context(), func(tx db.Tx) error { _, err := tx.Operator("cid"); return err }); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("nobody: got error %v, want ErrNotFound", err)
	}
	twice := db.Operator{Name: "cid", Role: db.RoleAdmin, TokenHash: "aa"}
	if err := s.Write(t.Context(), func(tx db.Tx) error { return tx.PutOperator(twice) }); err == nil {
		t.Error("two operators have one token")
	}
}

func utc(o db.Operator) db.Operator {
	for _, at := range []*time.Time{&o.CreatedAt, &o.TokenAt, &o.ExpiresAt, &o.RemovedAt} {
		*at = at.UTC()
	}
	return o
}

func testOperatorActs(t *testing.T, s db.Store, _ Features) {
	act := func(id, by string, n int) db.OperatorAct {
		return db.OperatorAct{ID: id, At: at(n).UTC(), By: by, Role: db.RoleAgent, Did: "approve", On: "action a-1", Refused: "not held"}
	}
	a, b, c := act("1", "ann", 1), act("2", "bob", 2), act("3", "ann", 3)
	write(t, s, func(tx db.Tx) error {
		return errors.Join(tx.AppendOperatorAct(a), tx.AppendOperatorAct(b), tx.AppendOperatorAct(c))
	})
	list := func(by string, since time.Time, max int) []db.OperatorAct {
		t.Helper()
		return get(t, s, func(tx db.Tx) ([]db.OperatorAct, error) { return tx.ListOperatorActs(by, since, max) })
	}
	same(t, "all", list("", time.Time{}, 9), []db.OperatorAct{c, b, a})
	same(t, "of one", list("ann", time.Time{}, 9), []db.OperatorAct{c, a})
	same(t, "the newest", list("", time.Time{}, 1), []db.OperatorAct{c})
	same(t, "since", list("", at(2), 9), []db.OperatorAct{c, b})
}
