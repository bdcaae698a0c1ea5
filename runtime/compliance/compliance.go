// Package compliance deletes what has to be deleted until its time: content that
// is gone from X, what X, a user or a law asks for, and everything of an account
// whose access ended.
//
// What it owns: duties, their clocks and their end; the rounds in which X is
// asked what is gone (batch compliance jobs). What it refuses: to touch what
// must stay, which is opt-outs (keyed hashes), decision records (they hold no
// text) until access ends, actions by their key, which say that something was
// answered once, the audit chain and receipts.
//
// A customer's own deletion is never announced: X tells of posts of our own
// account alone. The rounds are the only way to learn of the others.
//
//   - K11 a duty that is open is carried out and closed once, wherever the host
//     stopped; each step is stored before the next begins.
//   - K12 what a duty is about is neither kept nor answered when X tells of it
//     again, however late; an opt-out in it counts.
//   - K13 a round asks X once: its name is stored before X is called, and a job
//     whose making was answered to nobody is found by it.
//   - K14 a line of a result becomes one duty, however often the result is read.
//   - K15 at half of a duty's time, and at its end, somebody is told.
//   - K16 of a wiped account nothing is left but what the first paragraph names
//     without decisions and actions, and what the desk is to be told (K23); an account that is resumed before is not
//     wiped.
//   - K21 what a duty is about is shown nowhere from the moment that it is opened.
//   - K22 each export that the host knows to hold it is recalled by the duty's
//     deadline, and stays on the list until a person says that it is gone.
//   - K23 the desk is told to remove what a handoff told it of, with the duty's own
//     deadline; a handoff that still waits for the desk loses it.
//
// The steps of a duty: rows of the database and what waits, events on the bus,
// the files; then its row tells of nobody. Duties are taken through the steps
// together, so that the bus and the files are gone through once.
package compliance

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/erasure"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/service"
)

const (
	// Every is how often X is asked what is gone, where nobody says otherwise.
	Every = 6 * time.Hour
	// Keep is how long the record of a duty stays: as long as the audit chain of
	// an account whose access ended.
	Keep = 3 * 365 * 24 * time.Hour

	calm  = 5 * time.Minute // between looks where nothing is open
	again = 5 * time.Second // while something is under way
	slow  = time.Minute     // after something went wrong
	most  = 500             // duties at once, and rows a transaction
)

// X is what is asked of X.
type X interface {
	CreateJob(ctx context.Context, about, name string) (event.Job, error)
	Job(ctx context.Context, id string) (event.Job, error)
	Jobs(ctx context.Context, about string, status event.JobStatus) ([]event.Job, error)
	Upload(ctx context.Context, j event.Job, ids []string) error
	Download(ctx context.Context, j event.Job, each func(event.Redaction) error) error
}

// Bus removes events.
type Bus interface {
	Remove(ctx context.Context, bot, user string, pick func(bus.Stored) (bool, error)) (int, error)
}

// Options is what an Officer needs.
type Options struct {
	Store  db.Store
	Bus    Bus
	Eraser *erasure.Eraser
	Scrub  func(context.Context) error // of the database's files
	Key    event.Key
	Book   *budget.Book
	Bots   []string // configured names

	// Unpost takes what duties are about out of the handoffs that wait for the desk
	// on the bus, and counts them by duty; nil: none wait there.
	Unpost func(ctx context.Context, duties []db.Duty) ([]int64, error)
	Told   func() // wakes who tells the desk what to remove; nil: nobody does

	X     X             // nil: X is not asked
	Every time.Duration // between rounds; 0: X is not asked by itself

	Log     *slog.Logger // nil: silent
	Metrics *Metrics     // nil: not counted
}

// Officer carries out duties. It is safe for concurrent use; one step is made at
// a time.
type Officer struct {
	Options
	turn service.Turn
}

// New returns an officer.
func New(o Options) *Officer {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = &Metrics{}
	}
	if o.Told == nil {
		o.Told = func() {}
	}
	return &Officer{Options: o}
}

