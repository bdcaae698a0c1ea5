package action

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// ErrWithNobody is returned where a user is to be released who is neither held
// nor with a person.
var ErrWithNobody = errors.New("nobody has this conversation, and it is not held: there is nothing to release")

// Handoff gives a user to a person.
type Handoff struct {
	Bot, User string
	Why       string        // for the desk and the operator; no text of the user's
	Cause     string        // id of the event or command
	Quiet     time.Duration // the bot speaks again by itself that long after; 0: not before it is released

	Tell        bool   // the desk is told, by a notice stored with the handoff
	Interaction string // the user's act that led to it; "": none did
	Post        string // id of the post that it was; "": no public one
}

// HandOff silences the bot toward a user until a person releases them, or for
// h.Quiet, and cancels what still waits for them; the confirmation of an
// opt-out still goes. It reports false where a person has them already; then
// only the time is counted anew.
func (u *Unit) HandOff(h Handoff) (fresh bool, err error) {
	st, err := u.State(h.Bot, h.User, "")
	if err != nil {
		return false, err
	}
	fresh = !st.Conversation.WithPerson(u.Now)
	_, err = u.CancelOpenTo(h.User, "a person takes over", func(a db.Action) bool {
		return a.Bot == h.Bot && a.Event != h.Cause && a.Purpose != event.OptOutConfirmation && a.Purpose != event.Operator
	})
	if err != nil {
		return false, err
	}
	in := conversation.HandedOff{At: u.Now, Why: h.Why}
	if h.Quiet > 0 {
		in.Until = u.Now.Add(h.Quiet)
	}
	if _, _, err := u.Reduce(h.Bot, h.User, "", in); err != nil {
		return false, err
	}
	if !fresh || !h.Tell {
		return fresh, nil
	}
	id := DecisionID("desk", h.Bot, h.User, h.Cause, strconv.FormatInt(u.Now.UnixMilli(), 10))
	return fresh, u.Tx.PutDeskNotice(db.DeskNotice{
		ID: "h-" + id[2:], Bot: h.Bot, User: h.User, Interaction: h.Interaction, Post: h.Post, Why: h.Why, At: u.Now, NextAt: u.Now,
	})
}

// handOffBy hands over the user of an action on which the rules, asked again,
// now say so.
func (u *Unit) handOffBy(g *gate.Gate, a db.Action, v gate.Verdict) error {
	why := v.HandsOff()
	if why == "" {
		return nil
	}
	b, _ := g.Bot(a.Bot)
	_, err := u.HandOff(Handoff{
		Bot: a.Bot, User: a.User, Why: why, Cause: a.Event, Quiet: b.HandoffQuiet, Tell: b.DeskTold,
		Interaction: a.Interaction, Post: a.ReplyTo,
	})
	return err
}

// Release lets the bot speak to a user again: it ends hold, handoff and pause,
// and no opt-out. What the desk was not told by then it need not know.
func (u *Unit) Release(bot, user string) error {
	st, err := u.State(bot, user, "")
	if err != nil {
		return err
	}
	if c := st.Conversation; !c.Held && !c.WithPerson(u.Now) {
		return fmt.Errorf("user %s of bot %s: %w", user, bot, ErrWithNobody)
	}
	_, effects, err := u.Reduce(bot, user, "", conversation.Released{})
	if err != nil {
		return err
	}
	if err := u.Tx.DropDeskNotices(bot, user); err != nil {
		return err
	}
	_, err = u.CarryOut(user, effects)
	return err
}

// HandOff gives a user to a person, by an operator's word.
func (d Desk) HandOff(ctx context.Context, now time.Time, bot, user, by, why string) (fresh bool, err error) {
	b, _ := d.Gate.Bot(bot)
	h := Handoff{Bot: bot, User: user, Why: "by " + by, Cause: "operator:" + by, Quiet: b.HandoffQuiet, Tell: b.DeskTold}
	if why != "" {
		h.Why += ": " + why
	}
	err = d.transact(ctx, now, func(u *Unit) (err error) {
		fresh, err = u.HandOff(h)
		return err
	})
	return fresh, err
}

// Release lets the bot speak to a user again, by an operator's word.
func (d Desk) Release(ctx context.Context, now time.Time, bot, user, by string) error {
	return d.transact(ctx, now, func(u *Unit) error { return u.Release(bot, user) })
}

// WithPerson is a conversation that a person has, or should look at.
type WithPerson struct {
	Bot, User string
	State     string    // held, handed_off or paused
	Why       string    // no text of theirs
	Since     time.Time // of a handoff
	Until     time.Time // when the bot speaks again by itself; zero: not before it is released
	Last      time.Time // the user's latest act that we know of
}

// WithPersonOf is how a conversation stands; its State is "" where the bot may
// speak.
func WithPersonOf(c conversation.Conversation, now time.Time) WithPerson {
	w := WithPerson{Bot: c.Bot, User: c.User, Last: c.LastEventAt}
	switch {
	case c.HandedOver(now):
		w.State, w.Why, w.Since, w.Until = "handed_off", c.HandedOffWhy, c.HandedOffAt, c.HandedOffUntil
	case c.Held:
		w.State, w.Why = "held", c.HeldReason
	case c.WithPerson(now):
		w.State, w.Why, w.Until = "paused", "a person speaks through the account", c.PausedUntil
	}
	return w
}
