// Package event holds the values that cross package borders: what X told us
// (Event), what we may send (Draft, Outgoing), how a send ended (Outcome), and
// the ids that tie them together. It is a leaf: the standard library and the
// composing of Unicode (NFC) by which X counts a text; no I/O, no clock.
//
// What it refuses to do: it never fails on an event type, a field or an id
// format that it does not know. X adds all three without notice; unknown types
// are kept with Known false, unknown fields are named in Extra, and ids stay
// opaque strings.
package event

import "time"

// Type is X's own name for an event, the event_type of the X Activity API.
type Type string

// The event types that X documents. Any other value decodes too, with
// Event.Known false.
const (
	PostCreate  Type = "post.create"
	PostDelete  Type = "post.delete"
	PostMention Type = "post.mention.create"
	PostReply   Type = "post.reply.create"
	PostQuote   Type = "post.quote.create"
	PostRepost  Type = "post.repost.create"

	DMReceived       Type = "dm.received"
	DMSent           Type = "dm.sent"
	DMRead           Type = "dm.read"
	DMIndicateTyping Type = "dm.indicate_typing"

	ChatReceived Type = "chat.received"
	ChatSent     Type = "chat.sent"

	LikeCreate Type = "like.create"
	Follow     Type = "follow.follow"
	Unfollow   Type = "follow.unfollow"
	Mute       Type = "mute.mute"
	Unmute     Type = "mute.unmute"
	Block      Type = "block.block"
	Unblock    Type = "block.unblock"

	OAuthRevoke Type = "oauth.revoke"
)

// Kind is what an event means to a bot, whatever way it came.
type Kind string

const (
	KindPost    Kind = "post"     // somebody else's post that names, answers or quotes us, or was matched by a keyword
	KindDM      Kind = "dm"       // somebody else's DM to us
	KindOwnPost Kind = "own_post" // a post of our own account, seen from outside
	KindOwnDM   Kind = "own_dm"   // a DM of our own account, seen from outside
	KindChat    Kind = "chat"     // an encrypted message to us: unreadable, perhaps a STOP
	KindDelete  Kind = "delete"   // a post of our own account was deleted
	KindRevoke  Kind = "revoke"   // the account withdrew its authorisation
	KindBlocked Kind = "blocked"  // the other side blocks our account
	KindCommand Kind = "command"  // an operator's act
	KindTimer   Kind = "timer"    // a due time that passed
	KindOther   Kind = "other"    // everything that permits no answer: likes, follows, profiles, broadcasts, unknown types
)

// Tri is a fact that X may leave out.
type Tri string

const (
	Yes     Tri = "yes"
	No      Tri = "no"
	Unknown Tri = "unknown"
)

// Event is one thing that happened on X, decoded. One body yields 0 to n of
// them; (Bot, ID, Index) is the identity for de-duplication.
type Event struct {
	ID      string // X's event_uuid: a decimal string that can be negative, or a UUID
	Index   int    // position within its body, from 0
	Type    Type
	Kind    Kind
	Known   bool     // false: a type that this version does not know; Kind is KindOther
	Extra   []string // JSON paths of envelope and payload fields that this version does not know, sorted
	Tag     string   // the subscription's tag
	Keyword string   // the subscription's keyword filter, if it has one

	Bot     string    // the bot's configured name; Decode leaves it empty, dispatch sets it
	BotUser string    // user id of the subscribed account (filter.user_id; for oauth.revoke payload.user_id)
	User    string    // user id of the other side; "" if there is none
	Name    string    // the other side's handle without the @, "" if X left it out; never a key, handles change
	At      time.Time // the user's own time in UTC: created_at, created_timestamp or the id's snowflake; zero if X gave none

	// Interaction is the key of the user's act, without the bot: for a post the
	// first id of its edit chain, for a DM the message's own id. Empty for
	// events that are not an act toward us.
	Interaction string
	Message     string // id of this post or DM: the newest version that this event tells of
	Version     int    // number of edits before this version, from 0
	Text        string // whole text (note_tweet first), HTML entities decoded; "" if there is none
	Readable    bool   // false: there is a message but no text of it can be read (encrypted, media only)
	Lang        string // BCP 47 as X guessed it; "und" or "" if unknown

	Mentioned bool // names the bot, by event type or inside the display text
	Replied   bool // answers a post of the bot
	Quoted    bool // quotes a post of the bot
	Summoned  bool // mentions the bot inside display_text_range, or quotes it: what X's self-serve tiers demand

	ReplyTo     string // id of the post that this one answers
	ReplyToUser string // user id of that post's author
	Group       bool   // a group DM: recorded, never answered
	App         string // id of the app that wrote an own DM (NoApp: none did) or that lost the authorisation; "": X does not say
	Automated   Tri    // the other side carries X's 'Automated' label

	UserAct string // of a command: the person's own act that asks for it; "" for all that X tells
}

// NoApp is the App of an own DM of which X says that no app wrote it.
const NoApp = "none"

// Edited reports whether the event tells of a later version of a post.
func (e Event) Edited() bool { return e.Version > 0 }

// Addresses reports whether the user turned to the bot with this event: the
// only ground on which anything may be drafted.
func (e Event) Addresses() bool {
	switch e.Kind {
	case KindDM:
		return !e.Group
	case KindPost:
		return e.Mentioned || e.Replied || e.Quoted
	}
	return false
}
