package action

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// Options is what a sender needs.
type Options struct {
	Store db.Store
	Gate  *gate.Gate
	X     X
	Key   event.Key
	Book  *budget.Book // nil: the shipped limits and prices, no budgets
	// Told is what X's last answer to the bot said of its limits for the
	// endpoint, asked after each call; nil: nothing.
	Told func(bot, endpoint string) (told budget.Told, known bool)

	// Send says which bots may reach X. A bot it does not name is dry: what
	// would have gone out is decided, recorded and cancelled.
	Send map[string]bool

	PersonQuiet Quiet

	// Decided is told of each decision that a claim made, once it is committed;
	// nil: nobody.
	Decided func(gate.Record)

	// Lost is told that there may be an outcome to look for: the Reconciler
	// wakes. nil: nobody.
	Lost func()

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
	told    budget.Told // zero: X said nothing
}

// New returns a sender. It does nothing until Start.
func New(o Options) *Sender {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = &Metrics{}
	}
	if o.Book == nil {
		o.Book = budget.New(budget.Options{})
	}
	return &Sender{Options: o}
}

// Start applies the start-up rule (I3): what was attempting when the host
// stopped has an outcome that nobody knows. It must return nil before Step
// runs. It returns how many actions it found.
func (s *Sender) Start(ctx context.Context, now time.Time) (int, error) {
	var n int
	var standing db.Cap
	err := s.transact(ctx, now, func(u *Unit) (err error) {
		n = 0
		if standing, err = u.appCap(); err != nil {
			return err
		}
		rows, err := u.Tx.InState(event.Attempting, everyRow)
		if err != nil {
			return fmt.Errorf("find actions left attempting: %w", err)
		}
		for _, a := range rows {
			a.State, a.Class = event.Unsettled, event.UnknownOutcome
			a.Reason = "the host stopped while the call to X was under way; X is read back whether it went out"
			if err := s.close(u, a); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("apply the start-up rule: %w", err)
	}
	s.Metrics.Unknown.Add(int64(n))
	s.Metrics.capped(standing)
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
	if s.Told != nil {
		s.unsaved.told, _ = s.Told(a.Bot, budget.Endpoint(a.Kind))
	}
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
	return s.transact(ctx, now, func(u *Unit) error {
		a, err := u.Tx.Action(s.claimed.ID)
		if err != nil || a.State != event.Attempting {
			return err
		}
		if err := u.giveBack(a); err != nil {
			return err
		}
		a.State, a.DueAt, a.Attempts = event.Pending, now, a.Attempts-1
		a.Reason = "the claim could not be confirmed; nothing was sent"
		return s.close(u, a)
	})
}

func (s *Sender) transact(ctx context.Context, now time.Time, fn func(*Unit) error) error {
	return Transact(ctx, s.Store, s.Key, s.Book, now, fn)
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
	o := event.Outgoing{
		Action: a.ID, Bot: a.Bot, Kind: a.Kind, List: f.Draft.List, Text: text,
		MadeWithAI: f.Draft.MadeWithAI, PaidPartnership: f.Draft.PaidPartnership, InviteDM: f.Draft.InviteDM,
	}
	switch a.Kind {
	case event.Reply:
		o.ReplyTo, o.User = a.ReplyTo, a.User
	case event.DM, event.FollowU, event.ListAdd:
		o.User = a.User
	default: // whose post it is counts for opt-outs, and is nothing to X
		o.Target = a.ReplyTo
	}
	return s.X.Send(ctx, o)
}
