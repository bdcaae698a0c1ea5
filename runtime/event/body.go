package event

import "fmt"

// body is what one walk over X's bytes picks up. Decode and Scan make the same
// walk, so that what the door routes by is what dispatch acts on; Scan leaves
// out people, quoted posts, all messages but the first, and Extra.
type body struct {
	full  bool // for Decode
	extra []string

	data, filter, pay, includes, users, dms bool // containers met, against doubles

	typ, tag, replayStatus token
	uuid, filterUser       ident
	keyword                token

	payload

	msgs   []message
	people []person
	party  int // entries of a DM's users map
	posts  []quotable

	aaa aaa // the older envelope
}

// payload holds the fields that the payloads of all types have between them.
// No field means different things in two of them.
type payload struct {
	id, author, sender, user, app      ident
	replyTweet, replyPost, replyToUser ident
	likedAuthor, likedPostAuthor       ident
	conversation, dmConversation       ident

	createdAt, dateTime                 token
	createdMS, stampMS, sentMS, eventMS ident
	text, noteTweet, notePost, lang     token
	entities, displayRange, attachments token
	editTweets, editPosts               token
	refTweets, refPosts                 token
	source, target, owner, writer       party
}

// message is an entry of direct_message_events.
type message struct {
	id, sender, recipient   ident
	conversation, dmConv    ident
	sentMS, app             ident
	createdAt, text         token
	attachment, attachments token
	create, target, data    bool // containers met
}

// quotable is a post from includes.
type quotable struct{ id, author ident }

// read walks the whole body, and fails where it has no usable envelope.
func (b *body) read(in []byte) error {
	l := lexer{in: in}
	if l.open('{', "") {
		for l.next() {
			switch string(l.key) {
			case "data":
				b.readData(&l)
			case "replay_job_status":
				l.once(&b.replayStatus)
			default:
				if !b.readAAA(&l) {
					b.unknown(&l)
				}
			}
		}
	}
	if l.peek(); l.err == nil && l.pos < len(in) {
		l.fail(ErrSyntax)
	}
	switch {
	case l.err != nil:
		return l.err
	case b.replayStatus != nil && !b.data:
		return ErrReplayStatus
	case b.older():
		if len(b.aaa.items) == 0 {
			return fmt.Errorf("%w: for_user_id, and no event beside it", ErrEnvelope)
		}
		return nil
	case b.typ.text() == "":
		return fmt.Errorf("%w: data.event_type is missing", ErrEnvelope)
	}
	return nil
}

// unknown skips a field that this version does not know, and names it.
func (b *body) unknown(l *lexer) {
	const most = 64 // enough for a person to see what X changed
	if b.full && len(b.extra) < most {
		b.extra = append(b.extra, l.name())
	}
	l.skip()
}

func (b *body) readData(l *lexer) {
	if !l.openOnce(&b.data, '{', "data") {
		return
	}
	for l.next() {
		switch string(l.key) {
		case "event_uuid":
			l.ident(&b.uuid)
		case "event_type":
			l.once(&b.typ)
		case "tag":
			l.once(&b.tag)
		case "filter":
			b.readFilter(l)
		case "payload":
			b.readPayload(l)
		case "includes":
			b.readIncludes(l)
		default:
			b.unknown(l)
		}
	}
}

func (b *body) readFilter(l *lexer) {
	if !l.openOnce(&b.filter, '{', "data.filter") {
		return
	}
	for l.next() {
		switch string(l.key) {
		case "user_id":
			l.ident(&b.filterUser)
		case "keyword":
			l.once(&b.keyword)
		case "direction":
			l.skip()
		default:
			b.unknown(l)
		}
	}
}

func (b *body) readPayload(l *lexer) {
	if !l.openOnce(&b.pay, '{', "data.payload") {
		return
	}
	for l.next() {
		switch string(l.key) {
		case "id":
			l.ident(&b.id)
		case "author_id":
			l.ident(&b.author)
		case "sender_id":
			l.ident(&b.sender)
		case "user_id":
			l.ident(&b.user)
		case "app_id":
			l.ident(&b.app)
		case "in_reply_to_tweet_id":
			l.ident(&b.replyTweet)
		case "in_reply_to_post_id":
			l.ident(&b.replyPost)
		case "in_reply_to_user_id":
			l.ident(&b.replyToUser)
		case "liked_tweet_author_id":
			l.ident(&b.likedAuthor)
		case "liked_post_author_id":
			l.ident(&b.likedPostAuthor)
		case "conversation_id":
			l.ident(&b.conversation)
		case "dm_conversation_id":
			l.ident(&b.dmConversation)
		case "created_at":
			l.once(&b.createdAt)
		case "date_time":
			l.once(&b.dateTime)
		case "created_at_msec":
			l.ident(&b.createdMS)
		case "timestamp_ms":
			l.ident(&b.stampMS)
		case "created_timestamp":
			l.ident(&b.sentMS)
		case "event_timestamp_ms":
			l.ident(&b.eventMS)
		case "text":
			l.once(&b.text)
		case "note_tweet":
			l.once(&b.noteTweet)
		case "note_post":
			l.once(&b.notePost)
		case "lang":
			l.once(&b.lang)
		case "entities":
			l.once(&b.entities)
		case "display_text_range":
			l.once(&b.displayRange)
		case "attachments":
			l.once(&b.attachments)
		case "edit_history_tweet_ids":
			l.once(&b.editTweets)
		case "edit_history_post_ids":
			l.once(&b.editPosts)
		case "referenced_tweets":
			l.once(&b.refTweets)
		case "referenced_posts":
			l.once(&b.refPosts)
		case "source":
			b.readParty(l, &b.source)
		case "target":
			b.readParty(l, &b.target)
		case "user":
			b.readParty(l, &b.owner)
		case "author":
			b.readParty(l, &b.writer)
		case "users":
			b.readUsersMap(l)
		case "direct_message_events":
			b.readMessages(l)
		default:
			if ignored(l.key) {
				l.skip()
			} else {
				b.unknown(l)
			}
		}
	}
}
