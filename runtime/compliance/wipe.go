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
	"github.com/beckon-bot/beckon/runtime/event"
)

const ended = "access to the account ended, and what was kept of it is deleted"

// wipe removes everything of an account: first nothing more is sent, then rows a
// chunk at a time, each with its receipt and with how far it came, then events.
func (o *Officer) wipe(ctx context.Context, now time.Time, d db.Duty) (db.Duty, error) {
	bot := d.Target
	if bot == db.AllBots {
		bot = ""
	}
	for {
		busy, left := false, false
		was := d
		err := o.Store.Write(ctx, func(tx db.Tx) (err error) {
			d = was
			busy, left, err = o.chunk(action.NewUnit(tx, o.Key, o.Book, now), now, &d, bot)
			return err
		})
		if err != nil {
			return was, err
		}
		if busy {
			return d, nil // X takes up to a minute to answer
		}
		if !left {
			break
		}
		if err := ctx.Err(); err != nil {
			return d, err
		}
	}
	o.Told()
	n, err := o.Eraser.Events(ctx, bot, "")
	if err != nil {
		return d, err
	}
	after := d
	return after, o.Store.Write(ctx, func(tx db.Tx) error {
		after = d
		gone := counts{}.with("events", int64(n))
		if err := o.recall(tx, now, d, gone); err != nil {
			return err
		}
		if err := gone.put(&after); err != nil {
			return err
		}
		nameless(&after)
		if _, err := tx.DropTextKeys(bot, ""); err != nil {
			return err
		}
		return tx.UpdateDuty(after)
	})
}

// resumed voids the duty of an account that was authorised again: whoever
// resumed the bot said so. One that was ordered is done whatever the switch says.
func (o *Officer) resumed(ctx context.Context, now time.Time, d *db.Duty) (void bool, err error) {
	if d.StartAt.IsZero() || d.Target == db.AllBots {
		return false, nil
	}
	return void, o.Store.Write(ctx, func(tx db.Tx) error {
		void = false
		s, err := tx.Switch(d.Target)
		if err != nil || s.Paused || s.At.Before(d.OpenedAt) {
			return err
		}
		void = true
		return o.close(tx, now, d, db.DutyVoid)
	})
}

// chunk is one transaction of a wipe. The unit is flushed before rows go, and not
// after: it would bring back what went.
func (o *Officer) chunk(u *action.Unit, now time.Time, d *db.Duty, bot string) (busy, left bool, err error) {
	if err := hush(u, now, d.Target); err != nil {
		return false, false, err
	}
	open, err := u.Tx.OpenActionsOf(bot, most)
	if err != nil {
		return false, false, err
	}
	if _, err := u.EndAll(open, ended); err != nil {
		return false, false, err
	}
	if err := u.Flush(); err != nil { // what it wrote goes too
		return false, false, err
	}
	calls, err := u.Tx.InState(event.Attempting, most)
	if err != nil {
		return false, false, err
	}
	busy = slices.ContainsFunc(calls, func(a db.Action) bool { return bot == "" || a.Bot == bot })
	told, err := u.Tx.TakeBack(db.DutyAccount, bot, "", now, d.DueAt) // K23
	if err != nil {
		return false, false, err
	}
	gone, err := u.Tx.Wipe(bot, most)
	if err != nil {
		return false, false, err
	}
	counts(gone.Counts).add("desk_told", int64(told))
	left = len(gone.Counts) > 0 || len(open) > 0
	if !left {
		return busy, false, logOut(u.Tx, now, bot)
	}
	if err := counts(gone.Counts).put(d); err != nil {
		return false, false, err
	}
	d.Attempts++
	if err := u.Tx.UpdateDuty(*d); err != nil {
		return false, false, err
	}
	b, err := json.Marshal(gone.Counts)
	if err != nil {
		return false, false, err
	}
	return busy, true, u.Tx.PutReceipt(db.Receipt{
		ID: fmt.Sprintf("r-%s-%d", d.ID, d.Attempts), Cause: string(d.Cause), TriggeredAt: triggered(*d), DueAt: d.DueAt, At: now,
		Counts: string(b), Records: gone.Records,
	})
}

// hush stops sending, once.
func hush(u *action.Unit, now time.Time, bot string) error {
	s, err := u.Tx.Switch(bot)
	if err != nil || s.Paused {
		return err
	}
	return u.SetSwitch(db.Switch{Bot: bot, Paused: true, By: "host", At: now, Reason: ended})
}

// logOut forgets the account's login.
func logOut(tx db.Tx, now time.Time, bot string) error {
	all, err := tx.ListTokens()
	if err != nil {
		return err
	}
	for _, t := range all {
		if bot != "" && t.Bot != bot || t.State == db.TokenEnded && len(t.Sealed) == 0 {
			continue
		}
		t.State, t.Reason, t.Sealed, t.LeaseUntil = db.TokenEnded, ended, nil, time.Time{}
		if err := tx.PutToken(t); err != nil {
			return err
		}
	}
	return nil
}

// errDry undoes a transaction that only wanted to know.
var errDry = errors.New("dry")

// Plan counts what a wipe of the bot, or of db.AllBots, would remove from the
// database; nothing is changed.
func (o *Officer) Plan(ctx context.Context, now time.Time, bot string) (map[string]int64, error) {
	d := Account(o.Key, now, bot, Told{By: "plan"})
	all := counts{}
	err := o.Store.Write(ctx, func(tx db.Tx) error {
		of := d.Bot
		for left := true; left; {
			var err error
			if _, left, err = o.chunk(action.NewUnit(tx, o.Key, o.Book, now), now, &d, of); err != nil {
				return err
			}
		}
		if d.Counts != "" {
			if err := json.Unmarshal([]byte(d.Counts), &all); err != nil {
				return err
			}
		}
		return errDry
	})
	if !errors.Is(err, errDry) {
		return nil, fmt.Errorf("look what there is of %s: %w", bot, err)
	}
	return all, nil
}

// Wipe orders that everything of the bot, or of db.AllBots, goes at once. It
// takes over the duty that the end of access opened, and its clock.
func (o *Officer) Wipe(ctx context.Context, now time.Time, bot, by string, since time.Time) (ids []string, err error) {
	targets := []string{bot}
	if bot == db.AllBots {
		targets = append(slices.Clone(o.Bots), bot) // dispatch asks by bot; the last is for those that are configured no more
	}
	err = o.Store.Write(ctx, func(tx db.Tx) error {
		ids = nil
		open, err := tx.OpenDuties(everyLetter)
		if err != nil {
			return err
		}
		for _, target := range targets {
			at := slices.IndexFunc(open, func(d db.Duty) bool { return d.What == db.DutyAccount && d.Target == target })
			if at >= 0 {
				d := open[at]
				d.StartAt = time.Time{}
				ids, err = append(ids, d.ID), tx.UpdateDuty(d)
			} else {
				d := Account(o.Key, now, target, Told{By: by, Reason: "ordered", Since: since})
				d.StartAt = time.Time{}
				ids = append(ids, d.ID)
				_, err = tx.OpenDuty(d)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return ids, err
}
