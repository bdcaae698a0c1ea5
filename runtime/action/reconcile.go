package action

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Reader reads back from X what it has of an account.
type Reader interface {
	// ReadBack lists the account's own posts, or its DMs to one user, since a
	// time. With the class OK the list is whole; with any other it may lack
	// some, and what it holds is true all the same.
	ReadBack(ctx context.Context, l event.Lookup) ([]event.Own, event.Outcome)
}

// Reconciler finds out what became of actions whose outcome nobody knows, by
// asking X what it has. It settles them as sent or failed, or leaves them to a
// person; it never sends (I3). Step belongs to one goroutine.
type Reconciler struct {
	Store db.Store
	X     Reader
	Key   event.Key
	Book  *budget.Book // what was held for a lost send is spent or free again; nil: as for the Sender

	PersonQuiet Quiet

	// Settled is told that outcomes became known: what waited for them may be due.
	// nil: nobody.
	Settled func()

	Log     *slog.Logger // nil: silent
	Metrics *Metrics     // nil: not counted
}

// place is where X keeps what an action made: an account's posts, or its DMs
// with one user. One answer tells of all actions of a place.
type place struct{ bot, user string }

func placeOf(a db.Action) place {
	if a.Kind == event.DM {
		return place{a.Bot, a.User}
	}
	return place{bot: a.Bot}
}

