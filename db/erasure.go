package db

import "time"

// EraseStep is how far an erasure has come.
type EraseStep string

// The steps, in their order. Each is done again after a crash in it.
const (
	EraseAsked     EraseStep = "asked"     // by message: its confirmation goes out first
	EraseRows      EraseStep = "rows"      // of the user, and what waits
	EraseBus       EraseStep = "bus"       // events on their way, and kept ones
	EraseDecisions EraseStep = "decisions" // from Position on
	EraseScrub     EraseStep = "scrub"     // of the files; the row does not know any more whose erasure it is
	EraseDone      EraseStep = "done"      // what is left is the receipt
)

// Erasure is the removal of what is kept of one user. Once done it is the
// receipt, and tells of nobody.
type Erasure struct {
	ID       string
	Bot      string // "": toward every bot
	User     string // "" from EraseScrub on
	Step     EraseStep
	By       string // operator's name, or "the user"
	AskedAt  time.Time
	StartBy  time.Time // of EraseAsked: it begins then, whatever became of After
	After    string    // of EraseAsked: the action that has to end first
	ErasedAt time.Time // what is older is gone
	DoneAt   time.Time
	Position int64  // of EraseDecisions: the last one that was looked at
	Counts   string // JSON: what was removed to how many
	Cause    Cause  // of its receipt: CauseUser (also for ""), CauseX, CauseLaw
	DueAt    time.Time
}

// Who selects what is kept of one user.
type Who struct {
	Bot    string // "": every bot
	User   string
	Before time.Time // what began before; the zero time selects everything
}

// Erased is what one transaction removed.
type Erased struct {
	Counts  map[string]int64 // by table; none are left out
	Records []RecordRef      // those that the audit chain knows; the rest of an action stays
}

// Erasures keeps the erasures, and does their part in the database.
type Erasures interface {
	PutErasure(e Erasure) error
	// Erasure returns ErrNotFound if there is none.
	Erasure(id string) (Erasure, error)
	// OpenErasures lists those that are not done, oldest first.
	OpenErasures() ([]Erasure, error)
	// ListErasures lists the newest max, newest first.
	ListErasures(max int) ([]Erasure, error)
	// UnendedTo lists ids of actions to the user that have not ended.
	UnendedTo(w Who) (ids []string, err error)
	// EraseUser removes every row of the user but decisions, dead letters and the
	// opt-out. Ended actions stay until PruneErased, as what was answered and
	// nothing else: as stands for the user, at for when.
	EraseUser(w Who, as string, at time.Time) (Erased, error)
	// EraseDecisions looks through up to max decisions after the position, and
	// removes those of the user. next is after where it started while there is
	// more.
	EraseDecisions(w Who, after int64, max int) (ids []string, next int64, err error)
	// NamedUsers lists the ids of all users that anything but a dead letter names,
	// in order. It reads every row.
	NamedUsers() ([]string, error)
	// PruneErased drops up to max rows of actions erased before the time.
	PruneErased(before time.Time, max int) (n int, err error)
}

// Retention drops what has not been needed for long, at most max rows a call.
type Retention interface {
	// PruneInteractions drops acts last heard of before the time.
	PruneInteractions(before time.Time, max int) (n int, err error)
	// PruneConversations drops those with users who wrote last before the time,
	// and their slots. It keeps what says more than that they wrote: held or handed
	// over, in a flow, paused, an opt-in or a consent that stands, a match, a
	// block.
	PruneConversations(before time.Time, max int) (n int, err error)
	PruneDeadLetters(before time.Time, max int) (n int, err error)
}
