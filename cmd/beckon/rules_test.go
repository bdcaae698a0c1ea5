package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/beckon-bot/beckon/rules"
)

// rulesDir is the rules of the bot that `beckon init` writes, with some files
// changed: name to what becomes of its text.
func rulesDir(t *testing.T, change map[string]func(string) string) string {
	t.Helper()
	bot := filepath.Join(t.TempDir(), "bot")
	if err := writeBot(bot); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(bot, "rules")
	for name, f := range change {
		path := filepath.Join(dir, name)
		data, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		changed := f(string(data))
		if changed == string(data) {
			t.Fatalf("%s: nothing changed", name)
		}
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func replace(old, text string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, text, 1) }
}

// TestRulesInitBot: the bot that init writes loads, and its tests hold and are
// many.
func TestRulesInitBot(t *testing.T) {
	t.Parallel()
	dir := rulesDir(t, nil)
	code, out, stderr := beckon(t, "rules", "check", dir)
	if code != exitOK || !regexp.MustCompile(`^ok: 5 rules, 1 feature, pack support 1\.0\.0, set sha256:[0-9a-f]{64}\n$`).MatchString(out) {
		t.Errorf("check: exit %d: %s%s", code, out, stderr)
	}
	code, out, stderr = beckon(t, "rules", "test", dir)
	if code != exitOK || out != "ok: 28 passed, 0 failed, 0 todo, in 1 file\n" {
		t.Errorf("test: exit %d: %s%s", code, out, stderr)
	}
}

// TestRulesExit: each way to end, in both formats.
func TestRulesExit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		tool   string
		change map[string]func(string) string
		code   int
		out    []string // parts of the text
		stderr string
	}{
		{"rules do not load", "check", map[string]func(string) string{"support.yaml": replace("< hours(12)", "< 12")}, exitRules,
			[]string{"support.yaml:22:26: type: event.age is a duration\n", "fresh: event.age < 12\n", "^\n", "hint: write event.age < hours(24)\n"}, "1 problem in "},
		{"tests of rules that do not load", "test", map[string]func(string) string{"support.yaml": replace("effect: permit", "effect: allow")}, exitRules,
			[]string{"unknown-value: effect is never allow"}, "1 problem in "},
		{"tests do not load", "test", map[string]func(string) string{"support_test.yaml": func(s string) string {
			return strings.NewReplacer("event.age: 12h", "event.aeg: 12h", "expect: hold", "expect: held").Replace(s)
		}}, exitRules, []string{"unknown-field: there is no field event.aeg", "hint: did you mean event.age?", "expect is never held"}, "8 problems in "},
		{"tests that do not load are no matter of the rules", "check", map[string]func(string) string{"support_test.yaml": replace("12h", "12")}, exitOK,
			[]string{"ok: 5 rules"}, ""},
		{"a test fails", "test", map[string]func(string) string{"support.yaml": replace("hours(12)", "hours(14)")}, exitExpect,
			[]string{
				"FAIL  a mention of this morning is too old in the evening\n", "support_test.yaml:32\n", "differs in decision\n",
				"want  deny by support.reply [fresh]\n", "got   allow by x.reply [engaged, post]; support.reply [fresh]\n",
				"say   We answer posts", "permit support.reply: reply\n", "T  when fresh: event.age < hours(14)\n",
				"FAIL: 27 passed, 1 failed, 0 todo, in 1 file\n",
			}, "1 of 28 tests failed"},
		{"for the wrong reason", "test", map[string]func(string) string{"support_test.yaml": replace("[fresh]}\n      obligations: []", "[fresh], support.dm: []}\n      obligations: [append_opt_out_hint]")}, exitExpect,
			[]string{"differs in by, obligations\n", "want  allow by x.reply [engaged]; support.reply [fresh]; support.dm; obligations [append_opt_out_hint]\n",
				"permit support.dm: dm\n        no conditions\n"}, "1 of 28 tests failed"},
		{"a todo", "test", map[string]func(string) string{"support_test.yaml": replace("expect: hold", "expect: deny\n      todo: \"in \\e1.5\"")}, exitOK,
			[]string{"todo  a refund waits for a person\n", "in \ufffd1.5\n", "ok: 27 passed, 0 failed, 1 todo, in 1 file\n"}, ""},
		{"a todo that holds", "test", map[string]func(string) string{"support_test.yaml": replace("expect: hold", "expect: hold\n      todo: in 1.5")}, exitExpect,
			[]string{"FAIL  a refund waits for a person\n", "it holds now: take its todo out (in 1.5)\n"}, "1 of 28 tests failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := rulesDir(t, tt.change)
			code, out, stderr := beckon(t, "rules", tt.tool, dir)
			if code != tt.code || !strings.Contains(stderr, tt.stderr) || tt.stderr == "" && stderr != "" {
				t.Errorf("exit %d, want %d: %s", code, tt.code, stderr)
			}
			for _, part := range tt.out {
				if !strings.Contains(out, part) {
					t.Errorf("no %q in\n%s", part, out)
				}
			}
			code, out, _ = beckon(t, "rules", tt.tool, dir, "--format", "json")
			var got struct {
				OK          bool               `json:"ok"`
				Diagnostics []rules.Diagnostic `json:"diagnostics"`
				Cases       []rules.TestResult `json:"cases"`
			}
			dec := json.NewDecoder(strings.NewReader(out))
			if err := dec.Decode(&got); err != nil || dec.More() {
				t.Fatalf("not one JSON object: %v\n%s", err, out)
			}
			if code != tt.code || got.OK != (tt.code == exitOK) || (len(got.Diagnostics) > 0) != (tt.code == exitRules) {
				t.Errorf("--format json: exit %d, want %d: %+v", code, tt.code, got)
			}
			if n := len(got.Cases); tt.tool == "test" && tt.code != exitRules && n != 28 {
				t.Errorf("--format json: %d cases, want 28", n)
			}
		})
	}
}

