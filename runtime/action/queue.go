package action

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Cause is what an action waits for.
type Cause string

// The causes.
const (
	ForSender Cause = "sender"      // nothing else: its turn comes
	ForWindow Cause = "rate_window" // X's limit is used up
	ForCap    Cause = "cap"         // X refuses the whole app
	ForRetry  Cause = "retry"       // a call that did nothing is made again
	ForResume Cause = "kill_switch"
	ForPerson Cause = "approval"
	ForPart   Cause = "part" // the part of the answer before it
)

// Queue is what waits, as seen at one moment.
type Queue struct {
	Cap     db.Cap // that stands; zero: none
	Waiting []Waiting
}

// Waiting are the actions of one bot that wait for the same call of X and for
// the same cause.
type Waiting struct {
	Bot, Endpoint string
	Cause         Cause
	Why           string // in plain words; of a retry that of the oldest
	N             int
	Oldest        time.Time
	Next          time.Time      // when the first may go; zero: when a person or another part says so
	Last          time.Time      // when the last may go by X's limits, if nothing comes between; zero as Next
	Late          int            // of these, how many expire before their turn
	Window        *db.RateWindow // that holds them, of ForWindow
}

// Queue tells what waits of a bot, of all for db.AllBots. It changes nothing,
// and says what a claim at this moment would find, not what the last one found.
func (d Desk) Queue(ctx context.Context, now time.Time, bot string) (q Queue, err error) {
	err = d.Store.Read(ctx, func(tx db.Tx) error {
		q, err = NewUnit(tx, d.Key, d.Book, now).queue(bot)
		return err
	})
	return q, err
}

func (u *Unit) queue(bot string) (q Queue, err error) {
	if q.Cap, err = u.appCap(); err != nil {
		return q, err
	}
	l := line{unit: u, cap: q.Cap, places: map[lane]int64{}, groups: map[group]*Waiting{}}
	for _, state := range []event.State{event.Pending, event.Hold} {
		rows, err := u.Tx.InState(state, everyRow)
		if err != nil {
			return q, fmt.Errorf("find what waits: %w", err)
		}
		slices.SortStableFunc(rows, asked)
		for _, a := range rows { // of other bots too: they take from the app's windows
			w, at, err := l.stand(a)
			if err != nil {
				return q, err
			}
			if bot == db.AllBots || a.Bot == bot {
				l.add(a, w, at)
			}
		}
	}
	for _, w := range l.groups {
		q.Waiting = append(q.Waiting, *w)
	}
	slices.SortFunc(q.Waiting, func(a, b Waiting) int {
		return cmp.Or(cmp.Compare(a.Bot, b.Bot), cmp.Compare(a.Endpoint, b.Endpoint), cmp.Compare(a.Cause, b.Cause))
	})
	return q, nil
}

// line is the queue while it is counted, in order of turn.
type line struct {
	unit   *Unit
	cap    db.Cap
	places map[lane]int64 // taken so far; of an endpoint by all bots under db.App
	groups map[group]*Waiting
}

type group struct {
	lane
	cause Cause
}

// stand tells what a waits for, and when it may go.
func (l *line) stand(a db.Action) (w Waiting, at time.Time, err error) {
	w = Waiting{Bot: a.Bot, Endpoint: budget.Endpoint(a.Kind), Cause: ForPerson, Why: a.Reason}
	if a.State == event.Hold {
		return w, at, nil
	}
	if waitsForPart(a) {
		w.Cause = ForPart
		return w, at, nil
	}
	paused, why, err := l.unit.Paused(a.Bot)
	if err != nil {
		return w, at, err
	}
	if paused {
		w.Cause, w.Why = ForResume, why
		return w, at, nil
	}
	ws, err := l.unit.windows(laneOf(a))
	if err != nil {
		return w, at, err
	}
	now := l.unit.Now
	if l.cap.Until.After(now) {
		w.Cause, w.Why, w.Next = ForCap, l.cap.Reason, l.cap.Until
	} else if until := budget.Wait(ws); !until.IsZero() {
		w.Cause, w.Next, w.Window = ForWindow, until, holding(ws, until)
		w.Why = fmt.Sprintf("X's limit of %d in %s is used up", w.Window.Most, spanWords(w.Window.Span))
	} else {
		w.Cause, w.Why, w.Next = ForSender, "it is sent in its turn", now
	}
	if a.DueAt.After(w.Next) { // it was put off for longer than for X's limits
		w.Why, w.Next = a.Reason, a.DueAt
		if a.Class != "" {
			w.Cause, w.Window = ForRetry, nil
		}
	}
	return w, l.place(a, ws, w.Next), nil
}

// place gives a the next place in its windows, and says when that comes.
func (l *line) place(a db.Action, ws []db.RateWindow, from time.Time) time.Time {
	for _, owner := range []string{a.Bot, db.App} {
		k := lane{owner, budget.Endpoint(a.Kind)}
		l.places[k]++
		own := slices.DeleteFunc(slices.Clone(ws), func(w db.RateWindow) bool { return w.Owner != owner })
		if at := budget.Last(own, l.places[k], l.unit.Now); at.After(from) {
			from = at
		}
	}
	return from
}

func (l *line) add(a db.Action, w Waiting, at time.Time) {
	k := group{laneOf(a), w.Cause}
	g, ok := l.groups[k]
	if !ok {
		w.Oldest = a.CreatedAt
		g = &w
		l.groups[k] = g
	}
	g.N++
	if a.CreatedAt.Before(g.Oldest) {
		g.Oldest, g.Why = a.CreatedAt, w.Why
	}
	if w.Next.Before(g.Next) {
		g.Next = w.Next
	}
	if at.After(g.Last) {
		g.Last = at
	}
	if at.After(a.ExpiresAt) {
		g.Late++
	}
}

// holding is the window that ends last of those that are used up.
func holding(ws []db.RateWindow, until time.Time) *db.RateWindow {
	for _, w := range ws {
		if w.Free <= 0 && w.ResetsAt.Equal(until) {
			return &w
		}
	}
	return nil // Wait found it
}

func spanWords(d time.Duration) string {
	switch {
	case d == time.Hour:
		return "an hour"
	case d%time.Hour == 0:
		return fmt.Sprintf("%d hours", d/time.Hour)
	}
	return fmt.Sprintf("%d minutes", d/time.Minute)
}
