package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// TestRulesDiff: what a change does, in words, over all states, and on a day;
// and the gate that a team puts before it.
func TestRulesDiff(t *testing.T) {
	t.Parallel()
	bot, _, _ := recorded(t)
	dir, log, config := filepath.Join(bot, "rules"), filepath.Join(bot, "events", "day.jsonl"), filepath.Join(bot, "beckon.yaml")
	changed := func(f func(string) string) string {
		return rulesDir(t, map[string]func(string) string{"support.yaml": f})
	}
	add := func(rule string) func(string) string { return func(s string) string { return s + "\n  - " + rule } }
	unheld := changed(replace("effect: hold", "effect: permit"))
	silent := changed(add("{id: support.no-replies, effect: forbid, actions: [reply], because: No replies.}\n"))
	late := changed(add("id: support.late\n    effect: forbid\n    actions: [dm]\n    because: We listen first.\n    when:\n      first: user.dms_received == 1\n"))
	gate := []string{"--log", log, "-c", config, "--fail-on", "loosened"}
	for _, tt := range []struct {
		name     string
		old, new string
		args     []string
		code     int
		out      []string
		not      string
	}{
		{"nothing", dir, dir, gate, exitOK, []string{
			"in the files:\n  nothing\n", "reply    milder in none of ", "the log, as recorded: 18 drafts, 0 decided differently\n", "\nnothing is looser\n",
		}, ""},
		{"looser", dir, unheld, gate, exitExpect, []string{
			"changed  support.refund-needs-a-person\n             effect: hold → permit\n",
			"  dm       milder in some: hold by ", "  hold → allow: 1\n    dm, event ", "\nLOOSER\n",
		}, ""},
		{"looser, and no gate", dir, unheld, nil, exitOK, []string{"\nLOOSER\n"}, "the log"},
		{"stricter", dir, silent, gate, exitOK, []string{
			"added    support.no-replies\n", "  reply    milder in none of ", "  allow → deny: 2\n", "  would not be contacted any more: 1 user: ", "\nnothing is looser\n",
		}, "would be contacted"},
		{"the other way round", silent, dir, gate, exitExpect, []string{"removed  support.no-replies\n", "  deny → allow: 2\n", "  would be contacted, and was not: 1 user: "}, ""},
		{"state that differs", dir, late, gate, exitOK, []string{"the log, replayed with each: 18 drafts, 7 decided differently\n", "  hold, more done to the draft: 1\n"}, ""},
		{"a small budget", dir, silent, []string{"--budget", "1", "--fail-on", "loosened"}, exitFailure, []string{"milder in none that was looked at (not exhaustive, of "}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"rules", "diff", tt.old, tt.new}, tt.args...)
			code, out, stderr := beckon(t, args...)
			if code != tt.code {
				t.Errorf("exit %d, want %d: %s", code, tt.code, stderr)
			}
			for _, part := range tt.out {
				if !strings.Contains(out, part) {
					t.Errorf("no %q in:\n%s", part, out)
				}
			}
			if tt.not != "" && strings.Contains(out, tt.not) {
				t.Errorf("%q in:\n%s", tt.not, out)
			}
			_, js, _ := beckon(t, append(args, "--format", "json")...)
			var got ruleDiff
			if err := json.Unmarshal([]byte(js), &got); err != nil {
				t.Fatal(err)
			}
			if got.Loosened != strings.Contains(out, "\nLOOSER\n") || len(got.States) != 2 {
				t.Errorf("--format json: %+v", got)
			}
		})
	}
}

func TestRulesDiffArguments(t *testing.T) {
	t.Parallel()
	dir := rulesDir(t, nil)
	for _, tt := range []struct {
		args []string
		code int
		err  string
	}{
		{[]string{dir}, exitUsage, "name two directories"},
		{[]string{dir, dir, "--fail-on", "change"}, exitUsage, "--fail-on is loosened"},
		{[]string{dir, dir, "-c", "x"}, exitUsage, "-c and --bot go with --log"},
		{[]string{dir, dir, "--format", "junit"}, exitUsage, "--format is text or json"},
		{[]string{dir, dir, "--budget", "0"}, exitUsage, "--budget is at least 1"},
		{[]string{dir, t.TempDir()}, exitRules, "1 problem in "},
		{[]string{dir, dir, "--log", filepath.Join(filepath.Dir(dir), "events", "day.jsonl"), "--bot", "sales"}, exitUsage, `no bot "sales"`},
	} {
		if code, _, stderr := beckon(t, append([]string{"rules", "diff"}, tt.args...)...); code != tt.code || !strings.Contains(stderr, tt.err) {
			t.Errorf("%v: exit %d, want %d: %s", tt.args, code, tt.code, stderr)
		}
	}
}
