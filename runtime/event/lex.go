package event

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// Why a body cannot be read. Errors of Decode and Scan wrap one of them and
// say where.
var (
	ErrSyntax       = errors.New("not JSON")
	ErrDepth        = errors.New("nested deeper than 32 levels")
	ErrDuplicate    = errors.New("a field that is read is given twice")
	ErrEnvelope     = errors.New("no event envelope")
	ErrReplayStatus = errors.New("the status of a replay job, not an event")
)

const maxDepth = 32

// token is a JSON value as it stands in the body, without white space around
// it; nil if the field is absent.
type token []byte

// lexer reads one JSON text (RFC 8259) in place, strictly, without building a
// tree. The first error sticks: everything after it reads as absent, so that
// readers need no error handling of their own.
//
// A reader opens a container and then, while next holds, consumes exactly one
// value each time, with skip if with nothing else.
type lexer struct {
	in    []byte
	pos   int
	depth int
	fresh uint64               // bit d: the container at depth d has given nothing yet
	objs  uint64               // bit d: the container at depth d is an object
	paths [maxDepth + 1]string // of the opened containers, for messages
	key   []byte               // of the field last found by next, unquoted, without _str
	odd   bool                 // the string last read over holds an escape
	twin  bool                 // that key ends in _str: X's string twin of a number
	err   error
}

func (l *lexer) fail(err error) {
	if l.err == nil {
		l.err = fmt.Errorf("%w: at byte %d", err, l.pos)
	}
}

// name is the path of the field last found by next.
func (l *lexer) name() string {
	name := clean(l.key)
	if l.twin {
		name += "_str"
	}
	if path := l.paths[l.depth]; path != "" {
		name = path + "." + name
	}
	return name
}

