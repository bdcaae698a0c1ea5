package main

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestRulesFigures: the page says what the program counts, and the program
// counts the same for machines.
func TestRulesFigures(t *testing.T) {
	t.Parallel()
	code, out, stderr := beckon(t, "rules", "figures")
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	counted, machine, ok := strings.Cut(out, "on this machine: ")
	if !ok || strings.Count(machine, "\n") != 1 {
		t.Errorf("what depends on the machine stands in the last line:\n%s", out)
	}
	const page = "../../rules/README.md"
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?s)<!-- figures: [^\n]* -->\n(.*)<!-- /figures -->`).FindSubmatchIndex(data)
	if m == nil {
		t.Fatalf("%s has no figures", page)
	}
	text := "```console\n$ beckon rules figures\n" + counted + "```\n"
	golden(t, page, slices.Concat(data[:m[2]], []byte(text), data[m[3]:]))

	if code, _, _ := beckon(t, "rules", "figures", "x"); code != exitUsage {
		t.Errorf("an argument: exit %d", code)
	}
}

// TestRulesFiguresJSON: every figure has a name, and those of the machine stand
// apart.
func TestRulesFiguresJSON(t *testing.T) {
	t.Parallel()
	var got map[string]json.RawMessage
	data, err := json.Marshal(figures{})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"traps_refused", "good_conditions_loaded", "programs_agreed", "invariants_proved", "abstract_states",
		"sequences", "promises_kept", "mutations_killed", "denials_named", "denials_with_nearest", "machine"} {
		if _, ok := got[name]; !ok {
			t.Errorf("no %s in %s", name, data)
		}
	}
}
