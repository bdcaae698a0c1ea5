package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// feature is a named boolean over the event's text: true where one of its
// phrases stands in the text as whole words.
type feature struct {
	Name  string   `json:"name"`
	Field string   `json:"field"`
	AnyOf []string `json:"any_of"`
}

// slots is a set of features, a bit a slot.
type slots uint64

func (s *slots) add(slot int) { *s |= 1 << slot }

// id tells a feature from any other: of another name, or of the same name with
// other phrases.
func (f feature) id() string {
	h := sha256.New()
	// Encoding a plain struct of strings into a hash does not fail.
	_ = json.NewEncoder(h).Encode(f)
	return hex.EncodeToString(h.Sum(nil)[:4])
}

// FeatureIDs names what Features looks for: an id for each feature, of its name
// and its phrases. They are kept with what Features returned. The caller must
// not write to them.
func (s *Set) FeatureIDs() []string {
	if s == nil {
		return nil
	}
	return slices.Clip(s.features)
}

// Unread returns the names of the set's features that are not among ids, sorted:
// those that were not looked for when the text was at hand.
func (s *Set) Unread(ids []string) (names []string) {
	if s == nil {
		return nil
	}
	for slot, id := range s.features {
		if !slices.Contains(ids, id) {
			names = append(names, s.matcher.names[slot])
		}
	}
	slices.Sort(names)
	return names
}

// phrase is a feature's phrase as words.
type phrase struct {
	words []string
	slot  int
}

// matcher finds all features of a set in one pass over a text.
type matcher struct {
	names   []string            // by slot
	byFirst map[string][]phrase // by first word
}

func newMatcher(features []feature) matcher {
	m := matcher{byFirst: map[string][]phrase{}}
	for slot, f := range features {
		m.names = append(m.names, f.Name)
		for _, p := range f.AnyOf {
			ws := words(p)
			m.byFirst[ws[0]] = append(m.byFirst[ws[0]], phrase{ws, slot})
		}
	}
	return m
}

// match returns the names of the features that are true of the text, sorted.
func (m matcher) match(s string) []string {
	if len(m.names) == 0 {
		return nil
	}
	found := make([]bool, len(m.names))
	ws := words(s)
	for i, w := range ws {
		for _, p := range m.byFirst[w] {
			if rest := ws[i:]; len(rest) >= len(p.words) && slices.Equal(rest[:len(p.words)], p.words) {
				found[p.slot] = true
			}
		}
	}
	var out []string
	for slot, ok := range found {
		if ok {
			out = append(out, m.names[slot])
		}
	}
	slices.Sort(out)
	return out
}

// words splits a text into case-folded words, so that "Money-Back!" and "money
// back" are the same. Characters of scripts that put no space between words
// are words of their own: a phrase in them matches anywhere.
func words(s string) []string {
	s = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) { // zero-width characters and soft hyphens hide nothing
			return -1
		}
		return r
	}, s)
	var out []string
	from := -1 // start of the open word
	flush := func(to int) {
		if from >= 0 {
			out = append(out, s[from:to])
		}
		from = -1
	}
	for i, r := range s {
		switch {
		case unspaced(r):
			flush(i)
			out = append(out, string(r))
		case !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r):
			flush(i)
		case from < 0:
			from = i
		}
	}
	flush(len(s))
	return out
}

// unspaced reports whether r belongs to a script without spaces between words.
func unspaced(r rune) bool {
	return r > unicode.MaxLatin1 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}