// peek skips white space and returns the next byte, 0 at the end.
func (l *lexer) peek() byte {
	for ; l.pos < len(l.in); l.pos++ {
		switch c := l.in[l.pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// open enters the next value if it is a container of that kind, '{' or '[';
// any other value is skipped.
func (l *lexer) open(kind byte, path string) bool {
	if l.err != nil {
		return false
	}
	if l.peek() != kind || l.twin {
		l.skip()
		return false
	}
	l.push(kind)
	l.paths[l.depth] = path
	return l.err == nil
}

func (l *lexer) push(kind byte) {
	if l.depth == maxDepth {
		l.fail(ErrDepth)
		return
	}
	l.depth++
	l.pos++
	bit := uint64(1) << l.depth
	l.fresh |= bit
	if kind == '{' {
		l.objs |= bit
	} else {
		l.objs &^= bit
	}
}

// next moves to the next value of the open container, and leaves the container
// after its last one. In an object it sets key and twin.
func (l *lexer) next() bool {
	l.key = nil
	if !l.more() {
		return false
	}
	if l.odd && l.key != nil {
		l.key = []byte(unescape(l.key))
	}
	l.key, l.twin = bytes.CutSuffix(l.key, []byte("_str"))
	return true
}

// more is next without a look at the key.
func (l *lexer) more() bool {
	if l.err != nil {
		return false
	}
	bit := uint64(1) << l.depth
	obj := l.objs&bit != 0
	c := l.peek()
	if obj && c == '}' || !obj && c == ']' {
		l.pos++
		l.depth--
		return false
	}
	if l.fresh&bit != 0 {
		l.fresh &^= bit
	} else if c == ',' {
		l.pos++
		c = l.peek()
	} else {
		l.fail(ErrSyntax)
		return false
	}
	if !obj {
		return true // a value must follow: whoever reads it fails on ']'
	}
	if c != '"' {
		l.fail(ErrSyntax)
		return false
	}
	start := l.pos
	l.str()
	if l.err != nil {
		return false
	}
	l.key = l.in[start+1 : l.pos-1]
	if l.peek() != ':' {
		l.fail(ErrSyntax)
		return false
	}
	l.pos++
	return true
}

// once reads the next value into dst. A second value for the same field is an
// error: two readers that choose differently could be made to see two events.
func (l *lexer) once(dst *token) {
	switch {
	case l.err != nil:
	case l.twin: // a twin of something that is no id
		l.skip()
	case *dst != nil:
		l.double()
	default:
		*dst = l.value()
	}
}

// first reads the next value into dst where nothing is there yet: for what is
// only shown, so that one given twice costs no message.
func (l *lexer) first(dst *token) {
	if l.err != nil || l.twin || *dst != nil {
		l.skip()
		return
	}
	*dst = l.value()
}

// openOnce is open for a container that an object may hold only once.
func (l *lexer) openOnce(seen *bool, kind byte, path string) bool {
	if *seen && !l.twin {
		l.double()
	}
	*seen = *seen || !l.twin
	return l.open(kind, path)
}

func (l *lexer) double() {
	if l.err == nil {
		l.err = fmt.Errorf("%w: %s", ErrDuplicate, l.name())
	}
}

// value reads the next value, whatever it is.
func (l *lexer) value() token {
	l.peek()
	start := l.pos
	l.skip()
	if l.err != nil {
		return nil
	}
	return token(l.in[start:l.pos])
}

// element is value for one of several that stand for themselves: one that cannot
// be read is returned with its error, as far as its brackets say that it goes,
// and the walk goes on behind it. Where they do not say, the error sticks.
func (l *lexer) element() (token, error) {
	l.peek()
	at := *l
	l.skip()
	end := l.pos
	err := l.err
	if err == nil {
		return token(l.in[at.pos:end]), nil
	}
	if at.err != nil {
		return nil, nil // it stuck before
	}
	if end = bracketed(l.in, at.pos); end == 0 {
		return nil, nil
	}
	*l = at
	l.pos = end
	return token(l.in[at.pos:end]), err
}

// bracketed is the place behind the container that begins at i, by its brackets
// outside of strings alone; 0 if none begins there, or it does not end.
func bracketed(in []byte, i int) int {
	for depth := 0; i < len(in); i++ {
		switch in[i] {
		case '"':
			i = stringEnd(in, i+1)
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if depth == 0 {
			if i >= len(in) || in[i] != '}' && in[i] != ']' {
				return 0
			}
			return i + 1
		}
	}
	return 0
}

// skip reads over the next value and checks its syntax.
func (l *lexer) skip() {
	if l.err != nil {
		return
	}
	switch c := l.peek(); c {
	case '{', '[':
		for l.push(c); l.more(); {
			l.skip()
		}
	case '"':
		l.str()
	case 't':
		l.word("true")
	case 'f':
		l.word("false")
	case 'n':
		l.word("null")
	default:
		l.number()
	}
}

func (l *lexer) word(w string) {
	if !bytes.HasPrefix(l.in[l.pos:], []byte(w)) {
		l.fail(ErrSyntax)
		return
	}
	l.pos += len(w)
}

func (l *lexer) digits() bool {
	start := l.pos
	for l.pos < len(l.in) && '0' <= l.in[l.pos] && l.in[l.pos] <= '9' {
		l.pos++
	}
	return l.pos > start
}

// at reports whether the next byte is one of those given, and reads over it.
func (l *lexer) at(set string) bool {
	if l.pos < len(l.in) && strings.IndexByte(set, l.in[l.pos]) >= 0 {
		l.pos++
		return true
	}
	return false
}

func (l *lexer) number() {
	l.at("-")
	ok := l.at("0") || l.digits()
	if ok && l.at(".") {
		ok = l.digits()
	}
	if ok && l.at("eE") {
		l.at("+-")
		ok = l.digits()
	}
	if !ok {
		l.fail(ErrSyntax)
	}
}

// str reads over a string and checks its escapes.
func (l *lexer) str() {
	in, i := l.in, l.pos+1
	l.odd = false
	for i < len(in) {
		switch c := in[i]; {
		case c == '"':
			l.pos = i + 1
			return
		case c < 0x20:
			l.pos = i
			l.fail(ErrSyntax)
			return
		case c != '\\':
			i++
		default:
			l.odd = true
			n := escapeLen(in[i:])
			if n == 0 {
				l.pos = i
				l.fail(ErrSyntax)
				return
			}
			i += n
		}
	}
	l.pos = len(in)
	l.fail(ErrSyntax)
}
