package dbtest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

func testSeen(t *testing.T, s db.Store, _ Features) {
	mark := func(bot, id string, index, second int) (fresh bool) {
		t.Helper()
		write(t, s, func(tx db.Tx) (err error) {
			fresh, err = tx.MarkSeen(bot, id, index, at(second))
			return err
		})
		return fresh
	}
	for i, k := range []struct {
		bot, id string
		index   int
		fresh   bool
	}{
		{"b", "1", 0, true}, {"b", "1", 0, false}, {"b", "1", 1, true}, {"c", "1", 0, true}, {"b", "-1", 0, true}, {"b", "-1", 0, false},
	} {
		same(t, fmt.Sprint("fresh ", k), mark(k.bot, k.id, k.index, 100+i), k.fresh)
	}
	// The second look at b/1/0 came at 101, but it was first seen at 100.
	prune := func(before, max int) (n int) {
		t.Helper()
		write(t, s, func(tx db.Tx) (err error) {
			n, err = tx.PruneSeen(at(before), max)
			return err
		})
		return n
	}
	same(t, "pruned before the first", prune(100, 10), 0)
	mark("b", "old", 0, 1)
	same(t, "pruned with max 1, the oldest", prune(200, 1), 1)
	same(t, "the oldest is forgotten", mark("b", "old", 0, 300), true)
	same(t, "pruned up to a time", prune(102, 10), 1) // 100
	same(t, "what was pruned is fresh", mark("b", "1", 0, 300), true)
	same(t, "what was not is not", mark("b", "1", 1, 300), false)
	same(t, "the rest", prune(1000, 10), 5)
}

func testConversationVersion(t *testing.T, s db.Store, _ Features) {
	for want := int64(1); want < 4; want++ {
		write(t, s, func(tx db.Tx) error {
			c, err := tx.Conversation("b", "u")
			same(t, "version read", c.Version, want-1)
			return errors.Join(err, tx.PutConversation(c))
		})
	}
	// The ring keeps times and kinds in their order, full and emptied again.
	c := conversation.Conversation{Bot: "b", User: "ring"}
	for i := range conversation.RingSize {
		kind := event.DM
		if i%3 == 0 {
			kind = event.Reply
		}
		c.Sends = append(c.Sends, conversation.Send{At: at(i).UTC(), Kind: kind})
	}
	for _, sends := range [][]conversation.Send{c.Sends, c.Sends[3:5], nil} {
		c.Sends = sends
		write(t, s, func(tx db.Tx) error { return tx.PutConversation(c) })
		got := get(t, s, func(tx db.Tx) (conversation.Conversation, error) { return tx.Conversation("b", "ring") })
		same(t, "ring", got.Sends, sends)
	}
}

func testOptedOut(t *testing.T, s db.Store, _ Features) {
	write(t, s, func(tx db.Tx) error {
		var errs []error
		for i, h := range []string{"d", "a", "c", "b", "e"} {
			errs = append(errs, tx.PutSuppression(conversation.Suppression{UserHash: h, OptedOut: i != 2, At: at(i)}))
		}
		return errors.Join(errs...)
	})
	for _, c := range []struct {
		after string
		max   int
		want  []string
	}{
		{"", 10, []string{"a", "b", "d", "e"}},
		{"", 2, []string{"a", "b"}},
		{"b", 2, []string{"d", "e"}},
		{"e", 2, nil},
	} {
		var got []string
		for _, p := range get(t, s, func(tx db.Tx) ([]conversation.Suppression, error) { return tx.OptedOut(c.after, c.max) }) {
			got = append(got, p.UserHash)
		}
		same(t, fmt.Sprintf("opted out after %q, %d", c.after, c.max), got, c.want)
	}
}

func testDecisions(t *testing.T, s db.Store, _ Features) {
	write(t, s, func(tx db.Tx) error {
		var errs []error
		for i := range 5 {
			// Two have the same id: the log takes what it is given.
			errs = append(errs, tx.AppendDecision(db.Decision{ID: fmt.Sprint(i / 2), At: at(i), Record: fmt.Append(nil, i)}))
		}
		return errors.Join(errs...)
	})
	newest := func(max int) (got []string) {
		t.Helper()
		for _, d := range get(t, s, func(tx db.Tx) ([]db.Decision, error) { return tx.ListDecisions(max) }) {
			got = append(got, string(d.Record))
		}
		return got
	}
	prune := func(before time.Time, max int) (n int) {
		t.Helper()
		write(t, s, func(tx db.Tx) (err error) {
			n, err = tx.PruneDecisions(before, max)
			return err
		})
		return n
	}
	same(t, "newest two", newest(2), []string{"4", "3"})
	same(t, "none is old", prune(at(0), 10), 0)
	same(t, "pruned up to max", prune(at(3), 2), 2)
	same(t, "what is left", newest(10), []string{"4", "3", "2"})
	same(t, "pruned up to the time", prune(at(4), 10), 2)
	same(t, "what is left", newest(10), []string{"4"})
	same(t, "pruned all", prune(at(10), 10), 1)
	write(t, s, func(tx db.Tx) error { return tx.AppendDecision(db.Decision{Record: []byte("5")}) })
	same(t, "a new one", newest(10), []string{"5"})
}

