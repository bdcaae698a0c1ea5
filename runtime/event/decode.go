package event

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Decode reads a body of the X Activity API, {"data": {event_uuid, event_type,
// filter, tag, payload, includes}}. The body of a DM event yields one Event
// for each message in its list; any other yields one. It also reads bodies of
// the older Account Activity API, {"for_user_id", "tweet_create_events": […]},
// which yield one Event for each element of their lists.
//
// It fails only for bodies that are not JSON (ErrSyntax), nest deeper than 32
// levels (ErrDepth), have no usable envelope (ErrEnvelope, ErrReplayStatus) or
// give a field twice that it reads (ErrDuplicate). Whatever else is missing or
// unknown reads as absent; payload fields that no payload of this version has
// are named in Extra, at most 64 of them.
func Decode(in []byte) ([]Event, error) {
	b := body{full: true}
	if err := b.read(in); err != nil {
		return nil, err
	}
	slices.Sort(b.extra)
	if b.older() {
		return b.aaaEvents()
	}
	t := Type(b.typ.text())
	bot := b.bot(t)
	base := Event{
		ID:        b.eventID(in),
		Type:      t,
		Known:     t.Known(),
		Extra:     slices.Compact(b.extra),
		Tag:       b.tag.text(),
		Keyword:   b.keyword.text(),
		BotUser:   bot,
		At:        b.at(),
		Automated: Unknown,
	}
	if (t == DMReceived || t == DMSent) && b.msgs != nil {
		return b.messages(base), nil
	}
	e := base
	e.Kind, e.User = b.side(t, bot)
	e.App = b.appOf(t)
	e.Name, e.Automated = b.lookup(e.User)
	switch t {
	case PostCreate, PostMention, PostReply, PostQuote, PostRepost:
		if err := b.post(&e); err != nil {
			return nil, err
		}
	case PostDelete:
		e.Message = b.id.String()
	case ChatReceived, ChatSent:
		e.Message = b.id.String()
		e.Group = !oneToOne(b.conversation.String())
		if e.Kind == KindChat {
			e.Interaction = orElse(e.Message, e.ID)
		}
	}
	return []Event{e}, nil
}

// at is the user's own time as the payload gives it.
func (b *body) at() time.Time {
	return firstTime(b.createdAt.time(), b.sentMS.millis(), b.createdMS.millis(),
		b.stampMS.millis(), b.eventMS.millis(), b.dateTime.time())
}

func firstTime(ts ...time.Time) time.Time {
	for _, t := range ts {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// exactly is a time in whole seconds made exact by the id of what happened
// then: START and STOP are ordered by it, and the webhook has milliseconds.
func exactly(at time.Time, id string) time.Time {
	if ms := snowflakeTime(id); !at.IsZero() && ms.Truncate(time.Second).Equal(at) {
		return ms
	}
	return at
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// messages makes an event of each message of a DM body.
func (b *body) messages(base Event) []Event {
	events := make([]Event, len(b.msgs))
	for i := range b.msgs {
		m, e := &b.msgs[i], &events[i]
		*e = base
		e.Index = i
		e.Kind, e.User = m.side(e.Type, e.BotUser)
		e.Name, e.Automated = b.lookup(e.User)
		e.Message, e.App = m.id.String(), m.appOf(e.BotUser, e.Type)
		e.Text = Unescape(m.text.text())
		e.Readable = readable(e.Text, m.attachment != nil || m.attachments != nil)
		e.Group = b.group(m, e.BotUser)
		e.At = firstTime(m.sentMS.millis(), exactly(m.createdAt.time(), e.Message), base.At, snowflakeTime(e.Message))
		if e.Kind == KindDM {
			e.Interaction = orElse(e.Message, e.ID+"."+strconv.Itoa(i))
		}
	}
	return events
}

// readable reports whether a message says anything in words: where media hang
// on it, links and mentions alone are X's own additions.
func readable(text string, media bool) bool {
	if !media {
		return strings.TrimSpace(text) != ""
	}
	for word := range strings.FieldsSeq(text) {
		if !hasScheme(word) && word[0] != '@' {
			return true
		}
	}
	return false
}
