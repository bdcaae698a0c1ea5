package action

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// Options is what a sender needs.
type Options struct {
	Store db.Store
	Gate  *gate.Gate
	X     X
	Key   event.Key

	// Send says which bots may reach X. A bot it does not name is dry: what
	// would have gone out is decided, recorded and cancelled.
	Send map[string]bool

	// PersonQuiet is how long a bot stays silent toward a user after a person
	// spoke to them through its account.
	PersonQuiet time.Duration

	// Decided is told of each decision that a claim made, once it is committed;
	// nil: nobody.
	Decided func(gate.Record)

	Log     *slog.Logger // nil: silent
	Metrics *Metrics     // nil: not counted
}

// Sender takes what is due from the action log and hands it to X, one call at
// a time. Start and Step belong to one goroutine.
type Sender struct {
	Options
	claimed *db.Action  // a claim whose commit was reported as failed: not sent, see resume
	unsaved *settlement // an ended call that could not be stored yet
}

// settlement is how a call to X ended, on its way to the database.
type settlement struct {
	action  db.Action
	outcome event.Outcome
}

// New returns a sender. It does nothing until Start.
func New(o Options) *Sender {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = &Metrics{}
	}
	if o.PersonQuiet == 0 {
		o.PersonQuiet = DefaultPersonQuiet
	}
	return &Sender{Options: o}
}

// Start applies the start-up rule (I3): what was attempting when the host
// stopped has an outcome that nobody knows. It must return nil before Step
// runs. It returns how many actions it found.
func (s *Sender) Start(ctx context.Context, now time.Time) (int, error) {
	var n int
	err := s.Store.Write(ctx, func(tx db.Tx) error {
		n = 0
		u := NewUnit(tx, s.Key, now)
		rows, err := tx.InState(event.Attempting, 0)
		if err != nil {
			return fmt.Errorf("find actions left attempting: %w", err)
		}
		for _, a := range rows {
			a.State, a.Class = event.Unsettled, event.UnknownOutcome
			a.Reason = "the host stopped while the call to X was under way; look on X whether it went out"
			if err := s.close(u, a); err != nil {
				return err
			}
			n++
		}
		return u.Flush()
	})
	if err != nil {
		return 0, fmt.Errorf("apply the start-up rule: %w", err)
	}
	s.Metrics.Unknown.Add(int64(n))
	return n, nil
}

// Step settles what is left over, cancels what has expired, and sends at most
// one action. It returns when it wants to be called again: now if more may be
// due, zero if nothing waits. After an error nothing was sent that is not in
// the log (I8); call it again.
func (s *Sender) Step(ctx context.Context, now time.Time) (next time.Time, err error) {
	if err := s.resume(ctx, now); err != nil {
		return time.Time{}, err
	}
	a, text, err := s.claim(ctx, now)
	if err != nil {
		return time.Time{}, err
	}
	if a == nil {
		err := s.Store.Read(ctx, func(tx db.Tx) (err error) {
			next, err = tx.NextDue()
			return err
		})
		return next, err
	}
	s.unsaved = &settlement{action: *a, outcome: s.send(ctx, *a, text)}
	if err := s.resume(ctx, now); err != nil {
		return time.Time{}, err
	}
	return now, nil
}

// resume finishes what an earlier step could not store.
func (s *Sender) resume(ctx context.Context, now time.Time) error {
	if s.claimed != nil {
		if err := s.unclaim(ctx, now); err != nil {
			return err
		}
		s.claimed = nil
	}
	if s.unsaved != nil {
		if err := s.settle(ctx, now, *s.unsaved); err != nil {
			return err
		}
		s.unsaved = nil
	}
	return nil
}

// unclaim returns a row to pending whose claim was stored but reported as
// failed. This process knows that it made no call for it; after a crash nobody
// would, and Start makes it unknown.
func (s *Sender) unclaim(ctx context.Context, now time.Time) error {
	return s.Store.Write(ctx, func(tx db.Tx) error {
		a, err := tx.Action(s.claimed.ID)
		if err != nil || a.State != event.Attempting {
			return err
		}
		u := NewUnit(tx, s.Key, now)
		a.State, a.DueAt, a.Attempts = event.Pending, now, a.Attempts-1
		a.Reason = "the claim could not be confirmed; nothing was sent"
		if err := u.Move(a, event.Attempting); err != nil {
			return err
		}
		return u.Flush()
	})
}

