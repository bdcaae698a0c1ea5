package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/rules"
)

// ruleCommand is one tool for rule authors; args[0] is its name.
type ruleCommand struct {
	name, args, about string
	run               func(ctx context.Context, sys system, args []string) error
}

// ruleCommands lists them in the order in which an author meets them.
func ruleCommands() []ruleCommand {
	tool := func(f func(ruleTool) error, formats ...string) func(context.Context, system, []string) error {
		return func(ctx context.Context, sys system, args []string) error {
			return rulesTool(ctx, sys, args, formats, f)
		}
	}
	alone := func(f func(system, []string) error) func(context.Context, system, []string) error {
		return func(_ context.Context, sys system, args []string) error { return f(sys, args) }
	}
	return []ruleCommand{
		{"check", "DIR [--format text|json|sarif|github]", "do they load, and if not, why", tool(checkRules, "sarif", "github")},
		{"test", "DIR [--coverage] [--update] [--format text|json|junit]", "do their tests hold", tool(testRules, "junit")},
		{"verify", "DIR|--platform", "what can never happen, proved over every abstract state", verifyRules},
		{"mutate", "DIR|--platform", "which changes of a rule no test notices", mutateRules},
		{"explain", "--log FILE --event ID [-c FILE] | --record FILE DIR|-c FILE", "why this decision, and what would have turned it", explainRules},
		{"diff", "OLD NEW [--log FILE [-c FILE] [--bot NAME]] [--fail-on loosened]", "what a change of rules changes", diffRules},
		{"schema", "[--for rules|tests]", "the JSON Schema for editors", alone(schemaRules)},
		{"fmt", "DIR [--check]", "canonical layout", alone(fmtRules)},
		{"doc", "", "what rules can read", alone(docRules)},
		{"figures", "", "what Beckon claims of its rules, counted by this program", figureRules},
		{"status", "[-c FILE] [--format text|json]", "what a running host has in force, and why not what is in the directory", statusRules},
		{"reload", "[BOT] [-c FILE] [--by NAME] [--format text|json]", "make it load the directory now", reloadRules},
	}
}

// rulesCommand is the tools for rule authors.
func rulesCommand(ctx context.Context, sys system, args []string) error {
	names := []string{}
	for _, c := range ruleCommands() {
		if len(args) > 0 && args[0] == c.name {
			err := c.run(ctx, sys, args)
			if errors.Is(err, flag.ErrHelp) {
				command{name: "rules " + c.name, args: c.args, about: c.about}.help(sys.stdout, err)
				return nil
			}
			return err
		}
		names = append(names, c.name)
	}
	known := strings.Join(names, ", ")
	switch {
	case len(args) == 0:
		return usageError("say what: " + known)
	case slices.Contains([]string{"-h", "-help", "--help", "help"}, args[0]):
		t := table(sys.stdout)
		for _, c := range ruleCommands() {
			fmt.Fprintf(t, "beckon rules %s\t%s\n", strings.TrimRight(c.name+" "+c.args, " "), c.about)
		}
		return t.Flush()
	}
	return usageError(fmt.Sprintf("no command %q; there are %s", args[0], known))
}

// rulesTool reads the arguments of check and test, loads the rules and runs it.
// formats are those that it has besides text and json.
func rulesTool(ctx context.Context, sys system, args, formats []string, tool func(ruleTool) error) error {
	t := ruleTool{ctx: ctx, sys: sys, w: sys.stdout}
	fs := flag.NewFlagSet("rules "+args[0], flag.ContinueOnError)
	known := append([]string{"text", "json"}, formats...)
	fs.StringVar(&t.format, "format", "text", strings.Join(known, ", "))
	if args[0] == "test" {
		fs.BoolVar(&t.coverage, "coverage", false, "show what no test shows of a condition")
		fs.BoolVar(&t.update, "update", false, "write what replay blocks decide as their golden files")
	}
	rest, err := parse(fs, args[1:])
	if err != nil {
		return err
	}
	if !slices.Contains(known, t.format) {
		return usageError(fmt.Sprintf("--format is %s, not %q", strings.Join(known, ", "), t.format))
	}
	t.json = t.format == "json"
	if t.dir, err = oneArg(rest, "one directory of rules"); err != nil {
		return err
	}
	if t.set, err = rules.LoadDir(t.dir, rules.Options{}); err != nil {
		return t.refuse(err)
	}
	return tool(t)
}

