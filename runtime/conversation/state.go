package conversation

import (
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// Initiated says how a user turned to the bot first.
type Initiated string

const (
	NotInitiated     Initiated = "none"
	InitiatedMention Initiated = "mention"
	InitiatedReply   Initiated = "reply"
	InitiatedQuote   Initiated = "quote"
	InitiatedDM      Initiated = "dm"
	InitiatedOptIn   Initiated = "opt_in"
)

// RingSize is how many of the latest sends a conversation remembers with their
// time. Counts over a window are exact up to it and saturate there.
const RingSize = 16

// Send is one DM or reply that counts: pending, attempting, sent or unknown.
type Send struct {
	At   time.Time        `json:"at"`
	Kind event.ActionKind `json:"kind"`
}

// Conversation is what we know of one user toward one bot. It holds no text.
// The zero value is a user never heard of.
type Conversation struct {
	Bot, User string
	Version   int64 // grows by one with every stored change; 0: not stored yet

	Initiated   Initiated // "" reads as none
	InitiatedAt time.Time
	InitiatedBy string // event id

	DMsReceived int64
	DMsSent     int64     // pending, attempting, sent and unknown
	DMsAside    int64     // of those, the ones that introduce nobody: confirmations, and lines of the host's own
	RepliesSent int64     // likewise
	LastDMAt    time.Time // the user's latest DM to us
	Sends       []Send    // oldest first, at most RingSize; a cancelled or failed one is taken out

	Held        bool // nothing automated goes out until a person or a readable message resolves it
	HeldReason  string
	HandedOff   bool      // a person has taken over
	PausedUntil time.Time // a person spoke through the account; zero: not paused

	HandedOffAt    time.Time // when, host's time
	HandedOffUntil time.Time // the bot speaks again by itself then; zero: not before it is released
	HandedOffWhy   string    // for the operator

	Flow      string    // position in an open flow; "" if none. While open, CANCEL and END belong to the flow
	Missed    int64     // messages in a row that no handler understood
	Lang      string    // of the user's latest message of which it is known; "": none is
	Automated event.Tri // latest known of the other side; "" reads as unknown
	BlockedUs bool
	Refusals  int64 // X's refusals of sends to the user since the last one that it took

	ConfirmedAt time.Time // last opt-out confirmation, for the once in 24 hours
	LastEventAt time.Time // user's time of the latest event applied

	// What the user agreed to, until they withdraw it. db.Consents has the
	// wording that they saw.
	ConsentDMStorage bool
	ConsentMatching  bool
}

// ConsentKind is what a user can agree to.
type ConsentKind string

const (
	ConsentDMStorage ConsentKind = "dm_storage" // their DMs are kept
	ConsentMatching  ConsentKind = "matching"   // they are matched with an account outside X
	ConsentOptIn     ConsentKind = "opt_in"     // they hear from the bot about one thing, which the record names
)

// Interaction is one act of a user toward one bot, however many events tell of
// it. The zero value is an act never heard of.
type Interaction struct {
	Bot, Key string // Key: event.Event.Interaction
	User     string
	Kind     event.Kind

	Message  string // newest id of the edit chain known: what a reply goes to
	Version  int    // its number of edits
	TextHash string // keyed hash of the newest text, to see an edit that changes it

	Mentioned, Replied, Quoted, Summoned bool // or-ed over all its events

	RepliesSent   int64 // pending, attempting, sent and unknown
	DMsSent       int64
	DraftsWaiting int64 // hold

	FirstAt, LastAt time.Time // when we first and last heard of it (event time)
}

// Suppression is the opt-out of one user, over all bots of the operator. It is
// kept under a keyed hash of the user id and survives the user's erasure.
type Suppression struct {
	UserHash string
	OptedOut bool
	At       time.Time // the user's own time of the STOP or START that stands
	EventID  string
	Tier     Tier      // hard or phrase; operator or blocked where no message said it
	ErasedAt time.Time // events older than this are never answered; zero: never erased
}

// State is all that the reducer knows: three records by key.
type State struct {
	Conversation Conversation
	Interaction  Interaction
	Suppression  Suppression
}

// Tier is what the opt-out matcher finds in a message.
type Tier string

const (
	TierNone     Tier = "none"
	TierHard     Tier = "hard"     // the whole message is a stop word
	TierPhrase   Tier = "phrase"   // a clear imperative at the bot
	TierDoubt    Tier = "doubt"    // perhaps a stop
	TierStart    Tier = "start"    // the whole message is START or UNSTOP
	TierHelp     Tier = "help"     // the whole message is HELP or INFO
	TierOperator Tier = "operator" // not found in a message: recorded by a person
	TierBlocked  Tier = "blocked"  // not found in a message: the user blocks one of the bots
)
