package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRulesFmt: a directory in another layout is said, then written, then
// fine; the set stays the same. What does not load is left as it is.
func TestRulesFmt(t *testing.T) {
	t.Parallel()
	dir := rulesDir(t, map[string]func(string) string{
		"support.yaml":      replace("    effect: permit\n    actions: [reply]\n", "    actions:   [reply] # in public\n    effect: permit\n"),
		"support_test.yaml": replace("expect: allow", "expect:  allow"),
	})
	set := func() string { _, out, _ := beckon(t, "rules", "check", dir); return out }
	before := set()
	both := filepath.Join(dir, "support.yaml") + "\n" + filepath.Join(dir, "support_test.yaml") + "\n"
	for _, tt := range []struct {
		args []string
		code int
		out  string
		err  string
	}{
		{[]string{"--check", dir}, exitExpect, both, "2 files not in canonical layout"},
		{[]string{dir}, exitOK, both, ""},
		{[]string{"--check", dir}, exitOK, "", ""},
		{[]string{dir}, exitOK, "", ""},
		{[]string{}, exitUsage, "", "name one directory"},
	} {
		code, out, stderr := beckon(t, append([]string{"rules", "fmt"}, tt.args...)...)
		if code != tt.code || out != tt.out || !strings.Contains(stderr, tt.err) {
			t.Errorf("fmt %v: exit %d, want %d: %s%s", tt.args, code, tt.code, out, stderr)
		}
	}
	if after := set(); after != before {
		t.Errorf("%s became %s", before, after)
	}
	data, err := os.ReadFile(filepath.Join(dir, "support.yaml"))
	if err != nil || !strings.Contains(string(data), "    effect: permit\n    actions: [reply] # in public\n") {
		t.Errorf("%v:\n%s", err, data)
	}

	dir = rulesDir(t, map[string]func(string) string{"support.yaml": replace("effect: permit", "effect:  allow")})
	name := filepath.Join(dir, "support.yaml")
	before0, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if code, out, _ := beckon(t, "rules", "fmt", dir); code != exitRules || !strings.Contains(out, "unknown-value") {
		t.Errorf("exit %d: %s", code, out)
	}
	if after, _ := os.ReadFile(name); string(after) != string(before0) {
		t.Error("a file that does not load was written")
	}
	dir = rulesDir(t, map[string]func(string) string{"support.yaml": replace(`because: "We answer DMs."`, "because: >\n      We answer DMs.")})
	if code, out, _ := beckon(t, "rules", "fmt", dir); code != exitRules || !strings.Contains(out, "a text over several lines has no canonical layout") {
		t.Errorf("exit %d: %s", code, out)
	}
}