// ruleTool is a tool at work on a loaded set.
type ruleTool struct {
	dir      string
	set      *rules.Set
	json     bool
	format   string // where the tool has more than text and json
	coverage bool
	update   bool // of golden files
	ctx      context.Context
	sys      system
	w        io.Writer
}

// show writes v for machines, or calls text.
func (t ruleTool) show(v any, text func()) error {
	if !t.json {
		text()
		return nil
	}
	enc := json.NewEncoder(t.w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// refuse shows what is wrong with the files: exit 3.
func (t ruleTool) refuse(err error) error {
	var ds rules.Diagnostics
	if !errors.As(err, &ds) {
		return err
	}
	switch t.format {
	case "sarif":
		err = writeSARIF(t.w, ds)
	case "github":
		err = writeAnnotations(t.w, ds)
	case "junit":
		err = writeJUnit(t.w, brokenSuite(t.dir, ds))
	default:
		err = t.show(struct {
			OK          bool              `json:"ok"`
			Diagnostics rules.Diagnostics `json:"diagnostics"`
		}{false, ds}, func() {
			for _, d := range ds {
				fmt.Fprintf(t.w, "%s\n", d.Error())
			}
		})
	}
	return errors.Join(err, exitError{exitRules, fmt.Errorf("%s in %s", plural(len(ds), "problem"), t.dir)})
}

// checkRules says what was loaded.
func checkRules(t ruleTool) error {
	if t.format == "sarif" {
		return writeSARIF(t.w, nil)
	}
	platform, account := t.set.Packs()
	n, features := t.set.Size()
	return t.show(struct {
		OK       bool   `json:"ok"`
		Rules    int    `json:"rules"`
		Features int    `json:"features"`
		Account  string `json:"account"`
		Platform string `json:"platform"`
		Set      string `json:"set"`
	}{true, n, features, account, platform, t.set.Hash()}, func() {
		fmt.Fprintf(t.w, "ok: %s, %s, pack %s, set %s\n", plural(n, "rule"), plural(features, "feature"), safe(account), t.set.Hash())
	})
}

// testRules runs every test below the directory: exit 4 where one fails, or
// where there is none.
func testRules(t ruleTool) error {
	files, err := rules.LoadTestDir(t.set, t.dir)
	if err != nil {
		return t.refuse(err)
	}
	host, err := newRulesHost(t.ctx, t.sys)
	if err != nil {
		return err
	}
	defer host.Close()
	host.update = t.update
	report := rules.RunTests(t.set, files, host)
	passed, failed, todo := report.Count(rules.Passed), report.Count(rules.Failed), report.Count(rules.Todo)
	var cover []rules.ConditionCoverage
	if t.coverage {
		cover = rules.Cover(t.set, report.Files)
	}
	if t.format == "junit" {
		err = writeJUnit(t.w, suites(report))
	} else {
		err = t.show(struct {
			OK       bool                      `json:"ok"`
			Set      string                    `json:"set"`
			Passed   int                       `json:"passed"`
			Failed   int                       `json:"failed"`
			Todo     int                       `json:"todo"`
			Cases    []rules.TestResult        `json:"cases"`
			Coverage []rules.ConditionCoverage `json:"coverage,omitempty"`
		}{report.OK(), t.set.Hash(), passed, failed, todo, report.Results, cover}, func() {
			for _, r := range report.Results {
				writeTestResult(t.w, r)
			}
			word := "ok"
			if !report.OK() {
				word = "FAIL"
			}
			if t.coverage {
				writeCoverage(t.w, cover)
			}
			fmt.Fprintf(t.w, "%s: %d passed, %d failed, %d todo, in %s\n", word, passed, failed, todo, plural(len(files), "file"))
		})
	}
	switch {
	case err != nil:
		return err
	case len(report.Results) == 0:
		return exitError{exitExpect, fmt.Errorf("no test: there is no *_test.yaml in or below %s", t.dir)}
	case failed > 0:
		return exitError{exitExpect, fmt.Errorf("%d of %s failed", failed, plural(len(report.Results), "test"))}
	}
	return nil
}
