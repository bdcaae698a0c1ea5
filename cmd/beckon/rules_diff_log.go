package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/replay"
)

// logDiff is how two sets decide a log.
type logDiff struct {
	Decisions int            `json:"decisions"` // compared
	Counts    map[string]int `json:"counts"`    // of "deny → allow" and its like; none stands for no draft
	Examples  []logExample   `json:"examples"`  // at most three of each
	Contacted []string       `json:"contacted"` // user ids: would get something, and got nothing before
	Spared    []string       `json:"spared"`    // user ids: would get nothing any more
}

// logExample is one decision that differs, with both reasons.
type logExample struct {
	Event string      `json:"event"`
	User  string      `json:"user,omitempty"`
	Kind  string      `json:"kind"`
	From  logDecision `json:"from"`
	To    logDecision `json:"to"`
}

type logDecision struct {
	Effect      rules.Effect       `json:"decision"`
	By          []rules.By         `json:"by,omitempty"`
	Say         string             `json:"say"`
	Obligations []rules.Obligation `json:"obligations,omitempty"`
}

// examplesShown is how many decisions of a kind of difference are shown.
const examplesShown = 3

// answer is what was decided about one draft in the end: when it was made, or
// by the sender's second look.
type answer struct {
	key   string // event, kind and purpose
	event string
	user  string
	kind  string
	logDecision
}

// diffLog replays the log with both sets.
func diffLog(ctx context.Context, sys system, o diffOptions, before, after *rules.Set) (recorded, replayed *logDiff, err error) {
	var was, again, is answers
	texts := map[string][]string{} // the new rules' features that are true of an event, by its id
	err = o.replay(ctx, sys, before, func(s replay.Step) {
		if s.Event.ID != "" {
			texts[s.Event.ID] = after.Features(s.Event.Text)
		}
		for _, r := range s.Records {
			was.add(r, r.Decision, r.By, r.Say, r.Obligations)
			d := redecide(r, before, after, texts)
			again.add(r, d.Effect, d.By, d.Say, d.Obligations)
		}
	})
	if err != nil {
		return nil, nil, err
	}
	err = o.replay(ctx, sys, after, func(s replay.Step) {
		for _, r := range s.Records {
			is.add(r, r.Decision, r.By, r.Say, r.Obligations)
		}
	})
	if err != nil {
		return nil, nil, err
	}
	return compare(was, again), compare(was, is), nil
}

// replay plays the log with one set of rules.
func (o diffOptions) replay(ctx context.Context, sys system, set *rules.Set, emit func(replay.Step)) error {
	return playLogs(ctx, sys, replayOptions{logs: []string{o.log}, config: o.config, format: "text",
		bots: func(b bots) error {
			if o.unpaid {
				clear(b.money.Budgets)
			}
			found := false
			for i := range b.gate {
				if o.bot == "" || b.gate[i].Name == o.bot {
					b.gate[i].Rules, found = set, true
				}
			}
			if !found {
				return exitError{exitUsage, fmt.Errorf("the configuration has no bot %q", o.bot)}
			}
			return nil
		},
		emit: func(_ bots, s replay.Step) error { emit(s); return nil },
	})
}

// redecide asks the new rules about what a record met. What a wall behind the
// rules denied, it would deny again.
func redecide(r gate.Record, before, after *rules.Set, features map[string][]string) rules.Decision {
	kept := rules.Decision{Effect: r.Decision, By: r.By, Say: r.Say, Obligations: r.Obligations}
	if r.Input == nil || r.Rules == nil || r.Rules.Set != before.Hash() {
		return kept
	}
	q := rules.Query{Input: r.Input.Values, Features: r.Input.Features, Lifted: r.Input.Lifted, Unknown: r.Input.Unknown}
	if was := before.Decide(q); was.Effect != r.Decision {
		return kept
	}
	if fs, ok := features[r.Event]; ok {
		q.Features, q.Unknown = fs, nil
	}
	d := after.Decide(q)
	if d.Effect != rules.Deny { // as the gate: what the draft carries stays due
		d.Obligations = slices.Concat(d.Obligations, r.Input.Applied)
		slices.Sort(d.Obligations)
		d.Obligations = slices.Compact(d.Obligations)
	}
	return d
}

// answers are the drafts of a replay, in order.
type answers struct {
	order []string
	byKey map[string]answer
}

