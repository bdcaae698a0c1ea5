package event

import "slices"

// aaaEvent says what an element means, in the terms of the newer envelope. The
// older one knows no 'Automated' label: Automated is Unknown.
func (b *body) aaaEvent(i int) (Event, error) {
	it := b.aaa.items[i]
	e := Event{BotUser: b.aaa.user.String(), Kind: KindOther, Automated: Unknown}
	if it.err != nil {
		return Event{}, it.err
	}
	var f aaaFields
	if err := f.readItem(it.list, it.raw); err != nil {
		return Event{}, err
	}
	e.At = firstTime(aaaTime(f.createdAt), likeUnix(f.createdMS), f.stampMS.millis())
	e.ID = aaaID(it)
	var err error
	switch it.list {
	case aaaPosts:
		err = f.post(&e, it)
	case aaaDeletes:
		f.deleted(&e, it)
	case aaaDMs:
		b.aaaDM(&e, &f, it)
	case aaaTyping, aaaRead:
		e.Type = DMRead
		if it.list == aaaTyping {
			e.Type = DMIndicateTyping
		}
		e.User = notBot(e.BotUser, f.sender.String(), f.target.id.String())
		e.ID = aaaID(it, string(e.Type), f.sender.String(), f.target.id.String(), f.createdMS.String())
	case aaaLikes:
		e.Type = LikeCreate
		e.User, e.Name = notBot(e.BotUser, f.user.id.String()), ""
		e.ID = aaaID(it, "like", f.id.String())
	case aaaFollows, aaaMutes, aaaBlocks:
		f.relation(&e, it)
	case aaaUser:
		e.BotUser = f.revoke.source.id.String()
		e.At = firstTime(aaaTime(f.revoke.dateTime), e.At)
		if f.revoke.seen {
			e.Type, e.Kind, e.App = OAuthRevoke, KindRevoke, f.revoke.app.String()
		}
	}
	if e.Type == "" {
		e.Type = Type("aaa." + it.list)
	}
	e.Known = e.Type.Known()
	return e, err
}

// aaaID names what an element tells of, by X's ids. Where one is missing or
// endless the element's own bytes do.
func aaaID(it aaaItem, ids ...string) string {
	const longest = 64
	id := "aaa"
	for _, s := range ids {
		if s == "" || len(s) > longest {
			ids = nil
			break
		}
		id += "." + s
	}
	if len(ids) == 0 {
		return "aaa." + BodyID(append([]byte(it.list+":"), it.raw...))
	}
	return id
}

// post is a tweet_create_events element. Its type is what the newer envelope
// would call it first; what it says of the bot is read from the post itself.
func (f *aaaFields) post(e *Event, it aaaItem) error {
	e.ID = aaaID(it, "post", f.id.String())
	e.Type, e.Message = PostCreate, f.id.String()
	author := f.user.id.String()
	text, shown, media, entities := f.text.text(), f.shown, f.media, f.entities
	if full := orElse(f.extText.text(), f.fullText.text()); full != "" {
		text = full
	}
	if f.extEntities != nil { // these count in the whole text
		entities, shown = f.extEntities, f.extShown
	}
	var p parts
	p.readShown(shown)
	hasMedia := p.olderEntities(entities)
	if p.err != nil {
		return p.err
	}
	e.Text = Unescape(text)
	e.Readable = readable(e.Text, hasMedia || media != nil || f.extMedia != nil)
	e.Lang = f.lang.text()
	e.ReplyTo, e.ReplyToUser = f.replyTo.String(), f.replyToUser.String()
	e.At = firstTime(e.At, snowflakeTime(e.Message))
	chain := f.chain(e)
	switch {
	case author == "":
		return nil
	case author == e.BotUser:
		e.Kind, e.User = KindOwnPost, notBot(e.BotUser, e.ReplyToUser)
		return nil
	}
	e.User, e.Name = author, f.user.screenName.text()
	if f.retweeted.id.String() != "" {
		e.Type = PostRepost
		return nil
	}
	if e.Message == "" {
		return nil
	}
	e.Kind, e.Interaction = KindPost, chain
	inside, _ := p.mentioned(e.BotUser, e.ReplyTo != "")
	e.Mentioned = inside
	e.Replied = e.BotUser != "" && e.ReplyToUser == e.BotUser
	e.Quoted = e.BotUser != "" && f.quoted.author.id.is(e.BotUser)
	e.Summoned = inside || e.Quoted
	switch {
	case e.Replied:
		e.Type = PostReply
	case e.Quoted:
		e.Type = PostQuote
	case e.Mentioned:
		e.Type = PostMention
	}
	return nil
}