func testFindDecisions(t *testing.T, s db.Store, _ Features) {
	write(t, s, func(tx db.Tx) error {
		var errs []error
		for i := range 9 {
			bot := []string{"a", "b"}[i%2]
			errs = append(errs, tx.AppendDecision(db.Decision{ID: fmt.Sprint(i), At: at(i), Bot: bot, Record: fmt.Appendf(nil, `{"id":"%d","post":"%d"}`, i, i/3)}))
		}
		return errors.Join(errs...)
	})
	for name, tt := range map[string]struct {
		f     db.DecisionFilter
		want  string
		steps int
	}{
		"all":               {db.DecisionFilter{Look: 100}, "876543210", 1},
		"a stretch a time":  {db.DecisionFilter{Look: 2}, "876543210", 5},
		"one row a time":    {db.DecisionFilter{Look: 1}, "876543210", 9},
		"of a bot":          {db.DecisionFilter{Bot: "b", Look: 4}, "7531", 3},
		"by what it holds":  {db.DecisionFilter{Mark: `"post":"1"`, Look: 4}, "543", 3},
		"both":              {db.DecisionFilter{Bot: "a", Mark: `"post":"1"`, Look: 4}, "4", 3},
		"nothing":           {db.DecisionFilter{Mark: "none", Look: 4}, "", 3},
		"since, no further": {db.DecisionFilter{Since: at(5), Look: 2}, "8765", 2},
		"since, in between": {db.DecisionFilter{Since: at(6), Look: 2}, "876", 2},
		"later than all":    {db.DecisionFilter{Since: at(50), Look: 2}, "", 1},
	} {
		got, steps := "", 0
		for more := true; more; steps++ {
			read(t, s, func(tx db.Tx) error {
				found, next, err := tx.FindDecisions(tt.f)
				for _, d := range found {
					got += d.ID
				}
				more = next != 0
				tt.f.Before = next
				return err
			})
		}
		same(t, name, got, tt.want)
		same(t, name+": stretches", steps, tt.steps)
	}
}

func testDeadLetters(t *testing.T, s db.Store, _ Features) {
	put := func(id string, second int, reason string) {
		t.Helper()
		write(t, s, func(tx db.Tx) error {
			return tx.AppendDeadLetter(db.DeadLetter{ID: id, At: at(second), Reason: reason, Raw: []byte(id)})
		})
	}
	put("b", 2, "first")
	put("c", 1, "first")
	put("a", 2, "first")
	put("b", 9, "again") // not an error, and changes nothing
	list := func(max int) (got []string) {
		t.Helper()
		for _, d := range get(t, s, func(tx db.Tx) ([]db.DeadLetter, error) { return tx.ListDeadLetters(max) }) {
			got = append(got, d.ID+" "+d.Reason)
		}
		return got
	}
	same(t, "oldest first, then by id", list(10), []string{"c first", "a first", "b first"})
	same(t, "at most max", list(1), []string{"c first"})
	count := func() int64 { return get(t, s, func(tx db.Tx) (int64, error) { return tx.CountDeadLetters() }) }
	same(t, "count", count(), int64(3))
	write(t, s, func(tx db.Tx) error { return tx.DropDeadLetter("a") })
	same(t, "count after a drop", count(), int64(2))
}

func testEchoes(t *testing.T, s db.Store, _ Features) {
	write(t, s, func(tx db.Tx) error {
		return errors.Join(
			tx.PutEcho(db.Echo{Bot: "b", RemoteID: "2", User: "u"}),
			tx.PutEcho(db.Echo{Bot: "b", RemoteID: "1", User: "u"}),
			tx.PutEcho(db.Echo{Bot: "b", RemoteID: "3", User: "v"}),
			tx.PutEcho(db.Echo{Bot: "c", RemoteID: "1", User: "u"}),
		)
	})
	to := func(bot, user string) (got []string) {
		t.Helper()
		for _, e := range get(t, s, func(tx db.Tx) ([]db.Echo, error) { return tx.EchoesTo(bot, user) }) {
			got = append(got, e.RemoteID)
		}
		return got
	}
	same(t, "to b, u", to("b", "u"), []string{"1", "2"})
	write(t, s, func(tx db.Tx) error { return tx.DropEcho("b", "1") })
	same(t, "to b, u", to("b", "u"), []string{"2"})
	same(t, "to c, u", to("c", "u"), []string{"1"})
}

