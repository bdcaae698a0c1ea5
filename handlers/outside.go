package handlers

import (
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// Outside stands in a chain for a handler that runs outside of this process:
// a program that speaks NATS, or a language model. It says what is to be asked;
// the answer is no part of Handle, it comes later as an event of its own, and
// is decided like any draft.
type Outside struct {
	ID          string        // its name in the configuration
	AIGenerated bool          // whatever it says was written by a model
	Deadline    time.Duration // from the event on; an answer after it is not taken
	Fallback    Fallback

	// First: it stands before handlers with flows. It is not asked while one is
	// open: what the user says then belongs to the flow.
	First bool
}

// Fallback is what happens where the handler gives no answer in time. The zero
// value is silence.
type Fallback struct {
	Reply, DM string // texts by channel; "" says nothing
	Handoff   bool   // a person shall take over
}

// Question is what is asked of a handler outside of this process.
type Question struct {
	Handler     string
	AIGenerated bool
	Deadline    time.Duration
}

// Name is the configured one.
func (o Outside) Name() string { return o.ID }

// Handle asks about every message that turns to the bot and has words.
func (o Outside) Handle(in In) Out {
	if !in.Event.Addresses() || in.Event.Text == "" || o.First && in.Conversation.Flow != "" && channel(in.Event) == event.DM {
		return Out{}
	}
	return Out{Ask: &Question{Handler: o.ID, AIGenerated: o.AIGenerated, Deadline: o.Deadline}}
}

// Outside finds the handler of that name that runs outside of this process.
func (c Chain) Outside(name string) (Outside, bool) {
	for _, h := range c {
		if o, ok := h.(Outside); ok && o.ID == name {
			return o, true
		}
	}
	return Outside{}, false
}

// After is the handlers behind the one of that name that runs outside: they are
// asked where it has nothing to say.
func (c Chain) After(name string) Chain {
	for i, h := range c {
		if o, ok := h.(Outside); ok && o.ID == name {
			return c[i+1:]
		}
	}
	return nil
}

// Text is the fallback's for the channel in which the user turned to the bot.
func (f Fallback) Text(e event.Event) string {
	if Channel(e) == event.DM {
		return f.DM
	}
	return f.Reply
}

// Channel is the way by which an event is answered: the one by which it came.
func Channel(e event.Event) event.ActionKind { return channel(e) }