// chain is the first id of the post's edits; it sets Version. Where X names
// the first id alone, the number of edits is not known and counts as one.
func (f *aaaFields) chain(e *Event) (first string) {
	var p parts
	p.readEdits(f.edits)
	initial := ident{val: f.initial}.String()
	switch at := slices.Index(p.edits, e.Message); {
	case len(p.edits) > 0 && at < 0:
		e.Version = len(p.edits)
		return p.edits[0]
	case at >= 0:
		e.Version = at
		return p.edits[0]
	case initial != "" && initial != e.Message:
		e.Version = 1
		return initial
	}
	return e.Message
}

// olderEntities reads the mentions as the older envelope writes them, and
// reports whether media hang on the post.
func (p *parts) olderEntities(t token) (media bool) {
	if t == nil {
		return false
	}
	l := lexer{in: t}
	for ok := l.open('{', "entities"); ok && l.next(); {
		switch string(l.key) {
		case "media":
			media = true
			l.skip()
		case "user_mentions":
			for ok := l.open('[', "entities.user_mentions"); ok && l.next(); {
				p.mentions = append(p.mentions, olderMention(&l))
			}
		default:
			l.skip()
		}
	}
	p.check(l.err)
	return media
}

func olderMention(l *lexer) (m mention) {
	for ok := l.open('{', "entities.user_mentions[]"); ok && l.next(); {
		switch string(l.key) {
		case "id":
			l.ident(&m.id)
		case "indices":
			for ok := l.open('[', "indices"); ok && l.next(); {
				if v := l.value(); m.start == nil {
					m.start = v
				}
			}
		default:
			l.skip()
		}
	}
	return m
}

// deleted is a tweet_delete_events element.
func (f *aaaFields) deleted(e *Event, it aaaItem) {
	e.Type, e.Message = PostDelete, f.status.id.String()
	e.ID = aaaID(it, "delete", e.Message)
	author := orElse(f.status.userID.String(), f.status.author.id.String())
	if author != "" && author != e.BotUser {
		e.User = author
		return
	}
	e.Kind = KindDelete
}

// relation is a follow, mute or block. A block by the other side, which only
// this envelope tells of, is theirs to lift.
func (f *aaaFields) relation(e *Event, it aaaItem) {
	from, to := f.source.id.String(), f.target.id.String()
	what := f.typ.text()
	switch it.list + ":" + what {
	case aaaFollows + ":follow":
		e.Type = Follow
	case aaaFollows + ":unfollow":
		e.Type = Unfollow
	case aaaMutes + ":mute":
		e.Type = Mute
	case aaaMutes + ":unmute":
		e.Type = Unmute
	case aaaBlocks + ":block":
		e.Type = Block
		if from != "" && from != e.BotUser && to == e.BotUser {
			e.Kind = KindBlocked
		}
	case aaaBlocks + ":unblock":
		e.Type = Unblock
	}
	e.User = notBot(e.BotUser, from, to)
	e.ID = aaaID(it, what, from, to, orElse(f.createdMS.String(), f.stampMS.String()))
}

// aaaDM is a direct_message_events element.
func (b *body) aaaDM(e *Event, f *aaaFields, it aaaItem) {
	m := &f.msg
	if !m.create {
		return // somebody joined, and the like: of an unknown type
	}
	m.id, m.sentMS = f.id, f.createdMS
	e.Type = DMReceived
	if m.sender.is(e.BotUser) {
		e.Type = DMSent
	}
	e.Kind, e.User = m.side(e.Type, e.BotUser)
	e.Message = m.id.String()
	e.ID = aaaID(it, "dm", e.Message)
	e.Name = b.aaa.nameOf(e.User)
	e.Text = Unescape(m.text.text())
	e.Readable = readable(e.Text, m.attachment != nil || m.attachments != nil)
	e.Group = b.group(m, e.BotUser)
	e.At = firstTime(m.sentMS.millis(), e.At, snowflakeTime(e.Message))
	if e.Kind == KindDM {
		e.Interaction = orElse(e.Message, e.ID)
	}
	if e.Kind == KindOwnDM {
		// X rule: source_app_id of another app, or none, means not us (facts.md, read 2026-11-25)
		e.App = orElse(m.app.String(), NoApp)
	}
}

// nameOf is the handle of a user of the body's users map.
func (a *aaa) nameOf(user string) string { return a.person(user).screenName.text() }

// displayName is the name that a user goes by, from that map or from a post of
// theirs.
func (a *aaa) displayName(user string) string {
	if name := a.person(user).name.text(); name != "" {
		return name
	}
	for _, it := range a.items {
		var f aaaFields
		if it.list == aaaPosts && it.err == nil && f.readItem(it.list, it.raw) == nil && f.user.id.is(user) {
			return f.user.name.text()
		}
	}
	return ""
}

// person is the last entry of a user in that map.
func (a *aaa) person(user string) (u aaaUserRef) {
	if a.users == nil || user == "" {
		return u
	}
	l := lexer{in: a.users}
	for ok := l.open('{', "users"); ok && l.next(); {
		if string(l.key) != user || l.twin {
			l.skip()
			continue
		}
		u = aaaUserRef{}
		u.read(&l)
	}
	return u
}
