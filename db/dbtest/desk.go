package dbtest

import (
	"errors"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
)

func testDeskNotices(t *testing.T, s db.Store, _ Features) {
	due := func(now time.Time, max int) (out string) {
		t.Helper()
		for _, n := range get(t, s, func(tx db.Tx) ([]db.DeskNotice, error) { return tx.DueDeskNotices(now, max) }) {
			out += n.ID
		}
		return out
	}
	next := func() time.Time {
		t.Helper()
		return get(t, s, db.Tx.NextDeskNotice)
	}
	n := func(id, bot, user string, at int, nextAt time.Time) db.DeskNotice {
		return db.DeskNotice{ID: id, Bot: bot, User: user, Interaction: "i", Post: "p", Why: "asked", At: day.Add(time.Duration(at) * time.Second), NextAt: nextAt}
	}
	same(t, "nothing to tell", next(), time.Time{})
	write(t, s, func(tx db.Tx) error {
		return errors.Join(tx.PutDeskNotice(n("c", "b", "u", 5, at(5))), tx.PutDeskNotice(n("a", "b", "v", 5, at(5))),
			tx.PutDeskNotice(n("d", "other", "u", 7, at(7))), tx.PutDeskNotice(n("e", "b", "w", 1, time.Time{})))
	})
	same(t, "nothing is due before its time", due(at(4), 10), "")
	same(t, "due, by time and id, and none given up", due(at(7), 10), "acd")
	same(t, "no more than asked for", due(at(7), 2), "ac")
	same(t, "the next", next(), at(5).UTC())

	again := n("c", "b", "u", 5, at(9))
	again.Attempts, again.Reason, again.OnBus = 2, "no route", true
	write(t, s, func(tx db.Tx) error {
		changed := again
		changed.Why, changed.Post = "other", "other" // these are not its to change
		gone := again
		gone.ID = "gone"
		return errors.Join(tx.RetryDeskNotice(changed), tx.RetryDeskNotice(gone), tx.DropDeskNotice("a"), tx.DropDeskNotice("gone"))
	})
	same(t, "retried", get(t, s, func(tx db.Tx) (db.DeskNotice, error) { return tx.DeskNotice("b", "u") }), again)
	same(t, "told and retried", due(at(9), 10), "dc")

	posted := again
	posted.OnBus, posted.Posted = false, true
	write(t, s, func(tx db.Tx) error { return tx.RetryDeskNotice(posted) })
	same(t, "posted", get(t, s, func(tx db.Tx) (db.DeskNotice, error) { return tx.DeskNotice("b", "u") }), posted)

	write(t, s, func(tx db.Tx) error {
		return errors.Join(tx.PutDeskNotice(n("f", "b", "u", 8, at(8))), tx.RetryDeskNotice(again), tx.PruneDeskNotices(at(1)))
	})
	same(t, "one in place of the other", get(t, s, func(tx db.Tx) (db.DeskNotice, error) { return tx.DeskNotice("b", "u") }), n("f", "b", "u", 8, at(8)))
	same(t, "given up and not old", get(t, s, func(tx db.Tx) (db.DeskNotice, error) { return tx.DeskNotice("b", "w") }).ID, "e")
	write(t, s, func(tx db.Tx) error { return errors.Join(tx.DropDeskNotices("b", "u"), tx.PruneDeskNotices(at(9))) })
	read(t, s, func(tx db.Tx) error {
		for _, user := range []string{"u", "v", "w"} {
			_, err := tx.DeskNotice("b", user)
			wantErr(t, "DeskNotice of "+user, err, db.ErrNotFound)
		}
		return nil
	})
	same(t, "what waits is not pruned, and others stay", due(at(9), 10), "d")
}