// send makes the call. It is the only place in the program that does (I7), and
// a stopping host waits for it to end.
func (s *Sender) send(ctx context.Context, a db.Action, text string) event.Outcome {
	o := event.Outgoing{
		Action: a.ID, Bot: a.Bot, Kind: a.Kind, ReplyTo: a.ReplyTo, User: a.User, Text: text,
	}
	if f, err := gate.ParseFacts(a.Draft); err == nil {
		o.MadeWithAI, o.PaidPartnership = f.Draft.MadeWithAI, f.Draft.PaidPartnership
	} else {
		return event.Outcome{Class: event.Bug, Detail: err.Error()}
	}
	return s.X.Send(context.WithoutCancel(ctx), o)
}

// dueBatch is how many due rows one claim looks at for one that may go.
const dueBatch = 64

// claim finds the first due action that may still go and commits it as
// attempting (I1). Everything that could have changed since the draft is read
// again in the same transaction (I4) and decided again (I6).
func (s *Sender) claim(ctx context.Context, now time.Time) (*db.Action, string, error) {
	var got *db.Action
	var text string
	var records []gate.Record
	err := s.Store.Write(ctx, func(tx db.Tx) error {
		got, text, records = nil, "", nil
		u := NewUnit(tx, s.Key, now)
		if err := s.expire(u); err != nil {
			return err
		}
		due, err := tx.DueActions(now, dueBatch)
		if err != nil {
			return fmt.Errorf("find due actions: %w", err)
		}
		for _, a := range due {
			ok, r, err := s.take(u, &a)
			if err != nil {
				return err
			}
			if r != nil {
				records = append(records, *r)
			}
			if ok {
				sealed, err := tx.ActionText(a.ID)
				if err != nil {
					return fmt.Errorf("read text of action %s: %w", a.ID, err)
				}
				plain, err := event.Open(sealed)
				if err != nil {
					return fmt.Errorf("open text of action %s: %w", a.ID, err)
				}
				got, text = &a, string(plain)
				break
			}
		}
		return u.Flush()
	})
	if err != nil {
		s.claimed = got
		return nil, "", fmt.Errorf("claim: %w", err)
	}
	if s.Decided != nil {
		for _, r := range records {
			s.Decided(r)
		}
	}
	return got, text, nil
}

// expire cancels what has waited too long.
func (s *Sender) expire(u *Unit) error {
	rows, err := u.Tx.ExpiredActions(u.Now, dueBatch)
	if err != nil {
		return fmt.Errorf("find expired actions: %w", err)
	}
	for _, a := range rows {
		if err := u.Cancel(a, fmt.Sprintf("expired: it waited since %s", a.CreatedAt.UTC().Format(time.RFC3339))); err != nil {
			return err
		}
		s.Metrics.Cancelled.Add(1)
	}
	return nil
}

// take decides one due action again and moves it: to attempting (true), back
// to hold, to cancelled, or aside until its bot is resumed. It returns the
// record of the decision, if one was made.
func (s *Sender) take(u *Unit, a *db.Action) (bool, *gate.Record, error) {
	paused, why, err := u.Paused(a.Bot)
	if err != nil {
		return false, nil, err
	}
	if paused {
		a.DueAt, a.Reason = a.ExpiresAt, ParkedReason+why
		return false, nil, u.Move(*a, event.Pending)
	}
	if stopped, err := s.stopped(u, *a); stopped || err != nil { // the wall behind the rule
		if err == nil {
			err = u.Cancel(*a, "the user opted out")
		}
		return false, nil, err
	}
	st, err := u.State(a.Bot, a.User, a.Interaction)
	if err != nil {
		return false, nil, err
	}
	if a.Kind == event.Reply && st.Interaction.Message != "" {
		a.ReplyTo = st.Interaction.Message // the newest version of the post
	}
	v, r, err := u.redecide(s.Gate, a, gate.StageClaim)
	if err != nil {
		return false, nil, err
	}
	switch {
	case v.Decision.Effect == gate.Hold:
		a.State, a.Reason = event.Hold, v.Decision.Say
		return false, &r, u.Move(*a, event.Pending)
	case !v.Allowed():
		s.Metrics.Cancelled.Add(1)
		return false, &r, u.Cancel(*a, "decided again before sending: "+v.Decision.Say)
	case !s.Send[a.Bot]:
		s.Metrics.Dry.Add(1)
		return false, &r, u.Cancel(*a, DryReason)
	}
	a.State, a.Attempts, a.Reason = event.Attempting, a.Attempts+1, "the call to X is under way"
	return true, &r, u.Move(*a, event.Pending)
}

