package rules

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v3"
)

// condition reads one expression from its scalar; nil where something was
// reported. The scalar must show what YAML reads: plain on one line, or a
// literal block. Then an offset of the expression is a place in the file.
func (r *reader) condition(n *yaml.Node, in scope) *term {
	if n.Kind != yaml.ScalarNode {
		r.at(n, "not-a-string", `quote nothing, write x in ["a", "b"] with the field first`, "a condition is an expression")
		return nil
	}
	if n.ShortTag() == "!!null" || strings.TrimSpace(n.Value) == "" {
		r.at(n, "empty", "write an expression, or leave the name out", "the condition is empty")
		return nil
	}
	if n.ShortTag() != "!!str" {
		r.at(n, "not-a-condition", "a condition is a boolean field, or a field compared with a constant",
			"YAML reads %s as something else than an expression", n.Value)
		return nil
	}
	place := r.place(n)
	if place == nil {
		return nil
	}
	t, err := parseCondition(strings.TrimRight(n.Value, "\n"), in)
	if err == nil {
		return t
	}
	if errors.Is(err, errReported) {
		return nil
	}
	p, ok := err.(*problem)
	if !ok {
		p = problemAt(0, "syntax", "", "%v", err)
	}
	line, col := place(p.off)
	r.report(line, col, p.code, p.hint, "%s", p.msg)
	return nil
}

// place maps offsets of a condition to lines and columns of the file; nil
// where the scalar's style was reported.
func (r *reader) place(n *yaml.Node) func(off int) (line, col int) {
	rest := string([]rune(r.lines[n.Line-1])[n.Column-1:])
	switch n.Style &^ yaml.FlowStyle {
	case yaml.LiteralStyle:
		if strings.Contains(rest, "#") {
			r.comment(n, rest)
			return nil
		}
		return r.placeLiteral(n)
	case 0:
		if strings.HasPrefix(rest, n.Value) {
			if after := rest[len(n.Value):]; strings.Contains(after, "#") {
				r.comment(n, rest)
				return nil
			}
			return func(off int) (int, int) { return n.Line, n.Column + len([]rune(n.Value[:min(off, len(n.Value))])) }
		}
		r.at(n, "scalar-style", "write it on one line, or as a literal block: |", "a plain condition stands on one line")
	case yaml.FoldedStyle:
		r.at(n, "scalar-style", "write | instead of >", "a folded block joins lines; a condition is plain or a literal block")
	default:
		r.at(n, "scalar-style", "leave the quotes around the whole condition out; where YAML needs them, use a literal block: |",
			"a condition is not quoted")
	}
	return nil
}

func (r *reader) comment(n *yaml.Node, rest string) {
	col := n.Column + len([]rune(rest[:strings.Index(rest, "#")]))
	r.report(n.Line, col, "comment", "put the comment on a line of its own", "YAML cuts the condition here: no comment on the line of a condition")
}

// placeLiteral maps the offsets of a literal block, which starts on the line
// after its header, indented alike on every line.
func (r *reader) placeLiteral(n *yaml.Node) func(off int) (line, col int) {
	lines := strings.Split(n.Value, "\n")
	indent := 0
	for i, l := range lines {
		if l != "" && n.Line+i < len(r.lines) {
			indent = max(0, len([]rune(r.lines[n.Line+i]))-len([]rune(l)))
			break
		}
	}
	return func(off int) (int, int) {
		before := n.Value[:min(off, len(n.Value))]
		row := strings.Count(before, "\n")
		return n.Line + 1 + row, 1 + indent + len([]rune(before[strings.LastIndex(before, "\n")+1:]))
	}
}
