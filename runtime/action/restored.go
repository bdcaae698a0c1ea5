package action

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// This file is what a database that was brought back from a backup must not do
// (I14). It does not know what was sent since the backup was made, nor who said
// stop; the one cannot be found out for sure, the other is kept on the bus too.

// ruleRestored holds what may have gone out before the database was restored.
const ruleRestored = "restore.perhaps-sent"

// restored is the newest restore of the database; zero if there was none.
func (u *Unit) restored() (db.Restore, error) {
	if u.restore == nil {
		r, err := u.Tx.LastRestore()
		if err != nil {
			return r, fmt.Errorf("read whether the database was restored: %w", err)
		}
		u.restore = &r
	}
	return *u.restore, nil
}

// BeforeRestore reports whether something happened before the database was
// brought back from a backup: then it may be lost, or half of it.
func (u *Unit) BeforeRestore(at time.Time) (bool, error) {
	r, err := u.restored()
	return !r.At.IsZero() && !at.After(r.At), err
}

// blind says why nothing may be sent at all: who said stop since the backup is
// not known yet. "": it is known.
func (u *Unit) blind() (string, error) {
	r, err := u.restored()
	if err != nil || r.At.IsZero() || !r.MergedAt.IsZero() {
		return "", err
	}
	return "the database was restored from the backup of " + r.BackupAt.UTC().Format(time.RFC3339) +
		", and who said stop since is not known yet; `beckon doctor` says what to do", nil
}

// doubt holds what may have been sent by the host that the database was lost
// with: its row was in the backup, or it answers something from before the
// restore. A person who approves it since has looked.
func (u *Unit) doubt(v *gate.Verdict, a db.Action, asked time.Time, approvals ...*db.Approval) error {
	r, err := u.restored()
	if err != nil || r.At.IsZero() || v.Decision.Effect == gate.Deny {
		return err
	}
	if at, ok := event.Snowflake(a.Interaction); ok && at.Before(asked) {
		asked = at
	}
	if asked.After(r.At) {
		return nil
	}
	for _, yes := range approvals {
		if yes != nil && yes.At.After(r.At) {
			return nil
		}
	}
	v.Held(ruleRestored, "It may have been sent before the database was restored ("+r.At.UTC().Format(time.RFC3339)+"): look on X whether it was.")
	return nil
}

// ErrNotRestored is returned where no restore waits for a word.
var ErrNotRestored = errors.New("no restore of the database waits for the opt-outs since its backup")

// Merged notes that who said stop since the backup is known again, by what the
// bus kept ("bus") or by an operator's word, and lets go what waited for that.
func (d Desk) Merged(ctx context.Context, now time.Time, by string) error {
	return d.transact(ctx, now, func(u *Unit) error {
		r, err := u.restored()
		if err != nil {
			return err
		}
		if r.At.IsZero() || !r.MergedAt.IsZero() {
			return ErrNotRestored
		}
		r.MergedAt, r.MergedBy = now.UTC(), by
		if err := u.Tx.PutRestore(r); err != nil {
			return fmt.Errorf("note that opt-outs are known again: %w", err)
		}
		u.restore = &r
		return unpark(u, ParkedReason, db.AllBots)
	})
}

const waitedThen = "it waited when the backup was made, and may have been sent since: look on X whether it was"

// holdRestored puts on hold, at the restore itself, what waited in the backup.
// It is called before the host runs; the wall in doubt is what holds by itself.
// What was on hold may have been approved since, and sent: who approves it now
// is told so.
func (u *Unit) holdRestored() (held int, err error) {
	asked, err := u.Tx.InState(event.Hold, everyRow)
	if err != nil {
		return 0, fmt.Errorf("find what was on hold in the backup: %w", err)
	}
	for _, a := range asked {
		if strings.HasSuffix(a.Reason, waitedThen) { // of the restore before
			continue
		}
		a.Reason += "; " + waitedThen
		if err := u.Move(a, event.Hold); err != nil {
			return 0, err
		}
	}
	rows, err := u.Tx.InState(event.Pending, everyRow)
	if err != nil {
		return 0, fmt.Errorf("find what waited in the backup: %w", err)
	}
	for _, a := range rows {
		if a.Part > 0 { // it waits for the part before it
			continue
		}
		a.State, a.Reason = event.Hold, waitedThen
		if err := u.Move(a, event.Pending); err != nil {
			return held, err
		}
		held++
	}
	return held, nil
}

// Restored notes a restore in the database that came out of it, and puts on
// hold what waited in the backup. It returns how many.
func Restored(u *Unit, r db.Restore) (held int, err error) {
	if err := u.Tx.PutRestore(r); err != nil {
		return 0, fmt.Errorf("note the restore: %w", err)
	}
	u.restore = &r
	return u.holdRestored()
}
