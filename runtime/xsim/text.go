package xsim

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// What X makes links and mentions of. Bare domains become links too; the list
// of top-level domains is short, X's is complete.
var (
	token   = regexp.MustCompile(`(?i)https?://[^\s<>"]*[^\s<>".,;:!?')\]]|(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|app|co|shop|example)\b(?:/[^\s<>"]*[^\s<>".,;:!?')\]])?|@[a-z0-9_]{1,15}`)
	cashtag = regexp.MustCompile(`\$[A-Za-z]{1,6}\b`)
	escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
)

// entity is a stretch of text, in code points of the unescaped text.
type entity struct {
	start, end int
	name       string // handle of a mention
	url        string // t.co address of a link
	expanded   string // the link as typed
}

// rendered is a text as X stores and sends it.
type rendered struct {
	text     string // links rewritten, HTML not escaped
	entities []entity
}

// render rewrites the links of a text and finds its mentions. Offsets start at
// from: what X puts before the text counts.
func render(seed uint64, message, text string, from int) rendered {
	var out strings.Builder
	r := rendered{}
	at, last := from, 0
	for _, m := range token.FindAllStringIndex(text, -1) {
		if m[0] > 0 && strings.ContainsRune("@_-.", rune(text[m[0]-1])) || m[0] > 0 && isWord(text[m[0]-1]) {
			continue // an address such as a@b.com, or the middle of a word
		}
		if m[1] < len(text) && text[m[1]] == '@' {
			continue
		}
		before, found := text[last:m[0]], text[m[0]:m[1]]
		out.WriteString(before)
		at += utf8.RuneCountInString(before)
		e := entity{start: at}
		if handle, ok := strings.CutPrefix(found, "@"); ok {
			e.name = handle
		} else {
			e.expanded = found
			e.url = shortLink(seed, message, found)
			found = e.url
		}
		out.WriteString(found)
		at += utf8.RuneCountInString(found)
		e.end = at
		r.entities = append(r.entities, e)
		last = m[1]
	}
	out.WriteString(text[last:])
	r.text = out.String()
	return r
}

func isWord(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// names reports whether a text mentions the handle.
func names(text, handle string) bool {
	for _, e := range render(0, "", text, 0).entities {
		if e.name != "" && strings.EqualFold(e.name, handle) {
			return true
		}
	}
	return false
}
