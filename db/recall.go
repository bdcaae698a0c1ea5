package db

import "time"

// Recall is an export that may hold what has to be deleted: a person removes the
// file, or has its recipient do so, and says that it is done.
type Recall struct {
	Export  string // id of its Redistribution
	Cause   string // id of the erasure or of the duty
	AskedAt time.Time
	DueAt   time.Time
	DoneAt  time.Time // zero: nobody has said so
	DoneBy  string    // operator's name
}

// Recalls finds exports by what they hold, and keeps what is asked back.
type Recalls interface {
	// PutExportMarks notes by keyed hash whom and what an export holds. One that is
	// noted twice is noted once.
	PutExportMarks(export string, marks []string) error
	// DropExportMark forgets a mark of all exports.
	DropExportMark(mark string) (n int, err error)
	// ExportsWith lists those that hold what a mark stands for, by time.
	ExportsWith(mark string) ([]Redistribution, error)
	// Redistribution returns ErrNotFound if there is none.
	Redistribution(id string) (Redistribution, error)
	// PutRecall keeps r, unless the export was recalled for that cause before.
	PutRecall(r Recall) error
	// OpenRecalls lists those that nobody has done, by (due, export, cause).
	OpenRecalls(max int) ([]Recall, error)
	// RecallsOf lists those of a cause, by (due, export).
	RecallsOf(cause string) ([]Recall, error)
	// EndRecalls closes the open ones of an export, which is gone now: its marks go
	// too. 0: there were none.
	EndRecalls(export, by string, at time.Time) (n int, err error)
}
