package dbtest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
)

func tripBudget(t *testing.T, s db.Store) {
	t.Helper()
	trip(t, s, "RateWindow", db.RateWindow{Endpoint: "e", Owner: "o", Span: time.Minute},
		db.Tx.PutRateWindow,
		func(tx db.Tx, w db.RateWindow) (db.RateWindow, error) {
			got, err := tx.RateWindows(w.Endpoint, w.Owner)
			if err != nil || len(got) != 1 {
				return db.RateWindow{}, fmt.Errorf("%d windows: %w", len(got), err)
			}
			return got[0], nil
		})
	trip(t, s, "Cap", db.Cap{Owner: "o"}, db.Tx.PutCap,
		func(tx db.Tx, c db.Cap) (db.Cap, error) { return tx.Cap(c.Owner) })
	want := full[db.Spending]()
	write(t, s, func(tx db.Tx) error { return tx.AddSpending(want) })
	got := get(t, s, func(tx db.Tx) ([]db.Spending, error) {
		return tx.Spending(want.Bot, want.Day, want.Day.Add(time.Hour))
	})
	same(t, "Spending", got, []db.Spending{want})
}

func testRateWindows(t *testing.T, s db.Store, _ Features) {
	put := []db.RateWindow{
		{Endpoint: "dm", Owner: "b", Span: 24 * time.Hour, Most: 1440, Free: 3, ResetsAt: at(9).UTC()},
		{Endpoint: "dm", Owner: "b", Span: 15 * time.Minute, Most: 15},
		{Endpoint: "dm", Owner: db.App, Span: 24 * time.Hour, Most: 1440, ToldAt: at(1).UTC()},
		{Endpoint: "post", Owner: "b", Span: 15 * time.Minute, Most: 100},
	}
	for _, w := range put {
		write(t, s, func(tx db.Tx) error { return tx.PutRateWindow(w) })
	}
	same(t, "of an owner, shortest first",
		get(t, s, func(tx db.Tx) ([]db.RateWindow, error) { return tx.RateWindows("dm", "b") }), []db.RateWindow{put[1], put[0]})
	same(t, "all",
		get(t, s, func(tx db.Tx) ([]db.RateWindow, error) { return tx.ListRateWindows() }),
		[]db.RateWindow{put[2], put[1], put[0], put[3]})
	bad := put[0]
	bad.Free = -1
	if err := s.Write(context.Background(), func(tx db.Tx) error { return tx.PutRateWindow(bad) }); err == nil {
		t.Error("a window with less than nothing left: want an error")
	}
}

func testPostCounts(t *testing.T, s db.Store, _ Features) {
	add := func(bot string, minute, n int, forget int) {
		t.Helper()
		write(t, s, func(tx db.Tx) error { return tx.AddPosts(bot, at(60*minute), int64(n), at(60*forget)) })
	}
	count := func(bot string, since int) int64 {
		t.Helper()
		return get(t, s, func(tx db.Tx) (int64, error) { return tx.CountPosts(bot, at(60*since)) })
	}
	add("b", 1, 2, 0)
	add("b", 1, 1, 0)
	add("b", 5, 4, 0)
	add("a", 5, 7, 0)
	for since, want := range map[int]int64{0: 7, 1: 7, 2: 4, 5: 4, 6: 0} {
		same(t, fmt.Sprint("since minute ", since), count("b", since), want)
	}
	add("b", 1, -1, 0)
	same(t, "one taken back", count("b", 0), int64(6))
	add("b", 1, -9, 0)
	add("b", 2, -9, 0)
	same(t, "never below none", count("b", 0), int64(4))
	add("b", 6, 1, 5)
	same(t, "older minutes are dropped", count("b", 0), int64(5))
	add("b", 7, 0, 6)
	same(t, "and no others", count("b", 0), int64(1))
	same(t, "nor another bot's", count("a", 0), int64(7))
}

func testSpending(t *testing.T, s db.Store, _ Features) {
	day := func(n int) time.Time { return time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC) }
	add := func(bot string, d int, price string, reserved, settled int64) error {
		n := func(v int64) int64 { return max(-1, min(v, 1)) }
		return s.Write(context.Background(), func(tx db.Tx) error {
			return tx.AddSpending(db.Spending{
				Bot: bot, Day: day(d), Price: price, Reserved: reserved, ReservedN: n(reserved), Settled: settled, SettledN: n(settled),
			})
		})
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(add("b", 2, "reply", 10, 0))
	must(add("b", 2, "reply", 10, 0))
	must(add("b", 2, "reply", -10, 10)) // one of the two is sent
	must(add("b", 2, "dm", 15, 0))
	must(add("b", 3, "dm", 0, 15))
	must(add("b", 4, "dm", 15, 0))
	must(add("a", 2, "dm", 15, 0))
	if err := add("b", 2, "dm", -16, 0); err == nil {
		t.Error("more released than was reserved: want an error")
	}
	if err := add("b", 9, "dm", -1, 0); err == nil {
		t.Error("released on a day without anything: want an error")
	}
	got := get(t, s, func(tx db.Tx) ([]db.Spending, error) { return tx.Spending("b", day(2), day(4)) })
	same(t, "two days", got, []db.Spending{
		{Bot: "b", Day: day(2), Price: "dm", Reserved: 15, ReservedN: 1},
		{Bot: "b", Day: day(2), Price: "reply", Reserved: 10, ReservedN: 1, Settled: 10, SettledN: 1},
		{Bot: "b", Day: day(3), Price: "dm", Settled: 15, SettledN: 1},
	})
}

// testTurns: of what is due, the earliest turn goes first, however long ago the
// others were due.
func testTurns(t *testing.T, s db.Store, _ Features) {
	write(t, s, func(tx db.Tx) error {
		for i, id := range []string{"c", "a", "b", "later"} {
			a := pending(id)
			a.Turn, a.DueAt = at(i), at(9-i)
			if id == "later" {
				a.DueAt = at(99)
			}
			if err := tx.InsertAction(a); err != nil {
				return err
			}
		}
		return nil
	})
	got := get(t, s, func(tx db.Tx) ([]db.Action, error) { return tx.DueActions(at(10), 10) })
	same(t, "due, by turn", ids(got), []string{"c", "a", "b"})
	got = get(t, s, func(tx db.Tx) ([]db.Action, error) { return tx.DueActions(at(8), 1) })
	same(t, "the first of those due", ids(got), []string{"a"})
}
