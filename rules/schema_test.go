package rules

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// compileSchema checks a schema against draft 7 and makes it ready.
func compileSchema(t *testing.T, data []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("rules.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("rules.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if s.DraftVersion != 7 {
		t.Fatalf("draft %d", s.DraftVersion)
	}
	return s
}

// plainValue reads YAML as an editor does: times are strings.
func plainValue(t *testing.T, data []byte) (any, error) {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	var timesAreStrings func(n *yaml.Node)
	timesAreStrings = func(n *yaml.Node) {
		if n.ShortTag() == "!!timestamp" {
			n.Tag = "!!str"
		}
		for _, k := range n.Content {
			timesAreStrings(k)
		}
	}
	timesAreStrings(&doc)
	var v any
	if err := doc.Decode(&v); err != nil {
		return nil, err
	}
	js, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(js))
}

// TestSchemaShipped: the schemas are schemas, and what Beckon ships is valid.
func TestSchemaShipped(t *testing.T) {
	t.Parallel()
	all := compileSchema(t, Schema(SchemaAll))
	rules, tests := compileSchema(t, Schema(SchemaRules)), compileSchema(t, Schema(SchemaTests))
	platformSchema, err := json.Marshal(packSchema(layerPlatform))
	if err != nil {
		t.Fatal(err)
	}
	platform := compileSchema(t, []byte(`{"$schema":"http://json-schema.org/draft-07/schema#",`+string(platformSchema[1:])))
	names, err := filepath.Glob("../cmd/beckon/*/[^a]*/*.yaml") // answers apart
	if err != nil {
		t.Fatal(err)
	}
	names = append(names, "packs/platform.yaml", "packs/platform_test.yaml")
	if len(names) < 6 {
		t.Fatalf("only %v", names)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		v, err := plainValue(t, data)
		if err != nil {
			t.Fatal(err)
		}
		schemas := map[*jsonschema.Schema]bool{all: true, rules: true, tests: false, platform: false}
		switch {
		case isTestFile(name):
			schemas[rules], schemas[tests] = false, true
		case strings.HasSuffix(name, "platform.yaml"):
			schemas = map[*jsonschema.Schema]bool{platform: true, all: false}
		}
		for s, want := range schemas {
			if err := s.Validate(v); (err == nil) != want {
				t.Errorf("%s: valid is %v, want %v: %v", name, err == nil, want, err)
			}
		}
	}
}

// unseen are the codes that the loader alone finds: what YAML hides, the inside
// of conditions, and names in other places. Of the last group a schema sees some.
var unseen = []string{
	"several-documents", "tag", "scalar-style", "comment", "alias", "encoding",
	"unused-list", "unknown-list", "constant", "no-words", "duplicate-id", "obligation", "sensitive",
	"type", "range", "enum", "language", "not-a-constant", "unknown-field", "unknown-value", "missing-key",
}

// TestSchemaTraps: whatever else is a trap is not valid.
func TestSchemaTraps(t *testing.T) {
	t.Parallel()
	s := compileSchema(t, Schema(SchemaAll))
	refused := 0
	check := func(src, code string, seen bool) {
		v, err := plainValue(t, []byte(strings.Replace(src, mark, "", 1)))
		if err != nil {
			return // not YAML
		}
		if err := s.Validate(v); err != nil {
			refused++
		} else if seen {
			t.Errorf("%s is valid:\n%s", code, src)
		}
	}
	for _, c := range conditionTraps {
		check(withCondition(c.src), c.code, c.code == "character")
	}
	for _, f := range slices.Concat(fileTraps, asTraps()) {
		check(f.src, f.code, !slices.Contains(unseen, f.code))
	}
	alone := []string{"missing-step", "order", "duplicate-id", "missing-key", "no-tests", "unknown-value", "type", "not-a-string"} // some of them
	for _, f := range timelineTraps {
		check(f.src, f.code, !slices.Contains(alone, f.code))
	}
	if refused < 130 {
		t.Errorf("only %d traps refused", refused)
	}
}

func asTraps() (out []trap) {
	for _, f := range testTraps {
		out = append(out, trap{f.src, f.code})
	}
	return out
}

