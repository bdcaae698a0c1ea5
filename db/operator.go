package db

import "time"

// Role is what an operator may do: each may what those before it may.
type Role string

// The roles, the least first.
const (
	RoleViewer Role = "viewer" // reads states, counts and reasons; no text of posts or DMs
	RoleAgent  Role = "agent"  // reads texts, answers, approves, hands off, records opt-outs
	RoleAdmin  Role = "admin"  // rules, logins, erasure, exports, operators
)

// Roles are all, the least first.
var Roles = []Role{RoleViewer, RoleAgent, RoleAdmin}

// Operator is a person who works with the host.
type Operator struct {
	Name      string
	Role      Role
	TokenHash string // SHA-256 of the token, hex; "": removed, and nothing lets them in
	CreatedAt time.Time
	CreatedBy string
	TokenAt   time.Time // when the token was made
	ExpiresAt time.Time // of the token; zero: never
	RemovedAt time.Time // zero: still with us
}

// Operators keeps the people who work with the host. A row stays when its
// operator has left: acts name them.
type Operators interface {
	// PutOperator stands in for what is kept under the name.
	PutOperator(o Operator) error
	// Operator returns ErrNotFound if there never was one of that name.
	Operator(name string) (Operator, error)
	// OperatorByToken returns ErrNotFound if no token has that hash.
	OperatorByToken(hash string) (Operator, error)
	// ListOperators lists all, by name.
	ListOperators() ([]Operator, error)
}

// OperatorAct is something that an operator did, or was refused. It names no
// user: a keyed hash stands for them.
type OperatorAct struct {
	ID      string // random
	At      time.Time
	By      string
	Role    Role
	Did     string // approve, pause, read text ...
	On      string // "action a-1 bot acme"; "": nothing in particular
	Refused string // why nothing was done; "": it was
}

// OperatorActs keeps what operators did.
type OperatorActs interface {
	AppendOperatorAct(a OperatorAct) error
	// ListOperatorActs lists the newest max since the time, newest first, of one
	// operator ("": of all).
	ListOperatorActs(by string, since time.Time, max int) ([]OperatorAct, error)
}