// Step makes the lookup that is due, and settles what it shows. It returns when
// it wants to be called again; zero if nobody waits. A crash between the look
// and its commit repeats the look, which changes nothing on X.
func (r *Reconciler) Step(ctx context.Context, now time.Time) (next time.Time, err error) {
	at, lost, since, err := r.due(ctx, now)
	if err != nil || len(lost) == 0 {
		return at.NextAt, err
	}
	own, out := r.X.ReadBack(ctx, event.Lookup{Bot: lost[0].Bot, User: placeOf(lost[0]).user, Since: since})
	if ctx.Err() != nil {
		return time.Time{}, ctx.Err()
	}
	var done []db.Action
	err = Transact(ctx, r.Store, r.Key, r.Book, now, func(u *Unit) (err error) {
		done, err = r.judge(u, lost, own, out)
		return err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("settle what was looked for: %w", err)
	}
	r.note(ctx, done, out)
	if len(done) > 0 && r.Settled != nil {
		r.Settled()
	}
	return now, nil
}

// due finds the search that comes first. If its time has come, it returns the
// unknown actions of the same place, and since when X has to be asked.
func (r *Reconciler) due(ctx context.Context, now time.Time) (l db.Lookup, lost []db.Action, since time.Time, err error) {
	err = r.Store.Read(ctx, func(tx db.Tx) error {
		lost = nil
		if l, err = tx.NextLookup(); err != nil || l.Action == "" || l.NextAt.After(now) {
			return err
		}
		first, err := tx.Action(l.Action)
		if err != nil {
			return err
		}
		open, err := tx.InState(event.Unsettled, everyRow)
		if err != nil {
			return err
		}
		for _, a := range open {
			if !findable(a.Kind) || placeOf(a) != placeOf(first) {
				continue
			}
			if lost = append(lost, a); since.IsZero() || a.CreatedAt.Before(since) {
				since = a.CreatedAt
			}
		}
		return nil
	})
	if err != nil {
		return l, nil, since, fmt.Errorf("find what to look for: %w", err)
	}
	slices.SortStableFunc(lost, func(a, b db.Action) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return l, lost, since.Add(-clockSkew), nil
}

// judge settles those of the lost actions that an answer of X tells of, and
// notes of the others that they were looked for. Two that say the same get the
// oldest of what X has first.
func (r *Reconciler) judge(u *Unit, lost []db.Action, own []event.Own, out event.Outcome) (done []db.Action, err error) {
	slices.SortStableFunc(own, func(a, b event.Own) int {
		return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
	})
	for _, a := range lost {
		if a, err = u.Tx.Action(a.ID); err != nil {
			return nil, err
		}
		if a.State != event.Unsettled { // an echo or a person was faster
			continue
		}
		l, err := u.Tx.Lookup(a.ID)
		if err != nil {
			return nil, err
		}
		l.Looks, l.LastAt = l.Looks+1, u.Now
		id, err := u.among(a, own)
		if err != nil {
			return nil, err
		}
		switch {
		case id != "":
			a.State, a.RemoteID, a.Class = event.Sent, id, event.OK
			a.Reason = "X has it: found when the account was read back"
		case out.Class != event.OK:
			l.Found = "X could not be asked: " + cmp.Or(out.Detail, string(out.Class))
		default:
			l.Absent++
			l.Found = "X does not show it"
			if l.Absent >= absentLooks && !u.Now.Before(a.UpdatedAt.Add(settledLook)) {
				a.State = event.Failed
				a.Reason = fmt.Sprintf("X does not have it: read back %d times until %s; it is not sent again by itself",
					l.Absent, u.Now.UTC().Format(time.RFC3339))
			}
		}
		if a.State == event.Unsettled {
			if err := u.Tx.PutLookup(again(l, a, out, u.Now)); err != nil {
				return nil, err
			}
			continue
		}
		if err := u.Move(a, event.Unsettled); err != nil {
			return nil, err
		}
		if err := u.judgeEchoes(a, r.PersonQuiet.Of(a.Bot)); err != nil {
			return nil, err
		}
		done = append(done, a)
	}
	return done, nil
}

// among finds a among what X has, and gives X's id of it: the same target, the
// same text but for links, and no other action's.
func (u *Unit) among(a db.Action, own []event.Own) (id string, err error) {
	for _, o := range own {
		if o.Kind != a.Kind || a.Kind != event.DM && o.About != a.ReplyTo {
			continue
		}
		if !u.says(a, o.Text) || o.At.Before(a.CreatedAt.Add(-clockSkew)) {
			continue
		}
		_, err := u.Tx.ActionByRemoteID(a.Bot, o.ID)
		if errors.Is(err, db.ErrNotFound) {
			return o.ID, nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", nil
}

// again says when l is looked for again: never by itself once it is old. A
// limit of X is waited out.
func again(l db.Lookup, a db.Action, out event.Outcome, now time.Time) db.Lookup {
	l.NextAt = now.Add(lookWait(l.Looks))
	switch {
	case out.RetryAt.After(l.NextAt):
		l.NextAt = out.RetryAt
	case l.Absent == absentLooks-1 && out.Class == event.OK:
		l.NextAt = a.UpdatedAt.Add(settledLook)
		if min := now.Add(firstLook); l.NextAt.Before(min) {
			l.NextAt = min
		}
	}
	if l.NextAt.After(a.UpdatedAt.Add(lastLook)) {
		l.NextAt = time.Time{}
	}
	return l
}

// note counts and logs what was found out.
func (r *Reconciler) note(ctx context.Context, done []db.Action, out event.Outcome) {
	log, m := r.log(), r.Metrics
	if m == nil {
		m = &Metrics{}
	}
	m.Looks.Add(1)
	if out.Class != event.OK {
		m.LooksFailed.Add(1)
		log.WarnContext(ctx, "X could not be asked for what became of a send", "class", out.Class, "err", out.Detail)
	}
	for _, a := range done {
		count, what := &m.FoundSent, "unknown outcome settled: X has it"
		if a.State == event.Failed {
			count, what = &m.FoundFailed, "unknown outcome settled: X does not have it"
		}
		count.Add(1)
		log.InfoContext(ctx, what, "bot", a.Bot, "user", a.User, "interaction", a.Interaction, "action", a.ID, "kind", a.Kind)
	}
}

// Run calls Step until ctx ends, as Sender.Run does.
func (r *Reconciler) Run(ctx context.Context, now func() time.Time, wake <-chan struct{}) error {
	loop(ctx, now, wake, r.Step, func(err error) {
		r.log().ErrorContext(ctx, "what became of lost sends is not looked for until the database answers", "err", err)
	})
	return nil
}

func (r *Reconciler) log() *slog.Logger {
	if r.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return r.Log
}
