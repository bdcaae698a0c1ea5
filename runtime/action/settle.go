package action

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// settle stores how a call ended. Where an echo was faster the row is terminal
// already and stays as it is (I5).
func (s *Sender) settle(ctx context.Context, now time.Time, e settlement) error {
	var capped change
	err := s.transact(ctx, now, func(u *Unit) error {
		a, err := u.Tx.Action(e.action.ID)
		if err != nil {
			return err
		}
		if capped, err = u.learn(a, e); err != nil {
			return err
		}
		e.action.State = a.State
		if a.State != event.Attempting {
			return nil
		}
		next := NextFor(a.Kind, e.outcome, a.Attempts)
		a.State, a.Class, a.RemoteID = next.State, e.outcome.Class, e.outcome.RemoteID
		a.Reason = next.Say(e.outcome)
		if e.outcome.Class == event.UsageCapped {
			a.Reason = cappedReason + a.Reason
		}
		if a.State == event.Pending {
			a.DueAt = e.outcome.RetryAt
			if a.DueAt.Before(now.Add(time.Second)) {
				a.DueAt = now.Add(next.After)
			}
		}
		if err := disown(u.Tx, &a); err != nil {
			return err
		}
		e.action.State = a.State
		if err := s.denied(u, a, e.outcome); err != nil {
			return err
		}
		return s.close(u, a)
	})
	if err != nil {
		return fmt.Errorf("settle action %s: %w", e.action.ID, err)
	}
	s.note(e)
	s.alarm(ctx, capped)
	return nil
}

// denied draws what else follows from a refusal: one of a text is a trace of
// earlier sends of it; one of the whole app stops the bot, for every other
// action would be refused alike.
func (s *Sender) denied(u *Unit, a db.Action, o event.Outcome) error {
	switch {
	case banned(a.Kind, o):
		return u.SetSwitch(db.Switch{Bot: a.Bot, Paused: true, By: "host", At: u.Now,
			Reason: "X lets this app make no such call (" + forbiddenClient + "): see its access in X's developer portal"})
	case refusedText(a.Kind, o):
		return u.hasten(a)
	}
	return nil
}

// disown takes a remote id from a that another row bears already: X gave it
// twice, or an echo was taken for that other row. Two rows cannot bear it, and
// an outcome that cannot be stored would stop the sender for ever.
func disown(tx db.Tx, a *db.Action) error {
	if a.RemoteID == "" {
		return nil
	}
	other, err := tx.ActionByRemoteID(a.Bot, a.RemoteID)
	if errors.Is(err, db.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	a.Reason += fmt.Sprintf("; its id %s is kept with action %s", a.RemoteID, other.ID)
	a.RemoteID = ""
	return nil
}

// close moves a row out of attempting and judges the echoes that waited for
// it: what is not this action's was written by a person.
func (s *Sender) close(u *Unit, a db.Action) error {
	if err := u.Move(a, event.Attempting); err != nil {
		return err
	}
	if err := u.judgeEchoes(a, s.PersonQuiet.Of(a.Bot)); err != nil {
		return err
	}
	return u.overtaken(a)
}

// overtaken cancels an action that waits again, if meanwhile something happened
// that would have cancelled it had it waited: an opt-out, or an edit.
func (u *Unit) overtaken(a db.Action) error {
	if a.State != event.Pending {
		return nil
	}
	a, err := u.Tx.Action(a.ID)
	if err != nil || a.State != event.Pending { // a person may have cancelled it
		return err
	}
	stop, err := stopped(u, a)
	if err != nil {
		return err
	}
	if stop {
		return u.Cancel(a, "the user opted out")
	}
	st, err := u.State(a.Bot, a.User, a.Interaction)
	if err != nil {
		return err
	}
	facts, err := gate.ParseFacts(a.Draft)
	if err != nil {
		return fmt.Errorf("read what action %s answers: %w", a.ID, err)
	}
	if a.Purpose != event.OptOutConfirmation && facts.Event.TextHash != st.Interaction.TextHash {
		return u.Cancel(a, "the post was edited and says something else")
	}
	return nil
}

// note counts and logs how an action left attempting: by its state, which an
// echo may have settled first.
func (s *Sender) note(e settlement) {
	a, o := e.action, e.outcome
	if o.Class != event.OK && s.Lost != nil {
		s.Lost()
	}
	m := s.Metrics
	attrs := []any{"bot", a.Bot, "user", a.User, "interaction", a.Interaction, "action", a.ID, "kind", a.Kind}
	if o.Class != event.OK {
		attrs = append(attrs, "class", o.Class)
	}
	switch a.State {
	case event.Sent:
		m.Sent.Add(1)
		s.Log.Info("sent", attrs...)
	case event.Failed:
		m.Failed.Add(1)
		s.Log.Warn("not sent, for good", append(attrs, "err", o.Detail)...)
	case event.Unsettled:
		m.Unknown.Add(1)
		s.Log.Error("outcome unknown, X is read back", append(attrs, "err", o.Detail)...)
	default: // pending, or stopped meanwhile
		m.Retried.Add(1)
		s.Log.Warn("not sent, tried again later", append(attrs, "err", o.Detail)...)
	}
}
