package conversation

import (
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// Input is one thing that happened: one of the types of this file.
type Input interface{ input() }

// Received is an event of the other side. Events of our own account, and those
// that name no user, change nothing.
type Received struct {
	Event       event.Event
	Tier        Tier   // what Match found in Event.Text
	TextHash    string // keyed hash of Event.Text
	Lang        string // LangOf Event.Text
	Stale       bool   // older than max_event_age: recorded, never answered
	FromHostBot bool   // the other side is a bot of this host
}

// Spoke is a person who wrote to the user through our account: the bot pauses
// for that user.
type Spoke struct{ Until time.Time }

// Drafted is a new row of the action log, for the interaction of the state.
type Drafted struct {
	Kind    event.ActionKind
	Purpose event.Purpose
	Aside   bool        // a DM that introduces nobody; see Conversation.DMsAside
	Later   bool        // a later part of an answer, whose first part counts for all
	State   event.State // pending or hold
	At      time.Time   // the row's creation, host's time
}

// Moved is a row of the action log that changed state. The state given to
// Reduce holds that row's own conversation and interaction.
type Moved struct {
	Kind      event.ActionKind
	Aside     bool // as its Drafted said
	Later     bool // likewise
	From, To  event.State
	DraftedAt time.Time // the row's creation: At of its Drafted
	Refused   bool      // To is failed because X refused the send for good
	At        time.Time // when it changed, host's time
	ID        string    // of the action, for the record of a block
}

// OptOutRecorded is an opt-out that an operator enters for the user.
type OptOutRecorded struct {
	At time.Time
	ID string // of the command, for the record
}

// HandedOff gives the user to a person; the bot is silent until Released, or
// until a time.
type HandedOff struct {
	At, Until time.Time // Until zero: until Released
	Why       string    // for the operator; no text of theirs
}

// Released is a person who lets the bot speak to the user again: it ends hold,
// handoff and pause. It ends neither an opt-out nor a block.
type Released struct{}

// FlowMoved is the user's new position in a flow; "" closes it.
type FlowMoved struct{ Flow string }

// Missed is a message that no handler understood, one more in a row.
type Missed struct{}

// Understood is a message that one did: the row of those that nobody did ends.
type Understood struct{}

// Blocked is X's word that the user blocks the bot. It is an opt-out, and ends
// like one: with the user's START.
type Blocked struct {
	At time.Time // when they did; zero: not known
	ID string    // of the event, for the record
}

// Consented is a user who agreed to something, or withdrew it.
type Consented struct {
	Kind  ConsentKind
	Given bool // false: withdrawn

	// Of an opt-in, which initiates the conversation where nothing else has.
	At time.Time
	ID string
}

func (Received) input()       {}
func (Spoke) input()          {}
func (Drafted) input()        {}
func (Moved) input()          {}
func (OptOutRecorded) input() {}
func (HandedOff) input()      {}
func (Released) input()       {}
func (FlowMoved) input()      {}
func (Missed) input()         {}
func (Understood) input()     {}
func (Blocked) input()        {}
func (Consented) input()      {}

// Effect is what the caller must do in the same transaction, in the order
// given: one of the types below.
type Effect interface{ effect() }

// CancelOpen cancels every hold and pending action to the user, of every bot
// of the operator, except an opt-out confirmation.
type CancelOpen struct{ Reason string }

// ConfirmOptOut drafts the opt-out confirmation as an answer to the event's own
// interaction, in the channel that the user chose.
type ConfirmOptOut struct{ Kind event.ActionKind }

// AskStop asks the user whether they said stop: a message that perhaps did has
// put their conversation on hold. It is asked for once a hold.
type AskStop struct{ Kind event.ActionKind }

// TextChanged tells of an edit that says something else: cancel the draft of
// this interaction that still waits, and, if the event may be answered, run
// the handlers again.
type TextChanged struct{}

// HoldLifted tells that the user's conversation is no longer held.
type HoldLifted struct{ Reason string } // why it was held

func (CancelOpen) effect()    {}
func (ConfirmOptOut) effect() {}
func (AskStop) effect()       {}
func (TextChanged) effect()   {}
func (HoldLifted) effect()    {}
