package config

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

const header = "# Configuration of Beckon, as `beckon config print` writes it. A setting with #\n" +
	"# right before its key is off.\n"

// Print returns the commented sample: every key, with the comment of its field
// as the manual. The sample loads.
func Print() []byte {
	var b bytes.Buffer
	b.WriteString(header)
	p := printer{&b, comments()}
	p.section(reflect.TypeFor[Config](), "", "")
	return b.Bytes()
}

// Example returns the configuration of the sample, with paths that count from
// dir.
func Example(dir string) (*Config, error) {
	return Load("sample", Print(), Options{Dir: dir})
}

type printer struct {
	b    *bytes.Buffer
	docs map[string]string // Type.Field to its comment
}

// section writes the keys of one struct. off is "#" inside what is commented
// out, else "".
func (p printer) section(t reflect.Type, off, indent string) {
	for i := range t.NumField() {
		f := t.Field(i)
		if i > 0 || indent == "" {
			p.b.WriteString("\n")
		}
		for line := range strings.Lines(p.docs[t.Name()+"."+f.Name]) {
			fmt.Fprintf(p.b, "%s# %s\n", indent, strings.TrimSpace(line))
		}
		if v := f.Tag.Get("enum"); v != "" {
			fmt.Fprintf(p.b, "%s# One of: %s.\n", indent, strings.ReplaceAll(v, " ", ", "))
		}
		fieldOff := off
		if f.Tag.Get("off") == "yes" {
			fieldOff = "#"
		}
		key := indent + fieldOff + f.Tag.Get("yaml") + ":"
		switch {
		case f.Type.Kind() == reflect.Map:
			fmt.Fprintf(p.b, "%s\n%s  %s%s:\n", key, indent, fieldOff, f.Tag.Get("example"))
			p.section(f.Type.Elem(), fieldOff, indent+"    ")
		case f.Type.Kind() == reflect.Struct && f.Type.PkgPath() == t.PkgPath():
			fmt.Fprintf(p.b, "%s\n", key)
			p.section(f.Type, fieldOff, indent+"  ")
		default:
			fmt.Fprintf(p.b, "%s %s\n", key, sample(f))
		}
	}
}

// sample is what the sample shows for a field: its example, else its default,
// quoted where YAML would not read it back as text.
func sample(f reflect.StructField) string {
	v, ok := f.Tag.Lookup("example")
	if !ok {
		v = f.Tag.Get("default")
	}
	if f.Type.Kind() != reflect.String {
		return v
	}
	out, err := yaml.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%q", v)
	}
	return strings.TrimSpace(string(out))
}

// comments reads the field comments of this package's own source.
func comments() map[string]string {
	out := map[string]string{}
	file, err := parser.ParseFile(token.NewFileSet(), "config.go", source, parser.ParseComments)
	if err != nil {
		return out // this file compiled from the same bytes
	}
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range gen.Specs {
			t, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			s, ok := t.Type.(*ast.StructType)
			if !ok {
				continue
			}
			for _, f := range s.Fields.List {
				for _, name := range f.Names {
					out[t.Name.Name+"."+name.Name] = f.Doc.Text()
				}
			}
		}
	}
	return out
}
