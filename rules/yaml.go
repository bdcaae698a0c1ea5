package rules

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Limits on a rule file.
const (
	maxFile  = 256 << 10 // bytes
	maxDepth = 12        // levels of YAML; packs and tests have seven
)

// reader reads one file of rules or tests and collects what is wrong with it.
type reader struct {
	file  string
	start string // a hint: how such a file starts
	lines []string
	diags Diagnostics
}

// report notes a problem at a line and column (from 1).
func (r *reader) report(line, col int, code, hint, format string, args ...any) {
	d := Diagnostic{Code: code, File: r.file, Line: line, Col: col, Message: printable(fmt.Sprintf(format, args...)), Hint: printable(hint)}
	if line >= 1 && line <= len(r.lines) {
		d.Snippet = snippet(r.lines[line-1], col)
	}
	r.diags = append(r.diags, d)
}

func (r *reader) at(n *yaml.Node, code, hint, format string, args ...any) {
	if n.Line > len(r.lines) && len(r.lines) > 0 { // what is empty stands after the end: "---"
		r.report(len(r.lines), 1, code, hint, format, args...)
		return
	}
	r.report(n.Line, n.Column, code, hint, format, args...)
}

// parse returns the root mapping of the file, nil where there is none to read.
func (r *reader) parse(data []byte) *yaml.Node {
	if len(data) > maxFile {
		r.report(0, 0, "file-too-large", "split it into several files", "a file has at most %d bytes, this one has %d", maxFile, len(data))
		return nil
	}
	r.lines = strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
	if i, ok := unreadable(data); ok {
		line := 1 + bytes.Count(data[:i], []byte("\n"))
		what, hint := encoding(data, i)
		r.report(line, 1+utf8.RuneCount(data[bytes.LastIndexByte(data[:i], '\n')+1:i]), "encoding", hint, "%s", what)
		return nil
	}
	if r.tabs() {
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		r.report(1, 1, "empty", r.start, "the file is empty")
		return nil
	} else if err != nil {
		r.yamlError(err)
		return nil
	}
	var second yaml.Node
	if err := dec.Decode(&second); err == nil {
		r.at(&second, "several-documents", "split it into several files", "the file holds several YAML documents")
		return nil
	} else if !errors.Is(err, io.EOF) {
		r.yamlError(err)
		return nil
	}
	if len(doc.Content) != 1 || !r.plain(&doc, 0) {
		return nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		r.at(root, "not-a-map", r.start, "the file is a map of keys")
		return nil
	}
	return root
}

// unreadable finds the first byte of what an editor would not show as it is:
// broken UTF-8, control characters, and line ends other than \n and \r\n.
func unreadable(data []byte) (int, bool) {
	for i := 0; i < len(data); {
		c, n := utf8.DecodeRune(data[i:])
		switch {
		case c == utf8.RuneError && n == 1, c == '\ufeff', c == '\u0085', c == '\u2028', c == '\u2029',
			c < ' ' && c != '\n' && c != '\t' && (c != '\r' || i+1 == len(data) || data[i+1] != '\n'):
			return i, true
		}
		i += n
	}
	return 0, false
}

// encoding says what stands at a place that unreadable found, and what to do.
func encoding(data []byte, i int) (what, hint string) {
	c, n := utf8.DecodeRune(data[i:])
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}), bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		return "the file is UTF-16", "save it as UTF-8"
	case c == '\ufeff' && i == 0:
		return "the file begins with a byte order mark", `save it as UTF-8 without BOM; some editors call that "UTF-8", the other "UTF-8 with BOM"`
	case c == utf8.RuneError && n == 1:
		return fmt.Sprintf("the byte 0x%02x is no UTF-8", data[i]), "save the file as UTF-8"
	case c == '\r':
		return "a carriage return without its line feed", "save the file with plain line ends"
	}
	return fmt.Sprintf("the character %U, which editors do not show", c), "take it out; in a text in double quotes it can be written as an escape"
}

// tabs reports lines that are indented with tabs, which YAML does not take,
// and whose place its parser does not tell.
func (r *reader) tabs() bool {
	for i, l := range r.lines {
		if indent := len(l) - len(strings.TrimLeft(l, " ")); strings.HasPrefix(l[indent:], "\t") {
			r.report(i+1, indent+1, "tab", "indent with spaces", "a tab in the indentation")
		}
	}
	return len(r.diags) > 0
}

var (
	yamlLine   = regexp.MustCompile(`line (\d+): (.*)`)
	yamlAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
)

func (r *reader) yamlError(err error) {
	line, msg := 1, strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(msg); m != nil {
		line, _ = strconv.Atoi(m[1])
		msg = m[2]
		if strings.HasPrefix(msg, "did not find expected") {
			line++ // yaml counts these lines from 0
		}
	}
	hint := ""
	if m := yamlAnchor.FindStringSubmatch(msg); m != nil { // its parser does not say where
		hint = "quote texts that start with *; there are no aliases"
		line = 1 + max(0, slices.IndexFunc(r.lines, func(l string) bool { return strings.Contains(l, "*"+m[1]) }))
	}
	line = min(max(line, 1), len(r.lines))
	col := 1 + len(r.lines[line-1]) - len(strings.TrimLeft(r.lines[line-1], " "))
	switch {
	case hint != "":
	case strings.Contains(msg, "found character that cannot start any token"):
		hint = "quote texts that start with @, % or `"
	case strings.Contains(msg, "mapping values are not allowed"):
		hint = "quote texts that hold a colon"
	case strings.Contains(msg, "',' or ']'"), strings.Contains(msg, "',' or '}'"):
		hint = "close the bracket; is the file written to its end?"
	case strings.Contains(msg, "end of stream"):
		hint = "close the quotes; is the file written to its end?"
	default:
		hint = "look at the indentation and the quotes here and in the line above"
	}
	r.report(line, col, "yaml", hint, "not YAML: %s", msg)
}

