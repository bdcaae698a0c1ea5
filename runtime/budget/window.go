package budget

import (
	_ "embed" // for the table
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// limit is a row of the table: what X allows before it has said so itself.
type limit struct {
	endpoint string
	app      bool
	most     int64
	span     time.Duration
}

//go:embed limits.txt
var limitTable string

func shippedLimits() (table []limit) {
	for n, line := range strings.Split(limitTable, "\n") {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(f) != 4 || f[1] != "user" && f[1] != "app" {
			panic(fmt.Sprintf("limits.txt:%d: want endpoint, user or app, calls, window", n+1)) // a test reads it
		}
		most, err := strconv.ParseInt(f[2], 10, 64)
		span, err2 := time.ParseDuration(f[3])
		if err != nil || err2 != nil || most <= 0 || span <= 0 {
			panic(fmt.Sprintf("limits.txt:%d: %q is no limit", n+1, line))
		}
		table = append(table, limit{f[0], f[1] == "app", most, span})
	}
	return table
}

// Endpoint names the call that an action makes, as runtime/xapi does.
func Endpoint(k event.ActionKind) string {
	switch k {
	case event.DM:
		return "send_dm"
	case event.Reply, event.Post, event.Quote:
		return "create_post"
	}
	return string(k)
}

// Windows are the windows that a call of the bot counts in, as they stand now:
// those that are known, of the bot and of the app, with those of the table that
// are not. One that has ended is full again, and begins with the next call.
func (b *Book) Windows(endpoint, bot string, known []db.RateWindow, now time.Time) []db.RateWindow {
	if b.table == nil {
		return nil
	}
	ws := slices.Clone(known)
	for _, l := range b.table {
		owner := bot
		if l.app {
			owner = db.App
		}
		same := func(w db.RateWindow) bool { return w.Owner == owner && w.Span == l.span }
		if l.endpoint == endpoint && !slices.ContainsFunc(ws, same) {
			ws = append(ws, db.RateWindow{Endpoint: endpoint, Owner: owner, Span: l.span, Most: l.most})
		}
	}
	for i := range ws {
		if !now.Before(ws[i].ResetsAt) {
			ws[i].Free, ws[i].ResetsAt, ws[i].ToldAt = max(ws[i].Most, 1), time.Time{}, time.Time{}
		}
	}
	return ws
}

// Wait is when the last of the used-up windows resets; zero if the call may go.
func Wait(ws []db.RateWindow) (until time.Time) {
	for _, w := range ws {
		if w.Free <= 0 && w.ResetsAt.After(until) {
			until = w.ResetsAt
		}
	}
	return until
}

// Take is one call out of every window. Ask Wait first: where a window has none
// left, nothing is taken and ok is false (M3).
func Take(ws []db.RateWindow, now time.Time) (taken []db.RateWindow, ok bool) {
	taken = slices.Clone(ws)
	for i := range taken {
		w := &taken[i]
		if w.Free <= 0 {
			return ws, false
		}
		w.Free--
		if w.ResetsAt.IsZero() {
			w.ResetsAt = now.Add(w.Span)
		}
	}
	return taken, true
}

// GiveBack returns a call that surely never reached X to the windows that it
// was taken from.
func GiveBack(ws []db.RateWindow, taken time.Time) (back []db.RateWindow) {
	for _, w := range ws {
		if !w.ResetsAt.IsZero() && taken.Before(w.ResetsAt) && !taken.Before(w.ResetsAt.Add(-w.Span)) && !w.ToldAt.After(taken) && w.Free < w.Most {
			w.Free++
			back = append(back, w)
		}
	}
	return back
}

// Told is what X's headers say of one window of an account.
type Told struct {
	Most     int64 // 0: it did not say
	Free     int64
	ResetsAt time.Time
}

// slack is how far a window of 15 minutes may seem to end later than that: X
// rounds, and clocks differ.
const slack = time.Minute

// spanOf tells from its end which of X's windows a header speaks of.
func spanOf(resets, now time.Time) time.Duration {
	if resets.After(now.Add(15*time.Minute + slack)) {
		return 24 * time.Hour
	}
	return 15 * time.Minute
}

// Learn takes in what X said after a call of the bot (M2). ws are the windows
// that the call was taken from. Within a window that X has spoken of, a call
// whose answer was lost stays counted.
func Learn(ws []db.RateWindow, endpoint, bot string, t Told, now time.Time) (w db.RateWindow, ok bool) {
	if !t.ResetsAt.After(now) {
		return w, false
	}
	w = db.RateWindow{Endpoint: endpoint, Owner: bot, Span: spanOf(t.ResetsAt, now)}
	free := max(t.Free, 0)
	for _, k := range ws {
		if k.Owner != bot || k.Span != w.Span {
			continue
		}
		w.Most = k.Most
		if !k.ToldAt.IsZero() && k.ResetsAt.Sub(t.ResetsAt).Abs() < 2*time.Second {
			free = min(free, k.Free)
		}
	}
	if t.Most > 0 {
		w.Most = t.Most
	}
	w.Most = max(w.Most, free, 1)
	w.Free, w.ResetsAt, w.ToldAt = free, t.ResetsAt, now
	return w, true
}

// Last is when the nth of calls that wait could go, by these windows alone.
func Last(ws []db.RateWindow, n int64, now time.Time) time.Time {
	last := now
	for _, w := range ws {
		if n <= w.Free {
			continue
		}
		from := w.ResetsAt
		if from.IsZero() { // it begins with the first of them
			from = now.Add(w.Span)
		}
		more := (n - w.Free - 1) / max(w.Most, 1) // whole windows after the next
		if at := from.Add(time.Duration(min(more, 1e4)) * w.Span); at.After(last) {
			last = at
		}
	}
	return last
}
