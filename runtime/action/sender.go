package action

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime/debug"
	"slices"
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
		rows, err := tx.InState(event.Attempting, everyRow)
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
	ctx = context.WithoutCancel(ctx) // a stopping host finishes the call and stores how it ended
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
		if err := s.close(u, a); err != nil {
			return err
		}
		return u.Flush()
	})
}

// send makes the call. It is the only place in the program that does (I7).
// Nobody knows how far a call got that panicked.
func (s *Sender) send(ctx context.Context, a db.Action, text string) (out event.Outcome) {
	defer func() {
		if p := recover(); p != nil {
			s.Log.ErrorContext(ctx, "panic in a call to X", "action", a.ID, "err", p, "stack", string(debug.Stack()))
			out = event.Outcome{Class: event.UnknownOutcome, Detail: "the call panicked; the log has the stack"}
		}
	}()
	f, err := gate.ParseFacts(a.Draft)
	if err != nil {
		return event.Outcome{Class: event.Bug, Detail: err.Error()}
	}
	return s.X.Send(ctx, event.Outgoing{
		Action: a.ID, Bot: a.Bot, Kind: a.Kind, ReplyTo: a.ReplyTo, User: a.User, Text: text,
		MadeWithAI: f.Draft.MadeWithAI, PaidPartnership: f.Draft.PaidPartnership,
	})
}

const (
	dueBatch = 64            // due rows that one claim looks at for one that may go
	everyRow = math.MaxInt32 // as a limit: none
)

// tally is what a claim did besides claiming. It counts once it is committed.
type tally struct {
	records                   []gate.Record
	cancelled, dry, afterStop int64
}

func (s *Sender) tell(t tally) {
	s.Metrics.Cancelled.Add(t.cancelled)
	s.Metrics.Dry.Add(t.dry)
	s.Metrics.AfterStop.Add(t.afterStop)
	if s.Decided == nil {
		return
	}
	for _, r := range t.records {
		s.Decided(r)
	}
}

// claim finds the first due action that may still go and commits it as
// attempting (I1). Everything that could have changed since the draft is read
// again in the same transaction (I4) and decided again (I6).
func (s *Sender) claim(ctx context.Context, now time.Time) (*db.Action, string, error) {
	var got *db.Action
	var text string
	var did tally
	err := s.Store.Write(ctx, func(tx db.Tx) error {
		got, text, did = nil, "", tally{}
		u := NewUnit(tx, s.Key, now)
		if err := expire(u, &did); err != nil {
			return err
		}
		due, err := tx.DueActions(now, dueBatch)
		if err != nil {
			return fmt.Errorf("find due actions: %w", err)
		}
		slices.SortStableFunc(due, asked)
		for _, a := range due {
			ok, err := s.take(u, &a, &did)
			if err != nil {
				return err
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
	s.tell(did)
	return got, text, nil
}

// asked orders what is due at one moment as users asked for it: ids of X grow,
// and a first DM with its opt-out hint goes before a second.
func asked(a, b db.Action) int {
	return cmp.Or(a.DueAt.Compare(b.DueAt), a.CreatedAt.Compare(b.CreatedAt),
		cmp.Compare(len(a.Interaction), len(b.Interaction)), cmp.Compare(a.Interaction, b.Interaction))
}

// expire cancels what has waited too long.
func expire(u *Unit, did *tally) error {
	rows, err := u.Tx.ExpiredActions(u.Now, dueBatch)
	if err != nil {
		return fmt.Errorf("find expired actions: %w", err)
	}
	for _, a := range rows {
		if err := u.Cancel(a, fmt.Sprintf("expired: it waited since %s", a.CreatedAt.UTC().Format(time.RFC3339))); err != nil {
			return err
		}
		did.cancelled++
	}
	return nil
}

// take decides one due action again and moves it: to attempting (true), back
// to hold, to cancelled, or aside until its bot is resumed.
func (s *Sender) take(u *Unit, a *db.Action, did *tally) (bool, error) {
	paused, why, err := u.Paused(a.Bot)
	if err != nil {
		return false, err
	}
	if paused {
		a.DueAt, a.Reason = a.ExpiresAt, ParkedReason+why
		return false, u.Move(*a, event.Pending)
	}
	stopped, err := stopped(u, *a)
	if err != nil {
		return false, err
	}
	if stopped { // the wall behind the rule; the opt-out has cancelled it already, so this is a defect
		did.afterStop++
		did.cancelled++
		return false, u.Cancel(*a, "the user opted out")
	}
	st, err := u.State(a.Bot, a.User, a.Interaction)
	if err != nil {
		return false, err
	}
	if a.Kind == event.Reply && st.Interaction.Message != "" {
		a.ReplyTo = st.Interaction.Message // the newest version of the post
	}
	v, r, err := u.redecide(s.Gate, a, gate.StageClaim)
	if err != nil {
		return false, err
	}
	did.records = append(did.records, r)
	switch {
	case v.Decision.Effect == gate.Hold:
		a.State, a.Reason = event.Hold, v.Decision.Say
		return false, u.Move(*a, event.Pending)
	case !v.Allowed():
		did.cancelled++
		return false, u.Cancel(*a, "decided again before sending: "+v.Decision.Say)
	case !s.Send[a.Bot]:
		did.dry++
		return false, u.Cancel(*a, DryReason)
	}
	a.State, a.Attempts, a.Reason = event.Attempting, a.Attempts+1, "the call to X is under way"
	return true, u.Move(*a, event.Pending)
}

// stopped reads, past everything cached, whether the user opted out (I4).
func stopped(u *Unit, a db.Action) (bool, error) {
	if a.Purpose == event.OptOutConfirmation {
		return false, nil
	}
	stop, err := u.Tx.Suppression(u.Key.User(a.User))
	if err != nil {
		return false, fmt.Errorf("read opt-out of user %s: %w", a.User, err)
	}
	return stop.OptedOut, nil
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
		e.action.State = a.State
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
		if err := disown(tx, &a); err != nil {
			return err
		}
		e.action.State = a.State
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
		s.Log.Error("outcome unknown, look on X", append(attrs, "err", o.Detail)...)
	default: // pending, or stopped meanwhile
		m.Retried.Add(1)
		s.Log.Warn("not sent, tried again later", append(attrs, "err", o.Detail)...)
	}
}
