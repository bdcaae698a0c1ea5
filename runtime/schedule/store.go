package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// RemindWithin is how late a reminder may still be sent: one that was due while
// the host was down longer than that would come out of the blue. What it closes
// is closed however late.
const RemindWithin = time.Hour

// ReminderDue is the event of a reminder whose time has come. One that was put
// off comes due as another event.
func ReminderDue(r db.Reminder) event.Command {
	return event.Command{
		ID: fmt.Sprintf("%s-%d", r.ID, r.DueAt.UnixMilli()), Bot: r.Bot, At: r.DueAt, Until: r.DueAt.Add(RemindWithin), By: "host",
		Timer: true, Kind: event.DM, User: r.User, Reminder: r.ID,
	}
}

// Store is Positions and Silence in the database.
type Store struct{ DB db.Store }

const positionKey = "schedule/"

// Position of a feed is "" where the feed was looked at last before the database
// was brought back from a backup: what is new since may have been posted, so it
// begins anew.
func (d Store) Position(ctx context.Context, name string) (v string, err error) {
	err = d.DB.Read(ctx, func(tx db.Tx) error {
		if v, err = tx.Meta(positionKey + name); err != nil || v == "" || !strings.HasPrefix(name, feedKey) {
			return err
		}
		r, err := tx.LastRestore()
		var s seen
		if err == nil && !r.At.IsZero() && (json.Unmarshal([]byte(v), &s) != nil || !s.LookedAt.After(r.At)) {
			v = ""
		}
		return err
	})
	return v, err
}

func (d Store) SetPosition(ctx context.Context, name, value string) error {
	return d.DB.Write(ctx, func(tx db.Tx) error { return tx.SetMeta(positionKey+name, value) })
}

// Due makes commands of reminders. One that was put off is due as another event.
func (d Store) Due(ctx context.Context, now time.Time, max int) (due []event.Command, err error) {
	err = d.DB.Read(ctx, func(tx db.Tx) error {
		rs, err := tx.DueReminders(now, max)
		due = make([]event.Command, 0, len(rs))
		for _, r := range rs {
			due = append(due, ReminderDue(r))
		}
		return err
	})
	return due, err
}

func (d Store) Next(ctx context.Context) (next time.Time, err error) {
	err = d.DB.Read(ctx, func(tx db.Tx) error {
		next, err = tx.NextReminder()
		return err
	})
	return next, err
}

// Asked notes them where they are still as they were: what was put off
// meanwhile is to be asked for again.
func (d Store) Asked(ctx context.Context, ids []string, now time.Time) error {
	return d.DB.Write(ctx, func(tx db.Tx) error {
		for _, id := range ids {
			r, err := tx.Reminder(id)
			if errors.Is(err, db.ErrNotFound) || err == nil && r.DueAt.After(now) {
				continue // done, or put off meanwhile
			}
			if err != nil {
				return err
			}
			r.AskedAt = now
			if err := tx.PutReminder(r); err != nil {
				return err
			}
		}
		return nil
	})
}
