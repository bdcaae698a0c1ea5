package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/rules"
)

// proverTool reads the arguments of verify and mutate. set is nil where the
// platform pack alone is meant.
func proverTool(ctx context.Context, sys system, args []string, more func(*flag.FlagSet)) (t ruleTool, budget int, err error) {
	fs := flag.NewFlagSet("rules "+args[0], flag.ContinueOnError)
	more(fs)
	format := formatFlag(fs)
	platform := fs.Bool("platform", false, "the platform pack alone")
	fs.IntVar(&budget, "budget", rules.DefaultBudget, "parts that one search may split the states into")
	rest, err := parse(fs, args[1:])
	if err != nil {
		return t, 0, err
	}
	if err := checkFormat(*format); err != nil {
		return t, 0, err
	}
	if budget < 1 {
		return t, 0, usageError("--budget is at least 1")
	}
	t = ruleTool{json: *format == "json", w: sys.stdout, ctx: ctx, sys: sys}
	if *platform {
		return t, budget, noArgs(rest)
	}
	if t.dir, err = oneArg(rest, "one directory of rules, or --platform"); err != nil {
		return t, 0, err
	}
	if t.set, err = rules.LoadDir(t.dir, rules.Options{}); err != nil {
		return t, 0, t.refuse(err)
	}
	return t, budget, nil
}

// tests loads what stands below the directory.
func (t ruleTool) tests() ([]rules.TestFile, error) {
	files, err := rules.LoadTestDir(t.set, t.dir)
	if err != nil {
		return nil, t.refuse(err)
	}
	return files, nil
}

// played are the tests with the decisions of their timelines as cases. What
// fails without any change cannot judge a change.
func (t ruleTool) played() ([]rules.TestFile, error) {
	files, err := t.tests()
	if err != nil {
		return nil, err
	}
	host, err := newRulesHost(t.ctx, t.sys)
	if err != nil {
		return nil, err
	}
	defer host.Close()
	for i := range files {
		files[i].Replays = nil // a recorded day judges no single change
	}
	report := rules.RunTests(t.set, files, host)
	for _, r := range report.Results {
		if r.Status == rules.Failed {
			return nil, exitError{exitExpect, fmt.Errorf("%s:%d: %s fails without any change: mutate needs tests that hold", r.File, r.Line, r.Name)}
		}
	}
	return report.Files, nil
}

// proofs is what verify found of one layer.
type proofs struct {
	Scope  string        `json:"scope"` // for which rules it holds
	Millis int64         `json:"ms"`
	Proofs []rules.Proof `json:"invariants"`
}

func (p proofs) count(s rules.ProofStatus) (n int) {
	for _, one := range p.Proofs {
		if one.Status == s {
			n++
		}
	}
	return n
}

// verifyRules proves invariants over every abstract state: those of the
// platform pack for all account packs, those of the directory for its rules.
// Then it plays every sequence of events through the production state machine.
func verifyRules(ctx context.Context, sys system, args []string) error {
	static := false
	t, budget, err := proverTool(ctx, sys, args, func(fs *flag.FlagSet) {
		fs.BoolVar(&static, "static", false, "states only, no sequences of events")
	})
	if err != nil {
		return err
	}
	start := sys.now()
	platform, err := rules.VerifyPlatform(budget)
	if err != nil {
		return err
	}
	all := []proofs{{"platform pack, for every account pack", sys.now().Sub(start).Milliseconds(), platform}}
	if t.set != nil {
		files, err := t.tests()
		if err != nil {
			return err
		}
		var own []rules.Invariant
		for _, f := range files {
			own = append(own, f.Invariants...)
		}
		start = sys.now()
		ps, err := rules.Verify(t.set, own, budget)
		if err != nil {
			return err
		}
		all = append(all, proofs{"rules of " + t.dir, sys.now().Sub(start).Milliseconds(), ps})
	}
	violated, open := 0, 0
	for _, p := range all {
		violated += p.count(rules.Violated)
		open += p.count(rules.NotExhaustive)
	}
	var reached []reached
	if !static {
		if reached, err = reach(ctx, sys, t.set); err != nil {
			return err
		}
	}
	for _, r := range reached {
		violated += r.broken()
		if !r.Exhaustive {
			open += len(r.Claims) - r.broken()
		}
	}
	err = t.show(verified{violated+open == 0, all, reached}, func() {
		for _, p := range all {
			p.write(t.w)
		}
		for _, r := range reached {
			r.write(t.w)
		}
	})
	switch {
	case err != nil:
		return err
	case violated > 0:
		return exitError{exitExpect, fmt.Errorf("%s violated", plural(violated, "invariant"))}
	case open > 0:
		return exitError{exitFailure, fmt.Errorf("%s not proved: the budget ended before the states did", plural(open, "invariant"))}
	}
	return nil
}

// verified is what verify prints for machines.
type verified struct {
	OK        bool      `json:"ok"`
	Static    []proofs  `json:"static"`
	Reachable []reached `json:"reachable,omitempty"`
}

func (p proofs) write(w io.Writer) {
	states, parts := new(big.Int), 0
	for _, one := range p.Proofs {
		states.Add(states, one.States)
		parts += one.Steps
		writeProof(w, one)
	}
	fmt.Fprintf(w, "%s: %s, %d proved, %d violated, %d not exhaustive; %s abstract states in %s, %s\n", safe(p.Scope),
		plural(len(p.Proofs), "invariant"), p.count(rules.Proved), p.count(rules.Violated), p.count(rules.NotExhaustive),
		large(states), plural(parts, "part"), time.Duration(p.Millis)*time.Millisecond)
}

func writeProof(w io.Writer, p rules.Proof) {
	switch p.Status {
	case rules.Proved:
		fmt.Fprintf(w, "proved    %s: %s states in %s\n", p.ID, large(p.States), plural(p.Steps, "part"))
	case rules.NotExhaustive:
		fmt.Fprintf(w, "not exhaustive  %s: %s of %s states in %s\n", p.ID, large(p.Covered), large(p.States), plural(p.Steps, "part"))
	default:
		fmt.Fprintf(w, "VIOLATED  %s\n          %s:%d\n          never    %s\n", p.ID, p.File, p.Line, p.Never)
		writeExample(w, *p.Counter)
		fmt.Fprintf(w, "          as a test, in a table without a base:\n          %s\n", safe(p.Counter.Case))
	}
}

// writeExample shows a state with every field of the input.
func writeExample(w io.Writer, e rules.Example) {
	fmt.Fprintf(w, "          decided  %s\n", decided(e.Effect, e.By, e.Duties))
	group, line := "", ""
	for _, v := range e.Values {
		g, leaf, _ := strings.Cut(v.Field, ".")
		if g != group {
			if line != "" {
				fmt.Fprintln(w, line)
			}
			group, line = g, fmt.Sprintf("          %-12s", g)
		}
		line += " " + leaf + "=" + v.Value
	}
	fmt.Fprintln(w, line)
	if len(e.Features) > 0 {
		fmt.Fprintf(w, "          features     %s\n", strings.Join(e.Features, " "))
	}
	if len(e.Lifted) > 0 {
		fmt.Fprintf(w, "          lifted       %s\n", strings.Join(e.Lifted, " "))
	}
}

// large writes a count so that people can read it.
func large(n *big.Int) string {
	if n.IsInt64() && n.Int64() < 1_000_000 {
		return n.String()
	}
	f, _ := new(big.Float).SetInt(n).Float64()
	return fmt.Sprintf("%.3g", f)
}
