package handlers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// LoadError is one thing that is wrong with a file.
type LoadError struct {
	File      string
	Line, Col int // from 1
	Msg       string
}

// Error is file:line:col: message.
func (e LoadError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
}

// LoadErrors is all that is wrong, in the order of the file.
type LoadErrors []LoadError

// Error has a line for each.
func (es LoadErrors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

func (es LoadErrors) sort() {
	slices.SortStableFunc(es, func(a, b LoadError) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
}

type position struct {
	file      string
	line, col int
}

func (p position) String() string { return fmt.Sprintf("%s:%d:%d", p.file, p.line, p.col) }

func (p position) errorf(format string, args ...any) LoadError {
	return LoadError{File: p.file, Line: p.line, Col: p.col, Msg: fmt.Sprintf(format, args...)}
}

// fields reads a map of the known keys; nil if n is none.
func (l *loader) fields(n *yaml.Node, known ...string) map[string]*yaml.Node {
	if n.Kind != yaml.MappingNode {
		l.errorf(n, "this is a map with the keys %s", strings.Join(known, ", "))
		return nil
	}
	m := make(map[string]*yaml.Node)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch before := m[key.Value]; {
		case key.Kind != yaml.ScalarNode || !slices.Contains(known, key.Value):
			l.errorf(key, "the key %q is not known%s", key.Value, didYouMean(key.Value, known))
		case before != nil:
			l.errorf(key, "the key %q is here twice, first on line %d", key.Value, before.Line)
		default:
			m[key.Value] = n.Content[i+1]
		}
	}
	return m
}

func (l *loader) required(n *yaml.Node, m map[string]*yaml.Node, key string) *yaml.Node {
	if m[key] == nil {
		l.errorf(n, "the key %s is missing", key)
	}
	return m[key]
}

func (l *loader) list(n *yaml.Node) []*yaml.Node {
	if n.Kind != yaml.SequenceNode {
		l.errorf(n, "this is a list")
		return nil
	}
	return n.Content
}

// text reads a scalar that is not empty; what is reported reads as "".
func (l *loader) text(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.AliasNode:
		l.errorf(n, "aliases are not read here; write the text out")
	case n.Kind != yaml.ScalarNode:
		l.errorf(n, "this is a text")
	case n.Tag == "!!null" || strings.TrimSpace(n.Value) == "":
		l.errorf(n, "the text is empty")
	default:
		return n.Value
	}
	return ""
}

func (l *loader) flag(n *yaml.Node, to *bool) {
	switch {
	case n == nil:
	case n.Kind != yaml.ScalarNode || n.Tag != "!!bool":
		l.errorf(n, "this is true or false")
	default:
		*to = strings.EqualFold(n.Value, "true")
	}
}

// didYouMean names the known word that is nearest, if one is near.
func didYouMean(word string, known []string) string {
	best, at := "", 1+max(1, len(word)/3)
	for _, k := range known {
		if d := distance(word, k); d < at {
			best, at = k, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// distance counts the bytes to insert, delete or replace between a and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
