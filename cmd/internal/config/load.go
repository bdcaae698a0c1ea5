package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/beckon-bot/beckon/runtime/budget"
)

// maxSize is far above any real configuration and far below what hurts.
const maxSize = 1 << 20

// Options is what Load needs besides the bytes.
type Options struct {
	Now time.Time // dates after it are refused; the zero time refuses none
	Dir string    // relative paths count from it; "": the folder of name
}

// Load reads and checks one configuration. name is the file's name, for errors
// and for relative paths; the file itself is not opened. A bad configuration
// returns Errors, with all its faults.
func Load(name string, data []byte, opts Options) (*Config, error) {
	d := decoder{file: name, at: map[string]*yaml.Node{}, bad: map[string]bool{}}
	root := d.parse(data)
	if root == nil {
		return nil, d.errs
	}
	var c Config
	d.value("", root, reflect.ValueOf(&c).Elem(), "")
	if opts.Dir == "" {
		opts.Dir = filepath.Dir(name)
	}
	check{&d, opts}.config(&c)
	if len(d.errs) > 0 {
		d.errs.sort()
		return nil, d.errs
	}
	return &c, nil
}

// decoder fills the structs of config.go from YAML nodes and remembers where
// every key stood.
type decoder struct {
	file string
	at   map[string]*yaml.Node // path of a key to its node
	bad  map[string]bool       // paths with an error already
	errs Errors
}

// fail reports a fault of a key, at the key or at the nearest section above it
// that is in the file. A fault below one that is already told is a consequence.
func (d *decoder) fail(path, format string, args ...any) {
	var where *yaml.Node
	for at := path; ; at = parent(at) {
		if d.bad[at] {
			return
		}
		if where == nil {
			where = d.at[at]
		}
		if at == "" {
			break
		}
	}
	d.bad[path] = true
	p := Problem{File: d.file, Key: path, Msg: fmt.Sprintf(format, args...)}
	if where != nil {
		p.Line, p.Col = where.Line, where.Column
	}
	d.errs = append(d.errs, p)
}

func parent(path string) string {
	return path[:max(strings.LastIndexByte(path, '.'), 0)]
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// yamlError matches the parser's errors: they name a line and no column.
var yamlError = regexp.MustCompile(`(?s)^yaml: (?:line (\d+): )?(.*)$`)

// parse returns the top mapping, or nil after an error.
func (d *decoder) parse(data []byte) *yaml.Node {
	if len(data) > maxSize {
		d.fail("", "larger than %d bytes", maxSize)
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		d.fail("", "the file is empty; `beckon config print` writes a sample")
		return nil
	case err != nil:
		d.syntax(err)
		return nil
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		d.fail("", "more than one document (---); a configuration is one")
		return nil
	}
	d.at[""] = doc.Content[0]
	return doc.Content[0]
}

func (d *decoder) syntax(err error) {
	m := yamlError.FindStringSubmatch(err.Error())
	p := Problem{File: d.file, Msg: "not YAML"}
	if m != nil {
		// An alias is quoted by the parser, and may be a secret that begins with *.
		if p.Msg = "not YAML: " + m[2]; strings.Contains(m[2], "anchor") {
			p.Msg = "not YAML: unknown anchor"
		} else if strings.Contains(m[2], "cannot start any token") {
			p.Msg += "; indent with spaces, and quote texts that start with @ or `"
		}
		if line, err := strconv.Atoi(m[1]); err == nil {
			p.Line, p.Col = line, 1
		}
	}
	d.errs = append(d.errs, p)
}

// value decodes one node into v by v's type. tag is the field's.
func (d *decoder) value(path string, n *yaml.Node, v reflect.Value, tag reflect.StructTag) {
	if n != nil && (n.Kind == yaml.AliasNode || n.Anchor != "") {
		d.fail(path, "anchors and aliases are not supported")
		return
	}
	switch v.Interface().(type) {
	case time.Duration, time.Time, string, SecretRef, bool, budget.Micro:
		d.scalar(path, n, v, tag)
	case map[string]Bot:
		d.bots(path, n, v)
	case map[string]Handler:
		d.handlers(path, n, v)
	case map[string]Translation:
		d.translations(path, n, v)
	default:
		d.section(path, n, v)
	}
}

// section decodes a mapping into a struct. A nil or null node is an empty one:
// that is what remains when all its keys are commented out.
func (d *decoder) section(path string, n *yaml.Node, v reflect.Value) {
	entries, ok := d.entries(path, n)
	if !ok {
		return
	}
	var known []string
	t := v.Type()
	for i := range t.NumField() {
		known = append(known, t.Field(i).Tag.Get("yaml"))
	}
	values := map[string]*yaml.Node{}
	for _, e := range entries {
		values[e.key] = e.node
		if !slices.Contains(known, e.key) {
			d.fail(join(path, e.key), "unknown key; the nearest known key is %q", nearest(e.key, known))
		}
	}
	for i, key := range known {
		tag, sub := t.Field(i).Tag, join(path, key)
		node, present := values[key]
		switch {
		case !present && tag.Get("need") == "yes":
			d.fail(sub, "missing; it must be set")
		case !present && v.Field(i).Kind() == reflect.Struct && tag.Get("off") == "yes":
			// An optional section: its own needs count only where it is there.
		default:
			d.value(sub, node, v.Field(i), tag)
		}
	}
}

func (d *decoder) bots(path string, n *yaml.Node, v reflect.Value) {
	entries, ok := d.entries(path, n)
	if !ok {
		return
	}
	bots := map[string]Bot{}
	for _, e := range entries {
		sub := join(path, e.key)
		if !botName.MatchString(e.key) {
			d.fail(sub, "a bot's name is a-z, 0-9 and -, begins with a letter or digit and has at most 32 characters")
			continue
		}
		var b Bot
		d.value(sub, e.node, reflect.ValueOf(&b).Elem(), "")
		bots[e.key] = b
	}
	if len(entries) == 0 {
		d.fail(path, "no bot; name at least one")
	}
	v.Set(reflect.ValueOf(bots))
}

func (d *decoder) handlers(path string, n *yaml.Node, v reflect.Value) {
	entries, ok := d.entries(path, n)
	if !ok || len(entries) == 0 {
		return
	}
	handlers := map[string]Handler{}
	for _, e := range entries {
		sub := join(path, e.key)
		if !botName.MatchString(e.key) {
			d.fail(sub, "a handler's name is a-z, 0-9 and -, begins with a letter or digit and has at most 32 characters")
			continue
		}
		var h Handler
		d.value(sub, e.node, reflect.ValueOf(&h).Elem(), "")
		handlers[e.key] = h
	}
	v.Set(reflect.ValueOf(handlers))
}

type entry struct {
	key  string
	node *yaml.Node
}

// entries returns a mapping's keys in order, each once, and notes where they
// stand.
func (d *decoder) entries(path string, n *yaml.Node) ([]entry, bool) {
	if n == nil || n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return nil, true
	}
	if n.Kind != yaml.MappingNode {
		d.fail(path, "want keys with values, got %s", kindOf(n))
		return nil, false
	}
	var out []entry
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind != yaml.ScalarNode || k.ShortTag() == "!!merge" {
			d.errs = append(d.errs, Problem{File: d.file, Line: k.Line, Col: k.Column, Key: path, Msg: "a key is a plain word"})
			continue
		}
		sub := join(path, k.Value)
		if first := d.at[sub]; first != nil {
			d.errs = append(d.errs, Problem{File: d.file, Line: k.Line, Col: k.Column, Key: sub,
				Msg: fmt.Sprintf("set twice; first at line %d", first.Line)})
			continue
		}
		d.at[sub] = k
		out = append(out, entry{k.Value, n.Content[i+1]})
	}
	return out, true
}

