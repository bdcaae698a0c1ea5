package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

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
	for name, doc := range meanings() {
		if doc == "" {
			t.Errorf("%s: its comment does not start with its name", name)
		}
	}
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	want := string(data)
	for name, table := range map[string]string{"fields": Reference(), "platform": platformTable(t), "ordinary": ordinaryMoment(t)} {
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

	_, reference, _ := strings.Cut(want, "## A rule file\n")
	_, rest, _ := strings.Cut(reference, "```yaml\n")
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
	handingOver(t, rest)
	_, rest, _ = strings.Cut(rest, "\n## Tests\n")
	_, rest, _ = strings.Cut(rest, "```yaml\n")
	tests, _, _ := strings.Cut(rest, "```")
	files, err := LoadTests(s, []Source{{"README_test.yaml", []byte(tests)}})
	if err != nil {
		t.Fatal(err)
	}
	if r := RunTests(s, files, nil); !r.OK() || r.Count(Todo) != 1 {
		t.Errorf("the example's tests: %+v", r)
	}
	for _, line := range regexp.MustCompile("(?s)## Conditions.*?```\n(.*?)```").FindStringSubmatch(want)[1:] {
		for _, cond := range regexp.MustCompile(`\n|   +`).Split(strings.TrimSpace(line), -1) {
			if strings.Contains(cond, "only functions") {
				continue
			}
			if _, err := parseCondition(cond, scope{features: oracleFeatures()}); err != nil {
				t.Errorf("README condition %q: %v", cond, err)
			}
		}
	}
}

// handingOver holds the section on hand_off against the engine: the pack loads
// beside one that permits, its invariant is proved, and not without the rule.
func handingOver(t *testing.T, readme string) {
	t.Helper()
	_, section, _ := strings.Cut(readme, "### Handing over to a person\n")
	section, _, _ = strings.Cut(section, "\n### ")
	_, rest, _ := strings.Cut(section, "```yaml\n")
	file, rest, _ := strings.Cut(rest, "```")
	_, never, _ := strings.Cut(rest, "never: '")
	never, _, _ = strings.Cut(never, "'\n")
	s := load(t, Options{}, permitAll, file)
	if p := verifyOne(t, s, never); p.Status != Proved {
		t.Errorf("the invariant of hand_off: %+v", p)
	}
	other := load(t, Options{}, permitAll, strings.Replace(file, "[hand_off]", "[append_privacy_link]", 1))
	if p := verifyOne(t, other, never); p.Status != Violated {
		t.Errorf("the invariant of hand_off without the rule: %+v", p)
	}
	d := s.Decide(Query{Input: mention(), Features: []string{"law"}})
	if id, because := s.Requires(d.Outcomes, HandOff); d.Effect != Hold || id != "law.to-a-person" || because != "Talk of lawyers goes to a person." {
		t.Errorf("%s by %q: %q", d.Effect, id, because)
	}
}
