package main

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

const sevenPage = "../../db/README.md"

// TestSevenTests plays the seven tests of db/README.md as they stand there, in an
// empty folder. In a block "```script"
//
//	$ command       runs it; it must end with 0, or with N after $N
//	> text          is a regular expression for what it says; (?P<NAME>...) is kept as $NAME
//	! text          is one for what it does not say
//	@ NAME text     starts the next command as NAME, and waits until it says that
//
// and a line that begins with none of these is one of the scripts of this folder.
func TestSevenTests(t *testing.T) {
	t.Parallel()
	script, blocks := sevenScript(t)
	if blocks < 8 {
		t.Fatalf("%s has %d blocks, want one to begin with and seven tests", sevenPage, blocks)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "seven.txt"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: dir,
		Setup: func(env *testscript.Env) error {
			s := &stage{procs: map[string]*process{}, doors: map[string]*door{}}
			env.Values[stageKey{}] = s
			env.Defer(s.close)
			return nil
		},
		Cmds: scriptCommands(),
	})
}

// sevenScript makes a script of the page's blocks.
func sevenScript(t *testing.T) (script string, blocks int) {
	t.Helper()
	var out strings.Builder
	in, waits := false, ""
	for line := range strings.Lines(readPage(t, sevenPage)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "### "):
			fmt.Fprintf(&out, "# %s\n", strings.TrimPrefix(line, "### "))
		case line == "```script":
			in = true
			blocks++
		case strings.HasPrefix(line, "```"):
			in = false
		case !in || line == "":
		case line[0] == '$':
			code, command, _ := strings.Cut(line[1:], " ")
			if code == "" {
				code = "0"
			}
			if waits != "" {
				fmt.Fprintf(&out, "start %s %s\n", waits, command)
				waits = ""
				continue
			}
			fmt.Fprintf(&out, "exit %s %s\n", code, command)
		case line[0] == '>' && strings.Contains(line, "(?P<"):
			fmt.Fprintf(&out, "capture %s\n", quoted(line[1:]))
		case line[0] == '>':
			fmt.Fprintf(&out, "stdout %s\n", quoted(line[1:]))
		case line[0] == '!':
			fmt.Fprintf(&out, "! stdout %s\n", quoted(line[1:]))
		case line[0] == '@':
			name, text, _ := strings.Cut(strings.TrimSpace(line[1:]), " ")
			waits = name + " " + quoted(text)
		default:
			out.WriteString(line + "\n")
		}
	}
	return out.String(), blocks
}

// quoted is one argument of a script, with $NAME in it filled in.
func quoted(s string) string {
	s = strings.TrimSpace(s)
	var out strings.Builder
	out.WriteByte('\'')
	for {
		before, after, found := strings.Cut(s, "$")
		out.WriteString(strings.ReplaceAll(before, "'", "''"))
		if !found {
			break
		}
		n := strings.IndexFunc(after+" ", func(r rune) bool { return r < 'A' || r > 'Z' })
		if n == 0 { // the end of a line
			out.WriteByte('$')
		} else {
			fmt.Fprintf(&out, "'$%s'", after[:n])
		}
		s = after[n:]
	}
	out.WriteByte('\'')
	return out.String()
}

// sqlite3 is as much of sqlite3 as the page uses: FILE STATEMENT.
func sqlite3() {
	d, err := sql.Open("sqlite", os.Args[1])
	if err == nil {
		_, err = d.Exec(os.Args[2])
		err = errors.Join(err, d.Close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sqlite3:", err)
		os.Exit(1)
	}
}
