package budget

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// host keeps windows as package action does.
type host struct {
	*Book
	kept map[db.RateWindow]db.RateWindow // by key
}

func newHost() *host { return &host{New(Options{}), map[db.RateWindow]db.RateWindow{}} }

func (h *host) put(ws ...db.RateWindow) {
	for _, w := range ws {
		h.kept[db.RateWindow{Endpoint: w.Endpoint, Owner: w.Owner, Span: w.Span}] = w
	}
}

func (h *host) windows(endpoint, bot string, now time.Time) []db.RateWindow {
	var known []db.RateWindow
	for k, w := range h.kept {
		if k.Endpoint == endpoint && (k.Owner == bot || k.Owner == db.App) {
			known = append(known, w)
		}
	}
	slices.SortFunc(known, func(a, b db.RateWindow) int {
		return cmp.Or(strings.Compare(a.Owner, b.Owner), cmp.Compare(a.Span, b.Span))
	})
	return h.Windows(endpoint, bot, known, now)
}

// call makes one if it may, else says until when it waits.
func (h *host) call(endpoint, bot string, now time.Time) (wait time.Time) {
	ws := h.windows(endpoint, bot, now)
	if wait = Wait(ws); !wait.IsZero() {
		return wait
	}
	taken, ok := Take(ws, now)
	if !ok {
		panic("no wait, and nothing to take")
	}
	h.put(taken...)
	return wait
}

func (h *host) burst(t *testing.T, endpoint, bot string, n int, now time.Time) {
	t.Helper()
	for i := range n {
		if wait := h.call(endpoint, bot, now); !wait.IsZero() {
			t.Fatalf("call %d waits until %s", i, wait)
		}
	}
}

// Before X has said anything, the table counts: 15 DMs, then the next window.
func TestM3TheTable(t *testing.T) {
	t.Parallel()
	h := newHost()
	h.burst(t, "send_dm", "a", 1, nine)
	h.burst(t, "send_dm", "a", 14, nine.Add(14*time.Minute))
	if wait, want := h.call("send_dm", "a", nine.Add(14*time.Minute)), nine.Add(15*time.Minute); !wait.Equal(want) {
		t.Errorf("the 16th waits until %s, want %s: the window began with the first", wait, want)
	}
	h.burst(t, "create_post", "a", 100, nine) // another endpoint
	h.burst(t, "send_dm", "b", 15, nine)      // another account
	h.burst(t, "send_dm", "a", 15, nine.Add(15*time.Minute))
	if got := h.windows("like", "a", nine); len(got) != 0 {
		t.Errorf("nothing is known of likes, got %v", got)
	}
}

// 1,440 DMs a day are shared by all bots of the app.
func TestM3TheAppsDay(t *testing.T) {
	t.Parallel()
	h := newHost()
	sent, now := 0, nine
	for ; sent < 1440; now = now.Add(15 * time.Minute) {
		for _, bot := range []string{"a", "b", "c"} {
			for range 15 {
				if h.call("send_dm", bot, now).IsZero() {
					sent++
				}
			}
		}
	}
	if sent != 1440 {
		t.Errorf("%d DMs went out, want 1440", sent)
	}
	if wait, want := h.call("send_dm", "d", now), nine.Add(24*time.Hour); !wait.Equal(want) {
		t.Errorf("a bot that sent none waits until %s, want %s", wait, want)
	}
	if wait := h.call("send_dm", "d", nine.Add(24*time.Hour)); !wait.IsZero() {
		t.Errorf("the next day: waits until %s", wait)
	}
}

