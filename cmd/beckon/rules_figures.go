package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"time"

	"github.com/beckon-bot/beckon/rules"
)

// figures are what `beckon rules figures` counts; machine is apart.
type figures struct {
	rules.Figures
	Sequences  []sequences `json:"sequences"` // of events, played by the production reducer
	Machine    machine     `json:"machine"`
	Promises   int         `json:"promises"`
	Kept       int         `json:"promises_kept"`
	Exhaustive bool        `json:"exhaustive"`
}

// sequences is one part of the events that can happen.
type sequences struct {
	Part        string `json:"part"`
	States      int    `json:"states"`
	Transitions int    `json:"transitions"`
}

type machine struct {
	Millis int64  `json:"ms"`
	CPUs   int    `json:"cpus"`
	Go     string `json:"go"`
}

// figureRules counts what Beckon claims of its rules, from what is in this
// program.
func figureRules(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("rules figures", flag.ContinueOnError)
	format := formatFlag(fs)
	rest, err := parse(fs, args[1:])
	if err != nil {
		return err
	}
	if err := checkFormat(*format); err != nil {
		return err
	}
	if err := noArgs(rest); err != nil {
		return err
	}
	start := sys.now()
	f := figures{Exhaustive: true, Machine: machine{CPUs: runtime.NumCPU(), Go: runtime.Version()}}
	if f.Figures, err = rules.CountFigures(rules.DefaultBudget); err != nil {
		return err
	}
	parts, err := reach(ctx, sys, nil)
	if err != nil {
		return err
	}
	for _, r := range parts {
		f.Sequences = append(f.Sequences, sequences{string(r.Parts[0]), r.States, r.Transitions})
		f.Promises, f.Kept = f.Promises+len(r.Claims), f.Kept+len(r.Claims)-r.broken()
		f.Exhaustive = f.Exhaustive && r.Exhaustive
	}
	f.Machine.Millis = sys.now().Sub(start).Milliseconds()
	t := ruleTool{json: *format == "json", w: sys.stdout}
	return t.show(f, func() { f.write(t) })
}

func (f figures) write(t ruleTool) {
	states, transitions := 0, 0
	for _, s := range f.Sequences {
		states, transitions = states+s.States, transitions+s.Transitions
	}
	whole := "of every length"
	if !f.Exhaustive {
		whole = "not exhaustive"
	}
	w := table(t.w)
	for _, line := range [][2]string{
		{"traps refused", fmt.Sprintf("%d of %d, each with code, file, line, column, caret and hint", f.Refused, f.Traps)},
		{"good conditions loaded", fmt.Sprintf("%d of %d", f.Loaded, f.Good)},
		{"programs on which the evaluators agree", fmt.Sprintf("%d of %d: expr with its optimizer off and on, and the direct evaluator, in %d runs", f.Agreeing, f.Programs, f.Runs)},
		{"invariants proved", fmt.Sprintf("%d of %d, of the platform pack, for every account pack", f.Proved, f.Invariants)},
		{"abstract states enumerated", fmt.Sprintf("%s, by the proofs", large(f.States))},
		{"promises kept", fmt.Sprintf("%d of %d, over sequences of events %s", f.Kept, f.Promises, whole)},
		{"states reached", fmt.Sprint(states)},
		{"transitions explored", fmt.Sprint(transitions)},
		{"mutations killed", fmt.Sprintf("%d of %d, of the platform pack by its own tests", f.Killed, f.Mutations)},
		{"denials that name rule and condition", fmt.Sprintf("%d of %d", f.Named, f.Denials)},
		{"and the nearest change to something milder", fmt.Sprintf("%d of %d; of %d is named the rule that forbids the thing itself, such as a follow", f.Nearest, f.Denials, f.Outright)},
	} {
		fmt.Fprintf(w, "%s\t%s\n", line[0], line[1])
	}
	_ = w.Flush() // to a writer of ours
	fmt.Fprintf(t.w, "on this machine: %s, %d CPUs, %s\n", (time.Duration(f.Machine.Millis) * time.Millisecond).Round(time.Second), f.Machine.CPUs, f.Machine.Go)
}
