package dispatch

import (
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// handOff gives the user to a person, with one last word of fixed text, if the
// rules let it go. Whatever the handlers would say is not asked for.
func (w *work) handOff(m bus.Delivery, e event.Event, why string) ([]gate.Record, error) {
	bot, err := w.speaking(e)
	if err != nil {
		return nil, err
	}
	fresh, err := w.HandOff(w.handoffOf(e, why))
	if err != nil {
		return nil, err
	}
	rs, err := w.nothing(e, "A person takes over: "+why+".")
	if err != nil || !fresh || bot.Handover == "" {
		return rs, err
	}
	kind := event.Reply
	if e.Kind == event.KindDM {
		kind = event.DM
	}
	d := event.Draft{Kind: kind, Purpose: event.Notice, Line: event.Handover, Text: bot.Handover, Handler: "handoff"}
	last, err := w.propose(m, e, d, w.Now, w.Now.Add(lineWithin))
	return append(rs, last...), err
}

// givesBack gives the user back to the bot where a person of the desk says so,
// by the word that the configuration names, through the account itself. No send
// of ours is taken for theirs: what has this text and is in the action log came
// to Echo's notice before. One from before the handoff means another.
func (w *work) givesBack(e event.Event) (done bool, rs []gate.Record, err error) {
	bot, _ := w.Gate.Bot(e.Bot)
	if e.User == "" || !conversation.SaysDone(e.Text, bot.PersonDone) {
		return false, nil, nil
	}
	st, err := w.State(e.Bot, e.User, "")
	if err != nil {
		return false, nil, err
	}
	if since := st.Conversation.HandedOffAt; !e.At.IsZero() && e.At.Before(since) {
		rs, err = w.nothing(e, "A person gave the user back to the bot before they were handed off: that is another matter.")
		return true, rs, err
	}
	// The person's message is none that the bot waits for: what it would say next
	// comes from what the user says next.
	if err := w.PersonSpoke(e.Bot, e.User, w.PersonQuiet.Of(e.Bot)); err != nil {
		return false, nil, err
	}
	if err := w.Tx.DropEcho(e.Bot, e.Message); err != nil {
		return false, nil, err
	}
	if err := w.Release(e.Bot, e.User); err != nil {
		return false, nil, err
	}
	rs, err = w.nothing(e, "A person gives the user back: the bot answers what they write next.")
	return true, rs, err
}

// noWhy is why a handler hands over that does not say it.
const noWhy = "a handler asked for a person"

// lastWord marks a handler's draft as the bot's last word to a user whom a
// person takes over: it goes although they have the user by then. To one whom a
// person has already, nothing more is said.
func (w *work) lastWord(d event.Draft, st conversation.State) event.Draft {
	if d.Purpose = event.Answer; !st.Conversation.WithPerson(w.Now) {
		d.Line = event.Handover
	}
	return d
}

// speaking is the event's bot with its fixed texts in the user's language.
func (w *work) speaking(e event.Event) (gate.Bot, error) {
	st, err := w.State(e.Bot, e.User, "")
	bot, _ := w.Gate.Bot(e.Bot)
	return bot.In(st.Conversation.Lang), err
}

// handoffOf is the handoff that an event led to.
func (w *work) handoffOf(e event.Event, why string) action.Handoff {
	bot, _ := w.Gate.Bot(e.Bot)
	h := action.Handoff{
		Bot: e.Bot, User: e.User, Why: why, Cause: e.ID, Quiet: bot.HandoffQuiet, Tell: bot.DeskTold, Interaction: e.Interaction,
	}
	if e.Kind == event.KindPost {
		h.Post = e.Message
	}
	return h
}