// scalar decodes one value, or the field's default where n is nil.
func (d *decoder) scalar(path string, n *yaml.Node, v reflect.Value, tag reflect.StructTag) {
	text := tag.Get("default")
	if n != nil {
		switch {
		case n.Kind != yaml.ScalarNode:
			d.fail(path, "want one value, got %s", kindOf(n))
			return
		case n.ShortTag() == "!!str" && n.Value == "" && tag.Get("none") == "yes": // "" says nothing
			v.SetString("")
			return
		case n.ShortTag() == "!!null" || n.Value == "":
			d.fail(path, "has no value; set it or leave the key out")
			return
		}
		text = n.Value
	} else if text == "" {
		return
	}
	switch v.Interface().(type) {
	case bool:
		if n != nil && n.ShortTag() != "!!bool" {
			d.fail(path, "want true or false")
			return
		}
		v.SetBool(strings.EqualFold(text, "true"))
	case time.Duration:
		dur, err := time.ParseDuration(text)
		if err != nil {
			d.fail(path, "want a duration such as 90s, 15m or 24h")
			return
		}
		v.SetInt(int64(dur))
	case time.Time:
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			d.fail(path, "want a day as YYYY-MM-DD")
			return
		}
		v.Set(reflect.ValueOf(day))
	case budget.Micro:
		m, err := budget.ParseMicro(text)
		if err != nil {
			d.fail(path, "%s", err)
			return
		}
		if m == 0 { // which the zero value would make no limit
			d.fail(path, "want more than 0; send: false sends nothing, and without the key there is no limit")
			return
		}
		v.SetInt(int64(m))
	default:
		if n != nil && n.ShortTag() == "!!bool" {
			d.fail(path, "want text, got a boolean; put it in quotes if it is meant so")
			return
		}
		d.enum(path, text, tag.Get("enum"))
		v.SetString(text)
	}
}

func (d *decoder) enum(path, got, enum string) {
	if want := strings.Fields(enum); enum != "" && !slices.Contains(want, got) {
		d.fail(path, "want one of %s; the nearest is %q", strings.Join(want, ", "), nearest(got, want))
	}
}

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys"
	case yaml.SequenceNode:
		return "a list"
	}
	return "one value"
}
