package dbtest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
)

// testDeskRemovals tells the desk of four handoffs, and takes back what each duty
// is about.
func testDeskRemovals(t *testing.T, s db.Store, _ Features) {
	all := []db.DeskTold{
		{ID: "h-1", Bot: "a", User: "1", Interaction: "10", Post: "11", At: at(1).UTC()},
		{ID: "h-2", Bot: "b", User: "1", Interaction: "10", Post: "10", At: at(2).UTC()},
		{ID: "h-3", Bot: "a", User: "1", Interaction: "30", At: at(3).UTC()}, // a DM
		{ID: "h-4", Bot: "a", User: "2", At: at(4).UTC()},                    // by an operator
	}
	put := func(tx db.Tx) (err error) {
		for _, d := range all {
			err = errors.Join(err, tx.PutDeskTold(d))
		}
		return err
	}
	open := func() []db.DeskRemoval {
		t.Helper()
		return get(t, s, func(tx db.Tx) ([]db.DeskRemoval, error) { return tx.ListDeskRemovals(99) })
	}
	write(t, s, put)
	write(t, s, func(tx db.Tx) error {
		again := all[0]
		again.Post, again.User = "other", "other"
		return tx.PutDeskTold(again)
	})
	same(t, "kept once", get(t, s, func(tx db.Tx) (db.DeskTold, error) { return tx.DeskTold("h-1") }), all[0])
	same(t, "posts that are held", get(t, s, db.Tx.HeldPosts), []string{"10", "11"})
	same(t, "users that are held", get(t, s, db.Tx.HeldUsers), []string{"1", "2"})
	errUndo := errors.New("undo")
	for _, tt := range []struct {
		what        db.DutyWhat
		bot, target string
		want        string // removals
		left        string // handoffs that are known, and which tell of an act
	}{
		{db.DutyPost, "", "10", "h-1.post h-2.post", "h-1 h-2 h-3+ h-4"},
		{db.DutyPost, "", "11", "h-1.post", "h-1 h-2+ h-3+ h-4"},
		{db.DutyPost, "b", "10", "h-2.post", "h-1+ h-2 h-3+ h-4"},
		{db.DutyPost, "", "", "", "h-1+ h-2+ h-3+ h-4"},
		{db.DutyDM, "", "30", "h-3.dm", "h-1+ h-2+ h-3 h-4"},
		{db.DutyPosts, "", "1", "h-1.post h-2.post", "h-1 h-2 h-3+ h-4"},
		{db.DutyPosts, "", "2", "", "h-1+ h-2+ h-3+ h-4"},
		{db.DutyUser, "", "1", "h-1.user h-2.user h-3.user", "h-4"},
		{db.DutyUser, "a", "1", "h-1.user h-3.user", "h-2+ h-4"},
		{db.DutyUser, "", "3", "", "h-1+ h-2+ h-3+ h-4"},
		{db.DutyAccount, "a", "", "h-1.user h-3.user h-4.user", "h-2+"},
		{db.DutyAccount, "", "*", "h-1.user h-2.user h-3.user h-4.user", ""},
	} {
		name := string(tt.what) + " " + tt.target + " of bot " + tt.bot
		err := s.Write(t.Context(), func(tx db.Tx) error {
			n, err := tx.TakeBack(tt.what, tt.bot, tt.target, at(9), at(99))
			if err != nil {
				return err
			}
			rows, err := tx.ListDeskRemovals(99)
			var got, left []string
			for _, r := range rows {
				got = append(got, r.ID)
				same(t, name, r, db.DeskRemoval{
					ID: r.Handoff + "." + string(r.What), Handoff: r.Handoff, Bot: r.Bot, What: r.What, At: at(9).UTC(), DueAt: at(99).UTC(), NextAt: at(9).UTC(),
				})
			}
			for _, d := range all {
				known, err := tx.DeskTold(d.ID)
				if errors.Is(err, db.ErrNotFound) {
					continue
				}
				if err != nil {
					return err
				}
				if known.Interaction+known.Post != "" {
					d.ID += "+"
				}
				left = append(left, d.ID)
			}
			same(t, name+": removals", strings.Join(got, " "), tt.want)
			same(t, name+": how many", n, len(got))
			same(t, name+": left", strings.Join(left, " "), tt.left)
			return errors.Join(err, errUndo)
		})
		wantErr(t, name, err, errUndo)
	}
	for _, what := range []db.DutyWhat{db.DutyUser, db.DutyEdit, ""} {
		err := s.Write(t.Context(), func(tx db.Tx) error {
			_, err := tx.TakeBack(what, "", "", at(9), at(99))
			return err
		})
		if err == nil {
			t.Errorf("taken back: %q of nothing", what)
		}
	}

	write(t, s, func(tx db.Tx) error {
		_, err := tx.TakeBack(db.DutyPost, "", "10", at(9), at(99))
		return err
	})
	due := func(now time.Time, max int) (ids []string) {
		t.Helper()
		for _, r := range get(t, s, func(tx db.Tx) ([]db.DeskRemoval, error) { return tx.DueDeskRemovals(now, max) }) {
			ids = append(ids, r.ID)
		}
		return ids
	}
	same(t, "due before", len(due(at(8), 9)), 0)
	same(t, "due", due(at(9), 9), []string{"h-1.post", "h-2.post"})
	same(t, "due, one", due(at(9), 1), []string{"h-1.post"})
	same(t, "next", get(t, s, db.Tx.NextDeskRemoval), at(9).UTC())
	again := open()[0]
	again.NextAt, again.Attempts, again.Reason, again.OnBus, again.Posted = at(20).UTC(), 2, "no", true, true
	write(t, s, func(tx db.Tx) error { return errors.Join(tx.RetryDeskRemoval(again), tx.DropDeskRemoval("h-2.post")) })
	same(t, "retried", open(), []db.DeskRemoval{again})
	again.NextAt = time.Time{}
	write(t, s, func(tx db.Tx) error { return tx.RetryDeskRemoval(again) })
	same(t, "given up", len(due(at(99), 9)), 0)
	same(t, "nothing is next", get(t, s, db.Tx.NextDeskRemoval), time.Time{})
	same(t, "and still told of", open(), []db.DeskRemoval{again})
	prune := func(before time.Time, max int) (n int) {
		t.Helper()
		write(t, s, func(tx db.Tx) (err error) { n, err = tx.PruneDeskTold(before, max); return err })
		return n
	}
	same(t, "none is old", prune(at(1), 9), 0)
	same(t, "pruned, up to max", prune(at(4), 2), 2)
	same(t, "pruned", prune(at(10), 9), 2)
	same(t, "removals too", len(open()), 0)
	same(t, "nobody is held", len(get(t, s, db.Tx.HeldUsers)), 0)

	write(t, s, put)
	write(t, s, func(tx db.Tx) error {
		older, err := tx.EraseUser(db.Who{User: "1", Before: at(2)}, "hash", at(9))
		same(t, "erased, what is older", older.Counts, map[string]int64{"desk_told": 1})
		if err != nil {
			return err
		}
		rest, err := tx.Wipe("a", 9)
		same(t, "wiped", rest.Counts, map[string]int64{"desk_told": 2})
		return err
	})
}
