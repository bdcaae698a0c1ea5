package db

import "time"

// AuditEntry is a link of the audit chain: what one transaction did. Package
// runtime/audit says how it is made and read.
type AuditEntry struct {
	Writer string // whose chain; each writer has its own
	Seq    int64  // from 1
	At     time.Time
	Facts  []byte // a line a fact: kinds, ids and keyed hashes, nothing that tells of a person
	Prev   string // hash of the entry before; "" for the first
	Hash   string
}

// AuditHead is the last entry of a chain.
type AuditHead struct {
	Writer string
	Seq    int64
	Hash   string
}

// AuditWriter is who writes a chain.
type AuditWriter struct {
	Writer   string // made from Verifier
	Verifier string // public key of its checkpoints, as golang.org/x/mod/sumdb/note writes it
	Since    time.Time
}

// Checkpoint is a signed note of where every chain stood.
type Checkpoint struct {
	At   time.Time
	Note string
}

// AuditChain keeps the chains. Entries are never changed, and leave only at the
// end of their time.
type AuditChain interface {
	// AppendEntry is an error where the writer has an entry of that Seq.
	AppendEntry(e AuditEntry) error
	// ChainHead reads the zero head with its writer set if there is none.
	ChainHead(writer string) (AuditHead, error)
	// PutWriter keeps a writer once and for all.
	PutWriter(w AuditWriter) error
	// ListWriters lists all, by name.
	ListWriters() ([]AuditWriter, error)
	// ListEntries lists entries of a chain after seq, in order.
	ListEntries(writer string, after int64, max int) ([]AuditEntry, error)
	// PruneEntries drops up to max entries of a chain from before the time, the
	// oldest first and never the last one.
	PruneEntries(writer string, before time.Time, max int) (n int, err error)
	AppendCheckpoint(c Checkpoint) error
	// LastCheckpoint reads the zero record if there is none.
	LastCheckpoint() (Checkpoint, error)
	// ListCheckpoints lists those made from since on, oldest first.
	ListCheckpoints(since time.Time, max int) ([]Checkpoint, error)
}

// Walks go through whole tables in the order of insertion, for whoever checks
// them. next is what to go on after.
type Walks interface {
	WalkDecisions(after int64, max int) (rows []Decision, next int64, err error)
	WalkActions(after int64, max int) (rows []Action, next int64, err error)
	// AllConsents lists every consent, by bot, user and kind.
	AllConsents() ([]Consent, error)
}

// Cause is why something is removed.
type Cause string

// Causes of a removal.
const (
	CauseUser      = "user"      // the user asked
	CauseX         = "x"         // X asked, or the content is gone from X
	CauseLaw       = "law"       // a law or a court
	CauseAccessEnd = "access"    // access to the API ended
	CauseRetention = "retention" // kept as long as it was needed
)

// Receipt says what was removed, when and why. It holds no personal data. A
// record that the audit chain knows may be missing, or blanked, only where a
// receipt names it.
type Receipt struct {
	ID          string    // made from its cause: r-…
	Cause       string    // one of the above
	TriggeredAt time.Time // when the duty began
	DueAt       time.Time // when it had to be done
	At          time.Time // when it was done
	Counts      string    // JSON: what was removed to how many
	Records     []RecordRef
}

// RecordRef names a record as the audit chain does.
type RecordRef struct {
	Kind string // decision, action, consent
	Ref  string // its id
}

// Receipts keeps them for as long as the audit chain.
type Receipts interface {
	PutReceipt(r Receipt) error
	// ListReceipts lists those of removals done from since on and before the other
	// time, by time; without their Records.
	ListReceipts(since, before time.Time) ([]Receipt, error)
	// ReceiptOf names the receipt of a record, "" if there is none.
	ReceiptOf(r RecordRef) (id string, err error)
}

// Activation is a rule set that came in force for a bot, or as its candidate.
type Activation struct {
	Bot       string
	Candidate bool
	Set       string // hash
	Was       string // hash; "": none
	At        time.Time
	Packs     string
	Why       string
}

// ConfigVersion is a configuration that a host started with.
type ConfigVersion struct {
	At      time.Time
	Hash    string
	Changed string // the keys that changed, with spaces between; no values
	Keys    string // JSON: key to keyed hash of its value
}

// History keeps what was in force, and since when.
type History interface {
	PutActivation(a Activation) error
	// ListActivations lists all, by time.
	ListActivations() ([]Activation, error)
	PutConfigVersion(c ConfigVersion) error
	// ListConfigVersions lists all, by time.
	ListConfigVersions() ([]ConfigVersion, error)
}

// Redistribution is something of X's that was given to somebody.
type Redistribution struct {
	ID        string
	At        time.Time
	Recipient string // who has it, as the operator names them
	What      string // events, posts, users, opt_outs, report …
	File      string // its name, without folders; "": not known
	IDs       int64  // ids of X in it
	Hydrated  int64  // whole posts or users in it
	Automated bool   // made without a person
	By        string // operator's name
}

// Redistributions keeps what left for others.
type Redistributions interface {
	PutRedistribution(r Redistribution) error
	// ListRedistributions lists those from since on and before the other time, by
	// time.
	ListRedistributions(since, before time.Time) ([]Redistribution, error)
}

// Count is how often something was so on one UTC day. It tells of nobody.
type Count struct {
	Day  time.Time // 00:00 UTC
	Bot  string
	Kind string
	Name string
	N    int64
}

// Counts keeps numbers for as long as the audit chain.
type Counts interface {
	// AddCount adds N to the count of (day, bot, kind, name).
	AddCount(c Count) error
	// ListCounts lists counts of days from since on and before the other time, by
	// day, bot, kind and name.
	ListCounts(since, before time.Time) ([]Count, error)
	PruneCounts(before time.Time, max int) (n int, err error)
}
