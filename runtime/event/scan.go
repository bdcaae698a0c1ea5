package event

import (
	"crypto/sha256"
	"encoding/hex"
)

// Head is what the door needs to route a body.
type Head struct {
	ID      string // as Event.ID
	Type    Type   // as Event.Type
	BotUser string // as Event.BotUser
	User    string // as Event.User of the first event
	Keyword string // as Event.Keyword
	App     string // as Event.App
}

// Scan reads the head of a body in one pass, without building a tree. What it
// returns is what Decode would say of the same body: both make the same walk.
//
// Like Decode it refuses a body in which a field that it reads is given twice
// (ErrDuplicate): readers disagree on which of the two counts, and so could be
// shown different events. Doubles of fields that nobody reads do no harm and
// pass. Other errors are ErrSyntax, ErrDepth, ErrEnvelope and ErrReplayStatus;
// Decode refuses every body that Scan refuses.
func Scan(in []byte) (Head, error) {
	var b body
	if err := b.read(in); err != nil {
		return Head{}, err
	}
	if b.older() {
		e, err := b.aaaEvent(0)
		return headOf(e), err
	}
	return b.head(in), nil
}

func (b *body) head(in []byte) Head {
	t := Type(b.typ.text())
	bot := b.bot(t)
	_, user := b.side(t, bot)
	return Head{ID: b.eventID(in), Type: t, BotUser: bot, User: user, Keyword: b.keyword.text(), App: b.appOf(t)}
}

func headOf(e Event) Head {
	return Head{ID: e.ID, Type: e.Type, BotUser: e.BotUser, User: e.User, Keyword: e.Keyword, App: e.App}
}

// Part is what a body says of one event.
type Part struct {
	Head
	Data []byte // a body of its own: X's bytes
	Err  error  // why it cannot be read, as of Decode; Head is zero then
}

// Split takes a body apart into bodies of one event each, in order. A body of
// the X Activity API is one part as it stands. One of the older Account
// Activity API is a batch, in which several users can speak: each element of
// its lists becomes a body of the same form with that element alone, X's bytes
// of it unchanged, so that it can go its own user's way. An element that cannot
// be read is a part with its error. Errors of the whole body are those of Scan.
func Split(in []byte) ([]Part, error) {
	var b body
	if err := b.read(in); err != nil {
		return nil, err
	}
	if !b.older() {
		return []Part{{Head: b.head(in), Data: in}}, nil
	}
	parts := make([]Part, len(b.aaa.items))
	for i := range parts {
		e, err := b.aaaEvent(i)
		if err == nil {
			parts[i].Head = headOf(e)
		}
		parts[i].Err = err
		if parts[i].Data = in; len(parts) > 1 {
			parts[i].Data = b.fragment(i, e)
		}
	}
	return parts, nil
}

// eventID is X's event_uuid, or where it is missing a hash of the body, so
// that two events without one are still told apart.
func (b *body) eventID(in []byte) string {
	if id := b.uuid.String(); id != "" {
		return id
	}
	return BodyID(in)
}

// BodyID names a body that carries no id of its own: "sha256:" and the hash in
// hex.
func BodyID(in []byte) string {
	sum := sha256.Sum256(in)
	return "sha256:" + hex.EncodeToString(sum[:])
}
