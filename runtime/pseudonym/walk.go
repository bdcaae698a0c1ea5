package pseudonym

import (
	"strings"
	"time"
)

// place is where in a line a value stands.
type place struct {
	key  string // of the field
	own  bool   // what is written there, an own account or an operator wrote
	user bool   // the object is a user, or names one
	head bool   // fields of a CloudEvent
	cmd  bool   // inside a command of the host's own
}

// into is the place of the fields of an object.
func (p *Log) into(n *node, at place) place {
	at.head = n.get("specversion") != nil
	switch {
	case n.get("form") != nil && n.get("bot") != nil:
		at.own, at.cmd = true, true
	default:
		for _, who := range []*node{n.get("author_id"), n.get("sender_id"), n.get("user").get("id_str"), n.get("user").get("id")} {
			if id := who.text(); id != "" {
				at.own = p.keep[id]
				break
			}
		}
	}
	switch {
	case n.get("username") != nil || n.get("screen_name") != nil:
		at.user = true
	case at.key == "user" || at.key == "author" || at.key == "sender" || at.key == "recipient" || at.key == "source" || at.key == "target":
		at.user = true
	case at.key != "data": // {"user":{"data":{…}}}
		at.user = false
	}
	return at
}

// userKey reports whether a field of that name holds a user's id.
func userKey(key string, at place) bool {
	key = strings.TrimSuffix(key, "_str")
	switch key {
	case "author_id", "sender_id", "user_id", "recipient_id", "for_user_id", "subject", "participant_id", "owner_id":
		return true
	case "user":
		return at.cmd
	case "id":
		return at.user
	}
	return strings.HasSuffix(key, "_user_id") || strings.HasSuffix(key, "_author_id")
}

// idKey reports whether a field of that name holds an id, or several.
func idKey(key string, at place) bool {
	key = strings.TrimSuffix(key, "_str")
	return key == "id" || key == "event_uuid" || strings.HasSuffix(key, "_id") || strings.HasSuffix(key, "_ids") ||
		at.cmd && (key == "user" || key == "post" || key == "about") || key == "subject"
}

// keptKey reports whether a field says what decides, and names nobody. An app is
// nobody; a keyword and a tag are the operator's.
func keptKey(key string) bool {
	switch key = strings.TrimSuffix(key, "_str"); key {
	case "type", "event_type", "specversion", "time", "keyword", "tag", "lang", "app_id", "source_app_id", "form", "bot", "kind", "at", "until",
		"class", "date_time", "created_timestamp", "editable_until", "verified_type", "reply_settings", "direction", "reminder", "list", "handler":
		return true
	}
	return strings.HasSuffix(key, "_at") || strings.HasSuffix(key, "_ms") || strings.HasSuffix(key, "_msec")
}

// learn takes in whom a value names.
func (p *Log) learn(n *node, at place) {
	switch n.kind {
	case '[':
		for _, v := range n.items {
			p.learn(v, at)
		}
	case '{':
		at = p.into(n, at)
		if at.user {
			p.person(n)
		}
		if at.cmd && n.get("id") != nil {
			p.causes[n.get("id").text()] = true
			p.bots[n.get("bot").text()] = true
			if h := n.get("handler").text(); h != "" {
				p.handlers[h] = true
			}
		}
		for _, f := range n.fields {
			in := at
			in.key = f.key
			if at.key == "users" && isDigits(f.key) {
				p.users[f.key] = true
				in.user = true
			}
			p.learn(f.val, in)
		}
	case '"', '0':
		p.learnText(n.str, n.kind, at)
	}
}

func (p *Log) person(n *node) {
	id := n.get("id_str").text()
	if id == "" {
		id = n.get("id").text()
	}
	for _, key := range []string{"username", "screen_name"} {
		if h := n.get(key).text(); h != "" && p.keep[id] {
			p.handles[strings.ToLower(h)] = true
		}
	}
	if name := n.get("name").text(); !p.keep[id] && strings.Contains(strings.TrimSpace(name), " ") {
		p.names[name] = true
	}
}

