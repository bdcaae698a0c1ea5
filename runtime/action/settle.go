package action

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
		if banned(a, e.outcome) {
			e.outcome.Class = event.Auth // of the app: nothing was sent, and a person can mend it
		}
		next := NextOf(e.outcome.Class, a.Attempts)
		if doubtful(a, e.outcome) {
			next = Next{State: event.Unsettled, Reason: "X refuses the second try, as it does with a text that it has already; it is read back whether the first went out"}
		}
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
		if err := s.denied(u, &a, e.outcome); err != nil {
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

// doubtful reports whether a refusal may be the trace of an earlier try. X says
// of each try before it that it did nothing; and X refuses a text that it has
// already (facts.md: 403, duplicate content; practice), by a problem that has no
// type of its own.
func doubtful(a db.Action, o event.Outcome) bool {
	return o.Class == event.Refused && o.Status == http.StatusForbidden && a.Attempts > 1 && findable(a.Kind)
}

// banned reports whether X lets the app answer nobody. That likes or quotes are
// not in its tier is a refusal like others.
func banned(a db.Action, o event.Outcome) bool {
	return o.Problem == forbiddenClient && (a.Kind == event.Reply || a.Kind == event.DM || a.Kind == event.Post)
}

// denied draws what else follows from a refusal: one of a text is a trace of
// earlier sends of it; one of the whole app stops the bot, for every other
// action would be refused alike.
func (s *Sender) denied(u *Unit, a *db.Action, o event.Outcome) error {
	switch {
	case o.Class == event.Refused && o.Status == http.StatusForbidden && findable(a.Kind):
		return u.hasten(*a)
	case banned(*a, o):
		a.Reason = "the app may not make this call (" + forbiddenClient + "): see its access in X's developer portal, then `beckon resume " + a.Bot + "`; nothing was sent"
		return u.SetSwitch(db.Switch{Bot: a.Bot, Paused: true, By: "host", At: u.Now, Reason: "X lets this app make no such call (" + forbiddenClient + ")"})
	}
	return nil
}

// forbiddenClient is X's problem of an app that lacks access to a call.
const forbiddenClient = "client-forbidden"

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
	if err := u.judgeEchoes(a, s.PersonQuiet); err != nil {
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
