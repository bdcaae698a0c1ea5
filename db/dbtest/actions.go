package dbtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// oneOfEach puts an action in each state, under the state's name.
func oneOfEach(t *testing.T, s db.Store, bot, user string) {
	t.Helper()
	write(t, s, func(tx db.Tx) error {
		for _, st := range States() {
			a := pending(bot + "/" + user + "/" + string(st))
			a.Bot, a.User, a.State = bot, user, st
			if err := PutAction(tx, a); err != nil {
				return err
			}
		}
		return nil
	})
}

func testActionQueries(t *testing.T, s db.Store, _ Features) {
	oneOfEach(t, s, "b", "u")
	oneOfEach(t, s, "b", "v")
	oneOfEach(t, s, "a", "u")
	read(t, s, func(tx db.Tx) error {
		list := func(what string, want []string) func([]db.Action, error) {
			return func(got []db.Action, err error) {
				t.Helper()
				if err != nil {
					t.Errorf("%s: %v", what, err)
				}
				same(t, what, ids(got), want)
			}
		}
		list("open to u, of every bot", []string{"a/u/hold", "a/u/pending", "b/u/hold", "b/u/pending"})(tx.OpenActionsTo("u"))
		list("unsettled of b to u", []string{"b/u/attempting", "b/u/unknown"})(tx.UnsettledTo("b", "u"))
		list("of one interaction", []string{"b/v/sent"})(tx.ActionsOf("b", "i-b/v/sent"))
		for _, st := range States() {
			list("in state "+string(st), []string{"a/u/" + string(st), "b/u/" + string(st), "b/v/" + string(st)})(tx.InState(st, 10))
			list("in state "+string(st)+", two", []string{"a/u/" + string(st), "b/u/" + string(st)})(tx.InState(st, 2))
		}
		var want []db.ActionCount
		for _, bot := range []string{"a", "b"} {
			for _, st := range []event.State{"attempting", "cancelled", "denied", "failed", "hold", "pending", "sent", "unknown"} {
				want = append(want, db.ActionCount{Bot: bot, State: st, N: map[string]int64{"a": 1, "b": 2}[bot]})
			}
		}
		counts, err := tx.CountActions()
		same(t, "counts by bot and state", counts, want)
		return err
	})
}

func testDueOrder(t *testing.T, s db.Store, _ Features) {
	write(t, s, func(tx db.Tx) error {
		var errs []error
		for id, due := range map[string]time.Time{"d": at(1), "b": at(2), "c": at(2), "a": at(3), "z": {}} {
			a := pending(id)
			a.DueAt = due
			errs = append(errs, tx.InsertAction(a))
		}
		h := pending("held")
		h.State = event.Hold
		return errors.Join(append(errs, tx.InsertAction(h))...)
	})
	for _, c := range []struct {
		now, max int
		want     []string
	}{
		{0, 10, []string{"z"}},
		{2, 10, []string{"z", "d", "b", "c"}},
		{9, 3, []string{"z", "d", "b"}},
	} {
		got := get(t, s, func(tx db.Tx) ([]db.Action, error) { return tx.DueActions(at(c.now), c.max) })
		same(t, fmt.Sprintf("due at %d, at most %d", c.now, c.max), ids(got), c.want)
	}
}

func testNextDue(t *testing.T, s db.Store, _ Features) {
	next := func() time.Time { return get(t, s, func(tx db.Tx) (time.Time, error) { return tx.NextDue() }) }
	put := func(id string, st event.State, due, expires time.Time) {
		t.Helper()
		a := pending(id)
		a.State, a.DueAt, a.ExpiresAt = st, due, expires
		write(t, s, func(tx db.Tx) error { return PutAction(tx, a) })
	}
	put("ended", event.Sent, at(1), at(1))
	put("held", event.Hold, at(2), time.Time{}) // a person decides when, not the clock
	same(t, "nothing that a clock moves", next(), time.Time{})
	put("p1", event.Pending, at(50), at(60))
	same(t, "a pending row's due time", next(), at(50).UTC())
	put("h1", event.Hold, at(2), at(40))
	same(t, "a held row's expiry", next(), at(40).UTC())
	put("p2", event.Pending, at(90), at(30))
	same(t, "a pending row's expiry", next(), at(30).UTC())
	put("p3", event.Pending, at(20), time.Time{})
	same(t, "an earlier due time", next(), at(20).UTC())
	put("p4", event.Pending, time.Time{}, time.Time{})
	if got := next(); got.IsZero() || got.After(at(0)) {
		t.Errorf("a pending row without a due time: next is %v, want a time in the past", got)
	}
}

func testExpired(t *testing.T, s db.Store, _ Features) {
	write(t, s, func(tx db.Tx) error {
		var errs []error
		for _, st := range States() {
			a := pending(string(st))
			a.State, a.ExpiresAt = st, at(5)
			errs = append(errs, PutAction(tx, a))
		}
		early, never := pending("zz early"), pending("never")
		early.ExpiresAt = at(4)
		return errors.Join(append(errs, tx.InsertAction(early), tx.InsertAction(never))...)
	})
	for _, c := range []struct {
		now, max int
		want     []string
	}{
		{3, 10, nil},
		{5, 10, []string{"zz early", "hold", "pending"}},
		{9, 2, []string{"zz early", "hold"}},
	} {
		got := get(t, s, func(tx db.Tx) ([]db.Action, error) { return tx.ExpiredActions(at(c.now), c.max) })
		same(t, fmt.Sprintf("expired at %d, at most %d", c.now, c.max), ids(got), c.want)
	}
}