func TestRulesNoTest(t *testing.T) {
	t.Parallel()
	dir := rulesDir(t, nil)
	if err := os.Remove(filepath.Join(dir, "support_test.yaml")); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := beckon(t, "rules", "test", dir); code != exitExpect || !strings.Contains(stderr, "no test: there is no *_test.yaml in or below "+dir) {
		t.Errorf("exit %d, want %d: %s", code, exitExpect, stderr)
	}
}

func TestRulesArguments(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args string
		code int
		want string
	}{
		{"", exitUsage, "say what: check, test, verify, mutate, "},
		{"check", exitUsage, "name one directory of rules"},
		{"test a b", exitUsage, "name one directory of rules"},
		{"test --format xml a", exitUsage, "--format is text, json, junit"},
		{"check --coverage a", exitUsage, "unknown flag -coverage"},
		{"check --format junit a", exitUsage, "--format is text, json, sarif, github"},
		{"schema a", exitUsage, `unexpected argument "a"`},
		{"schema --for packs", exitUsage, "--for is rules or tests"},
		{"doc a", exitUsage, `unexpected argument "a"`},
		{"chekc a", exitUsage, `no command "chekc"`},
		{"check " + filepath.Join(t.TempDir(), "none"), exitRules, "1 problem in "},
		{"check -h", exitOK, ""},
		{"-h", exitOK, ""},
	} {
		code, out, stderr := beckon(t, append([]string{"rules"}, strings.Fields(tt.args)...)...)
		if code != tt.code || !strings.Contains(stderr, tt.want) {
			t.Errorf("beckon rules %s: exit %d, want %d: %s", tt.args, code, tt.code, stderr)
		}
		if help := strings.TrimSuffix(strings.TrimSuffix("beckon rules "+tt.args, "-h"), " "); tt.code == exitOK && !strings.Contains(out, help) {
			t.Errorf("beckon rules %s: %s", tt.args, out)
		}
	}
}

// TestRulesREADME: the sessions on the page of the rules are what the commands
// print.
func TestRulesREADME(t *testing.T) {
	t.Parallel()
	const page = "../../rules/README.md"
	dir := rulesDir(t, nil)
	wider := rulesDir(t, map[string]func(string) string{"support.yaml": replace("hours(12)", "hours(14)")})
	trusting := rulesDir(t, map[string]func(string) string{"support.yaml": replace("actions: [reply, dm]\n    because: \"Money", "actions: [reply]\n    because: \"Money")})
	_, _, held := recorded(t)
	names := strings.NewReplacer(wider, "rules", trusting, "new", dir, "rules", filepath.Dir(dir)+"/", "")
	session := func(lines int, commands ...[]string) string {
		var b strings.Builder
		for _, args := range commands {
			_, out, _ := beckon(t, append([]string{"rules"}, args...)...)
			command := "$ beckon rules " + strings.Join(args, " ")
			if all := strings.SplitAfter(out, "\n"); lines > 0 && len(all) > lines {
				out = strings.Join(all[:lines], "") + fmt.Sprintf("... and %d more lines\n", len(all)-1-lines)
			}
			b.WriteString(names.Replace(command + "\n" + out))
		}
		return "```\n" + b.String() + "```\n"
	}
	log := []string{"--log", filepath.Join(filepath.Dir(dir), "events", "day.jsonl"), "-c", filepath.Join(filepath.Dir(dir), "beckon.yaml")}
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"tools":   session(0, []string{"check", dir}, []string{"test", dir}, []string{"test", wider}),
		"explain": session(24, append([]string{"explain", "--event", held.Event}, log...)),
		"diff":    session(0, append([]string{"diff", dir, trusting}, log...)),
	} {
		m := regexp.MustCompile(`(?s)<!-- ` + name + `: [^\n]* -->\n(.*)<!-- /` + name + ` -->`).FindSubmatchIndex(data)
		if m == nil {
			t.Fatalf("%s has no section %s", page, name)
		}
		data = slices.Concat(data[:m[2]], []byte(text), data[m[3]:])
	}
	golden(t, page, data)
}
