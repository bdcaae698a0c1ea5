package rules

import (
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const schemaTestV1 = "beckon.rules-test/v1"

// TestFile is a file of tests, *_test.yaml beside the rules.
type TestFile struct {
	Name       string // as in Source.Name
	Cases      []TestCase
	Timelines  []Timeline
	Replays    []Replay
	Invariants []Invariant // for Verify; RunTests does not look at them
}

// TestCase is one situation and what must be decided in it.
type TestCase struct {
	Name string
	Line int // in its file, from 1

	Input    Input
	Text     string   // of the event; "" where the case gives none
	Features []string // true besides those of Text
	Lifted   []string // as in Query

	Expect      Effect
	By          []By         // rules that must be among the deciding ones, each with at least these conditions
	Obligations []Obligation // all of them, sorted; nil where the case does not say
	Todo        string       // why it is expected to fail; "" where it must hold
}

// LoadTests reads files of tests for a set. The names of rules, conditions and
// features in them are those of the set. The error is Diagnostics: everything
// that is wrong in all files, sorted.
func LoadTests(set *Set, sources []Source) ([]TestFile, error) {
	if set == nil {
		set = &Set{}
	}
	var files []TestFile
	var diags Diagnostics
	for _, src := range sources {
		r := testReader{reader{file: src.Name, start: "a test file starts with schema: " + schemaTestV1}, set}
		files = append(files, r.read(src.Data))
		diags = append(diags, r.diags...)
	}
	if len(diags) > 0 {
		diags.sort()
		return nil, diags
	}
	return files, nil
}

// LoadTestDir loads what ReadTestDir reads. Where there is no test it returns
// none, which RunTests does not let pass.
func LoadTestDir(set *Set, dir string) ([]TestFile, error) {
	sources, err := ReadTestDir(dir)
	if err != nil {
		return nil, err
	}
	return LoadTests(set, sources)
}

// ReadTestDir reads every *_test.yaml and *_test.yml in dir and below it, in
// order of path. It passes over names that start with a dot. The error is
// Diagnostics.
func ReadTestDir(dir string) ([]Source, error) {
	var sources []Source
	var diags Diagnostics
	refuse := func(name string, err error) {
		diags = append(diags, Unread(name, err))
	}
	root := dir + string(filepath.Separator) // where dir is a link, what it leads to
	_ = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			refuse(name, err)
		case name != root && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir() && isTestFile(d.Name()):
			data, err := readCapped(name)
			if err != nil {
				refuse(name, err)
			}
			sources = append(sources, Source{name, data})
		}
		return nil // whatever cannot be read is reported, and the walk goes on
	})
	if len(diags) > 0 {
		return nil, diags
	}
	return sources, nil
}

func isTestFile(name string) bool {
	return strings.HasSuffix(name, "_test.yaml") || strings.HasSuffix(name, "_test.yml")
}

// testReader reads one file of tests.
type testReader struct {
	reader
	set *Set
}

func (r *testReader) read(data []byte) TestFile {
	out := TestFile{Name: r.file}
	root := r.parse(data)
	if root == nil {
		return out
	}
	m := r.keys(root, "a test file", []string{"schema"}, []string{"clock", "cases", "timelines", "invariants", "replay"})
	r.word(m["schema"], "schema", []string{schemaTestV1})
	out.Invariants = r.invariants(m["invariants"])
	timed := m["cases"] != nil || m["timelines"] != nil
	switch {
	case !timed && m["invariants"] == nil && m["replay"] == nil && root.Kind == yaml.MappingNode:
		r.at(root, "missing-key", "add cases:", "a test file needs the key cases, timelines, invariants or replay")
	case timed && m["clock"] == nil:
		r.at(root, "missing-key", "add clock:", "a test file with cases or timelines needs the key clock")
	}
	clock := r.clock(m["clock"])
	if m["cases"] != nil {
		out.Cases = r.cases(m["cases"], clock)
	}
	out.Timelines = r.timelines(m["timelines"], clock)
	out.Replays = r.replays(m["replay"])
	return out
}

