package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/rollout"
)

// handlersCommand is the tools for authors of answers.
func handlersCommand(ctx context.Context, sys system, args []string) error {
	if len(args) == 0 {
		return usageError("say what: check, test, schema or status")
	}
	switch args[0] {
	case "check":
		return handlersTool(sys, args, []string{"text", "json", "github", "sarif"}, checkHandlers)
	case "test":
		return handlersTool(sys, args, []string{"text", "json", "junit"}, testHandlers)
	case "schema":
		return schemaHandlers(sys, args)
	case "status":
		return statusFiles(ctx, sys, "handlers status", rollout.Answers, args[1:])
	case "help", "-h", "-help", "--help":
		fmt.Fprintln(sys.stdout, `beckon handlers check PATH [--long-posts] [--format text|json|github|sarif]   do the answers load, and if not, why
beckon handlers test PATH [--long-posts] [--coverage] [--format text|json|junit]   do their dialogues go as written
beckon handlers schema [--for answers|tests]   the JSON Schema for editors
beckon handlers status [-c FILE] [--format text|json]   which answers a running host has in place, and why not what is in the files
PATH is a file of answers or a folder of them.`)
		return nil
	}
	return usageError(fmt.Sprintf("no command %q; there are check, test, schema and status", args[0]))
}

// answersTool is a tool at work on loaded answers.
type answersTool struct {
	ruleTool // its way of showing things
	answers  *handlers.Answers
	tests    []rules.Source
}

// handlersTool reads the arguments, loads the answers and runs the tool.
func handlersTool(sys system, args, formats []string, tool func(answersTool) error) error {
	t := answersTool{ruleTool: ruleTool{sys: sys, w: sys.stdout}}
	fs := flag.NewFlagSet("handlers "+args[0], flag.ContinueOnError)
	long := fs.Bool("long-posts", false, "the account may post 25,000 characters")
	fs.StringVar(&t.format, "format", "text", strings.Join(formats, ", "))
	if args[0] == "test" {
		fs.BoolVar(&t.coverage, "coverage", false, "list what no dialogue reaches")
	}
	rest, err := parse(fs, args[1:])
	if err != nil {
		return err
	}
	if !slices.Contains(formats, t.format) {
		return usageError(fmt.Sprintf("--format is %s, not %q", strings.Join(formats, ", "), t.format))
	}
	t.json = t.format == "json"
	if t.dir, err = oneArg(rest, "one file or folder of answers"); err != nil {
		return err
	}
	files, tests, err := handlers.ReadSources(t.dir)
	if err != nil {
		return t.refuse(err)
	}
	t.tests = tests
	if t.answers, err = handlers.Load(files, handlers.Options{LongPosts: *long}); err != nil {
		return t.refuse(err)
	}
	return tool(t)
}

// checkHandlers says what was loaded.
func checkHandlers(t answersTool) error {
	if t.format == "sarif" {
		return writeSARIF(t.w, nil)
	}
	n := t.answers.Size()
	return t.show(struct {
		OK bool `json:"ok"`
		handlers.Size
	}{true, n}, func() {
		fmt.Fprintf(t.w, "ok: %s, %s of %s, %s, in %s\n", plural(n.Answers, "answer"), plural(n.Flows, "flow"),
			plural(n.Steps, "step"), plural(n.Slots, "slot"), plural(n.Files, "file"))
	})
}

// testHandlers plays every dialogue: exit 4 where one fails, or where there is
// none.
func testHandlers(t answersTool) error {
	files, err := t.answers.LoadTests(t.tests)
	if err != nil {
		return t.refuse(err)
	}
	r := t.answers.RunTests(files)
	failed := r.Failed()
	if t.format == "junit" {
		err = writeJUnit(t.w, dialogueSuites(r))
	} else {
		err = t.show(struct {
			OK bool `json:"ok"`
			handlers.TestReport
		}{failed == 0 && len(r.Results) > 0, r}, func() { t.write(r) })
	}
	switch {
	case err != nil:
		return err
	case len(r.Results) == 0:
		return exitError{exitExpect, fmt.Errorf("no dialogue: there is no *_test.yaml beside the answers in %s", t.dir)}
	case failed > 0:
		return exitError{exitExpect, fmt.Errorf("%d of %s failed", failed, plural(len(r.Results), "dialogue"))}
	}
	return nil
}

func (t answersTool) write(r handlers.TestReport) {
	for _, d := range r.Results {
		if !d.Passed {
			fmt.Fprintf(t.w, "FAIL  %s\n      %s:%d: %s\n", safe(d.Name), d.File, d.Line, safe(d.Why))
		}
	}
	if t.coverage {
		for _, part := range r.NotTried {
			fmt.Fprintf(t.w, "not tried  %s\n", part)
		}
		fmt.Fprintf(t.w, "coverage: %d of %d texts, steps and conditions\n", r.Parts-len(r.NotTried), r.Parts)
	}
	word := "ok"
	if r.Failed() > 0 || len(r.Results) == 0 {
		word = "FAIL"
	}
	fmt.Fprintf(t.w, "%s: %d passed, %d failed\n", word, len(r.Results)-r.Failed(), r.Failed())
}

// dialogueSuites is a report as JUnit has it: a suite a file.
func dialogueSuites(r handlers.TestReport) junitSuites {
	var out junitSuites
	for _, d := range r.Results {
		if n := len(out.Suites); n == 0 || out.Suites[n-1].Name != d.File {
			out.Suites = append(out.Suites, junitSuite{Name: d.File})
		}
		c := junitCase{Name: d.Name, Class: d.File, File: d.File, Line: d.Line}
		if !d.Passed {
			c.Failure = &junitText{"the dialogue goes otherwise", d.Why}
		}
		out.add(c)
	}
	return out
}

// schemaHandlers prints the JSON Schema that editors complete and check by.
func schemaHandlers(sys system, args []string) error {
	fs := flag.NewFlagSet("handlers schema", flag.ContinueOnError)
	kind := fs.String("for", "", "answers or tests `files`; both if not said")
	rest, err := parse(fs, args[1:])
	if err := errors.Join(err, noArgs(rest)); err != nil {
		return err
	}
	s, ok := handlers.Schema(*kind)
	if !ok {
		return usageError(fmt.Sprintf("--for is answers or tests, not %q", *kind))
	}
	return encodeSchema(sys.stdout, s)
}

func encodeSchema(w io.Writer, s map[string]any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(s)
}

// writeAnswersSchema writes the schema of answers and their tests.
func writeAnswersSchema(name string) error {
	var b bytes.Buffer
	s, _ := handlers.Schema("")
	if err := encodeSchema(&b, s); err != nil {
		return err
	}
	return os.WriteFile(name, b.Bytes(), 0o644)
}
