package rules

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// scenarioCases are the pack's answers to X's questions, by id.
func scenarioCases(t *testing.T) map[string][]TestCase {
	t.Helper()
	data, err := os.ReadFile("packs/scenarios_test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set, _, err := Platform()
	if err != nil {
		t.Fatal(err)
	}
	files, err := LoadTests(set, []Source{{"scenarios_test.yaml", data}})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Set{set, load(t, Options{}, permitAll)} {
		for _, res := range RunTests(s, files, nil).Results {
			if res.Status == Failed {
				t.Errorf("%s: %s: %s", res.Name, res.Got.Effect, res.Got.Say)
			}
			// What is not done yet is denied by default, not by a rule.
			if res.Status == Todo && (res.Got.Effect != Deny || res.Got.By != nil) {
				t.Errorf("%s: %s by %v", res.Name, res.Got.Effect, res.Got.By)
			}
		}
	}
	out := map[string][]TestCase{}
	for _, c := range files[0].Cases {
		id, _, ok := strings.Cut(c.Name, ": ")
		if !ok {
			t.Errorf("%s names no scenario", c.Name)
		}
		out[id] = append(out[id], c)
	}
	return out
}

// operatorsDuties are the ids of the scenarios that README.md leaves to the
// operator.
func operatorsDuties(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(data), "## What stays the operator's duty\n")
	if !ok {
		t.Fatal("README.md has no section on the operator's duties")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var ids []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|").FindAllStringSubmatch(section, -1) {
		ids = append(ids, m[1])
	}
	return ids
}

// TestScenarios: each question is a case of the pack or a named duty of the
// operator's, and not both.
func TestScenarios(t *testing.T) {
	t.Parallel()
	cases, duties := scenarioCases(t), operatorsDuties(t)
	for _, id := range duties {
		if cases[id] != nil {
			t.Errorf("%s is a case and a duty", id)
		}
	}
	if n := len(cases) + len(duties); n != 40 {
		t.Errorf("%d cases and %d duties, want 40 together", len(cases), len(duties))
	}
}

// TestScenarioVerdicts compares the pack's answers with X's.
func TestScenarioVerdicts(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("BECKON_X_DATA")
	if dir == "" {
		t.Skip("X's verdicts were not checked: BECKON_X_DATA is unset")
	}
	data, err := os.ReadFile(filepath.Join(dir, "scenarios.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Scenarios []struct{ ID, Verdict, Case string }
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	cases, duties := scenarioCases(t), operatorsDuties(t)
	var asked []string
	for _, q := range file.Scenarios {
		asked = append(asked, q.ID)
		if slices.Contains(duties, q.ID) {
			continue
		}
		var allowed, stopped bool
		for _, c := range cases[q.ID] {
			allowed = allowed || c.Expect == Allow
			stopped = stopped || c.Expect != Allow
		}
		want := map[string][2]bool{"allowed": {true, false}, "conditional": {true, true}, "prohibited": {false, true}}[q.Verdict]
		if got := [2]bool{allowed, stopped}; got != want {
			t.Errorf("%s (%s) is %s; the pack's cases allow and stop: %v", q.ID, q.Case, q.Verdict, got)
		}
	}
	for _, id := range slices.Concat(slices.Sorted(maps.Keys(cases)), duties) {
		if !slices.Contains(asked, id) {
			t.Errorf("%s is none of X's questions", id)
		}
	}
}
