package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pages are those that show commands, from this folder.
func pages() []string {
	return []string{"../../README.md", "initbot/README.md", "../../handlers/README.md", "../../rules/README.md", "../../runtime/xsim/README.md", "../../deploy/README.md"}
}

// unscripted are the commands of the pages that no script runs, and why.
func unscripted() map[string]string {
	return map[string]string{
		"go test ./...":                          "is what runs this test",
		"beckon rules figures":                   "TestRulesFigures runs it, once",
		"beckon restore /tmp/beckon.db --by you": "testdata/litestream runs it, where litestream is",
		"go install ./cmd/beckon":                "writes into the user's GOPATH; .ci/run builds the same package",
		"beckon xsim":                            "listens on a fixed port; TestREADMEBot of runtime/xsim serves the same",
		`curl -d '{"from":"ann","to":"acme_support","text":"where is my order?"}' http://127.0.0.1:8089/_sim/mention`: "TestREADMEBot of runtime/xsim posts it",
	}
}

// TestREADMECommands: every command in a block of a page is run by a script,
// under a line "# README: …" that quotes it, or by TestRulesTutorial, or has a
// reason not to be.
func TestREADMECommands(t *testing.T) {
	t.Parallel()
	scripted, followed := scriptedCommands(t), tutorialCommands(t)
	left := maps.Clone(scripted)
	reasons := unscripted()
	for _, page := range pages() {
		commands := blockCommands(readPage(t, page))
		if len(commands) == 0 && page != "../../handlers/README.md" {
			t.Errorf("%s: no commands found; has its form changed?", page)
		}
		for _, c := range commands {
			_, run := scripted[c]
			run = run || followed[c]
			_, reason := reasons[c]
			if run == reason {
				t.Errorf("%s: %s\n\tneeds one of: a line in testdata/script under %q, a reason in unscripted", page, c, "# README: "+c)
			}
			delete(left, c)
			delete(reasons, c)
		}
	}
	for c := range reasons {
		t.Errorf("unscripted names %q, which no page shows", c)
	}
	for c, at := range left {
		if !strings.Contains(strings.Join(inlineCommands(t), "\n"), c) {
			t.Errorf("%s: quotes %q, which no page shows", at, c)
		}
	}
}

// TestREADMEFlags: wherever a page names a command, it is one, and takes the
// flags that the page gives it.
func TestREADMEFlags(t *testing.T) {
	t.Parallel()
	all := inlineCommands(t)
	for _, page := range pages() {
		all = append(all, blockCommands(readPage(t, page))...)
	}
	found := 0
	for _, c := range all {
		words := strings.Fields(strings.Replace(c, "go run ./cmd/beckon", "beckon", 1))
		if len(words) < 2 || words[0] != "beckon" || words[1] == "COMMAND" {
			continue
		}
		found++
		help := append(commandWords(words)[1:], "-h")
		code, out, stderr := beckon(t, help...)
		if code != exitOK {
			t.Errorf("%s: `beckon %s` ends with %d: %s", c, strings.Join(help, " "), code, stderr)
			continue
		}
		for _, f := range flagsOf(words) {
			if !regexp.MustCompile(regexp.QuoteMeta(f) + `\b`).MatchString(out) {
				t.Errorf("%s: its help does not know %s:\n%s", c, f, out)
			}
		}
	}
	if found < 20 {
		t.Errorf("%d commands found on the pages, want 20 at least; has their form changed?", found)
	}
}

// scriptedCommands are the commands that scripts quote, and where. The line
// below a quotation must run that command, with its flags; only values differ.
func scriptedCommands(t *testing.T) map[string]string {
	t.Helper()
	scripts, err := filepath.Glob("testdata/script/*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	out := map[string]string{}
	for _, name := range scripts {
		quoted := ""
		for line := range strings.Lines(readPage(t, name)) {
			line = strings.TrimSpace(line)
			if quoted != "" {
				runs := regexp.MustCompile(`^(exit 0|start \w+ '[^']*') `).ReplaceAllString(line, "")
				want, got := strings.Fields(strings.Replace(quoted, "go run ./cmd/beckon", "beckon", 1)), strings.Fields(runs)
				if !slices.Equal(commandWords(want), commandWords(got)) || !containsAll(flagsOf(got), flagsOf(want)) {
					t.Errorf("%s: %q is not run by %q", name, quoted, line)
				}
				out[quoted], quoted = name, ""
			}
			if c, ok := strings.CutPrefix(line, "# README: "); ok {
				quoted = c
			}
		}
	}
	return out
}

func containsAll(have, want []string) bool {
	return !slices.ContainsFunc(want, func(w string) bool { return !slices.Contains(have, w) })
}

// commandWords is the program, its command and, where it has one, the command
// below that.
func commandWords(words []string) []string {
	below := map[string]bool{"actions": true, "optouts": true, "rules": true, "config": true}
	n := min(1, len(words))
	if n == 1 && words[0] == "beckon" {
		n = min(2, len(words))
		if n == 2 && below[words[1]] {
			n = min(3, len(words))
		}
	}
	return words[:n:n]
}

var flagWord = regexp.MustCompile(`^\[?(--?[a-z][a-z-]*)`)

func flagsOf(words []string) (flags []string) {
	for _, w := range words {
		if m := flagWord.FindStringSubmatch(w); m != nil && w != "-h" {
			flags = append(flags, m[1])
		}
	}
	return flags
}

func readPage(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var (
	fence     = regexp.MustCompile("^```")
	isCommand = regexp.MustCompile(`^(beckon|go|curl) `)
	inline    = regexp.MustCompile("`(beckon [^`]+)`")
)

// blockCommands are the commands in a page's blocks, fenced or indented,
// without prompt and comment. In a console only what follows a prompt is one.
func blockCommands(page string) (out []string) {
	fenced, console := false, false
	for line := range strings.Lines(page) {
		if fence.MatchString(line) {
			fenced, console = !fenced, strings.HasPrefix(line, "```console")
			continue
		}
		if console && !strings.HasPrefix(line, "$ ") {
			continue
		}
		if !fenced && !strings.HasPrefix(line, "    ") {
			continue
		}
		line, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "$ "), " #")
		if line = strings.TrimSpace(line); isCommand.MatchString(line) {
			out = append(out, line)
		}
	}
	return out
}

// inlineCommands are the commands that pages name in running text and tables.
func inlineCommands(t *testing.T) (out []string) {
	t.Helper()
	for _, page := range pages() {
		for _, m := range inline.FindAllStringSubmatch(readPage(t, page), -1) {
			out = append(out, m[1])
		}
	}
	return out
}
