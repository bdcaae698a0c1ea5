package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Why a rightly signed body becomes a dead letter.
const (
	deadNoBot       = "not for a bot of this host"
	deadOtherApp    = "of another app than this host's"
	deadUnknownType = "of an event type that this version does not know"
	deadReplay      = "the end of a replay job, which this host did not ask for"
	deadUnreadable  = "unreadable: " // and the error, which holds no text of the body
)

const (
	unknownType = "unknown"
	maxID       = 256 // bytes; ids travel in headers
)

// Take stores durably what came from X by another way than the webhook, such
// as a line of the stream, as the webhook stores a verified body. The source
// is the way, for the record: "/x/stream". It returns nil only once the bus
// has the events (W1).
func (w *Webhook) Take(ctx context.Context, source string, body []byte) error {
	msgs, _, err := w.messages(ctx, source, body)
	if err != nil {
		return err
	}
	return w.store(ctx, msgs)
}

// store publishes messages, then counts them and notes the dead letters.
func (w *Webhook) store(ctx context.Context, msgs []bus.Message) error {
	if len(msgs) == 0 {
		return nil
	}
	if err := w.opt.Publish(ctx, msgs...); err != nil {
		return fmt.Errorf("publish event %s: %w", msgs[0].ID, err)
	}
	for _, m := range msgs {
		w.opt.Events.count(m.Dead)
		if m.Dead != "" {
			w.opt.Log.WarnContext(ctx, "dead letter", "way", m.Source, "bot", m.Bot, "event", m.ID, "kind", m.Type, "err", m.Dead)
		}
	}
	return nil
}

// Message makes a body ready for the bus as the handler does with a verified
// one. Replay reads recorded bodies through it, one event each.
func (w *Webhook) Message(body []byte) bus.Message {
	part := event.Part{Data: body}
	part.Head, part.Err = event.Scan(body)
	msg, _ := w.message(source, part)
	return msg
}

// messages makes a body ready for the bus, one message for each event of a
// batch in its order (W5), and says what the request counts as.
func (w *Webhook) messages(ctx context.Context, source string, body []byte) ([]bus.Message, *atomic.Int64, error) {
	parts, err := event.Split(body)
	if errors.Is(err, event.ErrReplayStatus) && w.opt.Replayed != nil {
		if s, ok := readReplayStatus(body); ok {
			return nil, &w.opt.Metrics.Replay, w.opt.Replayed(ctx, s)
		}
	}
	if err != nil {
		parts = []event.Part{{Data: body, Err: err}}
	}
	msgs := make([]bus.Message, len(parts))
	outcome := &w.opt.Metrics.OK
	for i, p := range parts {
		var count *atomic.Int64
		msgs[i], count = w.message(source, p)
		if outcome == &w.opt.Metrics.OK {
			outcome = count // the first that is not usable stands for the request
		}
	}
	return msgs, outcome, nil
}

// message makes one event ready for the bus, and says what it counts as.
func (w *Webhook) message(source string, p event.Part) (bus.Message, *atomic.Int64) {
	m := w.opt.Metrics
	msg := bus.Message{
		Source: source,
		Time:   w.opt.Now().UTC(),
		Bot:    bus.NoBot,
		User:   bus.NoUser,
		Data:   p.Data,
	}
	head, err := p.Head, p.Err
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
	case head.Type == event.OAuthRevoke && w.opt.App != "" && head.App != "" && head.App != w.opt.App:
		// Not our authorisation: it must not pause the bot.
		msg.Dead = deadOtherApp
		return msg, &m.OtherApp
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
