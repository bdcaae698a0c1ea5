package event

// person is a user object; key is its key in a users map.
type person struct {
	key      string
	id       ident
	username token
	name     token // as its owner writes it
	label    token // affiliation.description
	affil    bool  // affiliation met
}

// party is a user object that stands by itself in a payload.
type party struct {
	seen bool
	id   string
}

func (b *body) readParty(l *lexer, p *party) {
	switch {
	case l.twin:
		l.skip()
	case p.seen:
		l.double()
	default:
		p.seen = true
		p.id = b.readPerson(l, "").String()
	}
}

// automatedLabel is how X marks an account as automated, in
// affiliation.description (read 2026-08).
const automatedLabel = "Automated"

// readUsersMap reads the users of a DM, an object by user id.
func (b *body) readUsersMap(l *lexer) {
	if !b.full {
		l.skip()
		return
	}
	if !l.openOnce(&b.users, '{', "data.payload.users") {
		return
	}
	for l.next() {
		b.party++
		b.readPerson(l, string(l.key))
	}
}

func (b *body) readIncludes(l *lexer) {
	if !b.full {
		l.skip()
		return
	}
	if !l.openOnce(&b.includes, '{', "data.includes") {
		return
	}
	for l.next() {
		switch string(l.key) {
		case "users":
			for ok := l.open('[', "data.includes.users"); ok && l.next(); {
				b.readPerson(l, "")
			}
		case "tweets", "posts":
			for ok := l.open('[', "data.includes.tweets"); ok && l.next(); {
				b.posts = append(b.posts, quotable{})
				readQuotable(l, &b.posts[len(b.posts)-1])
			}
		case "media", "places", "polls", "topics":
			l.skip()
		default:
			b.unknown(l)
		}
	}
}

// readPerson reads a user object, bare or as {"data": {…}}; what is inside data
// becomes a person of its own. It returns the user's id.
func (b *body) readPerson(l *lexer, key string) ident {
	if !l.open('{', "user") {
		return ident{}
	}
	var inner ident
	p := person{key: key}
	for l.next() {
		switch string(l.key) {
		case "id":
			l.ident(&p.id)
		case "username":
			l.once(&p.username)
		case "name":
			l.first(&p.name)
		case "affiliation":
			if !l.openOnce(&p.affil, '{', "user.affiliation") {
				continue
			}
			for l.next() {
				if string(l.key) == "description" {
					l.once(&p.label)
				} else {
					l.skip()
				}
			}
		case "data":
			inner = b.readPerson(l, key)
		default:
			l.skip()
		}
	}
	if b.full {
		b.people = append(b.people, p)
	}
	if p.id.val == nil && p.id.twin == nil {
		return inner
	}
	return p.id
}

func readQuotable(l *lexer, q *quotable) {
	if !l.open('{', "data.includes.tweets[]") {
		return
	}
	for l.next() {
		switch string(l.key) {
		case "id":
			l.ident(&q.id)
		case "author_id":
			l.ident(&q.author)
		default:
			l.skip()
		}
	}
}

// lookup finds the handle and the label of a user among all user objects of
// the body. A user object without the label says that there is none; no user
// object says nothing.
func (b *body) lookup(user string) (name string, automated Tri) {
	automated = Unknown
	if user == "" {
		return "", automated
	}
	for _, p := range b.people {
		if p.key != user && !p.id.is(user) {
			continue
		}
		if name == "" {
			name = p.username.text()
		}
		if p.label.is(automatedLabel) {
			automated = Yes
		} else if automated == Unknown {
			automated = No
		}
	}
	return name, automated
}

// DisplayName is the name that a user goes by, as the body of one of their posts
// or DMs has it; "" where it has none. It is for showing that post or DM:
// nothing is decided by it, and Event leaves it out.
func DisplayName(in []byte, user string) string {
	b := body{full: true}
	if user == "" || b.read(in) != nil {
		return ""
	}
	if b.older() {
		return b.aaa.displayName(user)
	}
	for _, p := range b.people {
		if name := p.name.text(); name != "" && (p.key == user || p.id.is(user)) {
			return name
		}
	}
	return ""
}
