// Package dispatch takes events from the bus in order and turns each into a
// decision, in one database transaction a batch.
//
// What it owns: the order of the steps, the border between an event's fault
// and the database's, dead letters. What it refuses: to send, to decide, to
// acknowledge before the commit, to reorder.
//
//   - E1 an event's acknowledgement follows the commit of everything it caused.
//   - E2 an event that was taken in before changes nothing.
//   - E3 an opt-out is applied before any handler or rule, and no failure of
//     one, nor of another event, loses it.
//   - E4 a failing event takes no other with it: a panic becomes a dead letter,
//     its state and its opt-out still commit. A failing database stops
//     everything: nothing is skipped.
//   - E5 events of a user take effect in the order of the bus; within a batch,
//     later ones see what the earlier ones left.
//   - E6 a handler outside of this process is asked once its event is committed,
//     and can do no more than words: its answer goes to whoever wrote, by the way
//     they wrote, if it is the first, in time, and the gate lets it. Whatever else
//     it says is refused, on the record.
//
// # A tour of the program, bottom up
//
// runtime/event has the values. runtime/ingest verifies a body from X and puts
// it on runtime/bus. This package takes it from there, and in one transaction:
//
//	dedupe   db.Seen: was it taken in before? (E2)
//	reduce   runtime/conversation: who is this user to this bot now? Did they
//	         say stop? (E3)
//	handle   handlers: what would the bot like to say? A draft, no permission.
//	         One outside of this process is asked by runtime/remote; its answer
//	         comes back on the bus.
//	decide   runtime/gate asks rules: may it be said?
//	commit   runtime/action: a row, pending or on hold; the decision record.
//
// Then the sender of runtime/action claims the row, asks the gate again, makes
// the one call through runtime/xapi, and settles the row. What X shows us of
// our own posts and DMs comes back through ingest, like everything else.
package dispatch

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// DefaultMaxEventAge is how old an event may be and still be answered: as far
// back as X replays.
const DefaultMaxEventAge = 24 * time.Hour

// Options is what a dispatcher needs.
type Options struct {
	Store    db.Store
	Gate     *gate.Gate
	Handlers map[string]handlers.Chain // by bot's configured name
	Key      event.Key

	Book *budget.Book // nil: the shipped prices, no budgets

	MaxEventAge time.Duration // 0: DefaultMaxEventAge
	PersonQuiet action.Quiet
	App         string // id of the X app that all bots belong to; "": not known
	Brief       bool   // what people wrote is destroyed once its answers have ended, whatever they agreed to

	// Judged is told what came of a person's word on a held draft, once it is
	// committed: the action as it stands then, or why nothing changed. nil: nobody.
	Judged func(id string, a db.Action, err error)

	// Armed is called after a commit by which a reminder may be the next to come
	// due; nil: nobody waits for any.
	Armed func()

	// Owed is called after a commit by which something has to be deleted; nil:
	// nobody waits for it.
	Owed func()

	Log     *slog.Logger // nil: silent
	Metrics *Metrics     // nil: not counted
}

// Dispatcher turns events into decisions. Batch belongs to one goroutine.
type Dispatcher struct {
	Options
	botUsers map[string]bool // user ids of the bots of this host

	// reduce is conversation.Reduce, which never panics: tests put one here
	// that does.
	reduce func(conversation.State, conversation.Input) (conversation.State, []conversation.Effect)
}

// New returns a dispatcher for the bots that o.Handlers names.
func New(o Options) *Dispatcher {
	if o.MaxEventAge == 0 {
		o.MaxEventAge = DefaultMaxEventAge
	}
	if o.Book == nil {
		o.Book = budget.New(budget.Options{})
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = &Metrics{}
	}
	d := &Dispatcher{Options: o, botUsers: map[string]bool{}, reduce: conversation.Reduce}
	for name := range o.Handlers {
		if b, ok := o.Gate.Bot(name); ok {
			d.botUsers[b.UserID] = true
		}
	}
	return d
}

// Handled is what became of one event, for those who watch.
type Handled struct {
	Seq       uint64      // the delivery's
	Event     event.Event // zero where the body could not be decoded
	Duplicate bool
	Records   []gate.Record // at least one
}

// Batch works through deliveries in order and commits them together. If that
// fails they are redone singly, so that one event's trouble stays its own. An
// error is the database's: what was returned before it is committed, the rest
// is not, and the caller must offer it again before anything newer.
func (d *Dispatcher) Batch(ctx context.Context, now time.Time, ds []bus.Delivery) ([]Handled, error) {
	if len(ds) == 0 {
		return nil, nil
	}
	done, err := d.commit(ctx, now, ds)
	if err == nil || len(ds) == 1 || ctx.Err() != nil {
		return done, err
	}
	d.Metrics.Redone.Add(1)
	d.Log.WarnContext(ctx, "batch failed, its events are redone one by one", "err", err)
	for i := range ds {
		one, err := d.commit(ctx, now, ds[i:i+1])
		if err != nil {
			return done, err
		}
		done = append(done, one...)
	}
	return done, nil
}

// commit runs deliveries in one transaction: reads and computes each, then
// writes the state they left.
func (d *Dispatcher) commit(ctx context.Context, now time.Time, ds []bus.Delivery) (done []Handled, err error) {
	defer func() { // a panic of the store: nothing was stored, treat it as its error
		if p := recover(); p != nil {
			d.Log.ErrorContext(ctx, "panic in a transaction", "err", p, "stack", string(debug.Stack()))
			done, err = nil, fmt.Errorf("transaction of %d events: panic: %v", len(ds), p)
		}
	}()
	var w *work
	err = action.Transact(ctx, d.Store, d.Key, d.Book, now, func(u *action.Unit) error {
		done = make([]Handled, 0, len(ds))
		w = &work{Dispatcher: d, Unit: u}
		for _, m := range ds {
			h, err := w.message(m)
			if err != nil {
				return err
			}
			done = append(done, h...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, c := range w.counted {
		c.Add(1)
	}
	for _, fn := range w.after {
		fn()
	}
	d.note(ctx, done)
	return done, nil
}

// note counts and logs what was committed. No text: ids, rules and reasons.
func (d *Dispatcher) note(ctx context.Context, done []Handled) {
	for _, h := range done {
		d.Metrics.Events.Add(1)
		if h.Duplicate {
			d.Metrics.Duplicates.Add(1)
			continue
		}
		for _, r := range h.Records {
			d.Metrics.count(r.Decision)
			var by []string // all that made it so: say is of one of them
			for _, b := range r.By {
				by = append(by, b.Rule)
			}
			attrs := []any{"bot", r.Bot, "user", r.User, "event", r.Event, "type", h.Event.Type,
				"interaction", r.Interaction, "decision", r.Decision, "rule", strings.Join(by, ","), "say", r.Say}
			if r.Action != nil {
				attrs = append(attrs, "action", r.Action.ID, "kind", r.Action.Kind)
			}
			d.Log.InfoContext(ctx, "decided", attrs...)
		}
	}
}
