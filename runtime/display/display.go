// Package display is the one form in which a post or a Direct Message on X is
// shown to a person, on a terminal or as JSON. Whoever shows one makes a Post
// and prints it; nobody else puts a link to X together.
//
// What it owns: which words, whose, when, where, in which order. What it refuses:
// to look for what it was not given, and to shorten, mend or translate a text.
//
//   - D11 the text is shown as it was written: JSON carries it exactly; on a
//     terminal what would steer it is written out, and a line says so.
//   - D12 with it stand its author's name and handle, its time, that it is of X,
//     and the link to it there; what X did not tell is said to be unknown.
//   - D13 a Direct Message has no link, and what is gone has nothing but that it is
//     gone.
package display

import (
	"net/url"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// Attributions, as they stand beside what is shown.
// X rule: posts are shown with attribution (facts.md, read 2026-11-25)
const (
	OnX = "on X"
	DM  = "Direct Message on X"
)

// Post is a post or a DM as it is shown.
type Post struct {
	Attribution string    `json:"attribution"` // OnX or DM
	ID          string    `json:"id,omitempty"`
	Author      *Author   `json:"author,omitempty"`
	At          time.Time `json:"at,omitzero"`       // UTC
	Edits       int       `json:"edits,omitempty"`   // how often it was edited before this version
	Text        string    `json:"text,omitempty"`    // exactly as it was written
	NoText      string    `json:"no_text,omitempty"` // why there is no text here; it may well be on X
	Link        string    `json:"link,omitempty"`    // to the original; a DM has none
}

// Author is who wrote it. What X did not tell is "".
type Author struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`   // as its owner writes it
	Handle string `json:"handle,omitempty"` // without the @
}

// Of is how an event is shown; body is that which it was read from: it may hold
// the author's name.
func Of(e event.Event, body []byte) Post {
	p := Post{
		ID: e.Message, At: e.At.UTC(), Edits: e.Version, Text: e.Text,
		Author: &Author{ID: e.User, Name: event.DisplayName(body, e.User), Handle: e.Name},
	}
	if p.Text == "" {
		p.NoText = "It has no text that can be read: pictures alone, or it is encrypted."
	}
	if !handle(p.Author.Handle) {
		p.Author.Handle = ""
	}
	return p.public(e.Kind == event.KindPost, p.Author.Handle)
}

// Unread is how a post is shown of which there is no text here. user "" is not
// known.
func Unread(id, user, why string) Post {
	p := Post{ID: id, NoText: why}
	if user != "" {
		p.Author = &Author{ID: user}
	}
	return p.public(true, "")
}

// UnreadDM is the same of a DM.
func UnreadDM(id, user, why string) Post {
	return Post{ID: id, NoText: why, Author: &Author{ID: user}}.public(false, "")
}

// Gone is how what was removed from X, or had to be deleted, is shown.
// X rule: what is removed is shown no more within 24 hours (facts.md, read 2026-11-25)
func Gone(public bool) Post {
	return Post{NoText: "It is gone from X, or had to be deleted: nothing of it is shown."}.public(public, "")
}

func (p Post) public(yes bool, handle string) Post {
	if !yes {
		p.Attribution = DM
		return p
	}
	p.Attribution = OnX
	if p.ID != "" {
		p.Link = Link(handle, p.ID)
	}
	return p
}

// Blind leaves out what says who wrote what.
func (p Post) Blind(why string) Post {
	p.Text, p.NoText, p.Edits = "", why, 0
	if p.Author != nil {
		p.Author = &Author{ID: p.Author.ID}
	}
	if p.Link != "" {
		p.Link = Link("", p.ID)
	}
	return p
}

// Link leads to a post on X; it needs no handle, and X knows the way.
func Link(by, id string) string {
	if !handle(by) {
		by = "i/web"
	}
	return "https://x.com/" + by + "/status/" + url.PathEscape(id)
}

// handle reports whether it has the form of X's handles: anything else would make
// a link to somewhere else.
func handle(s string) bool {
	const most = 20 // X gives out 15; some old ones are longer
	return s != "" && len(s) <= most && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == ""
}
