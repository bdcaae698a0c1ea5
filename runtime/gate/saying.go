package gate

import (
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/runtime/conversation"
)

// sayings finds what is said in one of several ways: a head followed by one of
// its tails, in the words of conversation.Words. It never changes once made.
type sayings struct {
	heads   map[string][]head // by first word
	fillers map[string]bool   // words that change nothing, taken out of the text
	other   map[string]bool   // words after a tail that make it say something else
}

type head struct {
	words []string
	tails [][]string // none: the head says it alone
	not   []string   // words right before it that make it say something else
}

// saying is a group of ways to say a thing: phrases separated by commas, and
// the words for head.not.
type saying struct {
	heads, tails, not string
}

func newSayings(fillers, other string, all []saying) sayings {
	s := sayings{heads: map[string][]head{}, fillers: map[string]bool{}, other: map[string]bool{}}
	for _, w := range strings.Fields(fillers) {
		s.fillers[w] = true
	}
	for _, w := range strings.Fields(other) {
		s.other[w] = true
	}
	for _, x := range all {
		tails := phrases(x.tails)
		for _, ws := range phrases(x.heads) {
			s.heads[ws[0]] = append(s.heads[ws[0]], head{ws, tails, strings.Fields(x.not)})
		}
	}
	return s
}

func phrases(list string) [][]string {
	var out [][]string
	for p := range strings.SplitSeq(list, ",") {
		if ws := slices.Collect(conversation.Words(p)); len(ws) > 0 {
			out = append(out, ws)
		}
	}
	return out
}

// in reports whether the text says it anywhere.
func (s sayings) in(ws []string) bool {
	ws = slices.DeleteFunc(slices.Clone(ws), func(w string) bool { return s.fillers[w] })
	for i, w := range ws {
		for _, h := range s.heads[w] {
			if starts(ws[i:], h.words) && !(i > 0 && slices.Contains(h.not, ws[i-1])) && s.ends(ws[i+len(h.words):], h.tails) {
				return true
			}
		}
	}
	return false
}

// ends reports whether what follows a head begins with one of its tails.
func (s sayings) ends(rest []string, tails [][]string) bool {
	if len(tails) == 0 {
		return true
	}
	return slices.ContainsFunc(tails, func(tail []string) bool {
		return starts(rest, tail) && !(len(rest) > len(tail) && s.other[rest[len(tail)]])
	})
}

func starts(ws, phrase []string) bool {
	return len(ws) >= len(phrase) && slices.Equal(ws[:len(phrase)], phrase)
}
