package conversation

import (
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// glyph is what a character is to the matcher.
type glyph struct {
	to    rune // of a letter: what it is compared as
	latin byte // the Latin letter that it may be mistaken for; 0: none
	kind  glyphKind
}

type glyphKind uint8

const (
	glyphGap      glyphKind = iota // space, emoji, symbol
	glyphLetter                    // or digit
	glyphIdeogram                  // a letter that is a word of its own
	glyphSeveral                   // a letter that is compared as several
	glyphMark                      // changes the letter before it
	glyphNothing                   // invisible, or a mark that many leave out
	glyphAt
	glyphPeriod
	glyphComma
	glyphStop
	glyphQuestion
	glyphQuote
	glyphLine
)

// ends reports whether a word ends before the glyph.
func (g glyph) ends(ideogram bool) bool {
	switch g.kind {
	case glyphMark, glyphNothing:
		return false
	case glyphLetter, glyphSeveral:
		return ideogram
	}
	return true
}

// tableSize covers the alphabets; what lies above is worked out as it comes.
const tableSize = 0x1000

// glyphs is the table of the characters below tableSize.
var glyphs = sync.OnceValue(func() *[tableSize]glyph {
	var t [tableSize]glyph
	for c := range t {
		t[c] = classify(rune(c))
	}
	return &t
})

// glyphAbove is the glyph of a character beyond the table.
func glyphAbove(c rune) glyph {
	switch {
	case 0x3041 <= c && c <= 0x3096, 0x30a1 <= c && c <= 0x30fc, 0x3400 <= c && c <= 0x9fff, 0xac00 <= c && c <= 0xd7a3:
		return glyph{to: c, kind: glyphIdeogram} // kana, Han, Hangul
	case 0x2600 <= c && c <= 0x27bf, 0x1f1e6 <= c && c <= 0x1faff:
		return glyph{} // flags and most emoji
	}
	return classify(c)
}

func classify(c rune) glyph {
	switch c {
	case utf8.RuneError:
		return glyph{}
	case '\'', '’', '‘', 'ʼ', 'ʹ', '`', '´', '′', '＇', '׳':
		return glyph{kind: glyphNothing} // don’t and dont are one word
	case '@', '＠':
		return glyph{kind: glyphAt}
	case '.', '．':
		return glyph{kind: glyphPeriod}
	case ',', ':', '(', ')', '[', ']', '—', '–', '、', '，', '：', '؛', '،', '（', '）', '…':
		return glyph{kind: glyphComma}
	case '!', ';', '。', '！', '；', '｡', '।', '॥', '¡', '|':
		return glyph{kind: glyphStop}
	case '?', '？', '؟', '¿':
		return glyph{kind: glyphQuestion}
	case '"', '“', '”', '„', '‟', '«', '»', '「', '」', '『', '』', '《', '》', '＂':
		return glyph{kind: glyphQuote}
	case '\n', '\r', '\v', '\f', '\u0085', '\u2028', '\u2029':
		return glyph{kind: glyphLine}
	case 'ℹ', '™', 'Ⓜ', '㊗', '㊙': // emoji that NFKC would turn into letters
		return glyph{}
	case 'ـ': // stretches a word
		return glyph{kind: glyphNothing}
	}
	switch {
	case c < utf8.RuneSelf && !inWord(c):
		return glyph{}
	case 0x1f150 <= c && c <= 0x1f169: // white letters in black circles and squares
		return letterOf('a' + c - 0x1f150)
	case 0x1f170 <= c && c <= 0x1f189:
		return letterOf('a' + c - 0x1f170)
	case 0x24b6 <= c && c <= 0x24e9, 0x1f130 <= c && c <= 0x1f149: // black ones in white
		return letterOf(c)
	case 0x1f1e6 <= c && c <= 0x1f2ff:
		return glyph{}
	case 0x0300 <= c && c <= 0x036f, c == 0x3099, c == 0x309a, c == 'ﾞ', c == 'ﾟ', 0x1160 <= c && c <= 0x11ff:
		return glyph{kind: glyphMark}
	case leftOut(c):
		return glyph{kind: glyphNothing}
	case 'ﾞ' < c && c < 0xffef && !inWord(c):
		return glyph{}
	case unicode.In(c, unicode.Cf, unicode.Me, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point):
		return glyph{kind: glyphNothing}
	case unicode.IsMark(c):
		if unspaced(c) {
			return glyph{to: c, kind: glyphIdeogram}
		}
		return glyph{to: c, kind: glyphLetter}
	case !inWord(c):
		return glyph{}
	case 0x0e00 <= c && c <= 0x0eff: // NFKC would take Thai vowels apart
		return glyph{to: c, kind: glyphIdeogram}
	}
	return letterOf(c)
}

// leftOut reports whether the mark is one that many leave out: a vowel sign of
// Hebrew or Arabic, the dot of Hindi.
func leftOut(c rune) bool {
	switch {
	case 0x0591 <= c && c <= 0x05c7, 0x0610 <= c && c <= 0x06ed:
		return unicode.IsMark(c)
	}
	return 0x08d3 <= c && c <= 0x08ff || c == 0x093c
}

// letterOf brings a letter to the form in which words are compared: NFKC, lower
// case, without the marks that people leave out. Vietnamese keeps its own,
// where đúng, dừng and dung are three words.
func letterOf(c rune) glyph {
	if spelledOut(c) != "" {
		return glyph{kind: glyphSeveral}
	}
	var enc [utf8.UTFMax]byte
	var out [64]byte
	s := norm.NFKC.Append(out[:0], enc[:utf8.EncodeRune(enc[:], c)]...)
	x, n := utf8.DecodeRune(s)
	for s = s[n:]; len(s) > 0; s = s[n:] {
		var mark rune
		if mark, n = utf8.DecodeRune(s); !leftOut(mark) {
			return glyph{kind: glyphSeveral}
		}
	}
	x = unicode.ToLower(x)
	switch x {
	case 'ă', 'đ', 'ơ', 'ư':
	case 'ı':
		x = 'i'
	case 'ς':
		x = 'σ'
	case 'ø':
		x = 'o'
	case 'ł':
		x = 'l'
	case 'ſ':
		x = 's'
	case 'أ', 'إ', 'آ', 'ٱ':
		x = 'ا'
	case 'ى', 'ی', 'ئ':
		x = 'ي'
	case 'ؤ':
		x = 'و'
	case 'ة', 'ۀ':
		x = 'ه'
	case 'ک':
		x = 'ك'
	default:
		if '٠' <= x && x <= '٩' {
			x += '0' - '٠'
		} else if '۰' <= x && x <= '۹' {
			x += '0' - '۰'
		} else if !(0x1ea0 <= x && x <= 0x1eff) && x >= 0xc0 && x < 0x2000 {
			if base, _ := utf8.DecodeRune(norm.NFD.Append(out[:0], enc[:utf8.EncodeRune(enc[:], x)]...)); base != utf8.RuneError {
				x = base
			}
		}
	}
	k := glyphLetter
	if unspaced(x) || 0x1100 <= x && x < 0x1160 || 0xac00 <= x && x <= 0xd7a3 {
		k = glyphIdeogram
	}
	return glyph{to: x, kind: k, latin: lookalike(x)}
}

// spelledOut is what a letter is compared as that stands for several.
func spelledOut(c rune) string {
	switch unicode.ToLower(c) {
	case 'ß':
		return "ss"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	}
	return ""
}

// lookalike is the Latin letter that a letter or digit may be mistaken for, or
// 0. Capitals decide where they differ: opt-outs are shouted.
func lookalike(c rune) byte {
	const from, to = "авсеніјкморѕтухԛԝ" + "αβεηικμνορσςτυχζ" + "օսհ" + "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ" + "ꓢꓔꓳꓑ" + "ס" + "0135",
		"abcehijkmopstyxqw" + "abehikmnopsstuxz" + "ouh" + "abcdefghijklmnoprstuvwyz" + "stop" + "o" + "oies"
	i := 0
	for _, x := range from {
		if x == c {
			return to[i]
		}
		i++
	}
	return 0
}
