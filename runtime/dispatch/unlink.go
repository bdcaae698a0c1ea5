package dispatch

import (
	"fmt"

	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

func asksUnlink(e event.Event) bool {
	return !e.Group && (e.Addresses() || e.Kind == event.KindDM) && conversation.AsksUnlink(e.Text)
}

// unlink ends what the user is matched with outside of X, by every bot, and drafts
// the one note that says so, if they may be spoken to. It counts whether or not
// anything was: from then on only a new basis does (match, T23).
func (w *work) unlink(m bus.Delivery, e event.Event, speak bool) ([]gate.Record, error) {
	n, err := w.UnmatchAll(e.Bot, e.User, e.ID)
	if err != nil {
		return nil, fmt.Errorf("end the matches of user %s: %w", e.User, err)
	}
	rs, err := w.nothing(e, fmt.Sprintf("The user does not want to be matched with an account outside of X: %s.", ended(n)))
	if err != nil {
		return nil, err
	}
	bot, err := w.speaking(e)
	if err != nil || !speak || bot.UnlinkNote == "" {
		return rs, err
	}
	d := event.Draft{Kind: event.DM, Purpose: event.Notice, Text: bot.UnlinkNote, Handler: "unlink"}
	if e.Kind == event.KindPost {
		d.Kind = event.Reply
	}
	note, err := w.propose(m, e, d, w.Now, w.Now.Add(lineWithin))
	return append(rs, note...), err
}

func ended(n int) string {
	switch n {
	case 0:
		return "nothing was matched"
	case 1:
		return "one match has ended"
	}
	return fmt.Sprintf("%d matches have ended", n)
}
