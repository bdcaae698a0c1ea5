package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite/gen"
)

func (t tx) PutReminder(r db.Reminder) error {
	sealed := r.Sealed
	if sealed == nil {
		sealed = []byte{}
	}
	err := t.q.PutReminder(background(), gen.PutReminderParams{
		ID: r.ID, Bot: r.Bot, UserID: r.User, DueAt: millis(r.DueAt), After: r.After.Milliseconds(), AskedAt: millis(r.AskedAt), Since: millis(r.Since),
		Flow: r.Flow, Closes: bit(r.Closes), Sealed: sealed,
	})
	if err != nil {
		return fmt.Errorf("put reminder %s: %w", r.ID, err)
	}
	return nil
}

func (t tx) Reminder(id string) (db.Reminder, error) {
	r, err := t.q.Reminder(background(), id)
	if errors.Is(err, sql.ErrNoRows) {
		err = db.ErrNotFound
	}
	if err != nil {
		return db.Reminder{}, fmt.Errorf("reminder %s: %w", id, err)
	}
	return reminderOf(r), nil
}

func (t tx) DueReminders(now time.Time, max int) ([]db.Reminder, error) {
	rows, err := t.q.DueReminders(background(), millis(now), int64(max))
	if err != nil {
		return nil, fmt.Errorf("due reminders: %w", err)
	}
	return each(rows, reminderOf), nil
}

func (t tx) NextReminder() (time.Time, error) {
	at, err := t.q.NextReminder(background())
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, fmt.Errorf("next reminder: %w", err)
	}
	return timeOf(at), nil
}

func (t tx) PutOffReminders(bot, user string, now, since time.Time) error {
	err := t.q.PutOffReminders(background(), gen.PutOffRemindersParams{Now: millis(now), Since: millis(since), Bot: bot, UserID: user})
	if err != nil {
		return fmt.Errorf("put off reminders of %s to %s: %w", bot, user, err)
	}
	return nil
}

func (t tx) DropReminder(id string) error {
	if err := t.q.DropReminder(background(), id); err != nil {
		return fmt.Errorf("drop reminder %s: %w", id, err)
	}
	return nil
}

func (t tx) DropReminders(bot, user string) error {
	if err := t.q.DropReminders(background(), bot, user); err != nil {
		return fmt.Errorf("drop reminders of %s to %s: %w", bot, user, err)
	}
	return nil
}

func reminderOf(r gen.Reminder) db.Reminder {
	return db.Reminder{
		ID: r.ID, Bot: r.Bot, User: r.UserID, DueAt: timeOf(r.DueAt), After: time.Duration(r.After) * time.Millisecond, AskedAt: timeOf(r.AskedAt), Since: timeOf(r.Since),
		Flow: r.Flow, Closes: r.Closes != 0, Sealed: r.Sealed,
	}
}
