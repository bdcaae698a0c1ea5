package schedule

import (
	"html"
	"strings"

	"github.com/beckon-bot/beckon/runtime/event"
)

// plain takes markup out of a title: some feeds put HTML there.
func plain(s string) string {
	s = html.UnescapeString(s)
	var b strings.Builder
	for {
		open := strings.IndexByte(s, '<')
		if open < 0 {
			break
		}
		end := strings.IndexByte(s[open:], '>')
		// A tag begins with a letter or a slash: "a < b" is no tag.
		if end < 2 || !tagStart(s[open+1]) {
			b.WriteString(s[:open+1])
			s = s[open+1:]
			continue
		}
		b.WriteString(s[:open])
		s = s[open+end+1:]
	}
	return b.String() + s
}

func tagStart(c byte) bool { return c == '/' || c|0x20 >= 'a' && c|0x20 <= 'z' }

// say is the post of an item, its title shortened where it does not fit; "" if
// even then it does not.
func (f Feed) say(i item) string {
	title := []rune(i.title)
	for n := len(title); n >= 0; n-- {
		short := i.title
		if n < len(title) {
			short = strings.TrimRight(string(title[:n]), " ,;:-") + "…"
		}
		if n == 0 {
			short = ""
		}
		text := strings.TrimSpace(strings.NewReplacer("{title}", short, "{link}", i.link).Replace(f.Text))
		if event.WeightedLength(text) <= f.Max {
			return text
		}
		if n > f.Max { // a title can be far longer than a post
			n = f.Max + 1
		}
	}
	return ""
}
