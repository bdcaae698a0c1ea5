package event

import (
	"bytes"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

func (t token) isString() bool { return len(t) > 1 && t[0] == '"' }

// text is the value of a string; "" for anything else.
func (t token) text() string {
	if !t.isString() {
		return ""
	}
	return unescape(t[1 : len(t)-1])
}

// is reports whether the token is that string.
func (t token) is(s string) bool {
	if bytes.IndexByte(t, '\\') >= 0 {
		return t.isString() && t.text() == s
	}
	return t.isString() && string(t[1:len(t)-1]) == s
}

func (t token) int() (int, bool) {
	n, err := strconv.Atoi(string(t))
	return n, err == nil
}

// or is the first of both that holds a value: X has two spellings for much.
func (t token) or(u token) token {
	if t == nil || string(t) == "null" {
		return u
	}
	return t
}

// ident is an id, which X sends as a string, or as a number that JavaScript
// rounds with a string twin beside it.
type ident struct{ val, twin token }

// ident reads the next value into id: the field itself or its twin.
func (l *lexer) ident(id *ident) {
	if l.twin {
		l.twin = false
		l.once(&id.twin)
		l.twin = true
		return
	}
	l.once(&id.val)
}

// String is the opaque id: the string, else the twin's, else the number as it
// was written; "" if there is none.
func (id ident) String() string {
	switch {
	case id.val.isString():
		return id.val.text()
	case id.twin.isString():
		return id.twin.text()
	case len(id.val) > 0 && (id.val[0] == '-' || '0' <= id.val[0] && id.val[0] <= '9'):
		return string(id.val)
	}
	return ""
}

// is reports whether the id is s, which is not "".
func (id ident) is(s string) bool {
	if id.val.isString() {
		return id.val.is(s)
	}
	return id.String() == s
}

// millis reads milliseconds since 1970, as a number or a string.
func (id ident) millis() time.Time {
	const year10000 = 253402300800000
	if id.val == nil && id.twin == nil {
		return time.Time{}
	}
	ms, err := strconv.ParseInt(id.String(), 10, 64)
	if err != nil || ms <= 0 || ms >= year10000 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// time reads RFC 3339.
func (t token) time() time.Time {
	if t == nil {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, t.text())
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// clean is what X's bytes are as text: a byte that is not UTF-8 becomes U+FFFD.
func clean(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return string([]rune(string(b)))
}

// escapeLen is the length of the escape at the start of b, 0 if it is none.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(b); ok {
			return 6
		}
	}
	return 0
}

// hex4 reads \uXXXX at the start of b.
func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// unescape turns the inside of a JSON string into text. Bad escapes, which
// only Salvage meets, stay as they are; half surrogates become U+FFFD.
func unescape(b []byte) string {
	i := 0
	for i < len(b) && b[i] != '\\' {
		i++
	}
	if i == len(b) {
		return clean(b)
	}
	out := append(make([]byte, 0, len(b)), b[:i]...)
	for i < len(b) {
		if b[i] != '\\' {
			out = append(out, b[i])
			i++
			continue
		}
		n := escapeLen(b[i:])
		switch {
		case n == 0:
			out = append(out, '\\')
			n = 1
		case n == 2:
			out = append(out, simpleEscape(b[i+1]))
		default:
			r, _ := hex4(b[i:])
			if utf16.IsSurrogate(r) {
				low, ok := hex4(b[i+6:])
				if r = utf16.DecodeRune(r, low); ok && r != utf8.RuneError {
					n += 6
				}
			}
			out = utf8.AppendRune(out, r)
		}
		i += n
	}
	return clean(out)
}

func simpleEscape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}
