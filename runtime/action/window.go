package action

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/event"
)

// lane is where actions wait for the same rate windows.
type lane struct{ bot, endpoint string }

const endpointPost = "create_post"

// Reasons of actions that wait for X.
const (
	limitedReason = "waits for X's rate limit to reset: "
	cappedReason  = "waits for X to take sends again: "
)

// waits says until when the action must wait, and why; zero: it may go (I9).
func (u *Unit) waits(a db.Action) (until time.Time, why string, err error) {
	c, err := u.appCap()
	if err != nil {
		return until, "", err
	}
	if u.Now.Before(c.Until) {
		return c.Until, cappedReason + c.Reason, nil
	}
	ws, err := u.windows(laneOf(a))
	if err != nil {
		return until, "", err
	}
	until = budget.Wait(ws)
	if until.IsZero() {
		return until, "", nil
	}
	return until, limitedReason + budget.Endpoint(a.Kind) + ", until " + until.UTC().Format(time.RFC3339), nil
}

// waitsForX reports whether a reason is one that waits gives.
func waitsForX(reason string) bool {
	return strings.HasPrefix(reason, limitedReason) || strings.HasPrefix(reason, cappedReason)
}

func laneOf(a db.Action) lane { return lane{a.Bot, budget.Endpoint(a.Kind)} }

// windows are those that a call of the lane counts in. The app's are shared by
// all bots, so they are kept under no bot.
func (u *Unit) windows(l lane) ([]db.RateWindow, error) {
	var known []db.RateWindow
	for _, owner := range []string{l.bot, db.App} {
		k := lane{owner, l.endpoint}
		ws, ok := u.lanes[k]
		if !ok {
			var err error
			if ws, err = u.Tx.RateWindows(l.endpoint, owner); err != nil {
				return nil, fmt.Errorf("read rate windows of %s: %w", owner, err)
			}
			u.lanes[k] = ws
		}
		known = append(known, ws...)
	}
	return u.book().Windows(l.endpoint, l.bot, known, u.Now), nil
}

func (u *Unit) putWindows(ws ...db.RateWindow) error {
	for _, w := range ws {
		if err := u.Tx.PutRateWindow(w); err != nil {
			return fmt.Errorf("keep rate window: %w", err)
		}
		delete(u.lanes, lane{w.Owner, w.Endpoint})
	}
	return nil
}

// LearnRead keeps what X said of a read, where nothing is left of its window: a
// host that starts again must not ask before the reset. The sender's own windows
// are kept with the settlement of each call.
func (d Desk) LearnRead(ctx context.Context, now time.Time, bot, endpoint string, t budget.Told) error {
	if t.Free > 0 || bot == "" || sends(endpoint) {
		return nil
	}
	w, ok := budget.Learn(nil, endpoint, bot, t, now)
	if !ok {
		return nil
	}
	return d.transact(ctx, now, func(u *Unit) error { return u.putWindows(w) })
}

// sends reports whether claims take from the endpoint's windows.
func sends(endpoint string) bool {
	kinds := []event.ActionKind{event.Reply, event.DM, event.Repost, event.Like, event.Bookmark, event.FollowU, event.ListAdd}
	return slices.ContainsFunc(kinds, func(k event.ActionKind) bool { return budget.Endpoint(k) == endpoint })
}

// takeCall counts the call that a claim is about to make, in the claim's own
// transaction: a call whose answer is lost was still made.
func (u *Unit) takeCall(a db.Action) error {
	ws, err := u.windows(laneOf(a))
	if err != nil {
		return err
	}
	taken, ok := budget.Take(ws, u.Now)
	if !ok {
		return fmt.Errorf("action %s: a rate window is used up that was not a moment ago", a.ID)
	}
	if err := u.putWindows(taken...); err != nil {
		return err
	}
	c, err := u.appCap()
	if err != nil {
		return err
	}
	if !c.Since.IsZero() { // this call tries whether X takes sends again; the others wait for it
		c.Until = u.Now.Add(cappedRetry)
		if err := u.putCap(c); err != nil {
			return err
		}
	}
	if budget.Endpoint(a.Kind) == endpointPost {
		return u.countPost(a.Bot, u.Now, 1)
	}
	return nil
}

// giveBack undoes takeCall where surely no call reached X. a is the row as its
// claim left it.
func (u *Unit) giveBack(a db.Action) error {
	ws, err := u.windows(laneOf(a))
	if err != nil {
		return err
	}
	return u.putWindows(budget.GiveBack(ws, a.UpdatedAt)...)
}

