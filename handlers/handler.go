// Package handlers turns what a user said into what the bot would like to say.
// It owns the handler interface and the built-in behaviours: help, and answers
// by keyword with flows of several steps.
//
// What it refuses: to send, to read a clock, to keep state. A handler returns
// drafts; whether one leaves is decided by the rules.
//
//   - H1 A handler is a pure function of In: same In, same Out.
//   - H2 No handler is asked about an opt-out. The answer to a STOP belongs to
//     conversation.
//   - H3 The first handler of a chain with a draft, a question or a handoff
//     decides; what the others returned is dropped.
//   - H4 An answers file that loads cannot fail later: its variables exist, its
//     texts fit the channel, its flows end.
//   - H5 What is kept of a user is declared, and never about what X forbids to
//     store, such as health: the name is refused when a file is loaded, the value
//     dropped when a handler hands it over.
//
// A handler that panics is the caller's to recover: dispatch keeps the state
// and the opt-out, and lays the event aside.
package handlers

import (
	"time"

	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Handler answers events of users.
type Handler interface {
	// Name tells operators who drafted; short, constant, lower case.
	Name() string
	Handle(In) Out
}

// In is all that a handler may know.
type In struct {
	Event        event.Event
	Conversation conversation.Conversation // as the event left it
	Interaction  conversation.Interaction  // likewise
	Tier         conversation.Tier         // what the opt-out matcher found
	Bot          BotInfo
	Slots        map[string]string // what earlier handlers kept of this user; not to be changed
	Now          time.Time         // UTC
}

// BotInfo is what a bot may say of itself.
type BotInfo struct {
	Name       string // configured name
	Username   string // on X, without the @
	Operator   string // the human account that runs it, without the @
	PrivacyURL string // "" if there is none
	UserID     string // on X
}

// Out is what a handler wants. The zero value is silence.
type Out struct {
	Drafts  []event.Draft
	Slots   map[string]string // to keep of this user; "" forgets one
	Flow    *string           // new position in a flow, "" closes it; nil: unchanged
	Handoff bool              // a person shall take over
	Why     string            // why they shall, for them to read; no word of the user's
	Missed  bool              // the draft says no more than that nothing was understood
	Ask     *Question         // what to ask a handler outside of this process; nil: nothing

	// Remind is what becomes due if the user says nothing for a while and the
	// flow is still open where this answer leaves it. Whatever the user says puts
	// it off; it takes the place of what was armed before.
	Remind []Reminder
}

// Reminder is what becomes due in an open flow. Several may be armed at once:
// a question after ten minutes, the end after an hour.
type Reminder struct {
	After time.Duration // of silence: MinRemind to MaxRemind
	Text  string        // a DM, for a user who wrote by DM; "" says nothing
	Close bool          // the flow ends, and what was kept of the user in it is dropped
}

// Bounds of reminders.
const (
	MinRemind  = time.Second
	MaxRemind  = 7 * 24 * time.Hour
	MostRemind = 4 // armed at once
)

// Chain asks handlers in order.
type Chain []Handler

// Handle returns what the first handler with a draft, a question or a handoff
// returned, with its name in the drafts that bear none.
func (c Chain) Handle(in In) Out {
	if in.Tier.OptsOut() {
		return Out{}
	}
	for _, h := range c {
		out := h.Handle(in)
		if len(out.Drafts) == 0 && !out.Handoff && out.Ask == nil {
			continue
		}
		for i := range out.Drafts {
			if out.Drafts[i].Handler == "" {
				out.Drafts[i].Handler = h.Name()
			}
		}
		return out
	}
	return Out{}
}

// Say is one draft in the channel in which the user turned to the bot; silence
// if the user did not.
func Say(in In, purpose event.Purpose, text string) Out {
	if text == "" || !in.Event.Addresses() {
		return Out{}
	}
	return Out{Drafts: []event.Draft{{Kind: channel(in.Event), Purpose: purpose, Text: text}}}
}

func channel(e event.Event) event.ActionKind {
	if e.Kind == event.KindDM {
		return event.DM
	}
	return event.Reply
}
