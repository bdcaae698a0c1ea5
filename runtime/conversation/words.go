package conversation

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Words yields the words of a message for comparison: NFKC, case folded,
// without invisible characters, punctuation, emoji, @mentions and links. A word
// is a run of letters, digits and their marks; in scripts written without
// spaces every letter is a word of its own.
func Words(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		// Field by field: most readers stop after a few words.
		for field := range strings.FieldsSeq(text) {
			if !wordsOf(fold(field), yield) {
				return
			}
		}
	}
}

// wordsOf yields the words of a folded field, and reports whether to go on.
func wordsOf(text string, yield func(string) bool) bool {
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		switch {
		case r == '@':
			text = strings.TrimLeftFunc(text[n:], inHandle)
		case !inWord(r):
			text = text[n:]
		case isLink(text):
			return true // to the end of the field
		default:
			end := wordEnd(text)
			if !yield(text[:end]) {
				return false
			}
			// The @ of a mail address starts no mention.
			text = strings.TrimPrefix(text[end:], "@")
		}
	}
	return true
}

// wordEnd is the length of the word that text begins with.
func wordEnd(text string) int {
	end, first := 0, rune(0)
	for i, r := range text {
		if i == 0 {
			first = r
		} else if !unicode.IsMark(r) && (!inWord(r) || unspaced(first) || unspaced(r)) {
			break
		}
		end = i + utf8.RuneLen(r)
	}
	return end
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

func inHandle(r rune) bool {
	return r == '_' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9'
}

func isLink(text string) bool {
	return strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "www.")
}

// unspaced reports whether the letter belongs to a script that puts no spaces
// between words.
func unspaced(r rune) bool {
	return r >= 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// fold brings text to the form in which words are compared.
func fold(text string) string {
	ascii := true
	for i := 0; i < len(text) && ascii; i++ {
		ascii = text[i] < utf8.RuneSelf
	}
	if ascii {
		return strings.ToLower(text)
	}
	text = strings.Map(noEmoji, strings.ToValidUTF8(text, " "))
	text = cases.Fold().String(norm.NFKC.String(text))
	// Folding can leave what NFKC composes, and removing an invisible character
	// can bring together a letter and its mark.
	return norm.NFKC.String(strings.Map(visible, text))
}

// noEmoji blanks the emoji that NFKC would turn into letters.
func noEmoji(r rune) rune {
	switch {
	case r == 'ℹ', r == '™', r == 'Ⓜ', r == '㊗', r == '㊙', 0x1f200 <= r && r <= 0x1f2ff:
		return ' '
	}
	return r
}

// visible drops zero-width characters, variation selectors and the like.
func visible(r rune) rune {
	if unicode.In(r, unicode.Cf, unicode.Me, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) {
		return -1
	}
	return r
}