func testFingerprints(t *testing.T, s db.Store, _ Features) {
	write(t, s, func(tx db.Tx) error {
		var errs []error
		for i, id := range []string{"a", "b", "c", "d"} {
			errs = append(errs, tx.PutFingerprint(db.Fingerprint{Action: id, Bot: "b", Kind: event.Post, At: at(i)}))
		}
		return errors.Join(errs...)
	})
	since := func(from int, action string, max int) (got []string) {
		t.Helper()
		for _, f := range get(t, s, func(tx db.Tx) ([]db.Fingerprint, error) { return tx.FingerprintsSince(at(from), action, max) }) {
			got = append(got, f.Action)
		}
		return got
	}
	same(t, "all, newest first", since(0, "", 10), []string{"d", "c", "b", "a"})
	same(t, "of an action without one, all", since(0, "x", 10), []string{"d", "c", "b", "a"})
	same(t, "before another", since(0, "c", 10), []string{"b", "a"})
	same(t, "in a window", since(2, "", 10), []string{"d", "c"})
	same(t, "the newest", since(0, "", 1), []string{"d"})
	write(t, s, func(tx db.Tx) error { // it keeps its place
		return tx.PutFingerprint(db.Fingerprint{Action: "b", Bot: "b", Kind: event.Post, At: at(1), Words: 7})
	})
	same(t, "after a replacement", since(0, "c", 10), []string{"b", "a"})
	write(t, s, func(tx db.Tx) error {
		n, err := tx.PruneFingerprints(at(2), 1)
		same(t, "pruned", n, 1)
		return errors.Join(err, tx.DropFingerprint("d"))
	})
	same(t, "after pruning and a drop", since(0, "", 10), []string{"c", "b"})
}

func testTexts(t *testing.T, s db.Store, _ Features) {
	write(t, s, func(tx db.Tx) error {
		return errors.Join(
			tx.InsertAction(pending("a")), tx.InsertAction(pending("b")),
			tx.PutActionText("a", []byte("one")), tx.PutActionText("b", []byte("two")),
			tx.PutActionText("a", []byte("edited")),
			tx.PutSlot("bot", "u", "order", []byte("17")), tx.PutSlot("bot", "u", "city", nil),
			tx.PutSlot("bot", "u", "order", []byte("18")), tx.PutSlot("bot", "v", "order", []byte("19")),
		)
	})
	text := func(id string) string {
		t.Helper()
		return string(get(t, s, func(tx db.Tx) ([]byte, error) { return tx.ActionText(id) }))
	}
	same(t, "a text put twice", text("a"), "edited")
	write(t, s, func(tx db.Tx) error { return tx.DropActionText("a") })
	same(t, "its neighbour", text("b"), "two")
	read(t, s, func(tx db.Tx) error {
		_, err := tx.ActionText("a")
		wantErr(t, "a dropped text", err, db.ErrNotFound)
		slots, err := tx.Slots("bot", "u")
		same(t, "slots", len(slots), 2)
		same(t, "a slot put twice", string(slots["order"]), "18")
		same(t, "an empty slot", string(slots["city"]), "")
		return err
	})
}

func testSwitchesAndMeta(t *testing.T, s db.Store, _ Features) {
	write(t, s, func(tx db.Tx) error {
		return errors.Join(
			tx.PutSwitch(db.Switch{Bot: "z", Paused: true, At: at(0)}),
			tx.PutSwitch(db.Switch{Bot: db.AllBots, Paused: true, At: at(0)}),
			tx.PutSwitch(db.Switch{Bot: db.AllBots, At: at(1)}),
			tx.SetMeta("k", "1"), tx.SetMeta("k", "2"), tx.SetMeta("l", "3"),
		)
	})
	read(t, s, func(tx db.Tx) error {
		got, err := tx.ListSwitches()
		same(t, "switches", got, []db.Switch{{Bot: db.AllBots, At: at(1).UTC()}, {Bot: "z", Paused: true, At: at(0).UTC()}})
		k, err2 := tx.Meta("k")
		same(t, "meta", k, "2")
		return errors.Join(err, err2)
	})
}
