package rules

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// maxList bounds the entries of a list: a condition on it costs a comparison
// an entry.
const maxList = 200

// list is a named list of constants, all words or all whole numbers. Before
// anything is compiled it is written out where it is used, so that a set means
// the same with the list and with its constants in its place.
type list struct {
	name    string
	node    *yaml.Node // its name
	entries []*yaml.Node
	numbers bool
	used    bool // by a condition of the file
	broken  bool // and reported
}

// errReported is the error of a condition that reads a broken list: one report
// is enough.
var errReported = errors.New("reported where the list stands")

// scope is what a file defines for its conditions.
type scope struct {
	features map[string]int // name to slot
	lists    map[string]*list
	// what can be named; nil: the input tree of rules
	vocabulary *Vocabulary
}

// lists reads named lists, in order of the file. What is broken is reported,
// and stays known.
func (r *reader) lists(n *yaml.Node) []*list {
	var out []*list
	for _, e := range r.entries(n, "lists") {
		l := &list{name: r.name(e.key, "the name of a list", featureForm), node: e.key}
		l.broken = !r.listEntries(l, e.value) || l.name == ""
		l.name = e.key.Value
		out = append(out, l)
	}
	return out
}

// listEntries reports whether the entries of l are sound.
func (r *reader) listEntries(l *list, n *yaml.Node) bool {
	switch {
	case n.Kind != yaml.SequenceNode:
		r.at(n, "not-a-list", "write [a, b]", "%s is a list of words or of whole numbers", l.node.Value)
		return false
	case len(n.Content) == 0:
		r.at(n, "empty", "name at least one constant", "an empty list holds nothing")
		return false
	case len(n.Content) > maxList:
		r.at(n, "too-many", "a list this long belongs into the handler", "a list has at most %d entries, this one has %d", maxList, len(n.Content))
		return false
	}
	l.entries, l.numbers = n.Content, isWhole(n.Content[0])
	sound := true
	seen := map[string]bool{}
	for _, e := range n.Content {
		switch {
		case e.Kind != yaml.ScalarNode || e.ShortTag() != "!!str" && !isWhole(e):
			r.at(e, "not-a-constant", constantForm(e), "an entry of a list is a word or a whole number")
		case isWhole(e) != l.numbers:
			r.at(e, "mixed-list", "make two lists of it", "a list holds words or numbers, not both")
		case seen[e.Value]:
			r.at(e, "duplicate-value", "leave it out", "%s stands in the list twice", e.Value)
		default:
			seen[e.Value] = true
			r.sensitive(e, "an entry of lists."+l.node.Value)
			continue
		}
		sound = false
	}
	return sound
}

// isWhole takes decimal numbers in the one form in which they are the same
// number to YAML, to a reader, and to a condition.
func isWhole(n *yaml.Node) bool {
	v, err := strconv.ParseInt(n.Value, 10, 64)
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!int" && err == nil && strconv.FormatInt(v, 10) == n.Value
}

// constantForm is the hint for a scalar that YAML reads as something else.
func constantForm(n *yaml.Node) string {
	switch n.ShortTag() {
	case "!!int", "!!float":
		return "write a whole number in plain digits"
	case "!!bool", "!!timestamp":
		return fmt.Sprintf("write %q", n.Value)
	}
	return "write [a, b]"
}

// unused reports lists that no condition reads: most likely another list was
// meant somewhere.
func (r *reader) unused(lists []*list) {
	for _, l := range lists {
		if !l.used {
			r.at(l.node, "unused-list", "write in lists."+l.name+", or leave the list out", "no condition of this file reads lists.%s", l.name)
		}
	}
}

// named returns the list of that name, for a condition at an offset.
func (s scope) named(name string, at int) (*list, error) {
	l := s.lists[name]
	if l == nil {
		known := make([]string, 0, len(s.lists))
		for k := range s.lists {
			known = append(known, k)
		}
		slices.Sort(known)
		hint := "define it under lists:"
		if len(known) > 0 {
			hint = didYouMean(name, known)
		}
		return nil, problemAt(at, "unknown-list", hint, "this file defines no list %s", name)
	}
	l.used = true
	if l.broken {
		return nil, errReported
	}
	return l, nil
}

// constants are the entries as constants of f, for a condition at an offset.
func (l *list) constants(f *field, at int) ([]constant, error) {
	if f.domain > count || l.numbers != (f.domain == count) {
		what := "words"
		if l.numbers {
			what = "whole numbers"
		}
		return nil, problemAt(at, "type", compareHint(f), "lists.%s holds %s, and %s is a %s", l.name, what, f.name, f.domain)
	}
	var out []constant
	for _, n := range l.entries {
		c, why, hint := constant{s: n.Value}, "", ""
		switch {
		case l.numbers:
			v, _ := strconv.ParseInt(n.Value, 10, 64) // isWhole
			c = constant{n: float64(v)}
			if c.n < f.min || c.n > f.max {
				why, hint = "range", fmt.Sprintf("it lies between %s and %s", f.format(f.min), f.format(f.max))
			}
		case f.domain == oneOf && !has(f.enum, n.Value):
			why, hint = "enum", didYouMean(n.Value, f.enum)
		case f.domain == text && !isLang(n.Value):
			why, hint = "language", `write a code such as "en" or "pt-br"`
		}
		if why != "" {
			return nil, problemAt(at, why, hint, "%s is never %s, in line %d", f.name, f.literal(c), n.Line)
		}
		out = append(out, c)
	}
	return out, nil
}
