// Package db states what the host remembers: the records, the errors, and the
// small interfaces through which the rest of the program reads and writes
// them. Engines live below it (sqlite; postgres later) and pass one suite,
// dbtest.Exercise.
//
// What it owns: the form of the records. What it refuses: to decide anything.
//
// What every engine promises:
//
//   - D1 Write runs its function in one transaction that sees no other writer;
//     when the function returns an error or panics, nothing of it is stored.
//   - D2 when Write returns nil, what was written survives the loss of power.
//   - D3 the unique keys of the action log stand in the schema, not in code.
//   - D4 a terminal action never changes state.
//   - D5 text of posts and DMs and values of slots stand in tables of their
//     own; every other record holds ids, features and hashes.
//
// Times are UTC with millisecond precision; the zero time is stored as 0.
package db

import (
	"context"
	"errors"
)

var (
	// ErrNotFound: no row under that key, where one was asked for by name.
	ErrNotFound = errors.New("not found")
	// ErrConflict: a unique key of the action log (I2) is taken.
	ErrConflict = errors.New("an action for this key exists already")
	// ErrStale: the row is no longer in the state that the writer read.
	ErrStale = errors.New("the row has changed since it was read")
	// ErrWrongKey: the host key is not the one this database was made with.
	ErrWrongKey = errors.New("host key does not belong to this database")
	// ErrNewer: the database was migrated by a newer version of Beckon.
	ErrNewer = errors.New("database was written by a newer version")
)

// Store is one database: one truth for one operator.
type Store interface {
	// Write runs fn in one transaction of the only writer. A nil error means
	// stored and synced. fn must not keep tx.
	Write(ctx context.Context, fn func(tx Tx) error) error
	// Read runs fn on one consistent snapshot of committed state, beside the
	// writer. Writing methods of tx fail.
	Read(ctx context.Context, fn func(tx Tx) error) error
	Close() error
}

// Tx is what one transaction can do, by noun.
type Tx interface {
	Seen
	Conversations
	Suppressions
	SuppressionsOwed
	Actions
	ActionQueries
	Decisions
	Switches
	Restores
	DeadLetters
	Tokens
	Echoes
	Lookups
	Reminders
	DeskNotices
	DeskRemovals
	Questions
	Handouts
	Texts
	TextKeys
	Fingerprints
	Consents
	Matches
	Erasures
	Duties
	ComplianceJobs
	Holdings
	Retention
	RuleSets
	RateWindows
	PostCounts
	Spendings
	AuditChain
	Walks
	Receipts
	History
	Redistributions
	Recalls
	Operators
	OperatorActs
	Counts
	Meta
}