func (as *answers) add(r gate.Record, e rules.Effect, by []rules.By, say string, duties []rules.Obligation) {
	if r.Action == nil {
		return
	}
	if as.byKey == nil {
		as.byKey = map[string]answer{}
	}
	a := answer{
		key:   strings.Join([]string{r.Bot, r.Event, string(r.Action.Kind), string(r.Action.Purpose)}, "\x00"),
		event: r.Event, user: r.User, kind: string(r.Action.Kind), logDecision: logDecision{e, by, say, duties},
	}
	if _, ok := as.byKey[a.key]; !ok {
		as.order = append(as.order, a.key)
	}
	as.byKey[a.key] = a
}

// contacted are the users to whom something goes out.
func (as answers) contacted() map[string]bool {
	out := map[string]bool{}
	for _, a := range as.byKey {
		if a.Effect == rules.Allow && a.user != "" {
			out[a.user] = true
		}
	}
	return out
}

// compare pairs the drafts of two replays. One that only one of them has was
// no draft in the other.
func compare(was, is answers) *logDiff {
	d := &logDiff{Counts: map[string]int{}, Examples: []logExample{}}
	keys := slices.Clone(was.order)
	for _, k := range is.order {
		if _, ok := was.byKey[k]; !ok {
			keys = append(keys, k)
		}
	}
	for _, k := range keys {
		d.Decisions++
		from, to := was.byKey[k], is.byKey[k]
		if from.key == "" {
			from = to
			from.logDecision = logDecision{Effect: rules.None, Say: "There was no draft."}
		}
		if to.key == "" {
			to = from
			to.logDecision = logDecision{Effect: rules.None, Say: "There was no draft."}
		}
		if from.Effect == to.Effect && slices.Equal(from.Obligations, to.Obligations) {
			continue
		}
		way := transition(from.logDecision, to.logDecision)
		if d.Counts[way]++; d.Counts[way] <= examplesShown {
			d.Examples = append(d.Examples, logExample{from.event, from.user, from.kind, from.logDecision, to.logDecision})
		}
	}
	before, after := was.contacted(), is.contacted()
	d.Contacted, d.Spared = missing(after, before), missing(before, after)
	return d
}

func missing(of, in map[string]bool) []string {
	out := []string{}
	for _, u := range slices.Sorted(maps.Keys(of)) {
		if !in[u] {
			out = append(out, u)
		}
	}
	return out
}

// transition names a difference; where the decision stays, its obligations
// differ.
func transition(from, to logDecision) string {
	if from.Effect != to.Effect {
		return fmt.Sprintf("%s → %s", from.Effect, to.Effect)
	}
	if len(missingDuties(from, to)) > 0 {
		return fmt.Sprintf("%s, less done to the draft", from.Effect)
	}
	return fmt.Sprintf("%s, more done to the draft", from.Effect)
}

func missingDuties(from, to logDecision) (out []rules.Obligation) {
	for _, o := range from.Obligations {
		if !slices.Contains(to.Obligations, o) {
			out = append(out, o)
		}
	}
	return out
}

// loosened reports whether something may leave that did not, or with less done.
func (d *logDiff) loosened() bool {
	if d == nil {
		return false
	}
	strictness := []string{"allow", "hold", "deny", "none"}
	for way := range d.Counts {
		from, to, ok := strings.Cut(way, " → ")
		if !ok && strings.Contains(way, "less done") || ok && slices.Index(strictness, to) < slices.Index(strictness, from) && to != "deny" {
			return true
		}
	}
	return false
}

func (d *logDiff) write(w io.Writer, title string) {
	if d == nil {
		return
	}
	total := 0
	for _, n := range d.Counts {
		total += n
	}
	fmt.Fprintf(w, "\n%s: %s, %d decided differently\n", title, plural(d.Decisions, "draft"), total)
	for _, way := range slices.Sorted(maps.Keys(d.Counts)) {
		fmt.Fprintf(w, "  %s: %d\n", way, d.Counts[way])
		for _, e := range d.Examples {
			if transition(e.From, e.To) != way {
				continue
			}
			fmt.Fprintf(w, "    %s, event %s, user %s\n      old  %s: %s\n      new  %s: %s\n", e.Kind, safe(e.Event), safe(e.User),
				decided(e.From.Effect, e.From.By, e.From.Obligations), safe(e.From.Say),
				decided(e.To.Effect, e.To.By, e.To.Obligations), safe(e.To.Say))
		}
	}
	for _, who := range []struct {
		words string
		ids   []string
	}{{"would be contacted, and was not", d.Contacted}, {"would not be contacted any more", d.Spared}} {
		if len(who.ids) > 0 {
			fmt.Fprintf(w, "  %s: %s: %s\n", who.words, plural(len(who.ids), "user"), safe(strings.Join(who.ids, ", ")))
		}
	}
}