// stopped reads, past everything cached, whether the user opted out (I4). The
// opt-out has cancelled such an action already, so finding one is counted as
// the defect that it would be.
func (s *Sender) stopped(u *Unit, a db.Action) (bool, error) {
	stop, err := u.Tx.Suppression(u.Key.User(a.User))
	if err != nil {
		return false, fmt.Errorf("read opt-out of user %s: %w", a.User, err)
	}
	if !stop.OptedOut || a.Purpose == event.OptOutConfirmation {
		return false, nil
	}
	s.Metrics.AfterStop.Add(1)
	return true, nil
}

// DryReason is why an allowed action of a dry bot was cancelled.
const DryReason = "dry: allowed, and not sent because send is off for this bot"

// ParkedReason begins the reason of an action that waits for a resume.
const ParkedReason = "parked: "

// settle stores how a call ended. Where an echo was faster the row is terminal
// already and stays as it is (I5).
func (s *Sender) settle(ctx context.Context, now time.Time, e settlement) error {
	err := s.Store.Write(ctx, func(tx db.Tx) error {
		a, err := tx.Action(e.action.ID)
		if err != nil {
			return err
		}
		if a.State != event.Attempting {
			return nil
		}
		u := NewUnit(tx, s.Key, now)
		next := NextOf(e.outcome.Class, a.Attempts)
		a.State, a.Class, a.RemoteID = next.State, e.outcome.Class, e.outcome.RemoteID
		a.Reason = next.Reason
		if e.outcome.Detail != "" {
			a.Reason += ": " + e.outcome.Detail
		}
		if a.State == event.Pending {
			a.DueAt = e.outcome.RetryAt
			if a.DueAt.Before(now.Add(time.Second)) {
				a.DueAt = now.Add(next.After)
			}
		}
		if err := s.close(u, a); err != nil {
			return err
		}
		return u.Flush()
	})
	if err != nil {
		return fmt.Errorf("settle action %s: %w", e.action.ID, err)
	}
	s.note(e)
	return nil
}

// close moves a row out of attempting and judges the echoes that waited for
// it: what is not this action's was written by a person.
func (s *Sender) close(u *Unit, a db.Action) error {
	if err := u.Move(a, event.Attempting); err != nil {
		return err
	}
	return u.judgeEchoes(a, s.PersonQuiet)
}

func (s *Sender) note(e settlement) {
	a, o := e.action, e.outcome
	m := s.Metrics
	attrs := []any{"bot", a.Bot, "user", a.User, "interaction", a.Interaction, "action", a.ID, "kind", a.Kind, "class", o.Class}
	switch NextOf(o.Class, a.Attempts).State {
	case event.Sent:
		m.Sent.Add(1)
		s.Log.Info("sent", attrs...)
	case event.Failed:
		m.Failed.Add(1)
		s.Log.Warn("not sent, for good", append(attrs, "err", o.Detail)...)
	case event.Pending:
		m.Retried.Add(1)
		s.Log.Warn("not sent, tried again later", append(attrs, "err", o.Detail)...)
	default:
		m.Unknown.Add(1)
		s.Log.Error("outcome unknown, look on X", append(attrs, "err", o.Detail)...)
	}
}
