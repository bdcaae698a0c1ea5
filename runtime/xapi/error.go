package xapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/beckon-bot/beckon/runtime/event"
)

// ErrClosed is in the chain of an Error that was given without a call, because
// X's last answer said that the rate window is used up.
var ErrClosed = errors.New("waits for the reset of X's rate limit")

var (
	errNotJSON = errors.New("a success whose body is not X's JSON")
	errNoID    = errors.New("a success without an id")
	errNotDone = errors.New("X says that it did not do it")
	errShape   = errors.New("an answer of another shape than X documents")
	errToken   = errors.New("token is empty or cannot stand in a header")
)

// What is kept of X's words, in bytes.
const (
	maxDetail = 300
	maxKind   = 64
)

// Error is how a call to X failed. It is the only error at the X edge; branch
// on Class, never on text.
type Error struct {
	Op      string      // one of the names of the endpoints
	Status  int         // HTTP status; 0 if no answer came
	Type    string      // X's problem type without its URL prefix; "" if it gave none
	Class   event.Class // never OK
	RetryAt time.Time   // UTC; for rate_limited only
	Detail  string      // X's own words, at most 300 bytes; may quote what was sent
	Err     error       // what failed on our side of the wire
}

// Error leaves Detail out: X may quote a post's text in it.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "x %s: %s", e.Op, e.Class)
	if e.Status != 0 {
		fmt.Fprintf(&b, ", status %d", e.Status)
	}
	if e.Type != "" {
		fmt.Fprintf(&b, ", %s", e.Type)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Problem is the error for those who may not import this package.
func (e *Error) Problem() (status int, class event.Class, kind string, retryAt time.Time) {
	return e.Status, e.Class, e.Type, e.RetryAt
}

// Unwrap returns what failed on our side of the wire.
func (e *Error) Unwrap() error { return e.Err }

// detail is what the operator reads: X's words without the text that was sent,
// else our own.
func (e *Error) detail(text string) string {
	d := e.Detail
	switch {
	case d == "" && e.Err != nil:
		d = e.Err.Error()
	case text != "":
		d = strings.ReplaceAll(d, text, "[text]")
	}
	if len(d) > maxDetail {
		d = strings.ToValidUTF8(d[:maxDetail], "") + "…"
	}
	return d
}

// problem is what an error body says, in any of X's four shapes: a problem,
// {"code","message"}, {"errors":[…]}, or none of them (HTML).
type problem struct {
	kind   string // type without its prefix; "" for about:blank
	detail string
	status int // as the body says, 0 if it does not
}

// said reports whether X said anything at all.
func (p problem) said() bool { return p.kind != "" || p.detail != "" || p.status != 0 }

func parseProblem(body []byte) problem {
	var top map[string]any
	if json.Unmarshal(body, &top) != nil {
		return problem{} // HTML and the like: the status alone counts
	}
	p := problemOf(top)
	list, _ := top["errors"].([]any)
	for _, item := range list {
		inner, ok := item.(map[string]any)
		if !ok {
			continue
		}
		q := problemOf(inner)
		if p.kind == "" {
			p.kind = q.kind
		}
		if p.detail == "" {
			p.detail = q.detail
		}
		p.status = max(p.status, q.status)
	}
	return p
}

func problemOf(m map[string]any) problem {
	var p problem
	if t, _ := m["type"].(string); t != "about:blank" {
		p.kind = clean(t[strings.LastIndexByte(t, '/')+1:])
		p.kind = strings.ToValidUTF8(p.kind[:min(len(p.kind), maxKind)], "")
	}
	for _, key := range []string{"detail", "message", "title"} {
		if s, _ := m[key].(string); s != "" {
			p.detail = clean(s)
			break
		}
	}
	if n, ok := m["status"].(float64); ok && n >= 100 && n < 1000 {
		p.status = int(n)
	}
	return p
}

// clean takes control characters out of what X wrote: it ends up on terminals.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}
