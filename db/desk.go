package db

import "time"

// DeskNotice tells the desk that a person is to take over from a bot. It waits
// until the desk has taken it, and holds no text of the user's.
type DeskNotice struct {
	ID          string // made from its cause; the same however often it is told
	Bot         string
	User        string // who was handed off
	Interaction string // the user's act that led to it; "": none did
	Post        string // id of the public post among those acts; "": it was a DM, or none
	Why         string
	At          time.Time // of the handoff
	NextAt      time.Time // when it is told again; zero: given up
	Attempts    int
	Reason      string // why the latest attempt failed, for the operator

	OnBus  bool // the bus has it
	Posted bool // the webhook has taken it
}

// DeskNotices keeps what the desk is still to be told: one of a bot's user at
// most. Once it was told it is gone.
type DeskNotices interface {
	// PutDeskNotice stands in for what is kept of the same bot and user.
	PutDeskNotice(n DeskNotice) error
	// DeskNotice returns ErrNotFound if there is none.
	DeskNotice(bot, user string) (DeskNotice, error)
	// DueDeskNotices lists those with NextAt at or before now, by (next, id).
	DueDeskNotices(now time.Time, max int) ([]DeskNotice, error)
	// NextDeskNotice is the earliest NextAt; zero if nothing is to be told.
	NextDeskNotice() (time.Time, error)
	// RetryDeskNotice keeps what came of an attempt, by n's id: NextAt, Attempts,
	// Reason, OnBus and Posted. One that
	// is gone stays so.
	RetryDeskNotice(n DeskNotice) error
	DropDeskNotice(id string) error
	// DropDeskNotices drops what is kept of the bot's user.
	DropDeskNotices(bot, user string) error
	// PruneDeskNotices forgets those given up that are of before the time.
	PruneDeskNotices(before time.Time) error
}
