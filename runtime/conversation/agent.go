package conversation

import (
	_ "embed" // for the list
	"slices"
	"strings"
	"sync"
)

//go:embed agent.txt
var agentList string

// longestAsk is of more words than any entry has.
const longestAsk = 24

// wholes is a list of messages, in the form in which they are compared.
type wholes struct{ asks, polite map[string]bool }

var agents = sync.OnceValue(func() wholes { return readWholes(agentList) })

func readWholes(list string) wholes {
	l := wholes{map[string]bool{}, map[string]bool{}}
	for line := range strings.Lines(list) {
		name, entries, ok := strings.Cut(line, ":")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		for entry := range strings.SplitSeq(entries, ";") {
			words := slices.Collect(Words(entry))
			if name != "polite" {
				l.asks[strings.Join(words, " ")] = true
			} else if key := strings.Join(words, " "); key != "" {
				l.polite[key] = true
			}
		}
	}
	delete(l.asks, "")
	return l
}

// WantsPerson reports whether the user asks for a person and says nothing else,
// in any of the languages of the list. It is no opt-out.
func WantsPerson(text string) bool { return agents().is(text) }

// is reports whether the message is one of the list, besides polite words.
func (l wholes) is(text string) bool {
	var words []string
	for w := range Words(text) {
		if words = append(words, w); len(words) > longestAsk {
			return false
		}
	}
	for {
		if l.asks[strings.Join(words, " ")] {
			return true
		}
		less := trimPolite(words, l.polite)
		if len(less) == len(words) {
			return false
		}
		words = less
	}
}

// trimPolite takes one polite word, or a few that are one, from an end.
func trimPolite(words []string, polite map[string]bool) []string {
	for n := min(4, len(words)); n > 0; n-- {
		if polite[strings.Join(words[:n], " ")] {
			return words[n:]
		}
		if polite[strings.Join(words[len(words)-n:], " ")] {
			return words[:len(words)-n]
		}
	}
	return words
}
