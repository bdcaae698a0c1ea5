package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const (
	tutorialPage = "../../rules/README.md"
	answersPage  = "../../handlers/README.md"
)

// tutorial is the part of the page that a newcomer follows from top to bottom.
func tutorial(t *testing.T, tutorialPage string) string {
	t.Helper()
	_, rest, ok := strings.Cut(readPage(t, tutorialPage), "<!-- tutorial -->\n")
	part, _, ok2 := strings.Cut(rest, "<!-- /tutorial -->\n")
	if !ok || !ok2 {
		t.Fatalf("%s has no tutorial", tutorialPage)
	}
	return part
}

// TestRulesTutorial follows the tutorial in an empty folder: it writes the
// files that the page says to write, runs every command in order, and holds what
// it prints to the page. Times, and hashes of rule sets, are not compared.
func TestRulesTutorial(t *testing.T) {
	t.Parallel()
	follow(t, tutorialPage)
}

// TestAnswersTutorial is the same for the page about answers.
func TestAnswersTutorial(t *testing.T) {
	t.Parallel()
	follow(t, answersPage)
}

func follow(t *testing.T, tutorialPage string) {
	t.Helper()
	page := tutorial(t, tutorialPage)
	p := pupil{t: t, root: t.TempDir()}
	var out strings.Builder
	var block []string
	fence, write := "", ""
	for line := range strings.Lines(page) {
		switch {
		case fence == "" && strings.HasPrefix(line, "```"):
			fence, block = strings.TrimSpace(line), nil
			out.WriteString(line)
		case fence == "":
			if m := regexp.MustCompile(`^<!-- write (\S+) -->`).FindStringSubmatch(line); m != nil {
				write = m[1]
			}
			out.WriteString(line)
		case strings.HasPrefix(line, "```"):
			text := strings.Join(block, "")
			switch {
			case fence == "```console":
				text = p.session(text)
			case write != "":
				p.write(write, text)
			}
			out.WriteString(text + line)
			fence, write = "", ""
		default:
			block = append(block, line)
		}
	}
	if untimed(out.String()) == untimed(page) {
		return
	}
	whole := strings.Replace(readPage(t, tutorialPage), page, out.String(), 1)
	golden(t, tutorialPage, []byte(whole))
}

var anyTime = regexp.MustCompile(`\b\d+(\.\d+)?(ms|µs|s)\b|sha256:[0-9a-f]{64}`)

func untimed(s string) string { return anyTime.ReplaceAllString(s, "TIME") }

// tutorialCommands are the commands that the tests of tutorials run.
func tutorialCommands(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, page := range []string{tutorialPage, answersPage} {
		for _, c := range blockCommands(tutorial(t, page)) {
			out[c] = true
		}
	}
	return out
}

// pupil does what the page says, in a folder of its own.
type pupil struct {
	t    *testing.T
	root string
	dir  string // below root: after cd
}

func (p *pupil) path(name string) string { return filepath.Join(p.root, p.dir, name) }

func (p *pupil) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(p.path(name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// session runs the commands of a block and returns it with what they print.
func (p *pupil) session(block string) string {
	var out strings.Builder
	for line := range strings.Lines(block) {
		command, ok := strings.CutPrefix(strings.TrimSpace(line), "$ ")
		if !ok {
			continue
		}
		out.WriteString("$ " + command + "\n" + p.run(command))
	}
	return out.String()
}

func (p *pupil) run(command string) string {
	p.t.Helper()
	command, file, redirected := strings.Cut(command, " > ")
	command, filter, piped := strings.Cut(command, " | ")
	words := strings.Fields(command)
	var err error
	switch words[0] {
	case "cd":
		p.dir = words[1]
	case "mkdir":
		err = os.Mkdir(p.path(words[1]), 0o700)
	case "mv":
		err = os.Rename(p.path(words[1]), p.path(words[2]))
	case "beckon":
		args := words[1:]
		for i, w := range args {
			if _, err := os.Stat(p.path(w)); i > 1 && err == nil || i == 1 && args[0] == "init" {
				args[i] = p.path(w)
			}
		}
		code, out, stderr := beckon(p.t, args...)
		if code == exitUsage {
			p.t.Errorf("%s: %s", command, stderr)
		}
		if redirected {
			p.write(file, out)
			out = ""
		}
		if piped {
			out = p.filter(filter, out)
		}
		if out += stderr; code != exitOK && !piped {
			out += fmt.Sprintf("(exit code %d)\n", code)
		}
		return strings.ReplaceAll(strings.ReplaceAll(out, p.path("")+"/", ""), p.root+"/", "")
	default:
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		p.t.Fatalf("%s: %v", command, err)
	}
	return ""
}

// filter is head or tail of an output.
func (p *pupil) filter(command, out string) string {
	p.t.Helper()
	m := regexp.MustCompile(`^(head|tail) -(\d+)$`).FindStringSubmatch(command)
	if m == nil {
		p.t.Fatalf("no filter %q", command)
	}
	n, _ := strconv.Atoi(m[2]) // digits
	lines := strings.SplitAfter(strings.TrimSuffix(out, "\n"), "\n")
	n = min(n, len(lines))
	if m[1] == "head" {
		lines = lines[:n]
	} else {
		lines = lines[len(lines)-n:]
	}
	return strings.TrimSuffix(strings.Join(lines, ""), "\n") + "\n"
}
