package compliance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/erasure"
)

// counts is what was removed to how many.
type counts map[string]int64

func (c counts) add(what string, n int64) {
	if n > 0 {
		c[what] += n
	}
}

// put adds c to what d has removed.
func (c counts) put(d *db.Duty) error {
	all := counts{}
	if d.Counts != "" {
		if err := json.Unmarshal([]byte(d.Counts), &all); err != nil {
			return fmt.Errorf("read what duty %s removed: %w", d.ID, err)
		}
	}
	for what, n := range c {
		all.add(what, n)
	}
	b, err := json.Marshal(all)
	d.Counts = string(b)
	return err
}

// duties takes what is open as far as it goes now. busy: something is under way
// that ends by itself. The trouble of one is its own.
func (o *Officer) duties(ctx context.Context, now time.Time) (busy bool, err error) {
	var errs []error
	for {
		open, err := o.open(ctx)
		if err != nil {
			return false, errors.Join(append(errs, err)...)
		}
		moved := false
		for _, d := range open {
			if d.What == db.DutyAccount && d.Step == db.DutyRows {
				void, err := o.resumed(ctx, now, &d)
				errs = append(errs, err)
				if void || err != nil {
					continue
				}
			}
			if !due(d, now) || d.Step != db.DutyRows {
				continue
			}
			after, err := o.rows(ctx, now, d)
			if err != nil {
				errs = append(errs, o.failed(ctx, d, err))
				continue
			}
			moved = moved || after.Step != d.Step
		}
		swept, err := o.sweep(ctx, now)
		errs = append(errs, err)
		cleaned, err := o.clean(ctx, now)
		errs = append(errs, err)
		if len(open) == most && (moved || swept || cleaned) {
			continue // there are more
		}
		left, err := o.open(ctx)
		for _, d := range left {
			busy = busy || due(d, now)
		}
		return busy, errors.Join(append(errs, err)...)
	}
}

func (o *Officer) open(ctx context.Context) (open []db.Duty, err error) {
	err = o.Store.Read(ctx, func(tx db.Tx) (err error) {
		open, err = tx.OpenDuties(most)
		return err
	})
	return open, err
}

// failed notes what went wrong with a duty. It is tried again with the next
// step.
func (o *Officer) failed(ctx context.Context, d db.Duty, fault error) error {
	fault = fmt.Errorf("duty %s, step %s: %w", d.ID, d.Step, fault)
	o.Metrics.Failures.Add(1)
	err := o.Store.Write(ctx, func(tx db.Tx) error {
		was, err := tx.Duty(d.ID)
		if err != nil || !was.DoneAt.IsZero() {
			return err
		}
		was.Attempts, was.Problem = was.Attempts+1, fault.Error()
		return tx.UpdateDuty(was)
	})
	return errors.Join(fault, err)
}

// rows does the first step of a duty, in one transaction with the word that it
// is done. Of a user the eraser does it, under an id made from the duty's.
func (o *Officer) rows(ctx context.Context, now time.Time, d db.Duty) (db.Duty, error) {
	switch d.What {
	case db.DutyUser:
		return o.erase(ctx, now, d)
	case db.DutyAccount:
		return o.wipe(ctx, now, d)
	}
	after := d
	err := action.Transact(ctx, o.Store, o.Key, o.Book, now, func(u *action.Unit) error {
		n, was := counts{}, d
		after = was
		wait, err := o.rowsOf(u, was, n)
		if err == nil {
			err = o.recall(u.Tx, now, was, n)
		}
		if err != nil {
			return err
		}
		if err := n.put(&after); err != nil {
			return err
		}
		if !wait {
			after.Step, after.Problem = db.DutyBus, ""
		}
		return u.Tx.UpdateDuty(after)
	})
	o.Told()
	return after, err
}

// recall asks back what was given away of it (K22). Where it is only a place, an
// export under pseudonyms has none.
func (o *Officer) recall(tx db.Tx, now time.Time, d db.Duty, c counts) error {
	if was, err := tx.RecallsOf(d.ID); err != nil || len(was) > 0 {
		return err // of an earlier try
	}
	n, err := erasure.Recall(tx, now, d.Hash, d.ID, d.DueAt, func(r db.Redistribution) bool { return d.What != db.DutyGeo || r.Hydrated > 0 })
	c.add("exports_recalled", n)
	return err
}

// erase begins the erasure of a user, or sees whether it is done. A crash after
// it began finds it by its id.
func (o *Officer) erase(ctx context.Context, now time.Time, d db.Duty) (db.Duty, error) {
	x, err := o.Eraser.Begin(ctx, now, erasure.Request{
		ID: "r-" + d.ID, Bot: d.Bot, User: d.Target, By: d.ToldBy, Cause: d.Cause, DueAt: d.DueAt,
	})
	if err != nil {
		return d, err
	}
	trouble := o.Eraser.All(ctx, now) // perhaps another's
	after := d
	err = o.Store.Write(ctx, func(tx db.Tx) (err error) {
		after = d
		if x, err = tx.Erasure(x.ID); err != nil {
			return err
		}
		if x.Step != db.EraseDone {
			return trouble // or a call to the user is under way
		}
		after.Counts = x.Counts
		nameless(&after)
		return tx.UpdateDuty(after)
	})
	return after, err
}

