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
//   - T12 ids stay ids of X's form with their time and order; the host's own
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
	Keep []string // user ids of the host's own accounts, besides those that the log addresses
	Bots []string // names in the configuration, to find the actions that a log tells of
}

// Log rewrites one log, or several as one. It is for one goroutine.
type Log struct {
	key      []byte
	bots     map[string]bool
	handlers map[string]bool     // outside of the host, that answered
	keep     map[string]bool     // user ids of own accounts
	handles  map[string]bool     // theirs, in lower case
	users    map[string]bool     // ids that are somebody's: their time says nothing
	uuids    map[string]bool     // ids of events, likewise where they are of nothing else
	timed    map[string]bool     // ids of posts and DMs
	posts    map[string][]string // ids of one millisecond, until they are ranked
	causes   map[string]bool     // what an action can have come of
	names    map[string]bool     // display names of two words and more
	ours     map[string]bool     // addresses, numbers and links that an own account wrote first
	seen     map[string]bool     // those that anybody wrote

	made      map[string]string // scope and identifier: its pseudonym
	taken     map[string]bool   // scope and pseudonym
	actions   map[string]string // nil until the first is asked for
	questions map[string]string // likewise
	swap      *strings.Replacer // of names; nil until the log is learnt
}

// New returns a rewriter that knows nothing yet.
func New(o Options) *Log {
	p := &Log{
		key: o.Key, bots: map[string]bool{}, handlers: map[string]bool{}, keep: map[string]bool{}, handles: map[string]bool{}, users: map[string]bool{},
		uuids: map[string]bool{}, timed: map[string]bool{},
		posts: map[string][]string{}, causes: map[string]bool{}, names: map[string]bool{}, ours: map[string]bool{}, seen: map[string]bool{},
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
	body := line
	var e struct {
		SpecVersion string          `json:"specversion"`
		Data        json.RawMessage `json:"data"`
	}
	if json.Unmarshal(line, &e) == nil && e.SpecVersion != "" {
		body = e.Data
	}
	parts, err := event.Split(body)
	if err != nil {
		return
	}
	for _, part := range parts {
		if part.BotUser != "" {
			p.keep[part.BotUser] = true
		}
	}
}

// Learn takes in who and what one line names. It refuses a line that it cannot
// rewrite.
func (p *Log) Learn(line []byte) error {
	n, err := p.read(line)
	if err == nil {
		p.learn(n, place{})
	}
	return err
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
	return out.Bytes(), nil
}

// bytes rewrites a body that the log has in base64: mostly one that is no JSON,
// which nobody can read. Another takes its place that is none either.
func (p *Log) bytes(b *node) {
	raw, err := base64.StdEncoding.DecodeString(b.str)
	if err == nil {
		if n, err := p.read(raw); err == nil {
			p.rewrite(n, place{})
			var out bytes.Buffer
			n.write(&out)
			b.str = base64.StdEncoding.EncodeToString(out.Bytes())
			return
		}
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

// unique remembers a pseudonym, and looks for another where somebody has it.
func (p *Log) unique(scope, id string, form func(try int) string) string {
	at := scope + "\x00" + id
	if known, ok := p.made[at]; ok {
		return known
	}
	var s string
	for try := range 1000 { // a scope of few characters can be full
		s = form(try)
		if !p.taken[scope+"\x00"+s] && s != id {
			break
		}
	}
	p.made[at], p.taken[scope+"\x00"+s] = s, true
	return s
}

// action finds which cause an action's id was made of, and makes it again of the
// cause's pseudonym: a log's outcomes name their sends by it.
func (p *Log) action(id string) string {
	if p.actions == nil {
		p.actions = map[string]string{}
		for cause := range p.causes {
			as := p.cause(cause)
			for bot := range p.bots {
				p.actionsOf(bot, cause, as)
			}
		}
	}
	if as, ok := p.actions[id]; ok {
		return as
	}
	return "a-" + p.letters("action", id, 16, "0123456789abcdef")
}

func (p *Log) actionsOf(bot, cause, as string) {
	put := func(kind event.ActionKind, purpose event.Purpose, part, version int) {
		p.actions[event.ActionID(bot, cause, kind, purpose, part, version)] = event.ActionID(bot, as, kind, purpose, part, version)
	}
	purposes := []event.Purpose{event.Answer, event.OptOutConfirmation, event.Notice, event.Reminder, event.Operator, event.Scheduled}
	for _, kind := range []event.ActionKind{event.Reply, event.DM, event.Quote, event.Post} {
		for _, purpose := range purposes {
			for version := range 5 { // X allows as many edits
				put(kind, purpose, 0, version)
			}
		}
	}
	for part := 1; part < 4; part++ { // only an answer by DM has them
		put(event.DM, event.Answer, part, 0)
	}
}

// question is the same of a question that a handler outside of the host was
// asked.
func (p *Log) question(id string) string {
	if p.questions == nil {
		p.questions = map[string]string{}
		for cause := range p.causes {
			for bot := range p.bots {
				for handler := range p.handlers {
					for index := range 4 { // of a message in its event
						p.questions[event.QuestionID(bot, cause, index, handler)] = event.QuestionID(bot, p.cause(cause), index, handler)
					}
				}
			}
		}
	}
	if as, ok := p.questions[id]; ok {
		return as
	}
	return "q-" + p.letters("question", id, 16, "0123456789abcdef")
}

// cause is the pseudonym of an interaction: an id of X, or an event's id with the
// place of a message in it.
func (p *Log) cause(s string) string {
	if id, n, ok := strings.Cut(s, "."); ok {
		return p.eventID(id) + "." + n
	}
	return p.eventID(s)
}

// rank orders the ids of one millisecond as they were (T12).
func (p *Log) rank() {
	for ms, ids := range p.posts {
		slices.SortFunc(ids, func(a, b string) int {
			if len(a) != len(b) {
				return len(a) - len(b)
			}
			return strings.Compare(a, b)
		})
		ids = slices.Compact(ids)
		as := make([]string, len(ids))
		for i, id := range ids {
			as[i] = p.post(ms, id)
		}
		slices.SortFunc(as, func(a, b string) int {
			if len(a) != len(b) {
				return len(a) - len(b)
			}
			return strings.Compare(a, b)
		})
		for i, id := range ids {
			p.made["id\x00"+id] = as[i]
		}
	}
	clear(p.posts)
}
