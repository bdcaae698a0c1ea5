package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// fieldDocs reads the doc comments of the input tree: struct type and field to
// its sentence, without the leading name.
func fieldDocs(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "input.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	docs := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		st, ok := spec.Type.(*ast.StructType)
		if !ok {
			return true
		}
		for _, f := range st.Fields.List {
			name := f.Names[0].Name
			doc := strings.Join(strings.Fields(f.Doc.Text()), " ")
			rest, ok := strings.CutPrefix(doc, name+" ")
			if !ok && strings.HasSuffix(spec.Name.Name, "Input") && spec.Name.Name != "Input" {
				t.Errorf("%s.%s: the comment does not start with its name: %q", spec.Name.Name, name, doc)
			}
			docs[spec.Name.Name+"."+name] = rest
		}
		return false
	})
	return docs
}

func fieldTable(t *testing.T) string {
	docs := fieldDocs(t)
	var b strings.Builder
	b.WriteString("| field | values | meaning |\n|---|---|---|\n")
	for _, f := range fields {
		group := reflect.TypeFor[Input]().Field(f.group).Type
		doc := docs[group.Name()+"."+group.Field(f.leaf).Name]
		for _, lead := range []string{"is ", "says whether "} {
			doc = strings.TrimPrefix(doc, lead)
		}
		if f.unfilled {
			doc += " (not filled yet)"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.name, values(f), doc)
	}
	return b.String()
}

func values(f *field) string {
	switch f.domain {
	case oneOf:
		return strings.Join(f.enum, ", ")
	case boolean, text:
		return f.domain.String()
	}
	return fmt.Sprintf("%s, %s to %s", f.domain, f.format(f.min), f.format(f.max))
}

func platformTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString("| rule | effect | actions | because |\n|---|---|---|---|\n")
	rules := platformRules(t)
	ids := make([]string, 0, len(rules))
	for id := range rules {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	all := len(fieldByName["action.kind"].enum)
	for _, id := range ids {
		u := rules[id]
		actions := strings.Join(u.Actions, ", ")
		if len(u.Actions) == all {
			actions = "all"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", id, u.Effect, actions, u.Because)
	}
	return b.String()
}

// ordinaryMoment is what a test case starts from, on a Monday at nine.
func ordinaryMoment(t *testing.T) string {
	var in bytes.Buffer
	data, err := json.Marshal(settings{}.input(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), false))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Indent(&in, data, "", "  "); err != nil {
		t.Fatal(err)
	}
	return "```json\n" + in.String() + "\n```\n"
}

// TestREADME: the tables are those of the code, the example loads, and its
// tests hold.
func TestREADME(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	want := string(data)
	for name, table := range map[string]string{"fields": fieldTable(t), "platform": platformTable(t), "ordinary": ordinaryMoment(t)} {
		section := regexp.MustCompile(`(?s)(<!-- ` + name + `:[^\n]*-->\n).*(<!-- /` + name + ` -->)`)
		if !section.MatchString(want) {
			t.Fatalf("README.md has no section %s", name)
		}
		want = section.ReplaceAllStringFunc(want, func(old string) string {
			m := section.FindStringSubmatch(old)
			return m[1] + table + m[2]
		})
	}
	if want != string(data) {
		if !*update {
			t.Fatal("README.md is not up to date: go test ./rules -run README -update")
		}
		if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}

	_, rest, _ := strings.Cut(want, "```yaml\n")
	example, rest, _ := strings.Cut(rest, "```")
	s := load(t, Options{}, example)
	for name, tt := range map[string]struct {
		in   Input
		want Effect
	}{
		"weekday":           {mention(), Allow},
		"sunday":            {with(mention(), func(in *Input) { in.Bot.LocalWeekday = "sun" }), Deny},
		"stop on a sunday":  {with(confirmation(mention()), func(in *Input) { in.Bot.LocalWeekday = "sun" }), Allow},
		"another language":  {with(mention(), func(in *Input) { in.Event.Lang = "fr" }), Deny},
		"stop in any other": {with(confirmation(dm()), func(in *Input) { in.Event.Lang = "fr" }), Allow},
	} {
		if got := s.Decide(Query{Input: tt.in}); got.Effect != tt.want {
			t.Errorf("the example, %s: got %s, want %s: %s", name, got.Effect, tt.want, got.Say)
		}
	}
	_, rest, _ = strings.Cut(rest, "```yaml\n")
	tests, _, _ := strings.Cut(rest, "```")
	files, err := LoadTests(s, []Source{{"README_test.yaml", []byte(tests)}})
	if err != nil {
		t.Fatal(err)
	}
	if r := RunTests(s, files); !r.OK() || r.Count(Todo) != 1 {
		t.Errorf("the example's tests: %+v", r)
	}
	for _, line := range regexp.MustCompile("(?s)## Conditions.*?```\n(.*?)```").FindStringSubmatch(want)[1:] {
		for _, cond := range regexp.MustCompile(`\n|   +`).Split(strings.TrimSpace(line), -1) {
			if strings.Contains(cond, "only functions") {
				continue
			}
			if _, err := parseCondition(cond, scope{features: oracleFeatures}); err != nil {
				t.Errorf("README condition %q: %v", cond, err)
			}
		}
	}
}
