package rules

import (
	"go.yaml.in/yaml/v3"
)

// Document is a YAML file of another kind, read with the care that rule files
// get: every mistake has a code, a place, a caret and a hint, all come at once,
// and nothing in the file means something else than it shows.
//
// Its methods read one node each. A nil node is one that is not there, and
// reads as empty without a word: whoever needs it has said so to Keys.
type Document struct {
	r    reader
	Root *yaml.Node // a map; nil where the file cannot be read, and Problems says why
}

// OpenDocument reads a file. start is a hint: how such a file starts.
func OpenDocument(src Source, start string) *Document {
	d := &Document{r: reader{file: src.Name, start: start}}
	d.Root = d.r.parse(src.Data)
	return d
}

// Problems are all that was found so far, sorted.
func (d *Document) Problems() Diagnostics {
	d.r.diags.sort()
	return d.r.diags
}

// Report notes a problem of a node.
func (d *Document) Report(n *yaml.Node, code, hint, format string, args ...any) {
	d.r.at(n, code, hint, format, args...)
}

// Keys reads a map of known keys. What is missing of the required ones, and
// what is not known, is reported.
func (d *Document) Keys(n *yaml.Node, what string, required, optional []string) map[string]*yaml.Node {
	if n == nil {
		return nil
	}
	return d.r.keys(n, what, required, optional)
}

// Entry is a key of a map with its value.
type Entry struct{ Key, Value *yaml.Node }

// Entries reads a map of free names, in the order of the file.
func (d *Document) Entries(n *yaml.Node, what string) (out []Entry) {
	if n == nil {
		return nil
	}
	for _, e := range d.r.entries(n, what) {
		out = append(out, Entry{e.key, e.value})
	}
	return out
}

// Word reads a string of one line; where known is set, one of those. It is ""
// where there is none.
func (d *Document) Word(n *yaml.Node, what string, known []string) string {
	return d.r.word(n, what, known)
}

// Name reads an identifier: lower-case letters and digits, joined by . - _, at
// most 64. Names reach the records of users, so that none is about what X
// forbids to store of them.
func (d *Document) Name(n *yaml.Node, what string) string { return d.r.name(n, what, idForm) }

// Variable reads a name that conditions can use: lower-case letters, digits
// and _.
func (d *Document) Variable(n *yaml.Node, what string) string {
	return d.r.name(n, what, featureForm)
}

// Words reads a list of different strings of one line.
func (d *Document) Words(n *yaml.Node, what string) []string { return d.r.list(n, what, nil) }

// Sensitive reports a name or phrase that is about what X forbids to derive or
// store of a person. It reports whether it did.
func (d *Document) Sensitive(n *yaml.Node, what string) bool {
	before := len(d.r.diags)
	d.r.sensitive(n, what)
	return len(d.r.diags) > before
}

// DidYouMean is a hint for a word that is not among the known ones.
func DidYouMean(word string, known []string) string { return didYouMean(word, known) }

// Conditions reads a map of named conditions over a vocabulary.
func (d *Document) Conditions(n *yaml.Node, what string, v *Vocabulary) (out []Condition) {
	if n == nil {
		return nil
	}
	for _, e := range d.r.entries(n, what) {
		name := d.r.name(e.key, "the name of a condition", idForm)
		if t := d.r.condition(e.value, scope{vocabulary: v}); t != nil && name != "" {
			out = append(out, Condition{Name: name, Expr: t.String(), term: t})
		}
	}
	return out
}
