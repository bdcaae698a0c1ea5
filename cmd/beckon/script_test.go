package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets scripts run this program, and curl as the pages use it.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"beckon": main, "curl": curl, "sqlite3": sqlite3, "xlogin": xlogin})
}

// TestScript plays testdata/script: the program as a person meets it, in
// processes of its own. A comment "# README: …" before a line says which
// documented command that line runs; see TestREADMECommands.
//
// Nothing in a script waits for a time to pass: start, await and held wait for
// what a process says or does.
func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			s := &stage{procs: map[string]*process{}, doors: map[string]*door{}}
			env.Values[stageKey{}] = s
			env.Defer(s.close)
			return nil
		},
		Cmds: scriptCommands(),
	})
}

// scriptCommands are what scripts can do besides testscript's own commands.
func scriptCommands() map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	commands := map[string]func(ts *testscript.TestScript, neg bool, args []string){}
	for name, c := range map[string]struct {
		args int // at least
		run  func(ts *testscript.TestScript, s *stage, args []string) error
	}{
		"exit":    {2, scriptExit},
		"start":   {3, scriptStart},
		"await":   {2, scriptAwait},
		"signal":  {2, scriptSignal},
		"finish":  {2, scriptFinish},
		"capture": {1, scriptCapture},
		"edit":    {3, scriptEdit},
		"door":    {1, scriptDoor},
		"point":   {2, scriptPoint},
		"hold":    {1, scriptHold},
		"held":    {1, scriptHeld},
		"release": {1, scriptRelease},
	} {
		commands[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			if neg || len(args) < c.args {
				ts.Fatalf("%s: want at least %d arguments, and no !", name, c.args)
			}
			ts.Check(c.run(ts, ts.Value(stageKey{}).(*stage), args))
		}
	}
	return commands
}

// scriptExit: exit CODE PROGRAM ARGS... runs a program that must end with CODE.
func scriptExit(ts *testscript.TestScript, _ *stage, args []string) error {
	code := 0
	err := ts.Exec(args[1], args[2:]...)
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		code = e.ExitCode()
	} else if err != nil {
		return err
	}
	if strconv.Itoa(code) != args[0] {
		return fmt.Errorf("%s ends with %d, want %s", args[1], code, args[0])
	}
	return nil
}

// scriptStart: start NAME REGEXP PROGRAM ARGS... starts a program and waits
// until it says REGEXP; its named groups become variables.
func scriptStart(ts *testscript.TestScript, s *stage, args []string) error {
	p, err := s.start(ts, args[0], args[2:])
	if err != nil {
		return err
	}
	return p.await(ts, args[1])
}

// scriptAwait: await NAME REGEXP... waits until a started program says each
// REGEXP, in any order, after what was awaited before.
func scriptAwait(ts *testscript.TestScript, s *stage, args []string) error {
	p, ok := s.procs[args[0]]
	if !ok {
		return fmt.Errorf("nothing was started as %s", args[0])
	}
	return p.await(ts, args[1:]...)
}

// scriptSignal: signal NAME TERM|INT|HUP|KILL.
func scriptSignal(_ *testscript.TestScript, s *stage, args []string) error {
	sig, ok := map[string]os.Signal{"TERM": syscall.SIGTERM, "INT": os.Interrupt, "HUP": syscall.SIGHUP, "KILL": os.Kill}[args[1]]
	p, started := s.procs[args[0]]
	if !ok || !started {
		return fmt.Errorf("signal %v: unknown", args)
	}
	return p.cmd.Process.Signal(sig)
}

// scriptFinish: finish NAME CODE waits until a started program ends, which must
// be with CODE, and keeps what it said in NAME.log.
func scriptFinish(ts *testscript.TestScript, s *stage, args []string) error {
	p, ok := s.procs[args[0]]
	if !ok {
		return fmt.Errorf("nothing was started as %s", args[0])
	}
	if err := p.wait(); err != nil {
		return err
	}
	if code := p.cmd.ProcessState.ExitCode(); strconv.Itoa(code) != args[1] {
		return fmt.Errorf("%s ended with %d, want %s:\n%s", args[0], code, args[1], p.said())
	}
	return os.WriteFile(ts.MkAbs(args[0]+".log"), []byte(p.said()), 0o600)
}

// scriptCapture: capture REGEXP reads the last output; the named groups become
// variables.
func scriptCapture(ts *testscript.TestScript, _ *stage, args []string) error {
	if !setGroups(ts, regexp.MustCompile(args[0]), ts.ReadFile("stdout")) {
		return fmt.Errorf("no %s in the output", args[0])
	}
	return nil
}

// setGroups makes variables of the named groups of the first match.
func setGroups(ts *testscript.TestScript, re *regexp.Regexp, text string) bool {
	m := re.FindStringSubmatch(text)
	for i := 1; i < len(m); i++ {
		ts.Setenv(re.SubexpNames()[i], m[i])
	}
	return m != nil
}

// scriptEdit: edit FILE REGEXP TEXT replaces what matches, which must be there.
func scriptEdit(ts *testscript.TestScript, _ *stage, args []string) error {
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	re := regexp.MustCompile("(?m)" + args[1])
	if !re.Match(data) {
		return fmt.Errorf("%s holds no %s", args[0], args[1])
	}
	return os.WriteFile(path, re.ReplaceAll(data, []byte(args[2])), 0o600)
}

// curl is as much of curl as the pages use: [-s] [-d BODY] URL.
func curl() {
	body, method, url := io.Reader(http.NoBody), http.MethodGet, ""
	for args := os.Args[1:]; len(args) > 0; args = args[1:] {
		switch {
		case args[0] == "-s":
		case args[0] == "-d" && len(args) > 1:
			method, body, args = http.MethodPost, strings.NewReader(args[1]), args[1:]
		default:
			url = args[0]
		}
	}
	req, err := http.NewRequest(method, url, body)
	if err == nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded") // as curl -d does
		var resp *http.Response
		if resp, err = http.DefaultClient.Do(req); err == nil {
			_, err = io.Copy(os.Stdout, resp.Body)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "curl:", err)
		os.Exit(7)
	}
}
