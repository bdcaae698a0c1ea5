// Package desk tells the desk, by a webhook of the operator's, by an event on
// the bus, or by both, that a person is to take over from a bot. README.md is for
// those who write the other end.
//
// What it owns: what the desk reads, how it is signed, how often it is told and
// when that is given up; what the desk may know, and that it is told to remove it.
// What it refuses: to hand on a word of the user's, and to say who is handed off or
// what is gone: notices are stored with the handoff (runtime/action), removals
// with the duty (runtime/compliance) or the erasure. A reference of the user outside
// of X goes to the webhook alone, where it is configured for its purpose
// (runtime/match).
//
//   - N11 a notice goes only once the desk has taken it: the webhook answered 2xx,
//     the bus has it on disk. Whatever is killed when, it is told again, under the
//     same id; by a way that has taken it already only after a crash.
//   - N12 each notice ends: taken, given up after a day, or void because the user
//     was released.
//   - N13 before the desk is told of a handoff it is written that it may know of it:
//     whatever is killed when, what is gone is taken back from it.
//   - N14 a removal is told for seven days, and shown to operators until the desk has
//     taken it.
package desk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/retry"
)

const (
	// GiveUp is how old a handoff may be and the desk still be told.
	GiveUp = 24 * time.Hour
	// Keep is how long one that was given up is shown.
	Keep = 30 * 24 * time.Hour

	atOnce   = 8 // notices a step
	minPause = 5 * time.Second
	maxPause = time.Hour
)

// Options is what a Teller needs.
type Options struct {
	Store db.Store

	HTTP   *http.Client // follows no redirect; runtime/dial makes one
	URL    string       // "": there is no webhook
	Secret []byte

	// Purposes of matches with references outside of X that the webhook may have;
	// nil: none. The bus keeps its events on disk, and has none.
	Purposes []string

	// Publish stores an event on the bus, where the desk's program takes it; nil:
	// there is none.
	Publish func(ctx context.Context, e Event) error

	Log     *slog.Logger // nil: silent
	Metrics *Metrics     // nil: not counted
}

// Teller tells the desk.
type Teller struct{ o Options }

// New returns a teller.
func New(o Options) *Teller {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = &Metrics{}
	}
	return &Teller{o}
}

// Step tells what is due, and returns when it wants to be called again; the
// zero time is: at the next handoff. A desk that does not answer is no error of
// it.
func (t *Teller) Step(ctx context.Context, now time.Time) (next time.Time, err error) {
	var due []db.DeskNotice
	var gone []db.DeskRemoval
	err = t.o.Store.Read(ctx, func(tx db.Tx) (err error) {
		if due, err = tx.DueDeskNotices(now, atOnce); err != nil {
			return err
		}
		gone, err = tx.DueDeskRemovals(now, atOnce)
		return err
	})
	if err != nil {
		return now.Add(minPause), fmt.Errorf("read what the desk is to be told: %w", err)
	}
	for _, r := range gone {
		if err := t.remove(ctx, r, now); err != nil {
			return now.Add(minPause), err
		}
	}
	for _, n := range due {
		n, void, err := t.ahead(ctx, n)
		if err != nil {
			return now.Add(minPause), err
		}
		if void {
			continue
		}
		if err := t.tell(ctx, n, now); err != nil {
			return now.Add(minPause), err
		}
	}
	err = t.o.Store.Read(ctx, func(tx db.Tx) (err error) {
		if next, err = tx.NextDeskNotice(); err != nil {
			return err
		}
		at, err := tx.NextDeskRemoval()
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
		return err
	})
	if err != nil {
		return now.Add(minPause), fmt.Errorf("read what the desk is to be told next: %w", err)
	}
	return next, nil
}

