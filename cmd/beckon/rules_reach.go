package main

import (
	"fmt"
	"io"
	"strings"
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
}

// reach plays every sequence of events toward a bot in good order, on a
// self-serve tier, with the rules; nil stands for the platform pack alone.
func reach(sys system, set *rules.Set) ([]reached, error) {
	if set == nil {
		var err error
		if set, _, err = rules.Platform(); err != nil {
			return nil, err
		}
	}
	bot := gate.Bot{
		Name: "bot", UserID: "1", Username: "bot", Operator: "operator", Tier: "self_serve",
		PrivacyURL: "https://bot.example/privacy", OptOutHint: "Say STOP and we stop.",
		OptOutConfirmation: "You will hear no more from us.", Disclosure: "We earn by this link.",
		LabelOn: true, BioDiscloses: true, OperatorLinked: true, Rules: set,
	}
	var out []reached
	for _, part := range gate.Parts() {
		start := sys.now()
		r, err := gate.Explore(bot, 0, mostStates, part)
		if err != nil {
			return nil, err
		}
		out = append(out, reached{r, sys.now().Sub(start).Milliseconds()})
	}
	return out, nil
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
			fmt.Fprintf(w, "BROKEN    %s: %s\n          %s\n", c.ID, c.Never, strings.ReplaceAll(strings.TrimSpace(c.Timeline), "\n", "\n          "))
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