// nameless takes a duty to its last step, at which its row tells of nobody: the
// files are cleaned after that.
func nameless(d *db.Duty) {
	d.Step, d.Problem, d.Target, d.Owner = db.DutyScrub, "", "", ""
}

// sweep takes events off the bus, for all duties at once. What dispatch has not
// had yet stays until it has: it may say stop, and it is not answered (K12).
func (o *Officer) sweep(ctx context.Context, now time.Time) (moved bool, err error) {
	all, err := o.open(ctx)
	if err != nil {
		return false, err
	}
	var open []db.Duty
	owners := map[string]bool{}
	for _, d := range all {
		if d.Step != db.DutyBus || !due(d, now) {
			continue
		}
		open = append(open, d)
		owner := d.Owner
		if d.What != db.DutyEdit && d.What != db.DutyDM {
			owner = "" // others' events may have a copy
		}
		owners[owner] = true
	}
	if len(open) == 0 {
		return false, nil
	}
	if owners[""] {
		owners = map[string]bool{"": true}
	}
	removed, left := make([]int64, len(open)), make([]int64, len(open))
	for owner := range owners {
		_, err := o.Bus.Remove(ctx, "", owner, func(m bus.Stored) (goes bool, err error) {
			for i, d := range open {
				if d.Bot != "" && d.Bot != m.Bot || !holds(d, m.Data) {
					continue
				}
				if !m.Taken {
					left[i]++
					continue
				}
				goes = true
				removed[i]++
			}
			return goes, nil
		})
		if err != nil {
			return false, fmt.Errorf("take %d duties off the bus: %w", len(open), err)
		}
	}
	unposted, err := o.unpost(ctx, open)
	if err != nil {
		return false, err
	}
	err = o.Store.Write(ctx, func(tx db.Tx) error {
		moved = false
		for i, d := range open {
			if err := (counts{}).with("handoffs", unposted[i]).put(&d); err != nil {
				return err
			}
			if err := (counts{}).with("events", removed[i]).put(&d); err != nil {
				return err
			}
			d.Problem = ""
			if left[i] > 0 {
				d.Problem = fmt.Sprintf("events about it that wait to be taken in: %d; where no host runs, they wait for one", left[i])
			} else {
				nameless(&d)
				moved = true
			}
			if err := tx.UpdateDuty(d); err != nil {
				return err
			}
		}
		return nil
	})
	return moved, err
}

// unpost takes what duties are about out of handoffs that wait on the bus (K23).
func (o *Officer) unpost(ctx context.Context, open []db.Duty) ([]int64, error) {
	if o.Unpost == nil {
		return make([]int64, len(open)), nil
	}
	n, err := o.Unpost(ctx, open)
	if err != nil {
		return nil, fmt.Errorf("take what %d duties are about out of handoffs: %w", len(open), err)
	}
	return n, nil
}

func (c counts) with(what string, n int64) counts {
	c.add(what, n)
	return c
}

// clean makes what was deleted gone from the files, and closes those duties.
func (o *Officer) clean(ctx context.Context, now time.Time) (moved bool, err error) {
	all, err := o.open(ctx)
	if err != nil {
		return false, err
	}
	open := slices.DeleteFunc(all, func(d db.Duty) bool { return d.Step != db.DutyScrub })
	if len(open) == 0 {
		return false, nil
	}
	if err := o.Scrub(ctx); err != nil {
		return false, fmt.Errorf("clean the files after %d duties: %w", len(open), err)
	}
	err = o.Store.Write(ctx, func(tx db.Tx) error {
		for _, d := range open {
			if err := o.close(tx, now, &d, db.DutyDone); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	o.Metrics.Done.Add(int64(len(open)))
	o.Log.InfoContext(ctx, "deleted what had to be", "duties", len(open))
	return true, nil
}

// close ends a duty. A receipt says what was removed; an edit that found nothing
// older leaves none.
func (o *Officer) close(tx db.Tx, now time.Time, d *db.Duty, step db.DutyStep) error {
	d.Step, d.DoneAt, d.Target, d.Owner, d.Problem = step, now, "", "", ""
	if err := tx.UpdateDuty(*d); err != nil {
		return err
	}
	if step == db.DutyVoid || d.What == db.DutyUser || d.What == db.DutyEdit && d.Counts == "{}" {
		return nil // of a user the erasure left it
	}
	return tx.PutReceipt(db.Receipt{
		ID: "r-" + d.ID, Cause: string(d.Cause), TriggeredAt: triggered(*d), DueAt: d.DueAt, At: now, Counts: d.Counts,
	})
}

// triggered is when the clock of a duty began: when it came about, or where X
// tells of it only when it is asked, when X did.
func triggered(d db.Duty) time.Time {
	if d.ToldBy == byJob {
		return d.OpenedAt
	}
	return d.Since
}