// ahead writes that the desk may know of a handoff (N13), and returns it as it
// stands in that moment: the post may be gone from it, or all of it void.
func (t *Teller) ahead(ctx context.Context, n db.DeskNotice) (now db.DeskNotice, void bool, err error) {
	err = t.o.Store.Write(ctx, func(tx db.Tx) (err error) {
		void = false
		now, err = tx.DeskNotice(n.Bot, n.User)
		if errors.Is(err, db.ErrNotFound) || err == nil && now.ID != n.ID {
			void = true
			return nil
		}
		if err != nil {
			return err
		}
		return tx.PutDeskTold(db.DeskTold{ID: now.ID, Bot: now.Bot, User: now.User, Interaction: now.Interaction, Post: now.Post, At: now.At})
	})
	if err != nil {
		return n, false, fmt.Errorf("write that the desk is told of handoff %s: %w", n.ID, err)
	}
	return now, void, nil
}

// tell tells one: 0 it is written that the desk may know of it (ahead), 1 the desk
// is told, 2 what came of it is stored. A crash between 1 and 2 tells it again
// (N11).
func (t *Teller) tell(ctx context.Context, n db.DeskNotice, now time.Time) error {
	var faults [2]error
	if t.o.Publish != nil && !n.OnBus {
		faults[0] = t.publish(ctx, Event{ID: n.ID, Type: EventType, Bot: n.Bot, User: n.User, At: n.At.UTC()}, handoff(n))
		n.OnBus = count(faults[0], &t.o.Metrics.Published, &t.o.Metrics.Unpublished)
	}
	if t.o.URL != "" && !n.Posted {
		h := handoff(n)
		h.Attempt, h.Sent = n.Attempts+1, now.Unix()
		if h.Matches, faults[1] = t.matches(ctx, n, now); faults[1] == nil {
			faults[1] = t.post(ctx, n.ID, h, now)
		}
		n.Posted = count(faults[1], &t.o.Metrics.Told, &t.o.Metrics.Failed)
	}
	fault := errors.Join(faults[:]...)
	if fault != nil && ctx.Err() != nil {
		return ctx.Err() // the host stops: that is no attempt
	}
	if fault == nil {
		err := t.o.Store.Write(ctx, func(tx db.Tx) error { return tx.DropDeskNotice(n.ID) })
		if err != nil {
			return fmt.Errorf("mark handoff %s as told: %w", n.ID, err)
		}
		t.o.Log.InfoContext(ctx, "the desk was told of a handoff", "bot", n.Bot, "handoff", n.ID)
		return nil
	}
	n.Attempts++
	n.Reason = strings.ReplaceAll(fault.Error(), "\n", "; ")
	if n.NextAt = now.Add(retry.After(n.Attempts, minPause, maxPause)); n.NextAt.After(n.At.Add(GiveUp)) {
		n.NextAt = time.Time{}
	}
	err := t.o.Store.Write(ctx, func(tx db.Tx) error {
		if err := tx.PruneDeskNotices(now.Add(-Keep)); err != nil {
			return err
		}
		return tx.RetryDeskNotice(n)
	})
	if err != nil {
		return fmt.Errorf("keep handoff %s for another attempt: %w", n.ID, err)
	}
	if n.NextAt.IsZero() {
		t.o.Metrics.Dead.Add(1)
		t.o.Log.ErrorContext(ctx, "the desk could not be told of a handoff, which is given up; see `beckon conversations list`",
			"bot", n.Bot, "handoff", n.ID, "attempts", n.Attempts, "err", fault)
		return nil
	}
	t.o.Log.WarnContext(ctx, "the desk could not be told of a handoff; it is told again", "bot", n.Bot, "handoff", n.ID,
		"attempts", n.Attempts, "next", n.NextAt, "err", fault)
	return nil
}

// count counts one way of telling, and reports whether it was taken.
func count(fault error, ok, failed *atomic.Int64) bool {
	if fault != nil {
		failed.Add(1)
		return false
	}
	ok.Add(1)
	return true
}

// Run steps until ctx ends. wake tells that somebody may have been handed off.
func (t *Teller) Run(ctx context.Context, now func() time.Time, wake <-chan struct{}) error {
	for {
		at := now()
		next, err := t.Step(ctx, at)
		if err != nil && ctx.Err() == nil {
			t.o.Log.ErrorContext(ctx, "tell the desk", "err", err)
		}
		var due <-chan time.Time
		if !next.IsZero() {
			due = time.After(next.Sub(at))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-due:
		}
	}
}
