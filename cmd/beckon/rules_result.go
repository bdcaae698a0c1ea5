package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/rules"
)

// writeTestResult shows a case that did not pass: what was wanted, what was
// decided, and how each condition behind it came out.
func writeTestResult(w io.Writer, r rules.TestResult) {
	at := fmt.Sprintf("%s:%d", r.File, r.Line)
	switch {
	case r.Status == rules.Passed:
		return
	case r.Status == rules.Todo:
		fmt.Fprintf(w, "todo  %s\n      %s\n      %s\n", safe(r.Name), at, safe(r.Todo))
		return
	}
	fmt.Fprintf(w, "FAIL  %s\n      %s\n", safe(r.Name), at)
	if slices.Contains(r.Differs, "todo") {
		fmt.Fprintf(w, "      it holds now: take its todo out (%s)\n", safe(r.Todo))
		return
	}
	if r.Say != "" {
		fmt.Fprintf(w, "      cannot be played: %s\n", safe(r.Say))
		return
	}
	if r.Kind == "replay" {
		for _, d := range r.Differences {
			fmt.Fprintf(w, "      %s\n", strings.ReplaceAll(safe(d), "\n", "\n      "))
		}
		fmt.Fprintln(w, "      if that is what you want, keep it: beckon rules test --update")
		return
	}
	fmt.Fprintf(w, "      differs in %s\n", strings.Join(r.Differs, ", "))
	fmt.Fprintf(w, "      want  %s\n", decided(r.Want.Effect, r.Want.By, r.Want.Obligations))
	fmt.Fprintf(w, "      got   %s\n", decided(r.Got.Effect, r.Got.By, r.Got.Obligations))
	fmt.Fprintf(w, "      say   %s\n", safe(r.Got.Say))
	for _, t := range r.Traces {
		fmt.Fprintf(w, "      %s %s: %s\n", t.Effect, t.Rule, strings.Join(t.Actions, ", "))
		if len(t.Conditions) == 0 {
			fmt.Fprintln(w, "        no conditions")
		}
		for _, c := range t.Conditions {
			fmt.Fprintf(w, "        %s  %s %s: %s\n", c.Value, c.Under, c.Name, c.Expr)
		}
	}
}

// decided is a decision in one line: deny by x.stale [stale].
func decided(e rules.Effect, by []rules.By, obligations []rules.Obligation) string {
	s := string(e)
	for i, b := range by {
		if i == 0 {
			s += " by "
		} else {
			s += "; "
		}
		s += b.Rule
		if len(b.Conditions) > 0 {
			s += " [" + strings.Join(b.Conditions, ", ") + "]"
		}
	}
	if obligations != nil {
		s += fmt.Sprintf("; obligations %v", obligations)
	}
	return s
}
