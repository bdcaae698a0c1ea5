package conversation

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// token is what the reader stands at.
type token uint8

const (
	tokenEnd token = iota
	tokenWord
	tokenComma      // a pause inside a sentence
	tokenStop       // the end of a sentence
	tokenQuestion   // likewise
	tokenLine       // the end of a line
	tokenQuotedLine // likewise; the next one starts with >
	tokenQuote      // a quotation mark
)

// reader splits a message into words and pauses, without mentions and links.
// Words come in the form of glyph.to: "STOP", "ѕtop" typed with marks or in
// full width, "don’t" and "dont" come out alike.
type reader struct {
	text  string
	at    int // in text
	table *[tableSize]glyph

	rare      rune // the last character that is not in the table
	rareGlyph glyph

	spelled  spelling // the word
	letters  int      // base letters in it
	last     int      // where its last letter starts
	base     rune     // that letter as it was written, for the marks that follow
	ideogram bool     // in a script that puts no spaces between words
	alike    bool     // holds a letter that looks like a Latin one
	digits   int
	thrice   bool // holds a letter three times in a row
	repeats  int
	previous rune // letter, as it is compared
}

func newReader(text string) reader { return reader{text: text, table: glyphs()} }

func (r *reader) glyph(c rune) glyph {
	if c < tableSize {
		return r.table[c]
	}
	if c != r.rare { // NFKC allocates
		r.rare, r.rareGlyph = c, glyphAbove(c)
	}
	return r.rareGlyph
}

func (r *reader) word() []byte { return r.spelled.bytes() }

// single is the letter of a word of one letter in a script with spaces, else 0.
func (r *reader) single() rune {
	if r.letters != 1 || r.ideogram {
		return 0
	}
	c, n := utf8.DecodeRune(r.word())
	if n != r.spelled.n {
		return 0
	}
	return c
}

// next reads up to the end of the next word or pause.
func (r *reader) next() token {
	r.spelled.n, r.letters, r.digits, r.previous = 0, 0, 0, 0
	r.ideogram, r.alike, r.thrice = false, false, false
	for r.at < len(r.text) {
		c, n := rune(r.text[r.at]), 1
		if c >= utf8.RuneSelf {
			c, n = utf8.DecodeRuneInString(r.text[r.at:])
		}
		g := r.glyph(c)
		if r.letters > 0 && g.ends(r.ideogram) {
			return tokenWord
		}
		switch g.kind {
		case glyphLetter, glyphIdeogram, glyphSeveral:
			if r.letters == 0 && r.skipLink() {
				continue
			}
			r.letter(c, g)
		case glyphMark:
			r.mark(c)
		case glyphAt:
			// The @ of a mail address starts no mention.
			if r.at == 0 || !inWord(r.before()) {
				r.at += n
				r.skipHandle()
				continue
			}
		case glyphPeriod:
			if r.ends(n) {
				r.at += n
				return tokenStop
			}
		case glyphComma:
			r.at += n
			return tokenComma
		case glyphGap:
			if r.dash(c) {
				r.at += n
				return tokenComma
			}
		case glyphStop:
			r.at += n
			return tokenStop
		case glyphQuestion:
			r.at += n
			return tokenQuestion
		case glyphQuote:
			r.at += n
			return tokenQuote
		case glyphLine:
			r.at += n
			if r.quotedLine() {
				return tokenQuotedLine
			}
			return tokenLine
		}
		r.at += n
	}
	if r.letters > 0 {
		return tokenWord
	}
	return tokenEnd
}

// dash reports whether c is a hyphen between spaces, typed for a dash, and not
// one that spells a word: "s - t - o - p".
func (r *reader) dash(c rune) bool {
	if c != '-' || !strings.HasPrefix(r.text[r.at+1:], " ") || !strings.HasSuffix(r.text[:r.at], " ") {
		return false
	}
	before := strings.TrimRight(r.text[:r.at], " ")
	_, n := utf8.DecodeLastRuneInString(before)
	last, _ := utf8.DecodeLastRuneInString(before[:len(before)-n])
	return inWord(last)
}