func (p *Log) learnText(s string, kind byte, at place) {
	switch {
	case handleKey(at.key):
		p.theirs[strings.ToLower(s)] = true
	case userKey(at.key, at):
		if isDigits(s) {
			p.users[s] = true
		}
	case idKey(at.key, at):
		p.causes[s] = true
		if at.key == "event_uuid" || at.head {
			p.uuids[strings.TrimPrefix(s, "-")] = true
		} else {
			p.timed[s] = true
		}
		if ms := millisecond(s); ms != "" {
			p.posts[ms] = append(p.posts[ms], s)
		} else if a, _, b := pair(s); isDigits(a) && isDigits(b) {
			p.users[a], p.users[b] = true, true
		}
		if at.key == "event_uuid" {
			for _, i := range []string{".0", ".1", ".2", ".3"} {
				p.causes[s+i] = true
			}
		}
	case kind == '"' && !keptKey(at.key):
		for _, id := range found(s) {
			if !p.seen[id] && at.own {
				p.ours[id] = true
			}
			p.seen[id] = true
		}
	}
}

// rewrite puts pseudonyms into a value, in place.
func (p *Log) rewrite(n *node, at place) {
	switch n.kind {
	case '[':
		for _, v := range n.items {
			p.rewrite(v, at)
		}
	case '{':
		at = p.into(n, at)
		kept := at.user && p.keep[first(n.get("id_str").text(), n.get("id").text())]
		for i, f := range n.fields {
			in := at
			in.key = f.key
			if at.key == "users" && isDigits(f.key) {
				n.fields[i].key = p.id(f.key)
				in.user = true
			}
			if located(f.key) && f.val.kind == '{' { // where somebody is
				*f.val = node{kind: 'x', str: "null"}
				continue
			}
			if at.user && !kept && p.profile(f) || keptKey(f.key) && !(at.user && f.key == "created_at") && f.val.kind != '{' && f.val.kind != '[' {
				continue
			}
			p.rewrite(f.val, in)
		}
	case '"', '0':
		p.rewriteText(n, at)
	}
}

// profile takes out what a user says of themselves; false: the field is none of
// that.
func (p *Log) profile(f field) bool {
	v := f.val
	switch f.key {
	case "username", "screen_name":
		if v.kind == '"' {
			v.str = p.handle(v.str)
		}
	case "name":
		if v.kind == '"' {
			v.str = p.name(v.str)
		}
	case "description", "location", "url", "profile_image_url", "profile_image_url_https", "profile_banner_url":
		if v.kind == '"' {
			v.str = ""
		}
	case "public_metrics", "entities", "withheld", "pinned_tweet_id", "followers_count", "friends_count", "statuses_count", "favourites_count", "listed_count":
		*v = node{kind: 'x', str: "null"}
	case "affiliation": // of an employer; the label of automated accounts decides
		if d := v.get("description"); d.text() != "Automated" && d != nil {
			*d = node{kind: '"'}
		}
		return false
	case "created_at":
		if at, err := time.Parse(time.RFC3339, v.str); err == nil {
			v.str = at.Format("2006") + "-01-01T00:00:00.000Z"
		} else if v.kind == '"' || v.kind == '0' {
			v.str = ""
			v.kind = '"'
		}
	default:
		return false
	}
	return true
}

func (p *Log) rewriteText(n *node, at place) {
	if len(p.posts) > 0 {
		p.rank()
	}
	long := isDigits(n.str) && len(n.str) >= 16
	switch {
	case at.key == "beckonaction" || at.key == "action":
		n.str = p.action(n.str)
	case at.key == "question" && at.cmd:
		n.str = p.question(n.str)
	case at.key == "by" && at.cmd:
		n.str = "operator-" + p.letters("by", n.str, 4, alphabet)
	case idKey(at.key, at) || userKey(at.key, at) || long:
		if n.kind == '0' && !isDigits(n.str) {
			return
		}
		n.str = p.eventID(n.str)
	case n.kind == '"' && handleKey(at.key):
		n.str = p.handle(n.str)
	case n.kind == '"' && opaque(at.key):
		n.str = ""
	case n.kind == '"' && strings.HasSuffix(at.key, "url") && bare.MatchString(n.str) && !p.ours[n.str]:
		n.str = p.address(n.str)
	case n.kind == '"':
		n.str = p.text(n.str)
	}
}

// handleKey reports whether a field of that name holds a handle.
func handleKey(key string) bool {
	return strings.HasSuffix(key, "screen_name") || strings.HasSuffix(key, "username")
}

// located reports whether an object of that name says where a post was written.
func located(key string) bool {
	return key == "geo" || key == "coordinates" || key == "place"
}

// opaque reports whether a field holds what nobody here can read, and may hold
// ids, or what a user's profile said before and after a change.
func opaque(key string) bool {
	switch key {
	case "conversation_token", "encoded_event", "conversation_key_change_event", "signature", "signing_public_key", "before", "after":
		return true
	}
	return false
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
