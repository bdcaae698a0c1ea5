package event

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// linkMark stands for any link in EchoText. It is a link itself, so that
// EchoText of an EchoText changes nothing.
const linkMark = "https://"

// EchoText is the form in which our own text is recognised after X changed it:
// HTML entities decoded (however often they were encoded), leading @mentions
// stripped, each word that holds a link replaced by one mark, white space
// folded.
//
// A word is replaced whole, and whatever could be a domain counts as one: both
// sides of a comparison go through this function, so that a link too many is
// harmless, while one that X rewrote and we missed would make our own words
// look like a person's.
func EchoText(s string) string {
	s = afterMentions(unescapeAll(s))
	var out strings.Builder
	for word := range strings.FieldsSeq(s) {
		if out.Len() > 0 {
			out.WriteByte(' ')
		}
		if HasURL(word) {
			word = linkMark
		}
		out.WriteString(word)
	}
	return out.String()
}

// Unescape decodes the three HTML entities that X puts into the text of posts and
// DMs, once.
func Unescape(s string) string {
	next := strings.IndexByte(s, '&')
	if next < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for ; next >= 0; next = strings.IndexByte(s, '&') {
		out = append(out, s[:next]...)
		s = s[next:]
		switch {
		case strings.HasPrefix(s, "&amp;"):
			out, s = append(out, '&'), s[len("&amp;"):]
		case strings.HasPrefix(s, "&lt;"):
			out, s = append(out, '<'), s[len("&lt;"):]
		case strings.HasPrefix(s, "&gt;"):
			out, s = append(out, '>'), s[len("&gt;"):]
		default:
			out, s = append(out, '&'), s[1:]
		}
	}
	return string(append(out, s...))
}

// unescapeAll is Unescape until nothing changes, in one pass: of "&amp;amp;lt;"
// each turn would leave one.
func unescapeAll(s string) string {
	next := strings.IndexByte(s, '&')
	if next < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for ; next >= 0; next = strings.IndexByte(s, '&') {
		out = append(out, s[:next]...)
		s = s[next+1:]
		for strings.HasPrefix(s, "amp;") {
			s = s[len("amp;"):]
		}
		switch {
		case strings.HasPrefix(s, "lt;"):
			out, s = append(out, '<'), s[len("lt;"):]
		case strings.HasPrefix(s, "gt;"):
			out, s = append(out, '>'), s[len("gt;"):]
		default:
			out = append(out, '&')
		}
	}
	return string(append(out, s...))
}

// afterMentions strips the mentions with which a text begins.
func afterMentions(s string) string {
	for {
		s = strings.TrimLeftFunc(s, unicode.IsSpace)
		size := atSign(s)
		n := handleLen(s[size:])
		if size == 0 || n == 0 {
			return s
		}
		s = s[size+n:]
	}
}

// atSign is the length of the @ at the start of s, 0 if there is none.
func atSign(s string) int {
	for _, at := range []string{"@", "＠"} {
		if strings.HasPrefix(s, at) {
			return len(at)
		}
	}
	return 0
}

func handleLen(s string) int {
	n := 0
	for n < len(s) && isHandle(s[n]) {
		n++
	}
	return n
}

func isHandle(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// Mentions lists the handles that a text @mentions, without the @, in order
// and as written. Where X might see no mention, it lists one too many.
func Mentions(s string) []string {
	const longest = 20 // X reads 20 characters of a handle; today's have at most 15
	var found []string
	for word := range strings.FieldsSeq(s) {
		if i := schemeIndex(word); i >= 0 {
			word = word[:i] // https://medium.com/@name is a link
		}
		for i := 0; i < len(word); i++ {
			size := atSign(word[i:])
			if size == 0 || i > 0 && isHandle(word[i-1]) { // first: a long word is not read to its end at each of its letters
				continue
			}
			n := min(handleLen(word[i+size:]), longest)
			if n == 0 {
				continue
			}
			found = append(found, word[i+size:i+size+n])
			i += size + n - 1
		}
	}
	return found
}

// Hashtags counts the #hashtags of a text: a # (or ＃) before a word that holds
// a letter, at the start of one.
func Hashtags(s string) int {
	n := 0
	prev := ' '
	for i, r := range s {
		if (r == '#' || r == '＃') && !isWord(prev) && prev != '&' && prev != '/' {
			n += min(1, lettersIn(s[i+utf8.RuneLen(r):]))
		}
		prev = r
	}
	return n
}

// lettersIn counts the letters of the word at the start of s.
func lettersIn(s string) int {
	n := 0
	for _, r := range s {
		if !isWord(r) {
			break
		}
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}

func isWord(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// Cashtags counts the $CASHTAGS of a text: a $ before one to six letters, with
// nothing that belongs to a word before or after them.
func Cashtags(s string) int {
	n := 0
	prev := ' '
	for i, r := range s {
		if r == '$' && !isWord(prev) && prev != '$' {
			rest := strings.TrimLeft(s[i+1:], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
			letters := len(s) - i - 1 - len(rest)
			next, _ := utf8.DecodeRuneInString(rest)
			if 1 <= letters && letters <= 6 && (rest == "" || next == '_' || !isWord(next)) {
				n++
			}
		}
		prev = r
	}
	return n
}