func (r *testReader) cases(n *yaml.Node, clock time.Time) []TestCase {
	m := r.keys(n, "cases", []string{"table"}, []string{"base"})
	base := r.base(m["base"])
	table := m["table"]
	if table == nil {
		return nil
	}
	if table.Kind != yaml.SequenceNode || len(table.Content) == 0 {
		r.at(table, "no-tests", "write - {name: …, expect: deny}", "the table is a list of at least one case")
		return nil
	}
	var out []TestCase
	lines := map[string]int{}
	for _, n := range table.Content {
		c := r.testCase(n, clock, base)
		if line, ok := lines[c.Name]; ok && c.Name != "" {
			r.at(n, "duplicate-id", "choose another name", "the case %s stands in line %d already", c.Name, line)
		}
		lines[c.Name] = c.Line
		out = append(out, c)
	}
	return out
}

// clock reads the moment of the cases.
func (r *testReader) clock(n *yaml.Node) time.Time {
	if n == nil {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, n.Value)
	if err != nil || n.Kind != yaml.ScalarNode {
		r.at(n, "not-a-time", "write 2026-03-02T09:00:00Z, or with the bot's offset: 2026-03-02T09:00:00+01:00", "clock is a time")
	}
	return t
}

func (r *testReader) testCase(n *yaml.Node, clock time.Time, base settings) TestCase {
	m := r.keys(n, "a case", []string{"name", "expect"}, []string{"set", "features", "lifted", "by", "obligations", "todo"})
	c := TestCase{
		Name:        r.line(m["name"], "name"),
		Line:        n.Line,
		Features:    r.list(m["features"], "features", slices.Sorted(maps.Keys(r.set.slots))),
		Lifted:      r.list(m["lifted"], "lifted", r.ruleIDs(hold)),
		Expect:      Effect(r.word(m["expect"], "expect", []string{string(Allow), string(Hold), string(Deny)})),
		By:          r.by(m["by"]),
		Obligations: r.obligations(m["obligations"]),
		Todo:        r.line(m["todo"], "todo"),
	}
	all := maps.Clone(base)
	maps.Copy(all, r.dotted(m["set"]))
	if all["action.kind"] == nil && n.Kind == yaml.MappingNode {
		r.at(n, "missing-key", "write set: {action.kind: reply}, or name it in base", "the case does not say what would be done")
	}
	c.Input = all.input(clock, len(c.Lifted) > 0)
	c.Text, _ = all[eventText].(string)
	return c
}

// ruleIDs are the rules of the set, of one effect or of all ("").
func (r *testReader) ruleIDs(effect string) []string {
	ids := []string{}
	for id, u := range r.set.byID {
		if effect == "" || u.Effect == effect {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// by reads {rule: [conditions]}, or [rules] where the conditions are not asked.
func (r *testReader) by(n *yaml.Node) []By {
	var out []By
	switch {
	case n == nil:
	case n.Kind == yaml.SequenceNode:
		for _, id := range r.list(n, "by", r.ruleIDs("")) {
			out = append(out, By{Rule: id})
		}
	default:
		for _, e := range r.entries(n, "by") {
			if id := r.word(e.key, "a deciding rule", r.ruleIDs("")); id != "" {
				out = append(out, By{id, r.listOrNone(e.value, "the conditions of "+id, r.set.byID[id].reasons())})
			}
		}
	}
	return out
}

// reasons are the conditions that a decision can name for a rule.
func (u *rule) reasons() []string {
	out := append([]string{}, u.whens...)
	if u.Effect == permit { // it may also be stopped by an exception
		for _, c := range u.Unless {
			out = append(out, c.Name)
		}
	}
	return out
}

func (r *testReader) obligations(n *yaml.Node) []Obligation {
	if n == nil {
		return nil
	}
	out := []Obligation{}
	for _, o := range r.listOrNone(n, "obligations", obligations()) {
		out = append(out, Obligation(o))
	}
	slices.Sort(out)
	return out
}

// listOrNone reads a list that may be empty.
func (r *testReader) listOrNone(n *yaml.Node, what string, known []string) []string {
	if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		return nil
	}
	return r.list(n, what, known)
}
