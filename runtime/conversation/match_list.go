package conversation

import (
	"embed"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// The lists, a file a language. words/README.md says how to write one.
//
//go:embed words/*.txt
var wordFiles embed.FS

// lists holds all of them. A test keeps faults out: a line that cannot be read
// is left out here.
var lists = sync.OnceValue(func() *list {
	l, _ := readLists(wordFiles)
	return l
})

// sense is what an entry of a list says.
type sense uint16

const (
	hard     sense = 1 << iota // a stop as a message, and as a sentence of its own perhaps one
	lone                       // a stop as a message
	flow                       // likewise, unless a flow is open
	restart                    // START
	help                       // HELP
	doubt                      // perhaps a stop as a message
	phrase                     // an imperative at us, wherever a clause is nothing else; with more, perhaps one
	alone                      // an imperative at us where a clause is nothing else
	not                        // no stop, whatever is in it
	lyric                      // the line of a song; a stop beside it is none
	polite                     // says nothing
	filler                     // adds nothing to a stop: "now", "just"
	ask                        // asks us to do what follows: "can you"
	question                   // asks for something else: "how do I"
	unlisted                   // anything else; in no list

	ordinary = unlisted - 1
)

// first is the sense that counts of an entry that has several.
func (s sense) first() sense {
	for _, x := range [...]sense{lyric, not, phrase, alone, hard, lone, flow, restart, help, doubt, polite, filler, ask, question} {
		if s&x != 0 {
			return x
		}
	}
	return 0
}

func senseOf(name string) sense {
	for i, n := range [...]string{"hard", "lone", "flow", "start", "help", "doubt", "phrase", "alone", "not", "lyric", "polite", "filler", "ask", "question"} {
		if n == name {
			return 1 << i
		}
	}
	return 0
}

// list is all entries as one automaton over words: it has a state for every
// place in an entry, and can be in several at a time. It does not change once
// it is made.
type list struct {
	words  map[string]int32 // a word's number, from 1
	root   [][]int32        // states after a first word, by its number
	edges  map[edge][]int32 // states after another word
	states []state
	langs  map[string]int // number of a language, from 1
	longer []slip         // words long enough to be recognized with a slip in them
}

type edge struct{ state, word int32 }

// state says what the entry is that ends there; no sense if none does.
type state struct {
	says sense
	lang int // counts only in that language; 0: in every
}

// slip is a stop word and what it says.
type slip struct {
	word string
	says sense
}

// language is the number of a BCP 47 tag's language, 0 if there is no list.
func (l *list) language(tag string) int {
	if tag == "" {
		return 0
	}
	tag, _, _ = strings.Cut(tag, "-")
	return l.langs[strings.ToLower(tag)]
}

// Languages are those that have a list of ways to say stop, as BCP 47 names them.
func Languages() []string { return slices.Sorted(maps.Keys(lists().langs)) }

// Listed reports whether there is a list for the language of a BCP 47 tag.
func Listed(tag string) bool { return lists().language(tag) != 0 }

// mostStates is in how many states the automaton can be.
const mostStates = 128

// scratch is room for two sets of states.
type scratch [2][mostStates]int32

// longest is the longest entry that the words begin with, and its length; 0 if
// there is none.
func (l *list) longest(words []int32, lang int, sets *scratch) (found sense, n int) {
	now, next := &sets[0], &sets[1]
	in := 0
	for i, w := range words {
		if w == pause && i > 0 {
			continue
		}
		if w <= 0 {
			break
		}
		k := 0
		if i == 0 {
			k = copy(next[:], l.root[w])
		}
		for _, from := range now[:in] {
			k += copy(next[k:], l.edges[edge{from, w}])
		}
		if in = k; in == 0 {
			break
		}
		var says sense
		for _, q := range next[:in] {
			if st := l.states[q]; st.lang == 0 || st.lang == lang {
				says |= st.says
			}
		}
		if says != 0 {
			found, n = says, i+1
		}
		now, next = next, now
	}
	return found, n
}

// find is the number of the word that r stands at, 0 if it is in no list. A
// word that is not is tried with look-alike letters replaced and with drawn-out
// letters shortened.
func (l *list) find(r *reader) int32 {
	word := r.word()
	id := l.words[string(word)]
	alike := r.alike || r.digits > 0 && r.digits < r.letters
	if id != 0 || word == nil || r.ideogram || !alike && !r.thrice {
		return id
	}
	var other spelling
	last := rune(0)
	for i := 0; i < len(word); {
		c, n := utf8.DecodeRune(word[i:])
		i += n
		if x := r.glyph(c).latin; x != 0 && alike {
			c = rune(x)
		}
		if !r.thrice || c != last {
			other.addRune(c)
		}
		last = c
	}
	return l.words[string(other.bytes())]
}

// stops reports whether the word is a stop as a message.
func (l *list) stops(word []byte, lang int) bool {
	id := l.words[string(word)]
	if id == 0 {
		return false
	}
	for _, q := range l.root[id] {
		if st := l.states[q]; st.says&(hard|lone) != 0 && (st.lang == 0 || st.lang == lang) {
			return true
		}
	}
	return false
}

// shortestSlip is how many letters a stop word has whose misspellings are
// recognized; those of shorter ones are ordinary words too often, and listed
// where they are not.
const shortestSlip = 6

// near reports whether the word is a stop word but for one letter too much, one
// missing, one wrong, or two changed over.
func (l *list) near(word []byte, openFlow bool) bool {
	if utf8.RuneCount(word) < shortestSlip-1 {
		return false
	}
	for _, s := range l.longer {
		if (s.says != flow || !openFlow) && slipped(word, s.word) {
			return true
		}
	}
	return false
}

// slipped compares a word with what was meant.
func slipped(word []byte, meant string) bool {
	if d := len(word) - len(meant); d < -utf8.UTFMax || d > utf8.UTFMax {
		return false
	}
	for len(word) > 0 && len(meant) > 0 {
		a, n := utf8.DecodeRune(word)
		b, k := utf8.DecodeRuneInString(meant)
		if a != b {
			break
		}
		word, meant = word[n:], meant[k:]
	}
	a, n := utf8.DecodeRune(word)
	b, k := utf8.DecodeRuneInString(meant)
	if n == 0 || k == 0 {
		return utf8.RuneCount(word)+utf8.RuneCountInString(meant) == 1
	}
	wordRest, meantRest := word[n:], meant[k:]
	switch {
	case string(wordRest) == meantRest, string(wordRest) == meant, string(word) == meantRest:
		return true
	}
	a2, n2 := utf8.DecodeRune(wordRest)
	b2, k2 := utf8.DecodeRuneInString(meantRest)
	return a == b2 && b == a2 && n2 > 0 && string(wordRest[n2:]) == meantRest[k2:]
}
