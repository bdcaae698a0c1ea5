package replay

import (
	"context"
	"strings"

	"github.com/beckon-bot/beckon/runtime/event"
)

// Recorded is what a log says of how sends ended: lines of their own, and the
// echoes of our own posts and DMs. It is read before the replay begins, since
// a send ends at once in a replay and its echo stands further down.
type Recorded struct {
	byAction map[string]Outcome
	echoes   map[string][]string // of the same account, target and text: ids in order
}

// NewRecorded returns an empty record.
func NewRecorded() *Recorded {
	return &Recorded{byAction: map[string]Outcome{}, echoes: map[string][]string{}}
}

// Add takes in one line. bot gives the configured name of an account.
func (r *Recorded) Add(l Line, bot func(userID string) string) {
	if l.Outcome != nil {
		r.byAction[l.Outcome.Action] = *l.Outcome
		return
	}
	if l.Activated != nil {
		return
	}
	events, err := event.Decode(l.Body)
	if err != nil {
		return
	}
	for _, e := range events {
		switch {
		case e.Kind != event.KindOwnPost && e.Kind != event.KindOwnDM:
		case l.Own != "":
			r.byAction[l.Own] = Outcome{Action: l.Own, RemoteID: e.Message}
		default:
			k := echoKey(bot(e.BotUser), e.ReplyTo, e.User, e.Text)
			r.echoes[k] = append(r.echoes[k], e.Message)
		}
	}
}

func echoKey(bot, replyTo, user, text string) string {
	if replyTo != "" {
		user = "" // a reply is known by its post
	}
	return strings.Join([]string{bot, replyTo, user, event.EchoText(text)}, "\x00")
}

// outcomes is X in a replay: it ends each send as the log says, else with
// success at once and an id made from the action's key.
type outcomes struct{ known *Recorded }

func (x *outcomes) Send(_ context.Context, o event.Outgoing) event.Outcome {
	if known, ok := x.known.byAction[o.Action]; ok {
		delete(x.known.byAction, o.Action) // a retry meets its own outcome
		return event.Outcome{Class: event.Class(known.Class), RemoteID: known.RemoteID, Detail: known.Detail}
	}
	k := echoKey(o.Bot, o.ReplyTo, o.User, o.Text)
	if o.Kind == event.DM {
		k = echoKey(o.Bot, "", o.User, o.Text)
	}
	if ids := x.known.echoes[k]; len(ids) > 0 {
		x.known.echoes[k] = ids[1:]
		return event.Outcome{RemoteID: ids[0]}
	}
	return event.Outcome{RemoteID: "replayed-" + o.Action}
}
