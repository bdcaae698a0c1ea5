package conversation

import (
	_ "embed" // for the list
	"math/bits"
	"slices"
	"strings"
	"sync"
	"unicode"
)

//go:embed lang.txt
var langList string

// lookAt is how many words of a message tell its language.
const lookAt = 64

// tongues is which languages have a word, a bit for each of names.
type tongues struct {
	names []string
	words map[string]uint64
}

// spoken holds the words of lang.txt, of those who ask for a person, and of the
// lists that find a stop.
var spoken = sync.OnceValue(func() tongues {
	t := tongues{words: map[string]uint64{}}
	for line := range strings.Lines(langList + agentList) {
		if lang, words, ok := strings.Cut(line, ":"); ok && len(lang) == 2 {
			t.add(lang, words)
		}
	}
	files, err := wordFiles.ReadDir("words")
	if err != nil {
		return t
	}
	for _, f := range files {
		lang, ok := strings.CutSuffix(f.Name(), ".txt")
		data, err := wordFiles.ReadFile("words/" + f.Name())
		if !ok || err != nil {
			continue
		}
		for line := range strings.Lines(string(data)) {
			if _, entries, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, "#") {
				t.add(lang, placeholder(entries))
			}
		}
	}
	// Whatever language they speak, users are told to write these.
	for _, w := range []string{"stop", "start", "unstop", "help", "info"} {
		delete(t.words, w)
	}
	return t
})

// placeholder takes the names of lists out of an entry.
func placeholder(entries string) string {
	var b strings.Builder
	in := false
	for _, r := range entries {
		switch {
		case r == '{':
			in = true
		case r == '}':
			in = false
			b.WriteByte(' ')
		case !in:
			b.WriteRune(r)
		}
	}
	return strings.NewReplacer("|", " ", "[", " ", "]", " ", "(", " ", ")", " ").Replace(b.String())
}

func (t *tongues) add(lang, text string) {
	i := slices.Index(t.names, lang)
	if i < 0 {
		i, t.names = len(t.names), append(t.names, lang)
	}
	for w := range Words(text) {
		t.words[w] |= 1 << i
	}
}

// LangOf is the language of a message, as two letters or three: what X says of
// it, else what its words say; "" where neither does. It knows the languages of
// the lists, and would rather say nothing than guess.
func LangOf(text, tag string) string {
	base, _, _ := strings.Cut(strings.ToLower(tag), "-")
	switch base { // X has the names of before 1989
	case "in":
		base = "id"
	case "iw":
		base = "he"
	}
	if known := len(base) == 2 && base != "qq" || len(base) == 3 && base[0] != 'q'; known && !slices.Contains([]string{"und", "zxx", "art", "mul", "mis"}, base) {
		return base
	}
	t := spoken()
	score := make([]int, len(t.names))
	said, kana := 0, false
	for w := range Words(text) {
		if said++; said > lookAt {
			break
		}
		for _, r := range w {
			kana = kana || unicode.In(r, unicode.Hiragana, unicode.Katakana)
		}
		in := t.words[w]
		n := bits.OnesCount64(in)
		for in != 0 {
			i := bits.TrailingZeros64(in)
			score[i] += 12 / n
			in &= in - 1
		}
	}
	if kana { // no other language has it
		return "ja"
	}
	best, second := -1, 0
	for i, n := range score {
		switch {
		case best < 0 || n > score[best]:
			if best >= 0 {
				second = max(second, score[best])
			}
			best = i
		default:
			second = max(second, n)
		}
	}
	// Of a word or two, one that only this language has; else two such words, or
	// more that few have. No other language comes near.
	enough := 12
	if said > 2 {
		enough = 20
	}
	if best < 0 || score[best] < enough || score[best]*2 < second*3 {
		return ""
	}
	return t.names[best]
}
