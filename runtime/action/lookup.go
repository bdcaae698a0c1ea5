package action

import (
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// When X is asked for what became of an action whose outcome nobody knows. X
// shows a new post within seconds; what it does not show twice, the second time
// long after, was not made.
const (
	firstLook   = 30 * time.Second
	settledLook = 10 * time.Minute // from the end of the call to the look that may say "not made"
	absentLooks = 2                // whole answers without it, before it counts as not made
	lastLook    = 72 * time.Hour   // from the end of the call; then it is a person's
	clockSkew   = 5 * time.Minute  // X's clock against ours
)

// lookWait is the time to the next look, after the nth: half a minute, then
// longer each time, at most six hours.
func lookWait(looks int) time.Duration {
	d := firstLook
	for range min(looks, 10) {
		d *= 3
	}
	return min(d, 6*time.Hour)
}

// findable reports whether X shows what such an action makes, so that it can be
// looked for. Whether it liked or followed somebody, a person sees.
func findable(k event.ActionKind) bool {
	switch k {
	case event.Reply, event.DM, event.Post, event.Quote:
		return true
	}
	return false
}

// search begins or ends the search for a, which has just left state from.
func (u *Unit) search(a db.Action, from event.State) error {
	switch {
	case a.State == event.Unsettled && from != event.Unsettled && findable(a.Kind):
		return u.Tx.PutLookup(db.Lookup{Action: a.ID, NextAt: u.Now.Add(firstLook)})
	case from == event.Unsettled && a.State != event.Unsettled:
		return u.Tx.DropLookup(a.ID)
	}
	return nil
}

// hasten has X asked at once for actions of unknown outcome that say the same
// to the same place as a: X refuses a text that it has already, so the refusal
// of a is a trace of them.
func (u *Unit) hasten(a db.Action) error {
	open, err := u.Tx.UnsettledTo(a.Bot, a.User)
	if err != nil {
		return err
	}
	for _, o := range open {
		if o.State != event.Unsettled || o.Kind != a.Kind || o.TextHash != a.TextHash {
			continue
		}
		l, err := u.Tx.Lookup(o.ID)
		if err != nil {
			return err
		}
		if l.NextAt.IsZero() || !l.NextAt.After(u.Now) {
			continue
		}
		l.NextAt = u.Now
		if err := u.Tx.PutLookup(l); err != nil {
			return err
		}
	}
	return nil
}
