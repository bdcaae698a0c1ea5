package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/beckon-bot/beckon/rules"
)

// ruleDiff is what `beckon rules diff` found.
type ruleDiff struct {
	Loosened bool               `json:"loosened"` // something may leave, or with less done to it, that did not before
	Old      ruleSide           `json:"old"`
	New      ruleSide           `json:"new"`
	Changes  []rules.RuleChange `json:"changes"`
	States   []rules.Comparison `json:"states"`
	// Of a log, if one was given.
	Recorded *logDiff `json:"recorded,omitempty"` // both sets decide what the old one met
	Replayed *logDiff `json:"replayed,omitempty"` // each set decides what it led to itself
}

type ruleSide struct {
	Dir   string `json:"dir"`
	Set   string `json:"set"`
	Packs string `json:"packs"`
}

type diffOptions struct {
	log, config, bot string
	unpaid           bool // budgets count for nothing: a lower one fails no test of the rules
	failOn           string
	budget           int
}

// diffRules compares two directories of rules: in words, over every abstract
// state, and over a log. With --fail-on loosened it is a gate: exit 4 where
// anything is looser.
func diffRules(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("rules diff", flag.ContinueOnError)
	var o diffOptions
	fs.StringVar(&o.log, "log", "", "event log `file` to decide with both")
	fs.StringVar(&o.config, "c", "", "configuration `file` for the log; none: the bot that init writes")
	fs.StringVar(&o.bot, "bot", "", "the `name` of the bot whose rules they are; all bots if not said")
	fs.StringVar(&o.failOn, "fail-on", "", "loosened: exit 4 where anything is looser")
	fs.IntVar(&o.budget, "budget", rules.DefaultBudget, "parts that one search may split the states into")
	format := formatFlag(fs)
	rest, err := parse(fs, args[1:])
	if err != nil {
		return err
	}
	switch {
	case checkFormat(*format) != nil:
		return checkFormat(*format)
	case len(rest) != 2:
		return usageError("name two directories of rules: OLD NEW")
	case o.failOn != "" && o.failOn != "loosened":
		return usageError(fmt.Sprintf("--fail-on is loosened, not %q", o.failOn))
	case o.budget < 1:
		return usageError("--budget is at least 1")
	case o.log == "" && o.config+o.bot != "":
		return usageError("-c and --bot go with --log")
	}
	t := ruleTool{json: *format == "json", w: sys.stdout}
	var sets [2]*rules.Set
	for i, dir := range rest {
		t.dir = dir
		if sets[i], err = rules.LoadDir(dir, rules.Options{}); err != nil {
			return t.refuse(err)
		}
	}
	d := ruleDiff{Old: side(rest[0], sets[0]), New: side(rest[1], sets[1]), Changes: rules.Changes(sets[0], sets[1])}
	if d.States, err = rules.CompareStates(sets[0], sets[1], o.budget); err != nil {
		return err
	}
	if o.log != "" {
		if d.Recorded, d.Replayed, err = diffLog(ctx, sys, o, sets[0], sets[1]); err != nil {
			return err
		}
	}
	open := 0
	for _, c := range d.States {
		d.Loosened = d.Loosened || c.Milder != nil
		if !c.Exhaustive && c.Milder == nil {
			open++
		}
	}
	d.Loosened = d.Loosened || d.Recorded.loosened() || d.Replayed.loosened()
	err = t.show(d, func() { d.write(t.w) })
	switch {
	case err != nil || o.failOn == "":
		return err
	case d.Loosened:
		return exitError{exitExpect, fmt.Errorf("%s is looser than %s", d.New.Dir, d.Old.Dir)}
	case open > 0:
		return exitError{exitFailure, fmt.Errorf("not all states were compared: the budget of %d parts ended before", o.budget)}
	}
	return nil
}

func side(dir string, set *rules.Set) ruleSide {
	_, account := set.Packs()
	return ruleSide{dir, set.Hash(), account}
}

func (d ruleDiff) write(w io.Writer) {
	fmt.Fprintf(w, "old  %s: %s, set %s\nnew  %s: %s, set %s\n", d.Old.Dir, safe(d.Old.Packs), d.Old.Set, d.New.Dir, safe(d.New.Packs), d.New.Set)
	fmt.Fprintln(w, "\nin the files:")
	if len(d.Changes) == 0 {
		fmt.Fprintln(w, "  nothing")
	}
	for _, c := range d.Changes {
		fmt.Fprintf(w, "  %-8s %s\n", c.Change, safe(c.What))
		for _, line := range c.Details {
			fmt.Fprintf(w, "             %s\n", safe(line))
		}
	}
	fmt.Fprintln(w, "\nover every abstract state:")
	for _, c := range d.States {
		writeComparison(w, c)
	}
	d.Recorded.write(w, "the log, as recorded")
	d.Replayed.write(w, "the log, replayed with each")
	word := "nothing is looser"
	if d.Loosened {
		word = "LOOSER"
	}
	fmt.Fprintf(w, "\n%s\n", word)
}

func writeComparison(w io.Writer, c rules.Comparison) {
	states := large(c.States) + " states"
	if !c.Exhaustive {
		states = "not exhaustive, of " + states
	}
	for _, way := range []struct {
		word  string
		found *rules.Departed
	}{{"milder", c.Milder}, {"stricter", c.Stricter}} {
		switch {
		case way.found != nil:
			fmt.Fprintf(w, "  %-8s %s in some: %s → %s\n             %s\n", c.Kind, way.word,
				decided(way.found.From.Effect, way.found.From.By, way.found.From.Obligations),
				decided(way.found.To.Effect, way.found.To.By, way.found.To.Obligations), safe(way.found.Case))
		case c.Exhaustive:
			fmt.Fprintf(w, "  %-8s %s in none of %s\n", c.Kind, way.word, states)
		default:
			fmt.Fprintf(w, "  %-8s %s in none that was looked at (%s)\n", c.Kind, way.word, states)
		}
	}
}
