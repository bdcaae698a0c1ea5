package rules

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// span is a part of a line, in bytes.
type span struct{ from, to int }

// mask finds where a # is no comment: in quoted scalars and literal blocks. It
// reports what stands on several lines in another way.
func (f *formatter) mask(root *yaml.Node) {
	f.quoted, f.literal = map[int][]span{}, map[int]bool{}
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for _, k := range n.Content {
			walk(k)
		}
		if n.Kind != yaml.ScalarNode || n.Line < 1 || n.Line > len(f.lines) {
			return
		}
		line := f.lines[n.Line-1]
		from := len(string([]rune(line)[:n.Column-1]))
		switch n.Style &^ yaml.FlowStyle {
		case yaml.LiteralStyle:
			for i := range strings.Count(n.Value, "\n") + 1 {
				if i < strings.Count(n.Value, "\n") || !strings.HasSuffix(n.Value, "\n") {
					f.literal[n.Line+1+i] = true
				}
			}
			return
		case yaml.SingleQuotedStyle, yaml.DoubleQuotedStyle:
			if to := closing(line, from); to > 0 {
				f.quoted[n.Line] = append(f.quoted[n.Line], span{from, to})
				return
			}
		case 0:
			if strings.HasPrefix(line[from:], n.Value) {
				return
			}
		}
		f.at(n, "scalar-style", "write it on one line, or as a literal block: |", "a text over several lines has no canonical layout")
	}
	walk(root)
}

// closing is the byte behind the quoted scalar that starts at from, 0 where it
// does not end on the line.
func closing(line string, from int) int {
	quote := line[from]
	for i := from + 1; i < len(line); i++ {
		switch {
		case quote == '"' && line[i] == '\\':
			i++
		case line[i] == quote && quote == '\'' && i+1 < len(line) && line[i+1] == quote:
			i++
		case line[i] == quote:
			return i + 1
		}
	}
	return 0
}

// readComments gives every comment its place: the entry below it, or the line
// that it ends.
func (f *formatter) readComments(root *yaml.Node) {
	f.before, f.after = map[int][]string{}, map[int]string{}
	starts := map[int]bool{}
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for i, k := range n.Content {
			if n.Kind != yaml.MappingNode || i%2 == 0 {
				starts[k.Line] = true
			}
			walk(k)
		}
	}
	walk(root)
	var open []string
	for i, line := range f.lines {
		n := i + 1
		if f.literal[n] {
			continue
		}
		text := strings.TrimSpace(line)
		if text == "" || text[0] == '#' {
			open = append(open, text)
			continue
		}
		if starts[n] {
			f.before[n], open = append(f.before[n], open...), nil
		}
		c := f.comment(n, line)
		switch {
		case c < 0:
		case starts[n]:
			spaces := len(line[:c]) - len(strings.TrimRight(line[:c], " "))
			f.after[n] = strings.Repeat(" ", spaces) + strings.TrimRight(line[c:], " \t")
		default: // behind a closing bracket
			open = append(open, strings.TrimSpace(line[c:]))
		}
	}
	f.rest = open
}

// comment is where the comment of a line starts, in bytes; -1 if it has none.
func (f *formatter) comment(n int, line string) int {
	for i := range len(line) {
		if line[i] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') &&
			!slices.ContainsFunc(f.quoted[n], func(s span) bool { return s.from <= i && i < s.to }) {
			return i
		}
	}
	return -1
}

// takeBefore and takeAfter give out what belongs to a line, once: several
// entries may start on it.
func (f *formatter) takeBefore(line int) []string {
	defer delete(f.before, line)
	return f.before[line]
}

func (f *formatter) takeAfter(line int) string {
	defer delete(f.after, line)
	return f.after[line]
}
