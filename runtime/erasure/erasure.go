// Package erasure removes what the host keeps of one user, and leaves a receipt
// that tells of nobody.
//
// What it owns: the order of the removal, and its end after a crash. What it
// refuses: to touch an opt-out, to lose one that is still on its way, to let
// something go out twice.
//
//   - Z1 what an erasure has begun it ends, once, wherever the host stopped.
//   - Z2 when it is done, neither the user's id nor a word of theirs is in the
//     files of the database or of the bus.
//   - Z3 an opt-out survives, also one that dispatch had not had yet.
//   - Z4 what the user did before is never answered, however often it comes.
//   - Z5 each export that the host knows to hold the user is recalled, by name.
//
// What stays: the opt-out and the time of the erasure, under a keyed hash; for
// KeepAnswered the rows of actions that had ended, with their key and X's id of
// our own post and nothing else, so that a body that X delivers again finds them
// answered; ids of events taken in, which name no user.
//
// The steps, each stored with what it removed before the next begins: rows (in
// one transaction, with everything that waits to go to the user), bus, decisions
// (a chunk at a time), what a call to X that was under way has left, scrub.
package erasure

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/service"
)

// KeepAnswered outlasts what X and the bus can deliver again.
const KeepAnswered = 7 * 24 * time.Hour

const (
	chunk = 2000             // decisions a transaction
	again = 2 * time.Second  // after a step that could not be done
	calm  = time.Minute      // between looks for one that was asked for by message
	wait  = 10 * time.Minute // for the confirmation of one that was
)

// Bus removes events.
type Bus interface {
	Erase(ctx context.Context, bot, user string, see func(bus.Message) error) (int, error)
}

// Eraser erases. It is safe for concurrent use; one erasure runs at a time.
type Eraser struct {
	Store db.Store
	Bus   Bus
	Scrub func(context.Context) error // of the database's files
	Key   event.Key
	Book  *budget.Book
	Log   *slog.Logger
	Told  func() // wakes who tells the desk what to remove; nil: nobody does

	turn service.Turn
}

// Request is what a named operator asks for, or a duty.
type Request struct {
	Bot  string // "": toward every bot
	User string
	By   string

	ID    string    // made from its cause: what is begun twice is done once; "": a new one
	Cause db.Cause  // "": the user
	DueAt time.Time // zero: in a day

	// At is when the user was erased, where that was before: a database that was
	// restored does not know it. What they did since then stays theirs to be
	// answered. Zero: now.
	At time.Time
}

// Begin stores the erasure and removes the user's rows, in one transaction.
// Finish does the rest; a crash between them does no harm.
func (e *Eraser) Begin(ctx context.Context, now time.Time, r Request) (db.Erasure, error) {
	var out db.Erasure
	err := e.Store.Write(ctx, func(tx db.Tx) (err error) {
		if r.ID != "" {
			if out, err = tx.Erasure(r.ID); !errors.Is(err, db.ErrNotFound) {
				return err
			}
		}
		out = db.Erasure{
			ID: cmp.Or(r.ID, newID()), Bot: r.Bot, User: r.User, By: r.By, AskedAt: now,
			Cause: cmp.Or(r.Cause, db.CauseUser), DueAt: cmp.Or(r.DueAt, now.Add(Within)), ErasedAt: r.At,
		}
		out, err = e.rows(tx, now, out)
		return err
	})
	if err != nil {
		return db.Erasure{}, fmt.Errorf("erase user %s: %w", r.User, err)
	}
	e.tell()
	return out, nil
}

func (e *Eraser) tell() {
	if e.Told != nil {
		e.Told()
	}
}

// newID names an erasure. It is made from nothing, so that nobody can ask whether
// it was that of a user they know.
func newID() string {
	b := make([]byte, 8)
	rand.Read(b) // never fails
	return "r-" + hex.EncodeToString(b)
}

// errDry undoes a transaction that only wanted to know.
var errDry = errors.New("dry")

// Dry counts what Begin would remove, and the decisions; nothing is changed. Of
// the bus it says nothing.
func (e *Eraser) Dry(ctx context.Context, now time.Time, r Request) (counts map[string]int64, err error) {
	err = e.Store.Write(ctx, func(tx db.Tx) error {
		x, err := e.rows(tx, now, db.Erasure{ID: "dry", Bot: r.Bot, User: r.User, By: r.By, AskedAt: now, Cause: db.CauseUser})
		if err != nil {
			return err
		}
		if counts, err = read(x.Counts); err != nil {
			return err
		}
		for after := int64(0); ; {
			ids, next, err := tx.EraseDecisions(db.Who{Bot: r.Bot, User: r.User}, after, chunk)
			if err != nil {
				return err
			}
			if len(ids) > 0 {
				counts["decisions"] += int64(len(ids))
			}
			if next == after {
				return errDry
			}
			after = next
		}
	})
	if !errors.Is(err, errDry) {
		return nil, fmt.Errorf("look what there is of user %s: %w", r.User, err)
	}
	return counts, nil
}

// Finish goes on with one erasure until it is done. Where a call to X is under
// way to the user it waits for its end.
func (e *Eraser) Finish(ctx context.Context, now func() time.Time, id string) (db.Erasure, error) {
	for {
		x, more, err := e.step(ctx, now(), id)
		if err != nil || x.Step == db.EraseDone {
			return x, err
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return x, fmt.Errorf("erasure %s goes on by itself: %w", id, ctx.Err())
		case <-time.After(again):
		}
	}
}

// Run ends the erasures that a stop of the host has interrupted, and those that
// users ask for, until ctx ends.
func (e *Eraser) Run(ctx context.Context, now func() time.Time, stir <-chan struct{}) error {
	for {
		next := calm
		if err := e.All(ctx, now()); err != nil && ctx.Err() == nil {
			e.Log.WarnContext(ctx, "an erasure is not done yet; it is tried again", "err", err)
			next = again
		}
		select {
		case <-ctx.Done():
			return nil
		case <-stir:
		case <-time.After(next):
		}
	}
}

// All takes every open erasure as far as it goes now. The trouble of one is its
// own.
func (e *Eraser) All(ctx context.Context, now time.Time) error {
	var open []db.Erasure
	err := e.Store.Read(ctx, func(tx db.Tx) (err error) {
		open, err = tx.OpenErasures()
		return err
	})
	errs := []error{err}
	for _, x := range open {
		for more := true; more; {
			var was db.Erasure
			if was, more, err = e.step(ctx, now, x.ID); err != nil {
				more = false
				errs = append(errs, err)
			} else if was.Step == db.EraseDone {
				e.Log.InfoContext(ctx, "a user was erased", "receipt", x.ID, "by", x.By)
			}
		}
	}
	return errors.Join(errs...)
}

func read(counts string) (map[string]int64, error) {
	m := map[string]int64{}
	if counts == "" {
		return m, nil
	}
	if err := json.Unmarshal([]byte(counts), &m); err != nil {
		return nil, fmt.Errorf("read what an erasure removed: %w", err)
	}
	return m, nil
}

// add adds to what x has removed.
func add(x db.Erasure, more map[string]int64) (db.Erasure, error) {
	m, err := read(x.Counts)
	if err != nil {
		return x, err
	}
	for k, n := range more {
		if n > 0 {
			m[k] += n
		}
	}
	b, err := json.Marshal(m)
	x.Counts = string(b)
	return x, err
}
