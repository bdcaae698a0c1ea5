package dbtest

import (
	"errors"
	"testing"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

func testErasures(t *testing.T, s db.Store, _ Features) {
	first, second := full[db.Erasure](), full[db.Erasure]()
	second.ID, second.AskedAt, second.Step = "r2", first.AskedAt.Add(1e9), db.EraseDone
	done := pending("done")
	done.State, done.RemoteID, done.Draft, done.Decision, done.TextHash = event.Sent, "r", []byte(`{}`), []byte(`{}`), "h"
	open, others := pending("open"), pending("others")
	others.User = "v"
	write(t, s, func(tx db.Tx) error {
		return errors.Join(tx.PutErasure(first), tx.PutErasure(second), PutAction(tx, done), PutAction(tx, open), PutAction(tx, others),
			tx.PutActionText("done", []byte("text")), tx.PutSlot("b", "u", "order", []byte("4")), tx.PutSlot("b", "v", "order", []byte("5")),
			tx.PutConversation(conversation.Conversation{Bot: "b", User: "u", LastEventAt: at(5)}),
			tx.PutMatch(db.Match{Bot: "b", User: "u", Basis: db.BasisPublic, Sealed: []byte("C-1"), At: at(5)}),
			tx.AppendDecision(db.Decision{ID: "1", Bot: "b", Record: []byte(`{"user":"u"}`)}),
			tx.AppendDecision(db.Decision{ID: "2", Bot: "b", Record: []byte(`{"user":"uu"}`)}),
			tx.AppendDecision(db.Decision{ID: "3", Bot: "c", Record: []byte(`{"user":"u"}`)}))
	})
	same(t, "one", get(t, s, func(tx db.Tx) (db.Erasure, error) { return tx.Erasure(first.ID) }), first)
	same(t, "open", get(t, s, func(tx db.Tx) ([]db.Erasure, error) { return tx.OpenErasures() }), []db.Erasure{first})
	same(t, "all", get(t, s, func(tx db.Tx) ([]db.Erasure, error) { return tx.ListErasures(9) }), []db.Erasure{second, first})
	write(t, s, func(tx db.Tx) error {
		_, err := tx.Erasure("none")
		wantErr(t, "none", err, db.ErrNotFound)
		return nil
	})
	same(t, "named", get(t, s, db.Tx.NamedUsers), []string{"u", "uu", "v"})
	same(t, "not ended", get(t, s, func(tx db.Tx) ([]string, error) { return tx.UnendedTo(db.Who{User: "u"}) }), []string{"open"})

	write(t, s, func(tx db.Tx) error {
		older, err := tx.EraseUser(db.Who{User: "u", Before: at(5)}, "hash", at(9))
		same(t, "what is older", older.Counts, map[string]int64{"action_texts": 1, "actions": 1})
		same(t, "records", older.Records, []db.RecordRef{{Kind: "action", Ref: "done"}})
		if err != nil {
			return err
		}
		rest, err := tx.EraseUser(db.Who{User: "u"}, "hash", at(9))
		same(t, "the rest", rest.Counts, map[string]int64{"conversations": 1, "matches": 1, "slots": 1})
		return err
	})
	a := get(t, s, func(tx db.Tx) (db.Action, error) { return tx.ActionByRemoteID("bot", "r") })
	if a.User != "hash" || a.State != event.Sent || a.TextHash != "" || len(a.Draft) > 0 || len(a.Decision) > 0 || a.Event != "" {
		t.Errorf("what is left of an action: %+v", a)
	}
	same(t, "of the other user", get(t, s, func(tx db.Tx) (map[string][]byte, error) { return tx.Slots("b", "v") }), map[string][]byte{"order": []byte("5")})
	write(t, s, func(tx db.Tx) error {
		ids, next, err := tx.EraseDecisions(db.Who{Bot: "b", User: "u"}, 0, 2)
		same(t, "decisions", ids, []string{"1"})
		if err != nil {
			return err
		}
		ids, last, err := tx.EraseDecisions(db.Who{Bot: "b", User: "u"}, next, 2)
		if len(ids) > 0 || last <= next {
			t.Errorf("of the other bot: %v, at %d after %d", ids, last, next)
		}
		_, end, err2 := tx.EraseDecisions(db.Who{User: "u"}, last, 2)
		same(t, "the end", end, last)
		return errors.Join(err, err2)
	})
	same(t, "named after that", get(t, s, db.Tx.NamedUsers), []string{"u", "uu", "v"}) // u by the action that is open
	for _, tt := range []struct{ before, want int }{{9, 0}, {10, 1}, {10, 0}} {
		write(t, s, func(tx db.Tx) error {
			n, err := tx.PruneErased(at(tt.before), 5)
			same(t, "pruned", n, tt.want)
			return err
		})
	}
}