// In any stretch of calls no window gives more than it has, whatever happens
// in between, and a call that is refused takes nothing.
func TestM3NeverMoreThanTheWindow(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		h := newHost()
		bots := []string{"a", "b"}
		now := nine
		var went []time.Time // DMs of a
		for range 3000 {
			now = now.Add(time.Duration(rng.IntN(60_000)) * time.Millisecond)
			bot := bots[rng.IntN(2)]
			before := h.windows("send_dm", bot, now)
			wait := h.call("send_dm", bot, now)
			if !wait.IsZero() {
				if !wait.After(now) {
					t.Fatalf("seed %d: waits until %s at %s", seed, wait, now)
				}
				if diff := gocmp.Diff(before, h.windows("send_dm", bot, now)); diff != "" {
					t.Fatalf("seed %d: a refused call took something:\n%s", seed, diff)
				}
				continue
			}
			for _, w := range h.windows("send_dm", bot, now) {
				if w.Free < 0 || w.Free > w.Most {
					t.Fatalf("seed %d: %+v", seed, w)
				}
			}
			if bot == "a" {
				went = append(went, now)
			}
		}
		// Windows begin with their first call, so they can be told from the calls.
		for i := 0; i < len(went); {
			n, end := 0, went[i].Add(15*time.Minute)
			for i < len(went) && went[i].Before(end) {
				n, i = n+1, i+1
			}
			if n > 15 {
				t.Fatalf("seed %d: %d DMs in a window of 15", seed, n)
			}
		}
	}
}

func TestM2Learn(t *testing.T) {
	t.Parallel()
	reset := nine.Add(10 * time.Minute)
	window := func(most, free int64, resets, told time.Time) db.RateWindow {
		return db.RateWindow{Endpoint: "e", Owner: "a", Span: 15 * time.Minute, Most: most, Free: free, ResetsAt: resets, ToldAt: told}
	}
	tests := []struct {
		name string
		have db.RateWindow
		told Told
		want db.RateWindow
	}{
		{"more than the table", window(15, 14, reset, time.Time{}), Told{900, 899, reset}, window(900, 899, reset, nine)},
		{"less than we counted", window(15, 10, reset, nine.Add(-1)), Told{15, 3, reset}, window(15, 3, reset, nine)},
		{"a lost answer stays counted", window(15, 3, reset, nine.Add(-1)), Told{15, 5, reset.Add(time.Second)}, window(15, 3, reset.Add(time.Second), nine)},
		{"a new window", window(15, 0, nine.Add(-1), nine.Add(-time.Hour)), Told{15, 14, reset}, window(15, 14, reset, nine)},
		{"nothing of the limit", window(15, 3, reset, time.Time{}), Told{0, 2, reset}, window(15, 2, reset, nine)},
		{"a 429", window(15, 9, reset, nine.Add(-1)), Told{ResetsAt: reset}, window(15, 0, reset, nine)},
		{"garbage", window(15, 9, reset, time.Time{}), Told{15, -7, reset}, window(15, 0, reset, nine)},
		{"the other window", window(15, 9, reset, time.Time{}), Told{1440, 7, nine.Add(20 * time.Hour)},
			db.RateWindow{Endpoint: "e", Owner: "a", Span: 24 * time.Hour, Most: 1440, Free: 7, ResetsAt: nine.Add(20 * time.Hour), ToldAt: nine}},
	}
	for _, tt := range tests {
		got, ok := Learn([]db.RateWindow{tt.have}, "e", "a", tt.told, nine)
		if diff := gocmp.Diff(tt.want, got); !ok || diff != "" {
			t.Errorf("%s (-want +got), %t:\n%s", tt.name, ok, diff)
		}
	}
	if _, ok := Learn(nil, "e", "a", Told{15, 3, nine}, nine); ok {
		t.Error("a window that has ended says nothing")
	}
	if _, ok := Learn(nil, "e", "a", Told{}, nine); ok {
		t.Error("nothing was said")
	}
}

// What X said of a limit counts in the windows that follow.
func TestM2KeptForLater(t *testing.T) {
	t.Parallel()
	h := newHost()
	h.burst(t, "send_dm", "a", 1, nine)
	w, _ := Learn(h.windows("send_dm", "a", nine), "send_dm", "a", Told{3, 2, nine.Add(time.Minute)}, nine)
	h.put(w)
	h.burst(t, "send_dm", "a", 2, nine)
	if wait, want := h.call("send_dm", "a", nine), nine.Add(time.Minute); !wait.Equal(want) {
		t.Errorf("waits until %s, want X's reset at %s", wait, want)
	}
	h.burst(t, "send_dm", "a", 3, nine.Add(time.Minute))
	if wait, want := h.call("send_dm", "a", nine.Add(time.Minute)), nine.Add(16*time.Minute); !wait.Equal(want) {
		t.Errorf("the next window: waits until %s, want %s", wait, want)
	}
}

