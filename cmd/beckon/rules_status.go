package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"

	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/rollout"
)

// statusRules shows which rules a running host has in force.
func statusRules(ctx context.Context, sys system, args []string) error {
	f, rest, err := readFlags(sys, flag.NewFlagSet("rules status", flag.ContinueOnError), args[1:], false)
	if err != nil {
		return err
	}
	if err := noArgs(rest); err != nil {
		return err
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var now admin.Rules
		raw, err := o.call(ctx, http.MethodGet, "/v1/rules", nil, &now)
		if err != nil {
			return err
		}
		return o.show(sys.stdout, raw, func(w io.Writer) { o.writeRules(w, now) })
	})
}

// reloadRules makes a running host load the rules of a bot, or of all, now.
func reloadRules(ctx context.Context, sys system, args []string) error {
	f, rest, err := readFlags(sys, flag.NewFlagSet("rules reload", flag.ContinueOnError), args[1:], true)
	if err != nil {
		return err
	}
	in := admin.Reload{By: f.by}
	if len(rest) > 0 {
		if in.Bot, err = oneArg(rest, "one bot, or none for all"); err != nil {
			return err
		}
	}
	return operate(ctx, sys, f, false, func(o *operator) error {
		var now admin.Rules
		raw, err := o.call(ctx, http.MethodPost, "/v1/rules/reload", in, &now)
		if err != nil {
			return err
		}
		return errors.Join(o.show(sys.stdout, raw, func(w io.Writer) { o.writeRules(w, now) }), reloaded(now))
	})
}

// reloaded is the error of a reload in which a directory failed: exit 3 where it
// does not load, 4 where its tests fail.
func reloaded(now admin.Rules) error {
	code, failed := exitOK, 0
	for _, s := range now.Rules {
		all := []rollout.InForce{s.Rules}
		if s.Candidate != nil {
			all = append(all, s.Candidate.InForce)
		}
		for _, f := range all {
			if f.Outcome != rollout.Failed || f.Failure == nil {
				continue
			}
			failed++
			switch f.Failure.Step {
			case rollout.StepRead, rollout.StepLoad:
				code = exitRules
			case rollout.StepTests, rollout.StepInvariants:
				if code != exitRules {
					code = exitExpect
				}
			default:
				if code == exitOK {
					code = exitFailure
				}
			}
		}
	}
	if failed == 0 {
		return nil
	}
	return exitError{code, fmt.Errorf("%d of the directories refused; what was in force before stays", failed)}
}

func (o *operator) writeRules(w io.Writer, now admin.Rules) {
	for i, s := range now.Rules {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s: ", s.Bot)
		o.writeInForce(w, s.Rules)
		if c := s.Candidate; c != nil {
			fmt.Fprint(w, "  candidate, which decides nothing: ")
			o.writeInForce(w, c.InForce)
			if c.Set != "" {
				fmt.Fprintf(w, "  decided   %d the same, %d looser, %d tighter, %d with other obligations\n", c.Tally.Same, c.Tally.Looser, c.Tally.Tighter, c.Tally.Duties)
			}
		}
	}
}

func (o *operator) writeInForce(w io.Writer, f rollout.InForce) {
	if f.Set == "" {
		fmt.Fprintln(w, "none")
	} else {
		fmt.Fprintf(w, "%s, %s\n  set       %s\n", safe(f.Account), safe(f.Platform), f.Set)
		fmt.Fprintf(w, "  since     %s (%s), %s held\n", o.ago(f.Since), safe(f.Why), plural(f.Tests, "test"))
	}
	fmt.Fprintf(w, "  directory %s", safe(f.Dir))
	if f.Outcome != "" {
		fmt.Fprintf(w, ": %s", f.Outcome)
	}
	fmt.Fprintln(w)
	if f.Failure == nil {
		return
	}
	kept := "the rules above are still in force"
	if f.Set == "" {
		kept = "no decision depends on it"
	}
	o.writeFailure(w, *f.Failure, kept)
}