func testListActions(t *testing.T, s db.Store, _ Features) {
	write(t, s, func(tx db.Tx) error {
		var errs []error
		for i := range 105 {
			a := pending(fmt.Sprint(i))
			a.Bot = []string{"b", "c"}[i%2]
			a.User = []string{"u", "v", "w"}[i%3]
			a.State = []event.State{event.Hold, event.Pending}[i/2%2]
			a.CreatedAt = at(i)
			errs = append(errs, tx.InsertAction(a))
		}
		return errors.Join(errs...)
	})
	for _, c := range []struct {
		f     db.ActionFilter
		n     int
		first string
	}{
		{db.ActionFilter{}, 100, "104"},
		{db.ActionFilter{Max: 105}, 105, "104"},
		{db.ActionFilter{Max: 1}, 1, "104"},
		{db.ActionFilter{Bot: "c"}, 52, "103"},
		{db.ActionFilter{User: "u"}, 35, "102"},
		{db.ActionFilter{State: event.Pending}, 52, "103"},
		{db.ActionFilter{Bot: "b", User: "v", State: event.Hold}, 9, "100"},
		{db.ActionFilter{Bot: "nobody"}, 0, ""},
	} {
		got := ids(get(t, s, func(tx db.Tx) ([]db.Action, error) { return tx.ListActions(c.f) }))
		if len(got) != c.n || (c.n > 0 && got[0] != c.first) {
			t.Errorf("%+v: got %d rows %.3q, want %d from %s", c.f, len(got), got, c.n, c.first)
		}
	}
}

func testUpdateAction(t *testing.T, s db.Store, _ Features) {
	before := full[db.Action]()
	after := before
	after.State = event.Hold
	after.User, after.ReplyTo, after.Event = "u2", "r2", "e2"
	after.UpdatedAt, after.DueAt, after.ExpiresAt = at(7).UTC(), time.Time{}, at(8).UTC()
	after.Attempts, after.RemoteID, after.Class, after.Reason = 0, "", "", ""
	after.RuleSet, after.DecisionID, after.TextHash = "s2", "d2", "h2"
	after.Decision, after.Draft, after.Approval = []byte("{}"), nil, nil
	write(t, s, func(tx db.Tx) error {
		return errors.Join(tx.InsertAction(before), tx.UpdateAction(after, event.Pending))
	})
	stored := func() db.Action { return get(t, s, func(tx db.Tx) (db.Action, error) { return tx.Action(before.ID) }) }
	same(t, "updated", stored(), after)
	// The key and CreatedAt are not written.
	other := after
	other.Bot, other.Interaction, other.Kind, other.Purpose = "x", "x", event.DM, event.Notice
	other.Part, other.Version, other.CreatedAt = 90, 90, at(90)
	write(t, s, func(tx db.Tx) error { return tx.UpdateAction(other, event.Hold) })
	same(t, "updated under another key", stored(), after)

	for _, from := range States() {
		if from != event.Hold {
			write(t, s, func(tx db.Tx) error {
				wantErr(t, "update from "+string(from), tx.UpdateAction(before, from), db.ErrStale)
				return nil
			})
		}
	}
	same(t, "after stale updates", stored(), after)
}

func testRemoteIDs(t *testing.T, s db.Store, _ Features) {
	a, b, c := pending("a"), pending("b"), pending("c")
	a.State, b.State, c.State = event.Sent, event.Attempting, event.Sent
	a.RemoteID, b.RemoteID, c.RemoteID, c.Bot = "r1", "", "r1", "other"
	write(t, s, func(tx db.Tx) error { return errors.Join(PutAction(tx, a), PutAction(tx, b), PutAction(tx, c)) })
	got := get(t, s, func(tx db.Tx) (db.Action, error) { return tx.ActionByRemoteID("bot", "r1") })
	same(t, "the action of r1", got.ID, "a")
	b.State, b.RemoteID = event.Sent, "r1"
	err := s.Write(context.Background(), func(tx db.Tx) error { return tx.UpdateAction(b, event.Attempting) })
	wantErr(t, "one remote id for two actions", err, db.ErrConflict)
}