func TestGiveBack(t *testing.T) {
	t.Parallel()
	h := newHost()
	h.burst(t, "send_dm", "a", 2, nine)
	h.put(GiveBack(h.windows("send_dm", "a", nine), nine)...)
	for _, w := range h.windows("send_dm", "a", nine) {
		if w.Free != w.Most-1 {
			t.Errorf("after two calls and one back: %+v", w)
		}
	}
	later := nine.Add(time.Hour) // the quarter is over, the day is not
	for _, w := range GiveBack(h.windows("send_dm", "a", later), nine) {
		if w.Span != 24*time.Hour {
			t.Errorf("given back to a window that it was not taken from: %+v", w)
		}
	}
	told, _ := Learn(h.windows("send_dm", "a", nine), "send_dm", "a", Told{15, 3, nine.Add(time.Minute)}, nine.Add(time.Second))
	if got := GiveBack([]db.RateWindow{told}, nine); len(got) != 0 {
		t.Errorf("X has spoken since: got %+v", got)
	}
}

func TestLast(t *testing.T) {
	t.Parallel()
	quarter := func(free int64, resets time.Time) []db.RateWindow {
		return []db.RateWindow{{Span: 15 * time.Minute, Most: 15, Free: free, ResetsAt: resets}}
	}
	for _, tt := range []struct {
		name string
		ws   []db.RateWindow
		n    int64
		want time.Duration
	}{
		{"none wait", quarter(15, time.Time{}), 0, 0},
		{"all go now", quarter(15, time.Time{}), 15, 0},
		{"one more than a window", quarter(15, time.Time{}), 16, 15 * time.Minute},
		{"two windows", quarter(15, time.Time{}), 30, 15 * time.Minute},
		{"and one more", quarter(15, time.Time{}), 31, 30 * time.Minute},
		{"a window that is used up", quarter(0, nine.Add(5*time.Minute)), 15, 5 * time.Minute},
		{"and the next", quarter(0, nine.Add(5*time.Minute)), 16, 20 * time.Minute},
		{"the slower of two", append(quarter(15, time.Time{}), db.RateWindow{Span: 24 * time.Hour, Most: 1440, Free: 1, ResetsAt: nine.Add(time.Hour)}), 2, time.Hour},
		{"no window", nil, 1000, 0},
	} {
		if got := Last(tt.ws, tt.n, nine).Sub(nine); got != tt.want {
			t.Errorf("%s: in %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestNoWindows(t *testing.T) {
	t.Parallel()
	b := New(Options{NoWindows: true})
	known := []db.RateWindow{{Endpoint: "send_dm", Owner: "a", Span: time.Minute, ResetsAt: nine.Add(time.Hour)}}
	if got := b.Windows("send_dm", "a", known, nine); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestEndpoint(t *testing.T) {
	t.Parallel()
	for k, want := range map[event.ActionKind]string{
		event.Reply: "create_post", event.Post: "create_post", event.Quote: "create_post", event.DM: "send_dm",
		event.Repost: "repost", event.Like: "like", event.Bookmark: "bookmark", event.FollowU: "follow", event.ListAdd: "list_add",
	} {
		if got := Endpoint(k); got != want {
			t.Errorf("%s: got %s, want %s", k, got, want)
		}
	}
}

func TestInbox(t *testing.T) {
	t.Parallel()
	var i Inbox
	if _, ok := i.Take("a", "e"); ok {
		t.Error("an empty one: want nothing")
	}
	i.Put("a", "e", Told{Free: 1})
	i.Put("a", "e", Told{Free: 2})
	if got, ok := i.Take("a", "e"); !ok || got.Free != 2 {
		t.Errorf("got %+v, %t, want the newest", got, ok)
	}
	if _, ok := i.Take("a", "e"); ok {
		t.Error("taken twice")
	}
}
