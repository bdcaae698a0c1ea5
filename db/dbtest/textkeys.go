package dbtest

import (
	"errors"
	"testing"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

func testTextKeys(t *testing.T, s db.Store, _ Features) {
	k := func(id, bot, user string, days int, of string) db.TextKey {
		return db.TextKey{ID: id, Bot: bot, User: user, Day: day.AddDate(0, 0, days), Of: of, Sealed: []byte("sealed " + id)}
	}
	a, b, c, d := k("a", "x", "1", 0, ""), k("b", "x", "1", 0, "m1"), k("c", "y", "1", 1, ""), k("d", "x", "2", 2, "")
	twice := k("e", "x", "1", 0, "")
	write(t, s, func(tx db.Tx) error {
		return errors.Join(tx.PutTextKey(a), tx.PutTextKey(b), tx.PutTextKey(c), tx.PutTextKey(d), tx.PutTextKey(twice))
	})
	same(t, "for one message", get(t, s, func(tx db.Tx) (db.TextKey, error) { return tx.TextKeyFor("x", "1", day, "m1") }), b)
	same(t, "by id", get(t, s, func(tx db.Tx) (db.TextKey, error) { return tx.TextKey("c") }), c)
	gone := func(id string) {
		t.Helper()
		if err := s.Read(t.Context(), func(tx db.Tx) error { _, err := tx.TextKey(id); return err }); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("key %s: got error %v, want ErrNotFound", id, err)
		}
	}
	gone("e")
	same(t, "all, in pages", get(t, s, func(tx db.Tx) (all []db.TextKey, err error) {
		for page := []db.TextKey{{}}; len(page) > 0 && err == nil; all = append(all, page...) {
			page, err = tx.WalkTextKeys(page[len(page)-1].ID, 3)
		}
		return all, err
	}), []db.TextKey{a, b, c, d})
	c.Sealed = []byte("sealed again")
	write(t, s, func(tx db.Tx) error { return tx.ResealTextKey("c", c.Sealed) })
	same(t, "sealed again", get(t, s, func(tx db.Tx) (db.TextKey, error) { return tx.TextKey("c") }), c)
	if err := s.Write(t.Context(), func(tx db.Tx) error { return tx.ResealTextKey("e", c.Sealed) }); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a key that is not there is sealed again: got error %v, want ErrNotFound", err)
	}
	gone("e")
	write(t, s, func(tx db.Tx) error { return errors.Join(tx.DropTextKey("b"), tx.DropTextKey("b")) })
	gone("b")
	same(t, "another stays", get(t, s, func(tx db.Tx) (db.TextKey, error) { return tx.TextKey("a") }), a)
	count := func(what string, want int, do func(tx db.Tx) (int, error)) {
		t.Helper()
		var n int
		write(t, s, func(tx db.Tx) (err error) { n, err = do(tx); return err })
		same(t, what, n, want)
	}
	count("before the second day", 1, func(tx db.Tx) (int, error) { return tx.PruneTextKeys(day.AddDate(0, 0, 1), 9) })
	gone("a")
	count("none is retired", 0, func(tx db.Tx) (int, error) { return tx.DropTextKeys("", "1") })
	write(t, s, func(tx db.Tx) error { return tx.RetireTextKeys("", "1") })
	same(t, "a retired one opens", get(t, s, func(tx db.Tx) (db.TextKey, error) { return tx.TextKey("c") }).Sealed, c.Sealed)
	if err := s.Read(t.Context(), func(tx db.Tx) error { _, err := tx.TextKeyFor("y", "1", c.Day, ""); return err }); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a retired key is found to seal with: %v", err)
	}
	write(t, s, func(tx db.Tx) error { return tx.RetireTextKeys("x", "") })
	count("of a user toward another bot", 0, func(tx db.Tx) (int, error) { return tx.DropTextKeys("x", "1") })
	count("of a user", 1, func(tx db.Tx) (int, error) { return tx.DropTextKeys("", "1") })
	count("of every user", 1, func(tx db.Tx) (int, error) { return tx.DropTextKeys("x", "") })
}

// A held key opens until the last open action of its bot to its user has ended.
func testHeldTextKeys(t *testing.T, s db.Store, _ Features) {
	k := func(id, bot, user, of string) db.TextKey {
		return db.TextKey{ID: id, Bot: bot, User: user, Day: day, Of: of, Sealed: []byte("sealed " + id)}
	}
	a := pending("a")
	write(t, s, func(tx db.Tx) error {
		return errors.Join(
			tx.PutTextKey(k("k", a.Bot, a.User, "m1")), tx.PutTextKey(k("unread", a.Bot, a.User, "m2")), tx.PutTextKey(k("day", a.Bot, a.User, "")),
			tx.PutTextKey(k("other", a.Bot, "another", "m3")), tx.InsertAction(a), tx.HoldTextKey("k"), tx.HoldTextKey("other"), tx.HoldTextKey("day"), tx.HoldTextKey("none"))
	})
	held := func(user string) (ids []string) {
		t.Helper()
		write(t, s, func(tx db.Tx) (err error) { ids, err = tx.DropHeldTextKeys(a.Bot, user); return err })
		return ids
	}
	if err := s.Read(t.Context(), func(tx db.Tx) error { _, err := tx.TextKeyFor(a.Bot, a.User, day, "m1"); return err }); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a held key is found to seal with: %v", err)
	}
	same(t, "dropped while an action is open", len(held(a.User)), 0)
	same(t, "it opens", string(get(t, s, func(tx db.Tx) (db.TextKey, error) { return tx.TextKey("k") }).Sealed), "sealed k")
	a.State = event.Cancelled
	write(t, s, func(tx db.Tx) error { return tx.UpdateAction(a, event.Pending) })
	same(t, "dropped at its end", held(a.User), []string{"k"})
	same(t, "dropped again", len(held(a.User)), 0)
	for _, id := range []string{"unread", "day", "other"} {
		get(t, s, func(tx db.Tx) (db.TextKey, error) { return tx.TextKey(id) })
	}
	same(t, "of another", held("another"), []string{"other"})
}
