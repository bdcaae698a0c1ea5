package gate

import (
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// How far back repetition is looked for. A daily post may read like
// yesterday's; across accounts X is stricter than within one.
// X rule: the same or substantially similar content never from two accounts,
// and never the same again shortly after (facts.md, read 2026-11-25)
const (
	RepeatsWithin   = 12 * time.Hour // of this account
	ElsewhereWithin = 72 * time.Hour // of another account of the host
)

// Repeats is what else of this host says the same.
type Repeats struct {
	Recent    bool // this account
	Elsewhere bool // another one
}

// Fingerprinted reports whether drafts of the kind are held against what was
// sent before: posts, which nobody asked for, and what operators and timers
// send to users, which may be bulk. An answer is not: the same helpful answer
// to two users is support.
func Fingerprinted(kind event.ActionKind, purpose event.Purpose) bool {
	switch kind {
	case event.Post, event.Quote:
		return true
	case event.Reply, event.DM:
		return purpose == event.Operator || purpose == event.Scheduled
	}
	return false
}

// Print is what repetition is told by. The zero value repeats nothing.
type Print struct {
	Public  bool   `json:"public,omitempty"` // of a post, not of a message to a user
	Words   uint64 `json:"words,omitempty"`
	Numbers uint64 `json:"numbers,omitempty"`
}

// PrintOf is the print of a draft's text, zero where it is compared with none.
func PrintOf(d event.Draft) Print {
	if !Fingerprinted(d.Kind, d.Purpose) {
		return Print{}
	}
	return Print{Public: Public(d.Kind), Words: event.SimHash(d.Text), Numbers: event.Numbers(d.Text)}
}

// Public says of a kind of action that its text goes to everybody.
func Public(kind event.ActionKind) bool { return kind == event.Post || kind == event.Quote }

// With adds what an earlier text, drafted some time ago by the same account or
// another, makes of a draft. Within an account it repeats the same or a
// substantially similar text with the same numbers: the next price is news.
// Across accounts numbers do not count.
func (r Repeats) With(draft, earlier Print, ago time.Duration, same bool) Repeats {
	if draft.Public != earlier.Public || !event.Similar(draft.Words, earlier.Words) {
		return r
	}
	if same {
		r.Recent = r.Recent || ago < RepeatsWithin && draft.Numbers == earlier.Numbers
	} else {
		r.Elsewhere = r.Elsewhere || ago < ElsewhereWithin
	}
	return r
}
