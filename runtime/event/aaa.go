package event

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// aaa is what a body of the Account Activity API holds, X's older envelope:
// for_user_id, and lists of events by what happened. The elements are kept as
// they stand and read one by one, so that a bad one takes no other with it.
type aaa struct {
	seen     bool // a key of this envelope was met
	user     ident
	users    token // of the body's DMs, an object by user id
	revokeIn token // user_event, which has no for_user_id
	lists    []string
	items    []aaaItem
}

// aaaItem is one element of a list.
type aaaItem struct {
	list string
	raw  token
	err  error // why the element cannot be read at all
}

// The lists that are read (X's own names). Any other that ends in "_events"
// is kept too, as events of an unknown type.
const (
	aaaPosts   = "tweet_create_events"
	aaaDeletes = "tweet_delete_events"
	aaaDMs     = "direct_message_events"
	aaaTyping  = "direct_message_indicate_typing_events"
	aaaRead    = "direct_message_mark_read_events"
	aaaLikes   = "favorite_events"
	aaaFollows = "follow_events"
	aaaBlocks  = "block_events"
	aaaMutes   = "mute_events"
	aaaUser    = "user_event" // no list: {"revoke": {…}}
)

// readAAA takes a field of the older envelope; false: it is none.
func (b *body) readAAA(l *lexer) bool {
	a := &b.aaa
	key := string(l.key)
	switch {
	case key == "for_user_id":
		l.ident(&a.user)
	case key == "users":
		if a.users != nil && !l.twin {
			l.double()
		} else if raw, err := l.element(); err == nil && !l.twin {
			a.users = raw // handles only: a map that cannot be read takes no message with it
		}
		return true // says nothing by itself, like the next two
	case key == "apps", key == "user_has_blocked":
		l.skip()
		return true
	case key == aaaUser:
		l.once(&a.revokeIn)
		if a.revokeIn != nil {
			a.items = append(a.items, aaaItem{list: aaaUser, raw: a.revokeIn})
		}
	case strings.HasSuffix(key, "_events") && !l.twin:
		name := plainKey(key)
		if slices.Contains(a.lists, name) {
			l.double()
			return true
		}
		a.lists = append(a.lists, name)
		for ok := l.open('[', key); ok && l.next(); {
			if raw, err := l.element(); raw != nil {
				a.items = append(a.items, aaaItem{list: a.lists[len(a.lists)-1], raw: raw, err: err})
			}
		}
	default:
		return false
	}
	a.seen = true
	return true
}

// older reports whether the body is to be read as one of the older envelope.
func (b *body) older() bool { return b.aaa.seen && !b.data }

// aaaEvents reads every element. Their ids come from what they tell, so that
// one act has one id in whatever batch it is sent again; Index stays 0.
func (b *body) aaaEvents() ([]Event, error) {
	events := make([]Event, len(b.aaa.items))
	for i := range b.aaa.items {
		var err error
		if events[i], err = b.aaaEvent(i); err != nil {
			return nil, fmt.Errorf("%s: %w", b.aaa.items[i].list, err)
		}
		events[i].Extra = b.extra
	}
	return events, nil
}

// fragment is a body of its own for one element: X's bytes of it, with what
// the envelope says of it.
func (b *body) fragment(i int, e Event) []byte {
	it := b.aaa.items[i]
	if it.list == aaaUser {
		return slices.Concat([]byte(`{"user_event":`), it.raw, []byte{'}'})
	}
	out := []byte{'{'}
	if id := b.aaa.user; id.val.isString() || id.twin == nil {
		out = append(append(append(out, `"for_user_id":`...), id.val.or(token("null"))...), ',')
	} else {
		out = append(append(append(out, `"for_user_id_str":`...), id.twin...), ',')
	}
	if people := b.aaa.usersOf(e.User, e.BotUser); it.list == aaaDMs && people != nil {
		out = append(append(out, `"users":`...), people...)
		out = append(out, ',')
	}
	out = append(out, `"`+it.list+`":[`...)
	out = append(out, it.raw...)
	return append(out, "]}"...)
}

// usersOf is the users map with those entries only: a batch holds those of
// other people too.
func (a *aaa) usersOf(ids ...string) []byte {
	if a.users == nil {
		return nil
	}
	out := []byte{'{'}
	l := lexer{in: a.users}
	for ok := l.open('{', "users"); ok && l.next(); {
		id := clean(l.key)
		raw := l.value()
		if !isDigits(id) || !slices.Contains(ids, id) || l.twin {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(out, `"`+id+`":`...), raw...)
	}
	return append(out, '}')
}

// plainKey is a list's name as X's are: letters, digits and "_". Whatever else
// stands in the name of an unknown list becomes "_".
func plainKey(s string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && isHandle(byte(r)) {
			return r
		}
		return '_'
	}, s)
}
