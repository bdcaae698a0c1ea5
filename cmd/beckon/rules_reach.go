package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// mostStates bounds the states of one exploration: about a minute.
const mostStates = 500_000

// reached is what exploring one part of the events found.
type reached struct {
	gate.Reach
	Millis int64 `json:"ms"`
	// Held are broken claims whose test holds all the same: the rules let it
	// happen, and the host has a wall of its own.
	Held []string `json:"held,omitempty"`
}

// reach plays every sequence of events toward a bot in good order, on a
// self-serve tier, with the rules; nil stands for the platform pack alone.
func reach(ctx context.Context, sys system, set *rules.Set) ([]reached, error) {
	if set == nil {
		var err error
		if set, _, err = rules.Platform(); err != nil {
			return nil, err
		}
	}
	parts := gate.Parts()
	out, errs := make([]reached, len(parts)), make([]error, len(parts))
	var all sync.WaitGroup
	for i, part := range parts {
		all.Go(func() { out[i], errs[i] = explorePart(ctx, sys, set, part) })
	}
	all.Wait()
	return out, errors.Join(errs...)
}

// explorePart plays every sequence of one part's steps.
func explorePart(ctx context.Context, sys system, set *rules.Set, part gate.Part) (reached, error) {
	bot := gate.Bot{
		Name: "bot", UserID: "1", Username: "bot", Operator: "operator", Tier: "self_serve",
		PrivacyURL: "https://bot.example/privacy", OptOutHint: "Say STOP and we stop.",
		OptOutConfirmation: "You will hear no more from us.", Disclosure: "We earn by this link.",
		LabelOn: true, BioDiscloses: true, OperatorLinked: true, Rules: set,
	}
	start := sys.now()
	r, err := gate.Explore(bot, 0, mostStates, part)
	if err != nil {
		return reached{}, err
	}
	took := sys.now().Sub(start).Milliseconds()
	held, err := heldAnyway(ctx, sys, set, r)
	return reached{r, took, held}, err
}

// heldAnyway plays the counterexamples as the tests that they are, and returns
// the claims of those that hold.
func heldAnyway(ctx context.Context, sys system, set *rules.Set, r gate.Reach) (held []string, err error) {
	for _, c := range r.Claims {
		if c.Timeline == "" {
			continue
		}
		files, err := rules.LoadTests(set, []rules.Source{{Name: c.ID + "_test.yaml", Data: []byte(c.Timeline)}})
		if err != nil {
			return nil, fmt.Errorf("the counterexample of %s: %w", c.ID, err)
		}
		host, err := newRulesHost(ctx, sys)
		if err != nil {
			return nil, err
		}
		if rules.RunTests(set, files, host).OK() {
			held = append(held, c.ID)
		}
		if err := host.Close(); err != nil {
			return nil, err
		}
	}
	return held, nil
}

func (r reached) broken() (n int) {
	for _, c := range r.Claims {
		if c.Timeline != "" {
			n++
		}
	}
	return n
}

func (r reached) write(w io.Writer) {
	for _, c := range r.Claims {
		if c.Timeline != "" {
			how := "a test that fails until it is mended; save it as " + c.ID + "_test.yaml:"
			if slices.Contains(r.Held, c.ID) {
				how = "the rules let it happen; on the host a wall behind them stops it, so this test holds:"
			}
			fmt.Fprintf(w, "BROKEN    %s: %s\n          %s\n\n%s\n", c.ID, c.Never, how, c.Timeline)
		}
	}
	var parts []string
	for _, p := range r.Parts {
		parts = append(parts, string(p))
	}
	what, kept := "every sequence of", "kept"
	if !r.Exhaustive {
		what, kept = "not exhaustive, sequences of", "not broken so far"
	}
	fmt.Fprintf(w, "%s ordinary steps and %s: %d states, %d transitions, at most %s apart; %d of %s %s; %s\n", what, strings.Join(parts, ", "),
		r.States, r.Transitions, plural(r.Depth, "step"), len(r.Claims)-r.broken(), plural(len(r.Claims), "promise"), kept, time.Duration(r.Millis)*time.Millisecond)
}
