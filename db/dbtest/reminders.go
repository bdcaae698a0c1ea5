package dbtest

import (
	"errors"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
)

func testReminders(t *testing.T, s db.Store, _ Features) {
	ids := func(now time.Time, max int) (out string) {
		t.Helper()
		for _, r := range get(t, s, func(tx db.Tx) ([]db.Reminder, error) { return tx.DueReminders(now, max) }) {
			out += r.ID
		}
		return out
	}
	next := func() time.Time {
		t.Helper()
		return get(t, s, func(tx db.Tx) (time.Time, error) { return tx.NextReminder() })
	}
	r := func(id, bot, user string, due int) db.Reminder {
		return db.Reminder{ID: id, Bot: bot, User: user, DueAt: at(due), After: time.Minute, Since: at(1), Flow: "order/number", Closes: id == "c", Sealed: []byte("text of " + id)}
	}
	write(t, s, func(tx db.Tx) error {
		return errors.Join(tx.PutReminder(r("c", "b", "u", 5)), tx.PutReminder(r("a", "b", "u", 5)), tx.PutReminder(r("e", "b", "v", 9)),
			tx.PutReminder(r("d", "other", "u", 7)), tx.PutSlot("b", "u", "order", []byte("4")), tx.PutSlot("b", "v", "order", []byte("5")))
	})
	same(t, "one by its id", get(t, s, func(tx db.Tx) (db.Reminder, error) { return tx.Reminder("c") }), r("c", "b", "u", 5))
	same(t, "nothing is due before its time", ids(at(4), 10), "")
	same(t, "due, by time and id", ids(at(7), 10), "acd")
	same(t, "no more than asked for", ids(at(7), 2), "ac")
	same(t, "the next", next(), at(5).UTC())

	write(t, s, func(tx db.Tx) error {
		asked := r("a", "b", "u", 5)
		asked.AskedAt, asked.Sealed = at(6), nil
		return errors.Join(tx.PutReminder(asked), tx.DropReminder("c"))
	})
	same(t, "what was asked for is not due again", ids(at(7), 10), "d")
	same(t, "but kept", get(t, s, func(tx db.Tx) (db.Reminder, error) { return tx.Reminder("a") }).AskedAt, at(6).UTC())
	write(t, s, func(tx db.Tx) error { return tx.PutOffReminders("b", "u", at(7), at(6)) })
	off := get(t, s, func(tx db.Tx) (db.Reminder, error) { return tx.Reminder("a") })
	want := r("a", "b", "u", 0)
	want.DueAt, want.Since, want.Sealed = at(7).Add(time.Minute), at(6), nil
	same(t, "put off, and not asked for", off, want)
	same(t, "others are not put off", ids(at(7), 10), "d")
	write(t, s, func(tx db.Tx) error { return errors.Join(tx.DropReminders("b", "u"), tx.DropSlots("b", "u")) })
	read(t, s, func(tx db.Tx) error {
		_, err := tx.Reminder("a")
		wantErr(t, "Reminder", err, db.ErrNotFound)
		return nil
	})
	same(t, "those of others stay", ids(at(9), 10), "de")
	for user, want := range map[string]int{"u": 0, "v": 1} {
		slots := get(t, s, func(tx db.Tx) (map[string][]byte, error) { return tx.Slots("b", user) })
		same(t, "slots of "+user, len(slots), want)
	}
}