// TestSchemaLoads: whatever loads is valid.
func TestSchemaLoads(t *testing.T) {
	t.Parallel()
	s := compileSchema(t, Schema(SchemaAll))
	var files []string
	for _, c := range goodConditions {
		files = append(files, withCondition(c))
	}
	files = append(files, permitAll, testedPack, ruleWith("    mode: shadow\n    tags: [a, b]\n    owner: bob\n    cite: somebody"),
		withLists("  office: [en, de]\n  few: [1, 2]\n", "event.lang in lists.office and user.dms_sent in lists.few"))
	for _, f := range files {
		v, err := plainValue(t, []byte(f))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%v\n%s", err, f)
		}
	}
	loaded := load(t, Options{}, testedPack)
	for _, f := range []string{
		set("event.age: 0"), set("event.age: 1h30m"), set("event.age: 3d"), set(`event.from_automated: no`), set(`event.lang: ""`),
		set("event.lang: pt-BR"), set("event.text: x"), set("user.dms_sent: 5, bot.local_minute: 1439"),
		table("    - {name: a, expect: hold, by: [acme.refund], features: [asks_refund], obligations: []}\n"),
		table("    - {name: a, expect: allow, by: {acme.answer: []}, lifted: [acme.refund], todo: later}\n"),
		story(hello, drafted, `{at: 1h30m, approve: 2, expect: deny, by: {acme.refund: [asks-refund]}, obligations: []}`, `{at: 2d, send: 2, outcome: gone, expect: deny}`,
			`{at: 2d, pause: true}`, `{at: 3d, event: post.create, from: Bob_1, text: x, said: 0s, set: {event.lang: de}, expect: none}`,
			`{at: 3d, event: post.mention.create, same: 6}`, `{at: 3d, event: post.mention.create, edits: 6, text: y}`, `{at: 3d, event: chat.received, from: bob}`,
			`{at: 3d, draft: reply, to: bob_1, answers: 7, text: z, set: {draft.promotional: true}}`, `{at: 3d, reject: 2}`, `{at: 3d, opt_out: bob}`,
			`{at: 3d, spoke: bob}`, `{at: 3d, hand_off: bob}`, `{at: 3d, release: bob}`) + "replay: [{events: a, golden: b, config: c, bot: d}]\n",
		"schema: beckon.rules-test/v1\nreplay: [{events: a, golden: b}]\n",
		"schema: beckon.rules-test/v1\ninvariants:\n  - {id: a, never: 'user.opted_out and decision == \"allow\" and action.purpose == \"answer\"'}\n",
	} {
		if _, err := LoadTests(loaded, []Source{{"a_test.yaml", []byte(f)}}); err != nil {
			t.Fatal(err)
		}
		v, err := plainValue(t, []byte(f))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%v\n%s", err, f)
		}
	}
}

// TestSchemaKeys: each key that the loader knows is a property of the schema,
// and the other way round. It reads the loader's calls of keys, so that a new
// key cannot be forgotten.
func TestSchemaKeys(t *testing.T) {
	t.Parallel()
	known := loaderKeys(t)
	// A step reads the keys of its act from a table, which makes the schema too.
	delete(known, "a step")
	pack, tests := packSchema(layerAccount), testsSchema()
	at := func(s object, path ...string) object {
		for _, p := range path {
			s = s[p].(object)
		}
		return s["properties"].(object)
	}
	schemas := map[string]object{
		"a pack": at(pack), "a rule": at(pack, "properties", "rules", "items"),
		"a feature":   at(pack, "properties", "features", "additionalProperties"),
		"a test file": at(tests), "cases": at(tests, "properties", "cases"),
		"a case":       at(caseSchema()),
		"an invariant": at(tests, "properties", "invariants", "items"),
		"a timeline":   at(timelineSchema()),
		"a replay":     at(replaySchema()),
	}
	for what, keys := range known {
		got := slices.Sorted(maps.Keys(schemas[what]))
		if want := slices.Sorted(maps.Keys(keys)); !slices.Equal(got, want) {
			t.Errorf("%s: the schema has %v, the loader %v", what, got, want)
		}
	}
	if len(known) != len(schemas) {
		t.Errorf("the loader has %d maps of keys, the test knows %d", len(known), len(schemas))
	}
}

// loaderKeys finds every call of reader.keys in the package: what it reads, and
// the keys that it names. Where it is given variables, all strings of the
// statements that set them count.
func loaderKeys(t *testing.T) map[string]map[string]bool {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]bool{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) != 4 {
					return true
				}
				if sel, ok := call.Fun.(*ast.SelectorExpr); !ok || sel.Sel.Name != "keys" {
					return true
				}
				what := literals(call.Args[1])
				if len(what) != 1 {
					return true
				}
				keys := map[string]bool{}
				for _, arg := range call.Args[2:] {
					found := literals(arg)
					if id, ok := arg.(*ast.Ident); ok && id.Name != "nil" {
						found = assigned(fn.Body, id.Name)
					}
					for _, k := range found {
						keys[k] = true
					}
				}
				out[what[0]] = keys
				return true
			})
		}
	}
	return out
}

// assigned are the strings of the statements that set a variable.
func assigned(body ast.Node, name string) (out []string) {
	ast.Inspect(body, func(n ast.Node) bool {
		as, ok := n.(*ast.AssignStmt)
		if !ok {
			return true
		}
		for i, l := range as.Lhs {
			if id, ok := l.(*ast.Ident); ok && id.Name == name {
				out = append(out, literals(as.Rhs[i])...)
			}
		}
		return true
	})
	return out
}

func literals(n ast.Node) (out []string) {
	ast.Inspect(n, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil {
				out = append(out, s)
			}
		}
		return true
	})
	return out
}
