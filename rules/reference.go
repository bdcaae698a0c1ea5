package rules

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"
)

// The source of the input tree: its comments are the reference page and what
// an editor shows, so that neither can drift from the code.
//
//go:embed input.go
var inputSource string

// meanings reads the doc comments of the input tree: field to its sentence.
// The package compiles from the same source, so it parses; TestREADME fails
// where a field has none.
func meanings() map[string]string {
	docs := map[string]string{}
	file, err := parser.ParseFile(token.NewFileSet(), "input.go", inputSource, parser.ParseComments)
	if err != nil {
		return docs
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if st, ok := spec.Type.(*ast.StructType); ok {
			for _, f := range st.Fields.List {
				docs[spec.Name.Name+"."+f.Names[0].Name] = sentenceOf(f.Names[0].Name, f.Doc.Text())
			}
		}
		return false
	})
	out := map[string]string{}
	for _, f := range fields {
		group := reflect.TypeFor[Input]().Field(f.group).Type
		out[f.name] = docs[group.Name()+"."+group.Field(f.leaf).Name]
	}
	return out
}

// sentenceOf is a doc comment without its subject: "Held is true where …"
// becomes "true where …". It is "" where the comment has another subject.
func sentenceOf(name, doc string) string {
	rest, ok := strings.CutPrefix(strings.Join(strings.Fields(doc), " "), name+" ")
	if !ok {
		return ""
	}
	for _, lead := range []string{"is ", "says whether "} {
		rest = strings.TrimPrefix(rest, lead)
	}
	return rest
}

// FieldDoc is what the reference says of a field.
type FieldDoc struct {
	Field   string `json:"field"`
	Type    string `json:"type"`
	Values  string `json:"values"`
	Unit    string `json:"unit,omitempty"`
	Meaning string `json:"meaning"`
	Filled  bool   `json:"filled"` // rules may use it in this version
}

// Fields are all fields of the input tree, in its order.
func Fields() []FieldDoc {
	docs := meanings()
	out := make([]FieldDoc, 0, len(fields))
	for _, f := range fields {
		out = append(out, FieldDoc{f.name, f.kind(), f.values(), f.unit(), docs[f.name], !f.unfilled})
	}
	return out
}

// Reference is the reference of what rules can read, as a table in Markdown:
// each field with its type, domain, unit and meaning, and whether this version
// fills it.
func Reference() string {
	var b strings.Builder
	b.WriteString("| field | type | values | unit | meaning |\n|---|---|---|---|---|\n")
	for _, f := range Fields() {
		doc := f.Meaning
		if !f.Filled {
			doc += " (not filled yet)"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", f.Field, f.Type, f.Values, f.Unit, doc)
	}
	return b.String()
}

// kind is the field's type in a word.
func (f *field) kind() string {
	return [...]string{"boolean", "word", "language", "count", "duration", "money"}[f.domain]
}

// values is the field's domain in words.
func (f *field) values() string {
	switch f.domain {
	case oneOf:
		return strings.Join(f.enum, ", ")
	case boolean, text:
		return f.domain.String()
	}
	return fmt.Sprintf("%s to %s", f.format(f.min), f.format(f.max))
}

// unit is what a number of the field counts, "" for other fields.
func (f *field) unit() string {
	if u := reflect.TypeFor[Input]().Field(f.group).Type.Field(f.leaf).Tag.Get("unit"); u != "" {
		return u
	}
	switch f.domain {
	case duration:
		return "minutes, hours, days"
	case money:
		return "US dollars"
	case count:
		return "how many"
	}
	return ""
}
