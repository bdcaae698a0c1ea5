// Package pseudonym rewrites an event log so that a team can commit it: whoever
// wrote to the bot is somebody else in it, and a replay decides the same.
//
// What it owns: which parts of a line name a person, and what stands there
// instead. What it refuses: to copy a line that it cannot read, to keep what it
// learnt after the log, to touch what decides: times, types, labels, languages,
// and words that are no identifier.
//
//   - T11 within one log, or one key, the same identifier is always the same
//     pseudonym, wherever it stands: field, text, link or key of an object.
//   - T12 ids stay ids of X's form with their time and, but for those of one
//     millisecond where several logs have the key, their order; the host's own
//     accounts stay who they are.
//   - T13 no handle, name, address, number or link of a user that the log has in
//     a field or in the form of one is left in it.
//   - T14 a replay of the log decides as it did before.
//
// A log is read twice: Learn takes in each line, then Line rewrites each. An
// address, number or link that the bot's own account writes before anybody else
// does is the operator's and stays, since an answer that is decided again has it.
//
// What it does not find: a name in free text, unless it is a display name of two
// words that the log has in a field; street addresses; order numbers of fewer
// than seven digits; what a picture shows. Who can search X finds a public post
// by its words and its time.
package pseudonym

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/beckon-bot/beckon/runtime/event"
)

// Options is what a rewriter needs.
type Options struct {
	Key  []byte   // secret, of one log or of several that belong together
	Many bool     // several logs have the key: an id must be the same in each, and ids of one millisecond are in no order
	Keep []string // user ids of the host's own accounts, besides those that the log addresses
	Bots []string // names in the configuration, to find the actions that a log tells of
}

// Log rewrites one log, or several as one. It is for one goroutine.
type Log struct {
	key      []byte
	many     bool
	bots     map[string]bool
	handlers map[string]bool     // outside of the host, that answered
	keep     map[string]bool     // user ids of own accounts
	handles  map[string]bool     // theirs, in lower case
	theirs   map[string]bool     // those of others that fields have, likewise
	users    map[string]bool     // ids that are somebody's: their time says nothing
	uuids    map[string]bool     // ids of events, likewise where they are of nothing else
	timed    map[string]bool     // ids of posts and DMs
	posts    map[string][]string // ids of one millisecond, until they are ranked
	causes   map[string]bool     // what an action can have come of
	names    map[string]bool     // display names of two words and more
	ours     map[string]bool     // addresses, numbers and links that an own account wrote first
	seen     map[string]bool     // those that anybody wrote

	made              map[string]string // scope and identifier: its pseudonym
	taken             map[string]bool   // scope and pseudonym
	actions           map[string]string // nil until the first is asked for
	questions         map[string]string // likewise
	pairs             []named           // events as they were and are
	acted, questioned int               // how many of them actions and questions have
	swap              *strings.Replacer // of names; nil until the log is learnt
}

// New returns a rewriter that knows nothing yet.
func New(o Options) *Log {
	p := &Log{
		key: o.Key, many: o.Many, bots: map[string]bool{}, handlers: map[string]bool{}, keep: map[string]bool{}, handles: map[string]bool{}, users: map[string]bool{},
		uuids: map[string]bool{}, timed: map[string]bool{},
		posts: map[string][]string{}, causes: map[string]bool{}, theirs: map[string]bool{}, names: map[string]bool{}, ours: map[string]bool{}, seen: map[string]bool{},
		made: map[string]string{}, taken: map[string]bool{},
	}
	for _, id := range o.Keep {
		p.keep[id] = true
	}
	for _, name := range o.Bots {
		p.bots[name] = true
	}
	return p
}

// Accounts learns which accounts the log addresses: they are the host's own and
// must be known before anything else is.
func (p *Log) Accounts(line []byte) {
	parts, err := event.Split(bodyOf(line))
	if err != nil {
		return
	}
	for _, part := range parts {
		if part.BotUser != "" {
			p.keep[part.BotUser] = true
		}
	}
}

// bodyOf is X's body in a line, which is a CloudEvent or the body itself.
func bodyOf(line []byte) []byte {
	var e struct {
		SpecVersion string          `json:"specversion"`
		Data        json.RawMessage `json:"data"`
		Base64      []byte          `json:"data_base64"`
	}
	switch err := json.Unmarshal(line, &e); {
	case err != nil || e.SpecVersion == "":
		return line
	case len(e.Data) > 0:
		return e.Data
	}
	return e.Base64
}

