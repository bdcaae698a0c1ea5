package db

import (
	"time"

	"github.com/beckon-bot/beckon/runtime/conversation"
)

// DutyWhat is what has to go.
type DutyWhat string

// What a duty is about.
const (
	DutyPost    DutyWhat = "post"    // a post in all its versions, and what hangs on it
	DutyDM      DutyWhat = "dm"      // a DM, likewise
	DutyEdit    DutyWhat = "edit"    // what versions of a post before Version said
	DutyGeo     DutyWhat = "geo"     // where a post was written: the bodies that may say so
	DutyPosts   DutyWhat = "posts"   // all posts of a user, whose DMs stay
	DutyUser    DutyWhat = "user"    // everything of a user
	DutyAccount DutyWhat = "account" // everything of a bot, or of all
)

// DutyStep is how far a duty has come.
type DutyStep string

// The steps, in their order. Each is done again after a crash in it.
const (
	DutyRows  DutyStep = "rows"  // of the database, and what waits
	DutyBus   DutyStep = "bus"   // events on their way, and kept ones
	DutyScrub DutyStep = "scrub" // of the files
	DutyDone  DutyStep = "done"  // what is left is the record
	DutyVoid  DutyStep = "void"  // of DutyAccount: it was authorised again
)

// Duty is something that has to be deleted until a time. Once done it tells of
// nobody.
type Duty struct {
	ID      string // made from its cause
	What    DutyWhat
	Target  string // X's id; of DutyAccount a bot's name, or AllBots. "" once done
	Hash    string // keyed hash of the target
	Bot     string // "": every bot
	Owner   string // user id of whose post or DM it is; "": not known, or done
	Version int    // of DutyEdit

	Cause   Cause  // of its receipt: CauseUser, CauseX, CauseLaw, CauseAccessEnd
	ToldBy  string // an event's type, "job", or the operator who opened it
	Reason  string // X's word in a job's result
	Since   time.Time
	StartAt time.Time // zero: at once

	OpenedAt, DueAt, DoneAt time.Time
	AlarmedAt               time.Time // zero: nobody was told that time runs out

	Step     DutyStep
	Attempts int
	Problem  string // of the latest attempt, for the operator; "" where it went well
	Counts   string // JSON: what was removed to how many
}

// Duties keeps what has to be deleted, and the record that it was.
type Duties interface {
	// OpenDuty keeps d, unless one of that ID was opened before.
	OpenDuty(d Duty) (fresh bool, err error)
	// UpdateDuty stores how far d has come: Target, Owner, StartAt, DoneAt,
	// AlarmedAt, Step, Attempts, Problem, Counts.
	UpdateDuty(d Duty) error
	// Duty returns ErrNotFound if there is none.
	Duty(id string) (Duty, error)
	// OpenDuties lists those not done, by (due, id).
	OpenDuties(max int) ([]Duty, error)
	CountOpenDuties() (int64, error)
	// ListDuties lists the newest max, newest first.
	ListDuties(max int) ([]Duty, error)
	// DutiesOn lists those with one of the hashes, by (opened, id).
	DutiesOn(hashes [4]string) ([]Duty, error)
	// PruneDuties forgets up to max that are done and were opened before the time,
	// and the jobs of before it.
	PruneDuties(before time.Time, max int) (n int, err error)
}

// JobStep is how far a compliance job has come.
type JobStep string

// The steps, in their order.
const (
	JobNamed    JobStep = "named"    // X may have it or not: its name tells
	JobCreated  JobStep = "created"  // X has it and waits for ids
	JobUploaded JobStep = "uploaded" // X is at work, or has a result
	JobDone     JobStep = "done"     // all of the result stands as duties
	JobFailed   JobStep = "failed"   // X gave it up, or let it expire: the next one asks anew
)

// ComplianceJob is one round of asking X what is gone.
type ComplianceJob struct {
	Name     string // our own, known before X knows of it
	About    string // tweets or users
	Step     JobStep
	Remote   string // X's id
	BeganAt  time.Time
	NextAt   time.Time
	DoneAt   time.Time
	IDs      int64 // uploaded
	Found    int64 // lines of the result
	Attempts int   // of the step
	Problem  string
}

// ComplianceJobs keeps the rounds.
type ComplianceJobs interface {
	PutComplianceJob(j ComplianceJob) error
	// LastComplianceJob returns ErrNotFound if there was none.
	LastComplianceJob(about string) (ComplianceJob, error)
	// ListComplianceJobs lists the newest max, newest first.
	ListComplianceJobs(max int) ([]ComplianceJob, error)
}

// Holdings says what is kept of X's, and removes it by what it is.
type Holdings interface {
	// HeldPosts lists the ids of all posts that anything is kept of, in order.
	HeldPosts() ([]string, error)
	// HeldUsers lists the ids of all users that anything is kept of, in order.
	HeldUsers() ([]string, error)
	// ActsWith finds a user's act by the id of its first or of its newest version,
	// toward every bot, by bot.
	ActsWith(id string) ([]conversation.Interaction, error)
	// PostsOf lists the posts of a user, by bot and key.
	PostsOf(user string) ([]conversation.Interaction, error)
	// UnpostDeskNotice lets the desk be told without the post.
	UnpostDeskNotice(bot, interaction string) error
	// OpenActionsOf lists ids of held, pending and unknown actions of a bot ("":
	// of every).
	OpenActionsOf(bot string, max int) (ids []string, err error)
	// Wipe removes up to max rows a table of what is kept for a bot ("": for
	// every): all but opt-outs, actions that have not ended, what came in force,
	// money, the audit chain, receipts and duties. Nothing counted: nothing left.
	Wipe(bot string, max int) (Erased, error)
}
