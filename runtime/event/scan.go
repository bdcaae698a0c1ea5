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
	t := Type(b.typ.text())
	bot := b.bot(t)
	_, user := b.side(t, bot)
	return Head{ID: b.eventID(in), Type: t, BotUser: bot, User: user, Keyword: b.keyword.text()}, nil
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