// Learn takes in who and what one line names. It refuses a line that it cannot
// rewrite.
func (p *Log) Learn(line []byte) error {
	n, err := p.read(line)
	if err != nil {
		return err
	}
	p.learn(n, place{})
	if b := n.get("data_base64"); b != nil && n.get("specversion") != nil {
		if in := p.inside(b); in != nil {
			p.learn(in, place{})
		}
	}
	return nil
}

// inside is the JSON that a log has in base64; nil: it is none.
func (p *Log) inside(b *node) *node {
	raw, err := base64.StdEncoding.DecodeString(b.str)
	if err != nil {
		return nil
	}
	n, err := p.read(raw)
	if err != nil {
		return nil
	}
	return n
}

// Line is the line under pseudonyms, without a newline.
func (p *Log) Line(line []byte) ([]byte, error) {
	n, err := p.read(line)
	if err != nil {
		return nil, err
	}
	if typ := n.get("type").text(); n.get("specversion") != nil && strings.HasPrefix(typ, "beckon.rules.") {
		return line, nil // of rules only
	}
	if b := n.get("data_base64"); b != nil && n.get("specversion") != nil {
		p.bytes(b)
	}
	p.rewrite(n, place{})
	var out bytes.Buffer
	n.write(&out)
	p.pair(bodyOf(line), bodyOf(out.Bytes()))
	return out.Bytes(), nil
}

// bytes rewrites a body that the log has in base64: mostly one that is no JSON,
// which nobody can read. Another takes its place that is none either.
func (p *Log) bytes(b *node) {
	if n := p.inside(b); n != nil {
		p.rewrite(n, place{})
		var out bytes.Buffer
		n.write(&out)
		b.str = base64.StdEncoding.EncodeToString(out.Bytes())
		return
	}
	b.str = base64.StdEncoding.EncodeToString([]byte("not readable, " + p.letters("bytes", b.str, 16, alphabet)))
}

func (p *Log) read(line []byte) (*node, error) {
	if !utf8.Valid(line) {
		return nil, fmt.Errorf("the line is not UTF-8, and is not copied as it stands")
	}
	n, err := parse(line)
	if err != nil {
		return nil, fmt.Errorf("the line is not JSON, and is not copied as it stands: %w", err)
	}
	return n, nil
}

// Holds lists whose ids the log had, and of which posts and DMs, own accounts
// apart: who gives the log to others has to know whom it is about.
func (p *Log) Holds() (users, items []string) {
	for id := range p.users {
		if !p.keep[id] {
			users = append(users, id)
		}
	}
	for id := range p.timed {
		if isDigits(id) && !p.users[id] {
			items = append(items, id)
		}
	}
	slices.Sort(users)
	slices.Sort(items)
	return users, items
}

// mac is the keyed hash behind every pseudonym.
func (p *Log) mac(scope, id string, try int) []byte {
	m := hmac.New(sha256.New, p.key)
	fmt.Fprintf(m, "%q %q %d", scope, id, try)
	return m.Sum(nil)
}

const (
	digits   = "0123456789"
	alphabet = "abcdefghijklmnopqrstuvwxyz234567"
)

// letters is n characters of a set, the same for the same identifier.
func (p *Log) letters(scope, id string, n int, set string) string {
	return p.unique(scope, id, func(try int) string {
		var out []byte
		for more := 0; len(out) < n; more++ {
			for _, b := range p.mac(fmt.Sprint(scope, more), id, try) {
				out = append(out, set[int(b)%len(set)])
			}
		}
		return string(out[:n])
	})
}

// remember makes a pseudonym once.
func (p *Log) remember(scope, id string, form func() string) string {
	at := scope + "\x00" + id
	if known, ok := p.made[at]; ok {
		return known
	}
	p.made[at] = form()
	return p.made[at]
}

// unique remembers a pseudonym, and looks for another where somebody has it.
func (p *Log) unique(scope, id string, form func(try int) string) string {
	at := scope + "\x00" + id
	if known, ok := p.made[at]; ok {
		return known
	}
	var s string
	for try := range 1000 { // a scope of few characters can be full
		s = form(try)
		_, real := p.made[scope+"\x00"+s] // it is somebody's own
		if !p.taken[scope+"\x00"+s] && !real && s != id {
			break
		}
	}
	p.made[at], p.taken[scope+"\x00"+s] = s, true
	return s
}
