package db

import "time"

// Reminder is what becomes due while a user leaves an open flow unanswered.
type Reminder struct {
	ID     string // made from its cause
	Bot    string
	User   string
	DueAt  time.Time
	After  time.Duration // of silence; in milliseconds, at least one
	Since  time.Time     // the user's own time of what they said last
	Flow   string        // the position that they left unanswered
	Closes bool          // the flow ends
	Sealed []byte        // the text of a DM, sealed; empty: nothing is said

	AskedAt time.Time // when its event was put on the bus; zero: not yet
}

// Reminders keeps what becomes due in flows, until it was done or is void.
type Reminders interface {
	// PutReminder replaces what is kept under the same id.
	PutReminder(r Reminder) error
	// Reminder returns ErrNotFound if there is none.
	Reminder(id string) (Reminder, error)
	// DueReminders lists those not asked for yet with DueAt at or before now, by
	// (due, id).
	DueReminders(now time.Time, max int) ([]Reminder, error)
	// NextReminder is the earliest DueAt of those not asked for yet; zero if there
	// is none.
	NextReminder() (time.Time, error)
	// PutOffReminders makes those of the bot to the user due After from now on,
	// not asked for yet: the user said something at since.
	PutOffReminders(bot, user string, now, since time.Time) error
	DropReminder(id string) error
	// DropReminders drops those of the bot to the user, asked for or not.
	DropReminders(bot, user string) error
}