// plain refuses what makes YAML mean something else than it shows: aliases,
// anchors, explicit tags. It reports false if the tree must not be read.
func (r *reader) plain(n *yaml.Node, depth int) bool {
	if depth > maxDepth {
		r.at(n, "depth", "seven levels are enough", "nested too deep")
		return false
	}
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		r.at(n, "alias", "write the value out", "rule files have no anchors and aliases")
		return false
	}
	if n.Style&yaml.TaggedStyle != 0 {
		if strings.HasPrefix(n.Tag, "!!") {
			r.at(n, "tag", "write the value without it", "rule files have no tags")
		} else {
			r.at(n, "tag", "write not "+n.Tag[1:], "YAML reads %s as a tag, and the value as empty", n.Tag)
		}
		return false
	}
	ok := true
	for _, k := range n.Content {
		ok = r.plain(k, depth+1) && ok
	}
	return ok
}

// entry is a key of a map with its value.
type entry struct {
	key, value *yaml.Node
}

// entries reads a map in order of the file. Duplicate keys are reported, and
// the first one stands.
func (r *reader) entries(n *yaml.Node, what string) []entry {
	if n.Kind != yaml.MappingNode {
		r.at(n, "not-a-map", "write name: value", "%s is a map of names", what)
		return nil
	}
	if len(n.Content) == 0 {
		r.at(n, "empty", "leave the key out", "%s is empty", what)
		return nil
	}
	seen := map[string]int{}
	var out []entry
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode {
			r.at(k, "not-a-string", "", "a key of %s is a plain word", what)
			continue
		}
		if line, dup := seen[k.Value]; dup {
			r.at(k, "duplicate-key", "YAML would keep one of the two in silence", "%s stands in line %d already", k.Value, line)
			continue
		}
		seen[k.Value] = k.Line
		out = append(out, entry{k, v})
	}
	return out
}

// keys reads a map whose keys are known.
func (r *reader) keys(n *yaml.Node, what string, required, optional []string) map[string]*yaml.Node {
	known := append(append([]string{}, required...), optional...)
	out := map[string]*yaml.Node{}
	for _, e := range r.entries(n, what) {
		if !has(known, e.key.Value) {
			r.at(e.key, "unknown-key", keyHint(e.key.Value, known), "%s has no key %s", what, e.key.Value)
			continue
		}
		out[e.key.Value] = e.value
	}
	for _, k := range required {
		if out[k] == nil && n.Kind == yaml.MappingNode {
			r.at(n, "missing-key", "add "+k+":", "%s needs the key %s", what, k)
		}
	}
	return out
}

func keyHint(key string, known []string) string {
	switch {
	case key == "on" && has(known, "actions"):
		return "write actions:, on is a boolean in YAML"
	case (key == "if" || key == "conditions") && has(known, "when"):
		return "write when:"
	case (key == "reason" || key == "description") && has(known, "because"):
		return "write because:"
	}
	return didYouMean(key, known)
}

// str reads a non-empty string of one line. It returns "" where there is none,
// and has reported why.
func (r *reader) str(n *yaml.Node, what string) string {
	switch {
	case n == nil: // reported as missing, or optional
		return ""
	case n.Kind != yaml.ScalarNode:
		r.at(n, "not-a-string", "write one value, without brackets", "%s is a string", what)
	case n.ShortTag() == "!!null" || n.ShortTag() == "!!str" && strings.TrimSpace(n.Value) == "":
		r.at(n, "empty", "write something, or leave the key out where it may be", "%s is empty", what)
	case n.ShortTag() != "!!str":
		r.at(n, "not-a-string", fmt.Sprintf("write %q", n.Value), "%s is a string, YAML reads %s as something else", what, n.Value)
	case strings.Contains(strings.TrimSpace(n.Value), "\n"):
		r.at(n, "not-a-line", "write it on one line", "%s is one line", what)
	default:
		return strings.TrimSpace(n.Value)
	}
	return ""
}

// list reads a non-empty list of different strings; if known is set, of those.
func (r *reader) list(n *yaml.Node, what string, known []string) []string {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		r.at(n, "not-a-list", "write [a, b]", "%s is a list", what)
		return nil
	}
	if len(n.Content) == 0 {
		r.at(n, "empty", "write [a, b]", "%s is an empty list", what)
	}
	var out []string
	for _, e := range n.Content {
		s := r.word(e, "an entry of "+what, known)
		switch {
		case s == "":
		case has(out, s):
			r.at(e, "duplicate-value", "leave it out", "%s stands in %s twice", s, what)
		default:
			out = append(out, s)
		}
	}
	return out
}

// word reads a string; if known is set, one of those.
func (r *reader) word(n *yaml.Node, what string, known []string) string {
	s := r.str(n, what)
	if s != "" && known != nil && !has(known, s) {
		r.at(n, "unknown-value", didYouMean(s, known), "%s is never %s", what, s)
		return ""
	}
	return s
}
