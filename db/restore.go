package db

import "time"

// Restore is that the database was brought back from a backup: of what happened
// between the two it knows nothing.
type Restore struct {
	ID       string    // name of the backup, and when it was brought back
	BackupAt time.Time // what is in the backup had happened by then
	At       time.Time
	By       string // operator's name
	Seq      int64  // position on the bus up to which the backup has every event; 0: not known
	Chains   string // where the audit chains ended in the backup, a line each as in a checkpoint

	RewoundAt time.Time // the bus hands out again what came after Seq; zero: not yet
	MergedAt  time.Time // who said stop meanwhile is known again; until then nothing is sent
	MergedBy  string    // "bus", or the operator who says that nobody did
}

// Restores keeps how often the database was brought back.
type Restores interface {
	// PutRestore stands in for what is kept under the id.
	PutRestore(r Restore) error
	// LastRestore reads the zero record if there was none.
	LastRestore() (Restore, error)
	// ListRestores lists all, oldest first.
	ListRestores() ([]Restore, error)
}
