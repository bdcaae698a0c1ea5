package event

import "slices"

// post fills in what a post says. The error is a double field inside one of
// its parts.
func (b *body) post(e *Event) error {
	var p parts
	p.read(b)
	if p.err != nil {
		return p.err
	}
	e.Message = b.id.String()
	e.Text = Unescape(orElse(p.note, b.text.text()))
	e.Readable = readable(e.Text, b.attachments != nil)
	e.Lang = b.lang.text()
	e.ReplyTo = orElse(b.replyTweet.String(), b.replyPost.String())
	e.ReplyToUser = b.replyToUser.String()
	if e.ReplyTo == "" {
		e.ReplyTo = p.ref("replied_to")
	}
	e.At = firstTime(e.At, snowflakeTime(e.Message))
	if e.Version = slices.Index(p.edits, e.Message); e.Version < 0 {
		e.Version = len(p.edits) // the chain names earlier versions only
	}
	if e.Kind == KindPost && p.ref("retweeted") != "" {
		e.Kind = KindOther
	}
	if e.Kind != KindPost {
		return nil
	}
	e.Interaction = e.Message
	if len(p.edits) > 0 {
		e.Interaction = p.edits[0]
	}
	inside, leading := p.mentioned(e.BotUser, e.ReplyTo != "")
	e.Mentioned = inside || e.Type == PostMention
	e.Replied = e.Type == PostReply || e.BotUser != "" && (e.ReplyToUser == e.BotUser || b.wrote(p.ref("replied_to"), e.BotUser))
	e.Quoted = e.Type == PostQuote || b.wrote(p.ref("quoted"), e.BotUser)
	// X, 2026-08: post.mention.create does not count the leading mentions that
	// X adds to replies; the entities overrule it where they say otherwise.
	e.Summoned = inside || e.Quoted || e.Type == PostMention && !leading
	return nil
}

// wrote reports whether includes names the user as author of the post.
func (b *body) wrote(post, user string) bool {
	if post == "" || user == "" {
		return false
	}
	for _, q := range b.posts {
		if q.id.is(post) {
			return q.author.is(user)
		}
	}
	return false
}

// parts are the small containers of a post, read after the walk because only
// posts have them.
type parts struct {
	err      error
	note     string
	edits    []string
	refs     []reference
	mentions []mention
	shown    [2]int // display_text_range
	ranged   bool
}

type reference struct {
	kind token
	id   ident
}

type mention struct {
	id    ident
	start token
	note  bool // counted in note_tweet, which display_text_range does not bound
}

func (p *parts) read(b *body) {
	p.readEdits(b.editTweets.or(b.editPosts))
	p.readRefs(b.refTweets.or(b.refPosts))
	p.readShown(b.displayRange)
	p.entities(b.entities, false)
	p.readNote(b.noteTweet.or(b.notePost))
}

func (p *parts) readEdits(t token) {
	if t == nil {
		return
	}
	l := lexer{in: t}
	for ok := l.open('[', "data.payload.edit_history_tweet_ids"); ok && l.next(); {
		var id ident
		l.ident(&id)
		if s := id.String(); s != "" {
			p.edits = append(p.edits, s)
		}
	}
}

func (p *parts) readShown(t token) {
	if t == nil {
		return
	}
	l := lexer{in: t}
	n, ints := 0, 0
	for ok := l.open('[', "data.payload.display_text_range"); ok && l.next(); n++ {
		if v, ok := l.value().int(); ok && n < 2 {
			p.shown[n] = v
			ints++
		}
	}
	p.ranged = n == 2 && ints == 2
}

func (p *parts) check(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *parts) readRefs(t token) {
	if t == nil {
		return
	}
	l := lexer{in: t}
	for ok := l.open('[', "data.payload.referenced_tweets"); ok && l.next(); {
		var r reference
		for ok := l.open('{', "data.payload.referenced_tweets[]"); ok && l.next(); {
			switch string(l.key) {
			case "type":
				l.once(&r.kind)
			case "id":
				l.ident(&r.id)
			default:
				l.skip()
			}
		}
		p.refs = append(p.refs, r)
	}
	p.check(l.err)
}

// ref is the id of the first referenced post of that type.
func (p *parts) ref(kind string) string {
	for _, r := range p.refs {
		if r.kind.is(kind) {
			return r.id.String()
		}
	}
	return ""
}

func (p *parts) readNote(t token) {
	if t == nil {
		return
	}
	var text, entities token
	l := lexer{in: t}
	for ok := l.open('{', "data.payload.note_tweet"); ok && l.next(); {
		switch string(l.key) {
		case "text":
			l.once(&text)
		case "entities":
			l.once(&entities)
		default:
			l.skip()
		}
	}
	p.check(l.err)
	p.note = text.text()
	p.entities(entities, true)
}

func (p *parts) entities(t token, note bool) {
	if t == nil {
		return
	}
	l := lexer{in: t}
	for ok := l.open('{', "data.payload.entities"); ok && l.next(); {
		if string(l.key) != "mentions" {
			l.skip()
			continue
		}
		for ok := l.open('[', "data.payload.entities.mentions"); ok && l.next(); {
			m := mention{note: note}
			for ok := l.open('{', "data.payload.entities.mentions[]"); ok && l.next(); {
				switch string(l.key) {
				case "id":
					l.ident(&m.id)
				case "start":
					l.once(&m.start)
				default:
					l.skip()
				}
			}
			p.mentions = append(p.mentions, m)
		}
	}
	p.check(l.err)
}

// mentioned reports whether the post mentions the user inside the text that X
// displays, and whether it does before it, where X puts the mentions that it
// adds to replies. Where X left the range out, the text of a reply may begin
// with added mentions: a mention in it counts as leading.
func (p *parts) mentioned(user string, reply bool) (inside, leading bool) {
	if user == "" {
		return false, false
	}
	for _, m := range p.mentions {
		if !m.id.is(user) {
			continue
		}
		start, ok := m.start.int()
		switch {
		case !p.ranged:
			ok = ok && !reply
		case m.note:
			ok = ok && start >= p.shown[0]
		default:
			ok = ok && start >= p.shown[0] && start < p.shown[1]
		}
		if ok {
			inside = true
		} else {
			leading = true
		}
	}
	return inside, leading
}
