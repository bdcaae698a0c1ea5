package ingest

import (
	"errors"
	"sync/atomic"

	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Why a rightly signed body becomes a dead letter.
const (
	deadNoBot       = "not for a bot of this host"
	deadUnknownType = "of an event type that this version does not know"
	deadReplay      = "the end of a replay job, which this version does not ask for"
	deadUnreadable  = "unreadable: " // and the error, which holds no text of the body
)

const (
	unknownType = "unknown"
	maxID       = 256 // bytes; ids travel in headers
)

// Message makes a body ready for the bus as the handler does with a verified
// one. Replay reads recorded bodies through it.
func (w *Webhook) Message(body []byte) bus.Message {
	msg, _ := w.message(body)
	return msg
}

// message makes a body ready for the bus, and says what it counts as.
func (w *Webhook) message(body []byte) (bus.Message, *atomic.Int64) {
	m := w.opt.Metrics
	msg := bus.Message{
		Source: source,
		Time:   w.opt.Now().UTC(),
		Bot:    bus.NoBot,
		User:   bus.NoUser,
		Data:   body,
	}
	head, err := event.Scan(body)
	if err == nil && max(len(head.ID), len(head.Type), len(head.BotUser), len(head.User)) > maxID {
		err = errLongID
	}
	if err != nil {
		return w.unreadable(msg, err)
	}
	msg.ID, msg.Type = head.ID, string(head.Type)
	if head.User != "" {
		msg.User = head.User
	}
	name, ours := w.opt.Bots(head.BotUser)
	if ours && head.BotUser != "" {
		msg.Bot = name
	}
	switch {
	case msg.Bot == bus.NoBot:
		msg.Dead = deadNoBot
		return msg, &m.NoBot
	case !head.Type.Known():
		msg.Dead = deadUnknownType
		return msg, &m.UnknownType
	}
	return msg, &m.OK
}

var errLongID = errors.New("an id of over 256 bytes")

// unreadable keeps a body of which only a guess can be made. The guess puts it
// where the opt-out matcher finds it in the order of its user.
func (w *Webhook) unreadable(msg bus.Message, err error) (bus.Message, *atomic.Int64) {
	msg.ID, msg.Type = event.BodyID(msg.Data), unknownType
	if errors.Is(err, event.ErrReplayStatus) {
		msg.Dead = deadReplay
		return msg, &w.opt.Metrics.Replay
	}
	msg.Dead = deadUnreadable + err.Error()
	bot, user, _ := event.Salvage(msg.Data)
	if name, ok := w.opt.Bots(bot); ok && bot != "" {
		msg.Bot = name
	}
	if user != "" && len(user) <= maxID {
		msg.User = user
	}
	return msg, &w.opt.Metrics.Unreadable
}
