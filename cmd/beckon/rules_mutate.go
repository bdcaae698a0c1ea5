package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/beckon-bot/beckon/rules"
)

// mutateRules changes rules, one token at a time, and reports which changes no
// test notices: exit 4 where there is one.
func mutateRules(ctx context.Context, sys system, args []string) error {
	t, budget, err := proverTool(ctx, sys, args, func(*flag.FlagSet) {})
	if err != nil {
		return err
	}
	start := sys.now()
	var ms []rules.Mutation
	if t.set == nil {
		ms, err = rules.MutatePlatform(budget)
	} else {
		var files []rules.TestFile
		if files, err = t.played(); err != nil {
			return err
		}
		ms, err = rules.Mutate(t.set, files, budget)
	}
	if err != nil {
		return exitError{exitExpect, err}
	}
	took := sys.now().Sub(start).Round(time.Millisecond)
	killed, survived := rules.Score(ms, rules.Killed), rules.Score(ms, rules.Survived)
	equivalent, undecided := rules.Score(ms, rules.Equivalent), rules.Score(ms, rules.Undecided)
	score := "no change to notice"
	if n := len(ms) - equivalent; n > 0 {
		score = fmt.Sprintf("%d%% killed", killed*100/n)
	}
	err = t.show(struct {
		OK         bool             `json:"ok"`
		Killed     int              `json:"killed"`
		Survived   int              `json:"survived"`
		Equivalent int              `json:"equivalent"`
		Undecided  int              `json:"undecided"`
		Millis     int64            `json:"ms"`
		Mutations  []rules.Mutation `json:"mutations"`
	}{survived+undecided == 0, killed, survived, equivalent, undecided, took.Milliseconds(), ms}, func() {
		for _, m := range ms {
			writeMutation(t.w, m)
		}
		fmt.Fprintf(t.w, "%s: %d killed, %d survived, %d undecided of %s; %d more decide the same in every state; %s\n",
			score, killed, survived, undecided, plural(len(ms)-equivalent, "change"), equivalent, took)
	})
	switch {
	case err != nil:
		return err
	case survived > 0:
		return exitError{exitExpect, fmt.Errorf("%s that no test notices", plural(survived, "change"))}
	case undecided > 0:
		return exitError{exitFailure, fmt.Errorf("%s not decided: the budget of %d parts ended before the states did", plural(undecided, "change"), budget)}
	}
	return nil
}

// writeMutation shows a change that no test noticed, with the test that would.
func writeMutation(w io.Writer, m rules.Mutation) {
	switch m.Status {
	case rules.Survived:
		fmt.Fprintf(w, "SURVIVED  %s\n          %s\n", m.Rule, safe(m.Change))
		fmt.Fprintf(w, "          this decides %s before and %s after; add it to a table without a base:\n          %s\n",
			m.Example.Effect, m.Becomes, safe(m.Example.Case))
	case rules.Undecided:
		fmt.Fprintf(w, "undecided %s\n          %s\n", m.Rule, safe(m.Change))
	}
}
