package rules

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// file writes the whole file. What stands above its first key stays on top.
func (f *formatter) file(root *yaml.Node) []byte {
	kind := "pack"
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == "schema" && root.Content[i+1].Value == schemaTestV1 {
			kind = "test"
		}
	}
	if len(root.Content) > 0 {
		f.above(f.takeBefore(root.Content[0].Line), 0, true)
		for i, e := range ordered(root, kind) {
			up := f.takeBefore(e.key.Line)
			if i > 0 && f.isBlock(e.value) && e.key.Value != "cases" {
				up = spaced(up)
			}
			f.above(up, 0, i == 0)
			f.entry(e, 0, kind)
		}
	}
	f.above(f.rest, 0, false)
	return append(bytes.TrimRight(f.out.Bytes(), "\n"), '\n')
}

// spaced starts with a blank line.
func spaced(up []string) []string {
	if len(up) > 0 && up[0] == "" {
		return up
	}
	return append([]string{""}, up...)
}

// above writes the comments and blank lines above something: never two blank
// lines in a row, and none at the start of a block.
func (f *formatter) above(lines []string, indent int, first bool) {
	blank := first
	for _, l := range lines {
		if l == "" {
			if !blank {
				f.out.WriteByte('\n')
			}
			blank = true
			continue
		}
		f.out.WriteString(strings.Repeat(" ", indent) + l + "\n")
		blank = false
	}
}

// isBlock reports whether a collection is written over several lines: it was,
// or it has to be for the comments in it.
func (f *formatter) isBlock(n *yaml.Node) bool {
	if n.Kind != yaml.MappingNode && n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		return false
	}
	if n.Style&yaml.FlowStyle == 0 {
		return true
	}
	first, last := n.Line, n.Line
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		first, last = min(first, n.Line), max(last, n.Line)
		for _, k := range n.Content {
			walk(k)
		}
	}
	walk(n)
	return first != last
}

// entry writes a key with its value, at the place where its line has begun.
func (f *formatter) entry(e entry, indent int, kind string) {
	f.out.WriteString(f.scalar(e.key, "") + ":")
	comment := f.takeAfter(e.key.Line)
	if f.isBlock(e.value) {
		f.out.WriteString(comment + "\n")
		f.block(e.value, indent+2, inner(kind, e.key.Value))
		return
	}
	if e.value.Style&yaml.LiteralStyle != 0 {
		f.out.WriteByte(' ')
		f.literalBlock(e.value, indent+2, comment)
		return
	}
	if v := f.inline(e.value, inner(kind, e.key.Value), e.key.Value); v != "" {
		f.out.WriteString(" " + v)
	}
	f.out.WriteString(comment + "\n")
}

// block writes the entries of a collection, each from the start of a line.
func (f *formatter) block(n *yaml.Node, indent int, kind string) {
	pad := strings.Repeat(" ", indent)
	if n.Kind == yaml.MappingNode {
		for i, e := range ordered(n, kind) {
			f.above(f.takeBefore(e.key.Line), indent, i == 0)
			f.out.WriteString(pad)
			f.entry(e, indent, kind)
		}
		return
	}
	apart := false // the item before takes several lines
	for i, item := range n.Content {
		up := f.takeBefore(item.Line)
		if (kind == "rule" || kind == "case" || kind == "timeline") && i > 0 && (apart || f.isBlock(item)) {
			up = spaced(up)
		}
		apart = f.isBlock(item)
		if !apart {
			f.above(up, indent, i == 0)
			f.out.WriteString(pad + "-")
			if item.Style&yaml.LiteralStyle != 0 {
				f.out.WriteByte(' ')
				f.literalBlock(item, indent+2, f.takeAfter(item.Line))
				continue
			}
			if v := f.inline(item, kind, ""); v != "" { // empty, the spaces are those of its comment
				f.out.WriteString(" " + v)
			}
			f.out.WriteString(f.takeAfter(item.Line) + "\n")
			continue
		}
		f.item(item, up, indent, i == 0, kind)
	}
}

// item writes a block under a dash, without blank lines between its keys. What
// stands above its first key stands above the dash.
func (f *formatter) item(item *yaml.Node, up []string, indent int, first bool, kind string) {
	pad := strings.Repeat(" ", indent)
	if item.Kind != yaml.MappingNode {
		f.above(up, indent, first)
		f.out.WriteString(pad + "-\n")
		f.block(item, indent+2, kind)
		return
	}
	for i, e := range ordered(item, kind) {
		own := slices.DeleteFunc(f.takeBefore(e.key.Line), func(l string) bool { return l == "" })
		if i > 0 {
			f.above(own, indent+2, false)
			f.out.WriteString(pad + "  ")
		} else {
			f.above(slices.Concat(up, own), indent, first)
			f.out.WriteString(pad + "- ")
		}
		f.entry(e, indent+2, kind)
	}
}

// inline writes a value on one line.
func (f *formatter) inline(n *yaml.Node, kind, key string) string {
	switch n.Kind {
	case yaml.SequenceNode:
		parts := make([]string, len(n.Content))
		for i, k := range n.Content {
			parts[i] = f.inline(k, kind, "")
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case yaml.MappingNode:
		var parts []string
		for _, e := range ordered(n, kind) {
			parts = append(parts, f.scalar(e.key, "")+": "+f.inline(e.value, inner(kind, e.key.Value), e.key.Value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return f.scalar(n, key)
}

// literalBlock writes a text as |, from behind its key or dash.
func (f *formatter) literalBlock(n *yaml.Node, indent int, comment string) {
	head := "|"
	body := strings.TrimSuffix(n.Value, "\n")
	if strings.HasPrefix(strings.TrimLeft(body, "\n"), " ") {
		head += "2"
	}
	switch {
	case strings.HasSuffix(body, "\n") || n.Value == "\n":
		head += "+"
	case body == n.Value:
		head += "-"
	}
	f.out.WriteString(head + comment + "\n")
	for _, l := range strings.Split(body, "\n") {
		if l != "" {
			l = strings.Repeat(" ", indent) + l
		}
		f.out.WriteString(l + "\n")
	}
}

// scalar writes a scalar that stands on one line. What is no string stays as it
// was written; texts for people are always quoted; others where they must be.
func (f *formatter) scalar(n *yaml.Node, key string) string {
	if n.ShortTag() != "!!str" {
		return n.Value
	}
	switch key {
	case "because", "cite", "todo", eventText, "text":
		return quote(n.Value)
	case "never":
		if !strings.Contains(n.Value, "'") {
			return "'" + n.Value + "'"
		}
		return quote(n.Value)
	}
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 || plain(n.Value) {
		return n.Value
	}
	return quote(n.Value)
}

// quote writes a string in double quotes, or in single ones where that spares
// escapes.
func quote(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	if !strings.ContainsAny(s, `"\`) {
		return `"` + s + `"`
	}
	if !strings.Contains(s, "'") {
		return "'" + s + "'"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// plain reports whether a string needs no quotes, in a flow collection or out
// of one, also to readers for whom yes and no are booleans.
func plain(s string) bool {
	switch strings.ToLower(s) {
	case "yes", "no", "on", "off", "y", "n":
		return false
	}
	var v []map[string]string
	var node yaml.Node
	src := "[{" + s + ": " + s + "}]"
	if yaml.Unmarshal([]byte(src), &v) != nil || yaml.Unmarshal([]byte(src), &node) != nil {
		return false
	}
	if len(v) != 1 || len(v[0]) != 1 || v[0][s] != s {
		return false
	}
	return node.Content[0].Content[0].Content[1].ShortTag() == "!!str"
}
