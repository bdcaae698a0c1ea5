package dispatch

import (
	"errors"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// noteWithin is how long an erasure waits for the note that goes before it.
const noteWithin = 10 * time.Minute

func asksErasure(e event.Event) bool {
	return !e.Group && (e.Addresses() || e.Kind == event.KindDM) && conversation.AsksErasure(e.Text)
}

// forget writes down that a user asks to be erased, by every bot, and drafts the
// one note that says so, if they may be spoken to. runtime/erasure does it once
// the note has gone out, or cannot any more. It is no opt-out: who writes again
// is answered.
func (w *work) forget(m bus.Delivery, e event.Event, speak bool) ([]gate.Record, error) {
	x := db.Erasure{
		ID: "r-" + w.Key.Text("erasure asked for by " + e.ID)[:16], User: e.User, Step: db.EraseAsked, By: "the user",
		AskedAt: w.Now, StartBy: w.Now.Add(noteWithin), Cause: db.CauseUser, DueAt: w.Now.Add(24 * time.Hour),
	}
	rs, err := w.nothing(e, "The user asks that what is kept of them be deleted: it is, by every bot.")
	if err != nil {
		return nil, err
	}
	bot, err := w.speaking(e)
	if err != nil {
		return nil, err
	}
	if speak && bot.ErasureNote != "" {
		d := event.Draft{Kind: event.DM, Purpose: event.Notice, Text: bot.ErasureNote, Handler: "erasure"}
		if e.Kind == event.KindPost {
			d.Kind = event.Reply
		}
		note, err := w.propose(m, e, d, w.Now, x.StartBy)
		if err != nil {
			return nil, err
		}
		x.After = event.ActionID(e.Bot, e.Interaction, d.Kind, d.Purpose, 0, e.Version)
		rs = append(rs, note...)
	}
	if _, err := w.Tx.Erasure(x.ID); !errors.Is(err, db.ErrNotFound) {
		return rs, err // it is under way, and the event came back as a dead letter
	}
	return rs, w.Tx.PutErasure(x)
}