// passTurn puts what else waits for the same user behind everybody who waits
// now (I10).
func (u *Unit) passTurn(a db.Action) error {
	if a.User == "" {
		return nil
	}
	turn := u.Now
	if a.Turn.After(turn) {
		turn = a.Turn
	}
	turn = turn.Add(time.Millisecond)
	open, err := u.Tx.OpenActionsTo(a.User)
	if err != nil {
		return fmt.Errorf("find what else waits for user %s: %w", a.User, err)
	}
	for _, o := range open {
		if o.ID == a.ID || o.Bot != a.Bot || budget.Endpoint(o.Kind) != budget.Endpoint(a.Kind) || !o.Turn.Before(turn) {
			continue
		}
		o.Turn = turn
		if err := u.Move(o, o.State); err != nil {
			return err
		}
	}
	return nil
}

// change is what an answer of X made of the app's cap.
type change struct {
	began, ended bool
	cap          db.Cap
}

// learn takes in what the end of a call says of X's limits.
// a is the row as its claim left it.
func (u *Unit) learn(a db.Action, e settlement) (change, error) {
	l, out := laneOf(a), e.outcome
	ws, err := u.windows(l)
	if err != nil {
		return change{}, err
	}
	if out.Class == event.Transient {
		err = u.putWindows(budget.GiveBack(ws, a.UpdatedAt)...)
		return change{}, err
	}
	told := e.told
	if out.Class == event.RateLimited && out.RetryAt.After(u.Now) {
		told = budget.Told{Most: told.Most, ResetsAt: out.RetryAt}
	}
	if w, ok := budget.Learn(ws, l.endpoint, l.bot, told, u.Now); ok {
		if err := u.putWindows(w); err != nil {
			return change{}, err
		}
	}
	return u.learnCap(out)
}

// learnCap begins a cap where X refuses the whole app, and ends it with the
// first call that X takes.
func (u *Unit) learnCap(out event.Outcome) (change, error) {
	c, err := u.appCap()
	if err != nil {
		return change{}, err
	}
	stands := !c.Since.IsZero()
	switch {
	case out.Class == event.UsageCapped:
		if !stands {
			c.Since = u.Now
		}
		c.Until, c.Reason = u.Now.Add(cappedRetry), "the app's usage cap or credit is used up"
		if out.Detail != "" {
			c.Reason += ": " + out.Detail
		}
		return change{began: !stands, cap: c}, u.putCap(c)
	case out.Class == event.OK && stands:
		return change{ended: true, cap: c}, u.uncap()
	}
	return change{cap: c}, nil
}

// appCap is the cap that stands, the zero record if none does.
func (u *Unit) appCap() (db.Cap, error) {
	if u.cap == nil {
		c, err := u.Tx.Cap(db.App)
		if err != nil {
			return c, fmt.Errorf("read the app's cap: %w", err)
		}
		u.cap = &c
	}
	return *u.cap, nil
}

func (u *Unit) putCap(c db.Cap) error {
	if err := u.Tx.PutCap(c); err != nil {
		return fmt.Errorf("keep the app's cap: %w", err)
	}
	u.cap = &c
	return nil
}

// uncap ends a cap and makes due what waited for its end.
func (u *Unit) uncap() error {
	c, err := u.appCap()
	if err != nil || c.Since.IsZero() {
		return err
	}
	if err := u.putCap(db.Cap{Owner: db.App}); err != nil {
		return err
	}
	return unpark(u, cappedReason, db.AllBots)
}

// tryNow lets the next call try whether a cap has ended, before its time.
func (u *Unit) tryNow() error {
	c, err := u.appCap()
	if err != nil || c.Since.IsZero() {
		return err
	}
	c.Until = u.Now
	return u.putCap(c)
}

// alarm tells once that X refuses the whole app, and once that it does no more.
func (s *Sender) alarm(ctx context.Context, c change) {
	switch {
	case c.began:
		s.Metrics.capped(c.cap)
		s.Log.ErrorContext(ctx, "X takes no more sends of this app: raise its cap or buy credit, then `beckon resume`; one send tries again every 15 minutes", "err", c.cap.Reason)
	case c.ended:
		s.Metrics.capped(db.Cap{})
		s.Log.InfoContext(ctx, "X takes sends again", "since", c.cap.Since)
	}
}
