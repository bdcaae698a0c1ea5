package event

import "time"

// aaaFields are the fields of an element, of any list: no field means
// different things in two of them.
type aaaFields struct {
	id                     ident
	typ, createdAt         token
	stampMS, createdMS     ident
	user                   aaaUserRef
	source, target         aaaUserRef
	sender                 ident // of typing and read events
	text, fullText, lang   token
	replyTo, replyToUser   ident
	quotedID               ident
	quoted, retweeted      aaaQuoted
	extended               bool
	entities, shown, media token
	extText, extEntities   token
	extShown, extMedia     token
	edits, initial         token
	status                 aaaQuoted // of a delete
	revoke                 aaaRevoke
	msg                    message
}

// aaaUserRef is a user object, or a target that names a recipient or a user.
type aaaUserRef struct {
	seen       bool
	id         ident
	screenName token
	name       token
}

// aaaQuoted is another post inside the element, or a deleted one.
type aaaQuoted struct {
	seen   bool
	id     ident
	author aaaUserRef
	userID ident
}

type aaaRevoke struct {
	seen           bool
	dateTime       token
	source, target aaaUserRef
	app            ident
}

// readItem reads the fields of an element.
func (f *aaaFields) readItem(list string, raw token) error {
	l := lexer{in: raw}
	for ok := l.open('{', list); ok && l.next(); {
		f.field(&l)
	}
	return l.err
}

func (f *aaaFields) field(l *lexer) {
	switch string(l.key) {
	case "id":
		l.ident(&f.id)
	case "type":
		l.once(&f.typ)
	case "created_at":
		l.once(&f.createdAt)
	case "timestamp_ms":
		l.ident(&f.stampMS)
	case "created_timestamp":
		l.ident(&f.createdMS)
	case "user":
		f.user.read(l)
	case "source":
		f.source.read(l)
	case "target":
		f.target.read(l)
	case "sender_id":
		l.ident(&f.sender)
	case "text":
		l.once(&f.text)
	case "full_text":
		l.once(&f.fullText)
	case "lang":
		l.once(&f.lang)
	case "in_reply_to_status_id":
		l.ident(&f.replyTo)
	case "in_reply_to_user_id":
		l.ident(&f.replyToUser)
	case "quoted_status_id":
		l.ident(&f.quotedID)
	case "quoted_status":
		f.quoted.read(l)
	case "retweeted_status":
		f.retweeted.read(l)
	case "status":
		f.status.read(l)
	case "entities":
		l.once(&f.entities)
	case "display_text_range":
		l.once(&f.shown)
	case "extended_entities":
		l.once(&f.media)
	case "extended_tweet":
		f.readExtended(l)
	case "edit_history", "edit_controls":
		f.readEdits(l)
	case "message_create":
		new(body).readCreate(l, &f.msg) // the shape is that of the newer envelope
	case "revoke":
		f.readRevoke(l)
	default:
		l.skip()
	}
}

func (f *aaaFields) readExtended(l *lexer) {
	if !l.openOnce(&f.extended, '{', "extended_tweet") {
		return
	}
	for l.next() {
		switch string(l.key) {
		case "full_text":
			l.once(&f.extText)
		case "display_text_range":
			l.once(&f.extShown)
		case "entities":
			l.once(&f.extEntities)
		case "extended_entities":
			l.once(&f.extMedia)
		default:
			l.skip()
		}
	}
}

// readEdits: which of the two objects has the chain is not documented.
func (f *aaaFields) readEdits(l *lexer) {
	for ok := l.open('{', "edit_history"); ok && l.next(); {
		switch key := string(l.key); {
		case key == "edit_tweet_ids" && f.edits == nil:
			f.edits = l.value()
		case key == "initial_tweet_id" && f.initial == nil:
			f.initial = l.value()
		default:
			l.skip()
		}
	}
}

func (f *aaaFields) readRevoke(l *lexer) {
	if !l.openOnce(&f.revoke.seen, '{', "revoke") {
		return
	}
	for l.next() {
		switch string(l.key) {
		case "date_time":
			l.once(&f.revoke.dateTime)
		case "source":
			f.revoke.source.read(l)
		case "target":
			for ok := l.open('{', "revoke.target"); ok && l.next(); {
				if string(l.key) == "app_id" {
					l.ident(&f.revoke.app)
				} else {
					l.skip()
				}
			}
		default:
			l.skip()
		}
	}
}

func (u *aaaUserRef) read(l *lexer) {
	if !l.openOnce(&u.seen, '{', "user") {
		return
	}
	var userID, recipient ident
	for l.next() {
		switch string(l.key) {
		case "id":
			l.ident(&u.id)
		case "user_id":
			l.ident(&userID)
		case "recipient_id":
			l.ident(&recipient)
		case "screen_name":
			l.once(&u.screenName)
		case "name":
			l.first(&u.name)
		default:
			l.skip()
		}
	}
	for _, other := range []ident{userID, recipient} {
		if u.id.String() == "" {
			u.id = other
		}
	}
}

func (q *aaaQuoted) read(l *lexer) {
	if !l.openOnce(&q.seen, '{', "status") {
		return
	}
	for l.next() {
		switch string(l.key) {
		case "id":
			l.ident(&q.id)
		case "user":
			q.author.read(l)
		case "user_id":
			l.ident(&q.userID)
		default:
			l.skip()
		}
	}
}

// aaaTime reads X's older form, "Wed Oct 10 20:19:24 +0000 2018", and RFC 3339.
func aaaTime(t token) time.Time {
	if at, err := time.Parse(time.RubyDate, t.text()); err == nil {
		return at.UTC()
	}
	return t.time()
}

// likeUnix reads milliseconds since 1970; the older lists sometimes give
// seconds.
func likeUnix(id ident) time.Time {
	const year2001 = 978307200000
	at := id.millis()
	if !at.IsZero() && at.UnixMilli() < year2001 {
		return time.Unix(at.UnixMilli(), 0).UTC()
	}
	return at
}
