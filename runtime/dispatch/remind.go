package dispatch

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// maxReminder is how long a DM may be, in characters.
const maxReminder = 10_000

// remindable refuses what a handler may not arm.
func remindable(out handlers.Out) error {
	if len(out.Remind) > handlers.MostRemind {
		return fmt.Errorf("a handler armed %d reminders: at most %d", len(out.Remind), handlers.MostRemind)
	}
	for _, r := range out.Remind {
		switch {
		case r.After < handlers.MinRemind || r.After > handlers.MaxRemind:
			return fmt.Errorf("a handler armed a reminder after %s: %s to %s", r.After, handlers.MinRemind, handlers.MaxRemind)
		case r.Text == "" && !r.Close:
			return errors.New("a handler armed a reminder that says nothing and closes nothing")
		case utf8.RuneCountInString(r.Text) > maxReminder:
			return fmt.Errorf("a handler armed a reminder of more than %d characters", maxReminder)
		}
	}
	return nil
}

// arm keeps the reminders of a handler, in place of those before. Without an
// open flow there is nothing to wait for, and what was armed in it goes.
func (w *work) arm(e event.Event, out handlers.Out) error {
	reminders := out.Remind
	if len(reminders) == 0 && out.Flow == nil {
		return nil
	}
	st, err := w.State(e.Bot, e.User, "")
	if err != nil {
		return err
	}
	closed := st.Conversation.Flow == ""
	if len(reminders) == 0 && !closed {
		return nil
	}
	if err := w.Tx.DropReminders(e.Bot, e.User); err != nil || closed {
		return err
	}
	if w.Armed != nil {
		w.after = append(w.after, w.Armed)
	}
	for i, r := range reminders {
		kept := db.Reminder{
			ID: "r-" + action.DecisionID("remind", e.Bot, e.ID, fmt.Sprint(e.Index), fmt.Sprint(i))[2:], Bot: e.Bot, User: e.User,
			DueAt: w.Now.Add(r.After), After: r.After, Since: st.Conversation.LastEventAt, Flow: st.Conversation.Flow, Closes: r.Close,
		}
		if r.Text != "" {
			kept.Sealed = event.Seal([]byte(r.Text))
		}
		if err := w.Tx.PutReminder(kept); err != nil {
			return err
		}
	}
	return nil
}

// spoke puts off what is to remind a user who now said something: it counts
// their silence. What waits for the sender already is void.
func (w *work) spoke(e event.Event, c conversation.Conversation) error {
	if c.Flow == "" { // a reminder is void without its flow
		return nil
	}
	if err := w.Tx.PutOffReminders(e.Bot, e.User, w.Now, c.LastEventAt); err != nil {
		return err
	}
	_, err := w.CancelOpenTo(e.User, "the user wrote before they were reminded", func(a db.Action) bool {
		return a.Bot == e.Bot && a.Purpose == event.Reminder
	})
	return err
}

// reminded takes in that a reminder is due.
func (w *work) reminded(m bus.Delivery, e event.Event, c event.Command, until time.Time) ([]gate.Record, error) {
	r, err := w.Tx.Reminder(c.Reminder)
	if errors.Is(err, db.ErrNotFound) || err == nil && (r.Bot != e.Bot || r.User != e.User) {
		return w.nothing(e, "The reminder is void: it was replaced, or the flow ended.")
	}
	if err != nil {
		return nil, err
	}
	if w.Now.Before(r.DueAt) {
		return w.nothing(e, "The user wrote while the reminder came due: it is put off.")
	}
	if err := w.Tx.DropReminder(r.ID); err != nil {
		return nil, err
	}
	st, err := w.State(e.Bot, e.User, "")
	if err != nil {
		return nil, err
	}
	if c := st.Conversation; c.Flow != r.Flow || c.LastEventAt.After(r.Since) {
		return w.nothing(e, "The reminder is void: the user wrote, or their flow ended.")
	}
	done := "The user said nothing"
	if r.Closes {
		if err := w.close(e); err != nil {
			return nil, err
		}
		done = "The user said nothing, and their flow is closed"
	}
	switch {
	case len(r.Sealed) == 0:
		return w.nothing(e, done+".")
	case !w.Now.Before(until):
		return w.nothing(e, done+". "+tooLate(c, until))
	}
	if old, err := w.BeforeRestore(r.Since); err != nil {
		return nil, err
	} else if old {
		return w.nothing(e, "The reminder is void: the database was restored since, and what the user said meanwhile may be lost.")
	}
	text, err := event.Open(r.Sealed)
	if err != nil {
		return nil, fmt.Errorf("open reminder %s: %w", r.ID, err)
	}
	d := c.Draft()
	d.Text = string(text)
	return w.propose(m, e, d, e.At, until)
}

// close ends the user's flow, and forgets what was kept for it.
func (w *work) close(e event.Event) error {
	if _, _, err := w.Reduce(e.Bot, e.User, "", conversation.FlowMoved{}); err != nil {
		return err
	}
	if err := w.Tx.DropReminders(e.Bot, e.User); err != nil {
		return err
	}
	return w.Tx.DropSlots(e.Bot, e.User)
}
