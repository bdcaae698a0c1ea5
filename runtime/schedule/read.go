package schedule

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Problem is one thing that is wrong with a schedule file.
type Problem struct {
	File      string
	Line, Col int // from 1
	Msg       string
}

func (p Problem) Error() string { return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Col, p.Msg) }

// Problems is all that is wrong, in the order of the file.
type Problems []Problem

// Error has a line for each.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// maxFile is far above any real schedule and far below what hurts.
const maxFile = 1 << 20

// reader reads one file and collects what is wrong with it.
type reader struct {
	file string
	errs Problems
}

func (r *reader) errorf(n *yaml.Node, format string, args ...any) {
	r.errs = append(r.errs, Problem{r.file, max(n.Line, 1), max(n.Column, 1), fmt.Sprintf(format, args...)})
}

func (r *reader) sorted() Problems {
	slices.SortStableFunc(r.errs, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return r.errs
}

// parse returns the top of the file, nil after an error.
func (r *reader) parse(data []byte) *yaml.Node {
	top := &yaml.Node{Line: 1, Column: 1}
	if len(data) > maxFile {
		r.errorf(top, "a schedule has at most %d bytes, this one has %d", maxFile, len(data))
		return nil
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	err := d.Decode(&doc)
	switch {
	case errors.Is(err, io.EOF) || err == nil && len(doc.Content) != 1:
		r.errorf(top, "the file is empty; it begins with schema: %s", Schema)
		return nil
	case err != nil:
		text := strings.TrimPrefix(err.Error(), "yaml: ")
		if n, _ := fmt.Sscanf(text, "line %d:", &top.Line); n == 1 {
			_, text, _ = strings.Cut(text, ": ")
		}
		if strings.Contains(text, "cannot start any token") {
			text += "; indent with spaces, and quote texts that start with @ or `"
		}
		r.errorf(top, "not YAML: %s", text)
		return nil
	case !errors.Is(d.Decode(new(yaml.Node)), io.EOF):
		r.errorf(top, "one file holds one document")
		return nil
	}
	return doc.Content[0]
}

const noAliases = "anchors and aliases are not supported; write the value out"

// fields reads a map of known keys; nil if n is none.
func (r *reader) fields(n *yaml.Node, known ...string) map[string]*yaml.Node {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.errorf(n, "%s", noAliases)
		return nil
	case n.Kind != yaml.MappingNode:
		r.errorf(n, "want keys with values: %s", strings.Join(known, ", "))
		return nil
	}
	m := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch key := n.Content[i]; {
		case key.Kind != yaml.ScalarNode || !slices.Contains(known, key.Value):
			r.errorf(key, "unknown key %q; the keys are %s", key.Value, strings.Join(known, ", "))
		case m[key.Value] != nil:
			r.errorf(key, "%s is set twice", key.Value)
		default:
			m[key.Value] = n.Content[i+1]
		}
	}
	return m
}

// list reads a list; a nil node is an empty one.
func (r *reader) list(n *yaml.Node) []*yaml.Node {
	if n == nil {
		return nil
	}
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.errorf(n, "%s", noAliases)
		return nil
	case n.Kind != yaml.SequenceNode:
		r.errorf(n, "want a list: - at the start of each line")
		return nil
	}
	return n.Content
}

// text reads a value; what is not there reads as "".
func (r *reader) text(n *yaml.Node) string {
	switch {
	case n == nil:
		return ""
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.errorf(n, "%s", noAliases)
		return ""
	case n.Kind != yaml.ScalarNode:
		r.errorf(n, "want one value, without brackets")
		return ""
	case n.ShortTag() == "!!null" || strings.TrimSpace(n.Value) == "":
		r.errorf(n, "has no value; set it or leave the key out")
		return ""
	}
	return strings.TrimSpace(n.Value)
}

func (r *reader) flag(n *yaml.Node) bool {
	if n == nil {
		return false
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" {
		r.errorf(n, "want true or false")
		return false
	}
	return strings.EqualFold(n.Value, "true")
}
