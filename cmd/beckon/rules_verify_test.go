package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// invariantFile writes invariants beside the rules of the bot that init writes.
func invariantFile(t *testing.T, lines ...string) string {
	t.Helper()
	dir := rulesDir(t, nil)
	src := "schema: beckon.rules-test/v1\ninvariants:\n  - " + strings.Join(lines, "\n  - ") + "\n"
	if err := os.WriteFile(filepath.Join(dir, "never_test.yaml"), []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRulesVerify(t *testing.T) {
	t.Parallel()
	const holds = `{id: ai-waits, never: 'draft.ai_generated and draft.approval != "approved" and decision == "allow"'}`
	const fails = `{id: no-french, never: 'event.lang == "fr" and decision != "deny"'}`
	for _, tt := range []struct {
		name string
		args []string
		code int
		out  []string
		err  string
	}{
		{"the platform", []string{"--platform"}, exitOK, []string{"proved    nothing-after-opt-out: ", "platform pack, for every account pack: 51 invariants, 51 proved, 0 violated, 0 not exhaustive"}, ""},
		{"an own invariant", []string{invariantFile(t, holds)}, exitOK, []string{"proved    ai-waits: ", ": 1 invariant, 1 proved"}, ""},
		{"a violated one", []string{invariantFile(t, holds, fails)}, exitExpect, []string{
			"VIOLATED  no-french\n", `never    (event.lang == "fr" and decision != "deny")`, "\n          user         initiated=", `event.lang: "fr"`, "expect: deny}\n",
		}, "1 invariant violated"},
		{"a small budget", []string{"--platform", "--budget", "2"}, exitFailure, []string{"not exhaustive  nothing-after-opt-out: "}, "not proved"},
		{"no budget", []string{"--platform", "--budget", "0"}, exitUsage, nil, "--budget is at least 1"},
		{"both", []string{"--platform", "x"}, exitUsage, nil, ""},
		{"neither", nil, exitUsage, nil, "name one directory of rules, or --platform"},
		{"an invariant that does not load", []string{invariantFile(t, `{id: x, never: 'user.optedout and decision != "deny"'}`)}, exitRules, []string{"did you mean user.opted_out?"}, "1 problem"},
		{"rules that do not load", []string{t.TempDir()}, exitRules, []string{"no-rules"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, out, stderr := beckon(t, append([]string{"rules", "verify", "--static"}, tt.args...)...)
			if code != tt.code || !strings.Contains(stderr, tt.err) {
				t.Errorf("exit %d, want %d: %s", code, tt.code, stderr)
			}
			for _, part := range tt.out {
				if !strings.Contains(out, part) {
					t.Errorf("no %q in:\n%s", part, out)
				}
			}
			if code == exitUsage {
				return
			}
			code, out, _ = beckon(t, append([]string{"rules", "verify", "--static", "--format", "json"}, tt.args...)...)
			var got struct{ OK bool }
			if err := json.Unmarshal([]byte(out), &got); err != nil || code != tt.code || got.OK != (code == exitOK) {
				t.Errorf("json: exit %d, ok %t, %v:\n%s", code, got.OK, err, out)
			}
		})
	}
}

// TestRulesReach: an account's rules keep the promises over every sequence of
// events too.
func TestRulesReach(t *testing.T) {
	t.Parallel()
	code, out, stderr := beckon(t, "rules", "verify", "--format", "json", rulesDir(t, nil))
	var got verified
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != exitOK || !got.OK || len(got.Reachable) != 5 {
		t.Fatalf("exit %d, %v: %s\n%s", code, err, stderr, out)
	}
	for _, r := range got.Reachable {
		if !r.Exhaustive || r.States < 1000 || r.broken() > 0 || len(r.Claims) < 10 {
			t.Errorf("%+v", r)
		}
		var text strings.Builder
		r.write(&text)
		if !strings.HasPrefix(text.String(), "every sequence of ordinary steps and "+string(r.Parts[0])+": ") {
			t.Error(text.String())
		}
	}
}

func TestRulesMutate(t *testing.T) {
	t.Parallel()
	code, out, stderr := beckon(t, "rules", "mutate", "--platform")
	if code != exitOK || !strings.HasPrefix(out, "100% killed: ") {
		t.Errorf("platform: exit %d: %s%s", code, out, stderr)
	}
	if code, out, stderr := beckon(t, "rules", "mutate", rulesDir(t, nil)); code != exitOK || !strings.HasPrefix(out, "100% killed: ") {
		t.Errorf("the bot that init writes: exit %d: %s%s", code, out, stderr)
	}
	// A boundary that no test of the pack holds.
	dir := rulesDir(t, map[string]func(string) string{"support_test.yaml": func(string) string {
		return "schema: beckon.rules-test/v1\nclock: 2026-03-02T09:00:00Z\ncases:\n  table:\n    - {name: one, set: {action.kind: like}, expect: deny}\n"
	}})
	code, out, stderr = beckon(t, "rules", "mutate", dir)
	if code != exitExpect || !strings.Contains(out, "SURVIVED  support.reply\n          drop the rule\n          this decides allow before and deny after") ||
		!strings.Contains(stderr, "changes that no test notices") {
		t.Errorf("exit %d: %s%s", code, out, stderr)
	}
	code, out, _ = beckon(t, "rules", "mutate", "--format", "json", dir)
	var got struct {
		OK        bool
		Survived  int
		Mutations []struct {
			Status  string
			Example *struct{ Case string }
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != exitExpect || got.OK || got.Survived == 0 {
		t.Fatalf("json: exit %d, %v:\n%s", code, err, out)
	}
	for _, m := range got.Mutations {
		if m.Status == "survived" && (m.Example == nil || !strings.HasPrefix(m.Example.Case, "- {name: ")) {
			t.Errorf("a survivor without a test: %+v", m)
		}
	}
	failing := rulesDir(t, map[string]func(string) string{"support.yaml": replace("hours(12)", "hours(14)")})
	if code, _, stderr := beckon(t, "rules", "mutate", failing); code != exitExpect || !strings.Contains(stderr, "mutate needs tests that hold") {
		t.Errorf("tests that fail: exit %d: %s", code, stderr)
	}
}