// letter adds a letter to the word.
func (r *reader) letter(c rune, g glyph) {
	r.base, r.last = c, r.spelled.n
	r.letters++
	r.ideogram = g.kind == glyphIdeogram
	if g.kind == glyphSeveral {
		r.several(c)
		return
	}
	if g.to < utf8.RuneSelf {
		r.spelled.addByte(byte(g.to))
	} else {
		r.spelled.addRune(g.to)
	}
	if '0' <= g.to && g.to <= '9' {
		r.digits++
	} else if g.latin != 0 {
		r.alike = true
	}
	if g.to != r.previous {
		r.previous, r.repeats = g.to, 0
		return
	}
	r.repeats++
	r.thrice = r.thrice || r.repeats >= 2
}

// several adds a letter that is written as more than one.
func (r *reader) several(c rune) {
	if r.word() == nil {
		return // too long already
	}
	if s := spelledOut(c); s != "" {
		r.spelled.add([]byte(s))
		return
	}
	var enc [utf8.UTFMax]byte
	var out [64]byte
	for rest := norm.NFKC.Append(out[:0], enc[:utf8.EncodeRune(enc[:], c)]...); len(rest) > 0; {
		x, n := utf8.DecodeRune(rest)
		rest = rest[n:]
		if g := r.glyph(x); x != c && (g.kind == glyphLetter || g.kind == glyphIdeogram) {
			r.spelled.addRune(g.to)
		}
	}
}

// mark puts a mark on the letter before it, or drops it.
func (r *reader) mark(c rune) {
	if r.letters == 0 || r.spelled.n > longestWord {
		return
	}
	var enc [2 * utf8.UTFMax]byte
	n := utf8.EncodeRune(enc[:], r.base)
	n += utf8.EncodeRune(enc[n:], c)
	var out [16]byte
	x, size := utf8.DecodeRune(norm.NFKC.Append(out[:0], enc[:n]...))
	if size == 0 || x == r.base {
		return
	}
	g := r.glyph(x)
	if g.kind != glyphLetter && g.kind != glyphIdeogram {
		return
	}
	r.base, r.spelled.n = x, r.last
	r.spelled.addRune(g.to)
}

// ends reports whether the full stop of n bytes ends a sentence: not in a
// number, an address or s.t.o.p.
func (r *reader) ends(n int) bool {
	if r.at+n == len(r.text) {
		return true
	}
	c, _ := utf8.DecodeRuneInString(r.text[r.at+n:])
	if g := r.glyph(c); g.kind == glyphLetter {
		return false
	}
	// "S. T. O. P." and "e. g." are no sentences.
	return !r.afterInitial()
}

// afterInitial reports whether one letter stands alone before the place.
func (r *reader) afterInitial() bool {
	c, n := utf8.DecodeLastRuneInString(r.text[:r.at])
	if r.glyph(c).kind != glyphLetter {
		return false
	}
	before := r.text[:r.at-n]
	if before == "" {
		return true
	}
	c, _ = utf8.DecodeLastRuneInString(before)
	k := r.glyph(c).kind
	return k == glyphGap || k == glyphPeriod
}

// quotedLine reports whether a line starts here that quotes another message.
func (r *reader) quotedLine() bool {
	rest := strings.TrimLeft(r.text[r.at:min(len(r.text), r.at+8)], " \t")
	return strings.HasPrefix(rest, ">") || strings.HasPrefix(rest, "&gt;")
}

func (r *reader) before() rune {
	c, _ := utf8.DecodeLastRuneInString(r.text[:r.at])
	return c
}

// skipLink goes to the end of the field if a link starts here.
func (r *reader) skipLink() bool {
	rest := r.text[r.at:]
	if c := rest[0] | 0x20; c != 'h' && c != 'w' {
		return false
	}
	for _, prefix := range [...]string{"http://", "https://", "www."} {
		if len(rest) >= len(prefix) && strings.EqualFold(rest[:len(prefix)], prefix) {
			r.at += len(rest)
			if end := strings.IndexAny(rest, " \t\r\n\u00a0\u3000"); end >= 0 {
				r.at += end - len(rest)
			}
			return true
		}
	}
	return false
}

func (r *reader) skipHandle() {
	for r.at < len(r.text) {
		c := r.text[r.at]
		if c != '_' && !('0' <= c && c <= '9') && !('a' <= c|0x20 && c|0x20 <= 'z') {
			return
		}
		r.at++
	}
}
