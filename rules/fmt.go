package rules

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Format returns a file of rules or tests in canonical layout: keys in the
// order of the reference, two spaces a level, one blank line between rules,
// sections and cases, quotes where they are needed and around what people read.
// Comments stay word for word with what follows them, or at the end of their
// line. The order of rules, cases and conditions stays. What YAML writes over
// several lines becomes a block; a text over several lines that is no literal
// block is an error.
//
// It is for files that load: the result means the same, which Format checks
// itself, and formatting it again changes nothing.
func Format(name string, data []byte) ([]byte, error) {
	f := formatter{reader: reader{file: name, start: "a pack starts with schema: " + schemaV1}}
	root := f.parse(data)
	if root == nil {
		return nil, f.diags
	}
	f.mask(root)
	if len(f.diags) > 0 {
		f.diags.sort()
		return nil, f.diags
	}
	f.readComments(root)
	comments := f.comments()
	out := f.file(root)
	g := formatter{reader: reader{file: name}}
	if again := g.parse(out); again != nil {
		g.mask(again)
		g.readComments(again)
		if len(g.diags) == 0 && same(root, again) && maps.Equal(comments, g.comments()) {
			return out, nil
		}
	}
	return nil, fmt.Errorf("format %s: %w", name, errFormat)
}

// formatter lays out one file.
type formatter struct {
	reader
	quoted  map[int][]span   // by line: where quoted scalars stand, in bytes
	literal map[int]bool     // lines that are the inside of a literal block
	before  map[int][]string // by line of an entry: the comments and blank lines above it, trimmed
	after   map[int]string   // by line: the comment at its end, with the spaces before it; both are taken once
	rest    []string         // below the last entry
	out     bytes.Buffer
}

// orders are the keys of each kind of map, in canonical order. Keys that are
// not in it come last, as they are.
var orders = map[string][]string{
	"pack":      {"schema", "pack", "layer", "version", "lists", "features", "rules"},
	"rule":      {"id", "effect", "actions", "because", "cite", "when", "unless", "obligations", "mode", "tags", "owner"},
	"feature":   {"field", "any_of"},
	"test":      {"schema", "clock", "cases", "timelines", "invariants", "replay"},
	"cases":     {"base", "table"},
	"case":      {"name", "set", "features", "lifted", "expect", "by", "obligations", "todo"},
	"invariant": {"id", "never"},
	"timeline":  {"name", "set", "by_hand", "steps", "todo"},
	"step": {"at", "event", "draft", "approve", "reject", "send", "opt_out", "spoke", "hand_off", "release", "pause",
		"from", "to", "edits", "same", "answers", "said", "text", "outcome", "set", "expect", "by", "obligations"},
	"replay": {"events", "golden", "config", "bot"},
}

// inner is the kind of what stands under a key of a kind of map.
func inner(kind, key string) string {
	switch kind + " " + key {
	case "pack rules":
		return "rule"
	case "pack features":
		return "features"
	case "test cases":
		return "cases"
	case "cases table":
		return "case"
	case "test invariants":
		return "invariant"
	case "test timelines":
		return "timeline"
	case "timeline steps":
		return "step"
	case "test replay":
		return "replay"
	}
	if kind == "features" {
		return "feature"
	}
	return ""
}

// ordered are the entries of a map in canonical order.
func ordered(n *yaml.Node, kind string) []entry {
	var out []entry
	for i := 0; i+1 < len(n.Content); i += 2 {
		out = append(out, entry{n.Content[i], n.Content[i+1]})
	}
	order := orders[kind]
	place := func(e entry) int {
		if i := slices.Index(order, e.key.Value); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(out, func(a, b entry) int { return place(a) - place(b) })
	return out
}

var errFormat = errors.New("the layout would change what the file says; it is left as it is, please report it")

// same compares two trees; the order of keys does not count.
func same(a, b *yaml.Node) bool {
	if a.Kind != b.Kind || a.ShortTag() != b.ShortTag() || a.Value != b.Value || len(a.Content) != len(b.Content) {
		return false
	}
	if a.Kind != yaml.MappingNode {
		return slices.EqualFunc(a.Content, b.Content, same)
	}
	values := map[string]*yaml.Node{}
	for i := 0; i+1 < len(b.Content); i += 2 {
		values[b.Content[i].Value] = b.Content[i+1]
	}
	for i := 0; i+1 < len(a.Content); i += 2 {
		if v := values[a.Content[i].Value]; v == nil || !same(a.Content[i+1], v) {
			return false
		}
	}
	return true
}

// comments counts each comment.
func (f *formatter) comments() map[string]int {
	out := map[string]int{}
	count := func(lines []string) {
		for _, c := range lines {
			if c = strings.TrimSpace(c); c != "" {
				out[c]++
			}
		}
	}
	for _, lines := range f.before {
		count(lines)
	}
	count(slices.Collect(maps.Values(f.after)))
	count(f.rest)
	return out
}