func testD3OneRowForAKey(t *testing.T, s db.Store, _ Features) {
	first := pending("a")
	first.Kind = event.DM
	write(t, s, func(tx db.Tx) error { return tx.InsertAction(first) })
	for _, st := range []event.State{event.Pending, event.Cancelled} {
		again := first
		again.ID, again.User, again.State = "another id", "another user", st
		write(t, s, func(tx db.Tx) error {
			wantErr(t, "the same key", tx.InsertAction(again), db.ErrConflict)
			return tx.SetMeta("k", "kept") // a conflict does not spoil the transaction
		})
	}
	same(t, "written beside a conflict", get(t, s, func(tx db.Tx) (string, error) { return tx.Meta("k") }), "kept")
	write(t, s, func(tx db.Tx) error {
		sameID := pending("a")
		sameID.Interaction = "elsewhere"
		wantErr(t, "the same id", tx.InsertAction(sameID), db.ErrConflict)
		return nil
	})
	for what, change := range map[string]func(*db.Action){
		"bot":         func(a *db.Action) { a.Bot = "c" },
		"interaction": func(a *db.Action) { a.Interaction = "c" },
		"kind":        func(a *db.Action) { a.Kind = event.Reply },
		"purpose":     func(a *db.Action) { a.Purpose = event.Notice },
		"part":        func(a *db.Action) { a.Part = 1 },
		"version":     func(a *db.Action) { a.Version = 1 },
	} {
		other := first
		other.ID = what
		change(&other)
		write(t, s, func(tx db.Tx) error { return tx.InsertAction(other) })
	}
}

func testD3OneReply(t *testing.T, s db.Store, _ Features) {
	for _, st := range States() {
		first := pending(string(st))
		first.State = st
		write(t, s, func(tx db.Tx) error { return PutAction(tx, first) })
		for what, change := range map[string]func(*db.Action){
			"purpose": func(a *db.Action) { a.Purpose = event.OptOutConfirmation },
			"part":    func(a *db.Action) { a.Part = 1 },
			"version": func(a *db.Action) { a.Version = 1 },
		} {
			second := first
			second.ID, second.State = first.ID+what, event.Pending
			change(&second)
			write(t, s, func(tx db.Tx) error {
				err := tx.InsertAction(second)
				if st != event.Denied && st != event.Cancelled {
					wantErr(t, fmt.Sprintf("a second reply, other %s, first %s", what, st), err, db.ErrConflict)
					return nil
				}
				if err != nil {
					return err
				}
				second.State = event.Cancelled
				return tx.UpdateAction(second, event.Pending)
			})
		}
		dm := first
		dm.ID, dm.Kind, dm.State = first.ID+"dm", event.DM, event.Pending
		write(t, s, func(tx db.Tx) error { return tx.InsertAction(dm) })
	}
}

func testD4TerminalStatesStay(t *testing.T, s db.Store, _ Features) {
	for _, last := range States() {
		if !last.Terminal() {
			continue
		}
		a := pending(string(last))
		a.State, a.Reason = last, "ended"
		write(t, s, func(tx db.Tx) error { return PutAction(tx, a) })
		for _, to := range States() {
			for _, from := range States() {
				if to == last && from == last {
					continue
				}
				next := a
				next.State, next.Reason = to, "changed"
				err := s.Write(context.Background(), func(tx db.Tx) error { return tx.UpdateAction(next, from) })
				wantErr(t, fmt.Sprintf("%s to %s, believed %s", last, to, from), err, db.ErrStale)
			}
		}
		got := get(t, s, func(tx db.Tx) (db.Action, error) { return tx.Action(a.ID) })
		same(t, "the row", []string{string(got.State), got.Reason}, []string{string(last), "ended"})
	}
}

// testD4Diagram tries every change of state of rows that have not ended.
func testD4Diagram(t *testing.T, s db.Store, _ Features) {
	legal := map[event.State][]event.State{
		event.Hold:       {event.Hold, event.Pending, event.Denied, event.Cancelled},
		event.Pending:    {event.Pending, event.Hold, event.Attempting, event.Cancelled},
		event.Attempting: {event.Attempting, event.Pending, event.Sent, event.Failed, event.Unsettled},
		event.Unsettled:  {event.Unsettled, event.Sent, event.Failed},
	}
	for from, targets := range legal {
		for _, to := range States() {
			want := false
			for _, l := range targets {
				want = want || l == to
			}
			a := pending(string(from + "-" + to))
			a.State = from
			write(t, s, func(tx db.Tx) error { return PutAction(tx, a) })
			a.State = to
			err := s.Write(context.Background(), func(tx db.Tx) error { return tx.UpdateAction(a, from) })
			if (err == nil) != want {
				t.Errorf("%s to %s: got error %v, want legal %t", from, to, err, want)
			}
			state := from
			if want {
				state = to
			}
			same(t, a.ID, get(t, s, func(tx db.Tx) (db.Action, error) { return tx.Action(a.ID) }).State, state)
		}
	}
}

func testD4NothingIsInsertedSent(t *testing.T, s db.Store, _ Features) {
	for _, st := range States() {
		a := pending(string(st))
		a.State = st
		err := s.Write(context.Background(), func(tx db.Tx) error { return tx.InsertAction(a) })
		if called := len(way(st)) > 1; (err != nil) != called {
			t.Errorf("insert as %s: got error %v, want one: %t", st, err, called)
		}
	}
}

func testD5TextNeedsItsAction(t *testing.T, s db.Store, _ Features) {
	err := s.Write(context.Background(), func(tx db.Tx) error { return tx.PutActionText("nobody's", []byte("x")) })
	if err == nil {
		t.Error("a text was stored for an action that does not exist")
	}
}
