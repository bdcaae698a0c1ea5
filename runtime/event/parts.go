package event

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// MaxParts is in how many messages one answer may go out.
const MaxParts = 4

// PartEnd stands between the parts of a draft that goes out in several: a form
// feed, which no message holds.
const PartEnd = "\f"

// InParts is a text of at most so many characters a part, with PartEnd between
// the parts. 0 leaves the text alone.
func InParts(text string, most int) string {
	if most <= 0 {
		return text
	}
	return strings.Join(Parts(text, most), PartEnd)
}

// Parts cuts a text into parts of at most so many characters (code points):
// where a paragraph ends, else a sentence, else a word; never inside of a link,
// nor of what readers take for one character. A link that is longer alone is a
// part of its own. A text that does not fit in MaxParts has one part more, which
// holds the rest, however long.
func Parts(text string, most int) (parts []string) {
	rest := strings.TrimSpace(strings.ReplaceAll(text, PartEnd, "\n\n"))
	for rest != "" {
		n := len(rest)
		if len(parts) < MaxParts && utf8.RuneCountInString(rest) > most {
			n = cut(rest, most)
		}
		parts = append(parts, strings.TrimRightFunc(rest[:n], unicode.IsSpace))
		rest = strings.TrimLeftFunc(rest[n:], unicode.IsSpace)
	}
	return parts
}

// Where a text can be cut, the better the later.
const (
	cutCharacter = iota
	cutWord
	cutSentence
	cutParagraph
	cuts
)

// cut is how many bytes of s go into its first part. A better place is taken
// where the part is at least a third full.
func cut(s string, most int) int {
	var best [cuts]int // bytes; 0: none
	var full [cuts]bool
	runes, linked, before := 0, 0, ""
	clusters, state := beginning(s, most+longestCharacter), -1
	for at := 0; clusters != ""; {
		if at >= linked {
			linked = at + linkLen(s, at)
		}
		var c string
		var bounds int
		c, clusters, bounds, state = uniseg.StepString(clusters, state)
		runes += utf8.RuneCountInString(c)
		if runes > most && best != [cuts]int{} {
			break
		}
		at += len(c)
		if at >= linked {
			kind := cutAfter(c, before, bounds)
			for k := range kind + 1 {
				best[k], full[k] = at, 3*runes >= most
			}
			if runes > most { // the first place there is
				return at
			}
		}
		before = c
	}
	for k := cuts - 1; k > cutCharacter; k-- {
		if full[k] {
			return best[k]
		}
	}
	if best[cutWord] > 0 {
		return best[cutWord]
	}
	if best[cutCharacter] > 0 {
		return best[cutCharacter]
	}
	return linked
}

// longestCharacter bounds, in code points, what is taken for one character, and
// how far ahead is looked for the end of a sentence.
const longestCharacter = 64

// beginning is the first n code points of s.
func beginning(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// cutAfter says how good a place is after the character c, which follows
// another.
func cutAfter(c, before string, bounds int) int {
	r, _ := utf8.DecodeLastRuneInString(c)
	space := unicode.IsSpace(r)
	newline := strings.HasSuffix(c, "\n")
	switch {
	case newline && strings.HasSuffix(before, "\n"):
		return cutParagraph
	case newline, bounds&uniseg.MaskSentence != 0 && (space || unspaced(r)):
		return cutSentence
	case space, bounds&uniseg.MaskLine == uniseg.LineCanBreak && unspaced(r):
		return cutWord
	}
	return cutCharacter
}

// unspaced reports whether r is of a script that sets no spaces between words,
// or is its punctuation.
func unspaced(r rune) bool {
	return 0x2E80 <= r && r <= 0x9FFF || 0xF900 <= r && r <= 0xFAFF || 0xFF00 <= r && r <= 0xFFEF || 0x20000 <= r && r <= 0x3FFFF
}

// linkLen is the length in bytes of the link at s[at:], 0 if none starts there:
// all that stands there without a space or another script between, if X might
// make a link of any of it.
func linkLen(s string, at int) int {
	inside := func(r rune) bool { return r > ' ' && r != utf8.RuneError && !unicode.IsSpace(r) && !unspaced(r) }
	if r, n := utf8.DecodeLastRuneInString(s[:at]); n > 0 && inside(r) {
		return 0
	}
	n := strings.IndexFunc(s[at:], func(r rune) bool { return !inside(r) })
	if n < 0 {
		n = len(s) - at
	}
	if !HasURL(s[at : at+n]) {
		return 0
	}
	return n
}
