package rules

import (
	_ "embed"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The table of words about what X forbids to derive or store: sensitive.txt
// documents it.
//
//go:embed sensitive.txt
var sensitiveText string

// It never changes at run time.
var sensitive = readSensitive(sensitiveText)

// sensitiveTable is the table by first word.
type sensitiveTable map[string][]sensitivePhrase

type sensitivePhrase struct {
	text     string
	words    []string // in the singular
	category string
	excuse   bool // says something else
}

func readSensitive(table string) sensitiveTable {
	out := sensitiveTable{}
	category := ""
	for line := range strings.Lines(table) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
			continue
		case line[0] == '[':
			category = strings.Trim(line, "[]")
			continue
		}
		list, excuse := strings.CutPrefix(line, "but:")
		for text := range strings.SplitSeq(list, ",") {
			ws := words(text)
			for i, w := range ws {
				ws[i] = singular(w)
			}
			if len(ws) > 0 {
				out[ws[0]] = append(out[ws[0]], sensitivePhrase{strings.TrimSpace(text), ws, category, excuse})
			}
		}
	}
	return out
}

// singular takes an English s from the end of a word. Both sides of a
// comparison go through it, so that what it does to other words does no harm.
func singular(w string) string {
	if len(w) > 3 {
		return strings.TrimSuffix(w, "s")
	}
	return w
}

// Sensitive reports whether a name or phrase is about one of the categories
// that X forbids to derive or store about a person, such as health: which
// category, and the entry of the table that says so. Both are "" where it is not. Rule files
// are held to it when they are loaded; whoever else names something that is
// recorded per user asks it too. Limits: sensitive.txt.
func Sensitive(text string) (category, match string) {
	ws := words(text)
	for i, w := range ws {
		ws[i] = singular(w)
	}
	excused := make([]bool, len(ws))
	hits := func(excuse bool, hit func(at int, p sensitivePhrase)) {
		for i, w := range ws {
			for _, p := range sensitive[w] {
				if rest := ws[i:]; p.excuse == excuse && len(rest) >= len(p.words) && slices.Equal(rest[:len(p.words)], p.words) {
					hit(i, p)
				}
			}
		}
	}
	hits(true, func(at int, p sensitivePhrase) {
		for i := range p.words {
			excused[at+i] = true
		}
	})
	hits(false, func(at int, p sensitivePhrase) {
		if match == "" && slices.Contains(excused[at:at+len(p.words)], false) {
			category, match = p.category, p.text
		}
	})
	return category, match
}

// sensitive reports a name or phrase that is about a person's health and the
// like. There is no key that lets it pass: a file that says it does so anyway
// would be no better.
func (r *reader) sensitive(n *yaml.Node, what string) {
	if category, match := Sensitive(n.Value); match != "" {
		r.at(n, "sensitive", "decide it in a handler, which keeps nothing; or take a phrase that says nothing about the person",
			"%s is about %s (%q): X forbids to derive or store that of a user, and decisions record it", what, category, match)
	}
}
