package event

import (
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const urlWeight = 23 // of every link, whatever its length (X, read 2026-08)

// MaxPost is how many weighted characters a post of an account can have; long
// where the account may post long (practice: Premium).
func MaxPost(long bool) int {
	if long {
		return 25_000
	}
	return 280
}

// WeightedLength is the length of a text as X counts it toward 280: 1 for the
// code points of Latin and most alphabets and for general punctuation, 2 for
// all others, 2 for a whole emoji sequence, 23 for a link. Leading mentions
// count, though X counts those that it adds itself as nothing.
//
// Like X it composes the text first (NFC), so that é is 1 however it was typed.
// Where it differs from X it counts more: not everything that looks like a
// domain is a link. The one exception are emoji joined in ways that Unicode does
// not list, which X counts one by one.
func WeightedLength(s string) int {
	if !norm.NFC.IsNormalString(s) {
		s = norm.NFC.String(s)
	}
	total := 0
	for i := 0; i < len(s); {
		if n := sureURL(s, i); n > 0 {
			total += urlWeight
			i += n
			continue
		}
		if atHostStart(s, i) { // first: what is no start of a name is not read to its end each time
			if n := hostLen(s[i:]); n > 0 {
				total += max(0, domainExtra(s, i, n))
			}
		}
		n := emojiLen(s[i:])
		if n > 0 {
			total += 2
		} else {
			var r rune
			r, n = utf8.DecodeRuneInString(s[i:])
			total += weight(r)
		}
		i += n
	}
	return total
}

func atHostStart(s string, i int) bool {
	r, _ := utf8.DecodeLastRuneInString(s[:i])
	return i == 0 || r != '.' && r != '-' && !isWord(r)
}

// domainExtra is what bare domains in the host name at s[i:i+n] may add to the
// weight of its characters. Of a plain ASCII one X would count 23 instead.
func domainExtra(s string, i, n int) int {
	count := domains(s, i, n)
	if count == 0 {
		return 0
	}
	for _, c := range []byte(s[i : i+n]) {
		if c >= utf8.RuneSelf {
			return count * urlWeight
		}
	}
	return urlWeight - n
}

// weight of a code point outside emoji sequences: 100 or 200 hundredths in X's
// published configuration (version 3, read 2026-08).
func weight(r rune) int {
	switch {
	case r == 0xA9, r == 0xAE: // © and ®: emoji to X in some versions
		return 2
	case r <= 4351, 8192 <= r && r <= 8205, 8208 <= r && r <= 8223, 8242 <= r && r <= 8247:
		return 1
	}
	return 2
}

const (
	zwj       = 0x200D
	variation = 0xFE0F
	keycap    = 0x20E3
	blackFlag = 0x1F3F4
)

// emojiLen is the length in bytes of the emoji sequence at the start of s, 0 if
// there is none.
func emojiLen(s string) int {
	r, n := utf8.DecodeRuneInString(s)
	switch {
	case r == '#', r == '*', '0' <= r && r <= '9':
		m := n + runeLen(s[n:], variation, variation)
		if k := runeLen(s[m:], keycap, keycap); k > 0 {
			return m + k
		}
		return 0
	case 0x1F1E6 <= r && r <= 0x1F1FF: // a flag is two regional indicators
		if k := runeLen(s[n:], 0x1F1E6, 0x1F1FF); k > 0 {
			return n + k
		}
		return 0
	case !isPictograph(r):
		return 0
	}
	for {
		n += runeLen(s[n:], variation, variation)
		n += runeLen(s[n:], 0x1F3FB, 0x1F3FF) // skin tone
		if r == blackFlag {
			for k := runeLen(s[n:], 0xE0020, 0xE007F); k > 0; k = runeLen(s[n:], 0xE0020, 0xE007F) {
				n += k
			}
		}
		joint := runeLen(s[n:], zwj, zwj)
		if joint == 0 {
			return n
		}
		next, size := utf8.DecodeRuneInString(s[n+joint:])
		if !isPictograph(next) {
			return n
		}
		r = next
		n += joint + size
	}
}

// runeLen is the length of the rune at the start of s if it lies from lo to hi.
func runeLen(s string, lo, hi rune) int {
	if r, n := utf8.DecodeRuneInString(s); lo <= r && r <= hi {
		return n
	}
	return 0
}

// isPictograph: the blocks that hold emoji. All their code points weigh 2.
func isPictograph(r rune) bool {
	return 0x1F000 <= r && r <= 0x1FAFF || 0x2600 <= r && r <= 0x27BF ||
		0x2190 <= r && r <= 0x21FF || 0x2300 <= r && r <= 0x23FF || 0x25A0 <= r && r <= 0x25FF ||
		0x2B00 <= r && r <= 0x2BFF || r == 0x203C || r == 0x2049 || r == 0x2122 || r == 0x2139 ||
		r == 0x24C2 || r == 0x2934 || r == 0x2935 || r == 0x3030 || r == 0x303D || r == 0x3297 || r == 0x3299
}