// Step does what is to be done now: rounds first, which find duties, then the
// duties. It returns when it wants to be called again. What does not go well is
// stored with what it belongs to, and is the error too.
func (o *Officer) Step(ctx context.Context, now time.Time) (next time.Time, err error) {
	end, err := o.turn.Take(ctx)
	if err != nil {
		return time.Time{}, err
	}
	defer end()
	next = now.Add(calm)
	sooner := func(at time.Time) {
		if !at.IsZero() && at.Before(next) {
			next = at
		}
	}
	var errs []error
	if o.X != nil {
		for _, about := range []string{event.JobPosts, event.JobUsers} {
			at, err := o.round(ctx, now, about, false)
			sooner(at)
			errs = append(errs, err)
		}
	}
	busy, fault := o.duties(ctx, now)
	switch {
	case fault != nil:
		sooner(now.Add(slow))
	case busy:
		sooner(now.Add(again))
	}
	at, err := o.watch(ctx, now)
	sooner(at)
	return next, errors.Join(append(errs, fault, err)...)
}

// Order opens a duty that somebody asks for, and takes it and what else is open
// as far as it goes. patience is how long it waits for its end, in a host that
// runs; it goes on by itself.
func (o *Officer) Order(ctx context.Context, now func() time.Time, d db.Duty, patience time.Duration) (db.Duty, error) {
	err := o.Store.Write(ctx, func(tx db.Tx) (err error) {
		if d.What != db.DutyUser && d.What != db.DutyPosts {
			acts, err := tx.ActsWith(d.Target)
			if err != nil {
				return err
			}
			if len(acts) > 0 {
				d.Owner = acts[0].User
			}
		}
		_, err = tx.OpenDuty(d)
		return err
	})
	if err != nil {
		return d, err
	}
	err = o.Finish(ctx, now, []string{d.ID}, patience)
	if err != nil {
		return d, err
	}
	return d, o.Store.Read(ctx, func(tx db.Tx) (err error) {
		d, err = tx.Duty(d.ID)
		return err
	})
}

// Finish takes duties as far as they go, and waits for their end for a while.
func (o *Officer) Finish(ctx context.Context, now func() time.Time, ids []string, patience time.Duration) error {
	for waited := time.Duration(0); ; waited += time.Second {
		end, err := o.turn.Take(ctx)
		if err != nil {
			return err
		}
		_, err = o.duties(ctx, now())
		end()
		if err != nil {
			return err
		}
		open := 0
		err = o.Store.Read(ctx, func(tx db.Tx) error {
			for _, id := range ids {
				d, err := tx.Duty(id)
				if err != nil {
					return err
				}
				if d.DoneAt.IsZero() {
					open++
				}
			}
			return nil
		})
		if err != nil || open == 0 || waited >= patience {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// Ask begins a round about posts and one about users now, unless one is under
// way.
func (o *Officer) Ask(ctx context.Context, now time.Time) error {
	if o.X == nil {
		return ErrNotAsked
	}
	end, err := o.turn.Take(ctx)
	if err != nil {
		return err
	}
	defer end()
	_, posts := o.round(ctx, now, event.JobPosts, true)
	_, users := o.round(ctx, now, event.JobUsers, true)
	return errors.Join(posts, users)
}

// ErrNotAsked says why there are no rounds.
var ErrNotAsked = errors.New("X cannot be asked what is gone: it wants app.bearer, or app.consumer_key, in the configuration")

// Run steps until ctx ends. wake tells that a duty may have been opened.
func (o *Officer) Run(ctx context.Context, now func() time.Time, wake <-chan struct{}) error {
	for {
		at := now()
		next, err := o.Step(ctx, at)
		if err != nil && ctx.Err() == nil {
			o.Log.WarnContext(ctx, "a deletion is not done yet; it is tried again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-time.After(max(next.Sub(at), time.Second)):
		}
	}
}
