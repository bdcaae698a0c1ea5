package event

import (
	"math/bits"
	"strings"
	"unicode"
)

// Two texts are substantially similar if their fingerprints differ in at most
// this many of 64 bits. Measured on short posts (TestSimilar): a changed word,
// number, link, hashtag or emoji in a sentence stays within it; different
// sentences on the same subject lie well beyond it.
const similarBits = 14

// shingle is the length of the pieces that a fingerprint is made of, in
// characters: long enough to tell words apart, short enough that one changed
// word leaves most pieces of a post alone.
const shingle = 4

// SimHash is a fingerprint of a text: texts that share most of their pieces
// have fingerprints that share most of their bits. It is 0 for a text without
// letters and digits.
//
// The measure, which is Charikar's: leave out mentions and links; fold case;
// make what is no letter or digit one space; hash each run of 4 characters,
// repeated ones too; bit i of the fingerprint is set where more than half of
// the hashes have it set. The fingerprint says nothing of the text's meaning
// and cannot be turned back into it.
func SimHash(text string) uint64 {
	var votes [64]int
	window := make([]rune, 0, shingle)
	pieces := 0
	add := func(r rune) {
		if len(window) == shingle {
			copy(window, window[1:])
			window = window[:shingle-1]
		}
		if window = append(window, r); len(window) == shingle {
			vote(&votes, window)
			pieces++
		}
	}
	for word := range strings.FieldsSeq(text) {
		if atSign(word) > 0 || HasURL(word) {
			continue
		}
		gap := true
		for _, r := range word {
			switch {
			case !isWord(r) || r == '_':
				gap = true
				continue
			case gap && len(window) > 0:
				add(' ')
			}
			gap = false
			add(unicode.ToLower(r))
		}
	}
	if pieces == 0 && len(window) > 0 {
		vote(&votes, window) // the whole text is shorter than one piece
		pieces++
	}
	var sum uint64
	for i, n := range votes {
		if n > 0 {
			sum |= 1 << i
		}
	}
	if sum == 0 && pieces > 0 {
		sum = 1 // 0 says that there was nothing
	}
	return sum
}

// vote adds one piece's hash to the count of each bit.
func vote(votes *[64]int, piece []rune) {
	h := uint64(14695981039346656037) // FNV-1a over the characters
	for _, r := range piece {
		h = (h ^ uint64(r)) * 1099511628211
	}
	// FNV leaves the high bits of short inputs alike: mix them (MurmurHash3).
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	h ^= h >> 33
	for i := range votes {
		votes[i] += int(h>>i&1)*2 - 1
	}
}

// Similar reports whether two fingerprints are of the same or substantially
// similar texts. A fingerprint of no text is similar to none.
func Similar(a, b uint64) bool {
	return a != 0 && b != 0 && bits.OnesCount64(a^b) <= similarBits
}

// Numbers is a fingerprint of the numbers of a text, in their order; 0 for a
// text without any. Links and mentions are left out. With it the next price,
// score or forecast is told from the same sentence again.
func Numbers(text string) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	any := false
	for word := range strings.FieldsSeq(text) {
		if atSign(word) > 0 || HasURL(word) {
			continue
		}
		in := false
		for _, r := range word + " " {
			if unicode.IsDigit(r) {
				h, in, any = (h^uint64(r))*1099511628211, true, true
			} else if in {
				h, in = (h^' ')*1099511628211, false
			}
		}
	}
	if !any {
		return 0
	}
	return h
}
