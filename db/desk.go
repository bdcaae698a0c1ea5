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

// DeskTold is a handoff that the desk may know of. It is written before the desk
// is told, so that what it was told can be taken back.
type DeskTold struct {
	ID          string // the handoff's
	Bot         string
	User        string
	Interaction string // as in DeskNotice; "" once it was taken back
	Post        string
	At          time.Time // of the handoff
}

// DeskRemoval tells the desk to remove what a handoff told it. It names nobody.
type DeskRemoval struct {
	ID      string // made from the handoff's and from what goes
	Handoff string
	Bot     string
	What    DutyWhat // DutyPost or DutyDM: the id and the link of that; DutyUser: all of the handoff
	At      time.Time
	DueAt   time.Time // when it has to be gone there too

	NextAt   time.Time // when it is told again; zero: given up
	Attempts int
	Reason   string
	OnBus    bool
	Posted   bool
}

// DeskRemovals keeps what the desk was told, and what it is to remove of it.
type DeskRemovals interface {
	// PutDeskTold keeps t; where it is kept already nothing changes.
	PutDeskTold(t DeskTold) error
	// DeskTold returns ErrNotFound if there is none.
	DeskTold(id string) (DeskTold, error)
	// TakeBack opens a removal for each handoff that the desk may know of and that
	// tells of the target, toward a bot, or "" for every one, and forgets that it
	// does: of DutyPost and DutyDM an id, of DutyPosts a user whose public posts it
	// is, of DutyUser a user, of DutyAccount nothing: everything of the bot. It
	// returns how many.
	TakeBack(what DutyWhat, bot, target string, at, due time.Time) (int, error)
	// DueDeskRemovals lists those with NextAt at or before now, by (next, id).
	DueDeskRemovals(now time.Time, max int) ([]DeskRemoval, error)
	// ListDeskRemovals lists those that the desk has not taken, oldest first, given
	// up or not.
	ListDeskRemovals(max int) ([]DeskRemoval, error)
	// NextDeskRemoval is the earliest NextAt; zero if nothing is to be told.
	NextDeskRemoval() (time.Time, error)
	// RetryDeskRemoval keeps what came of an attempt, as RetryDeskNotice does.
	RetryDeskRemoval(r DeskRemoval) error
	DropDeskRemoval(id string) error
	// PruneDeskTold forgets up to max handoffs of before the time, and removals.
	PruneDeskTold(before time.Time, max int) (int, error)
}
