package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// sourcesOf makes rule files of names and contents, by name.
func sourcesOf(files map[string]string) (out []rules.Source) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		out = append(out, rules.Source{Name: name, Data: []byte(files[name])})
	}
	return out
}

// explain decides a record again and says where the two are not the same.
func explain(r gate.Record, set *rules.Set) explained {
	e := explained{Record: r, Set: set.Hash()}
	note := func(format string, args ...any) { e.Notes = append(e.Notes, fmt.Sprintf(format, args...)) }
	if r.Input == nil {
		note("No rule was asked: there was no draft, or the host had no rules.")
		return e
	}
	x := set.Explain(rules.Query{Input: r.Input.Values, Features: r.Input.Features, Lifted: r.Input.Lifted, Unknown: r.Input.Unknown})
	e.Explanation = &x
	if r.Input.Tree != rules.InputHash() {
		note("The input was recorded by another version of Beckon, whose fields may mean something else.")
	}
	if r.Rules != nil && r.Rules.Set != set.Hash() {
		platform, account := set.Packs()
		note("These are not the rules that decided. The record was decided by %s, %s (%s); this explains it with %s, %s (%s).",
			r.Rules.Platform, r.Rules.Account, r.Rules.Set, platform, account, set.Hash())
	}
	if r.Decision != x.Effect || !slices.EqualFunc(r.By, x.By, func(a, b rules.By) bool {
		return a.Rule == b.Rule && slices.Equal(a.Conditions, b.Conditions)
	}) {
		note("The record says %s; the rules alone decide %s.", decided(r.Decision, r.By, nil), decided(x.Effect, x.By, nil))
	}
	return e
}

// flipsShown is how many changes the text names.
const flipsShown = 5

func (e explained) write(w io.Writer) {
	r := e.Record
	what := "event " + r.Event
	if r.User != "" {
		what += ", user " + r.User
	}
	if r.Action != nil {
		what += fmt.Sprintf(", %s (%s, %s)", r.Action.Kind, r.Action.Purpose, r.Action.Stage)
	}
	fmt.Fprintf(w, "%s, decided %s\n%s\n%s\n", safe(what), r.At.UTC().Format("2006-01-02 15:04:05"), decided(r.Decision, r.By, r.Obligations), safe(r.Say))
	for _, n := range e.Notes {
		fmt.Fprintf(w, "NOTE  %s\n", safe(n))
	}
	if e.Explanation == nil {
		return
	}
	e.writeFlips(w)
	fmt.Fprintln(w)
	// What fired comes first: it made the decision.
	for _, fired := range []bool{true, false} {
		for _, u := range e.Rules {
			if u.Fires == fired {
				writeRule(w, u)
			}
		}
	}
}

func writeRule(w io.Writer, u rules.ExplainedRule) {
	word := "-    "
	switch {
	case u.Shadow && u.Fires:
		word = "trial"
	case u.Lifted:
		word = "lifted"
	case u.Fires:
		word = "FIRES"
	}
	fmt.Fprintf(w, "%-6s %s %s: %s\n", word, u.Effect, u.Rule, safe(u.Because))
	for _, c := range u.Conditions {
		writePart(w, c.Part, "       ", c.Under+" "+c.Name+": ")
	}
}

// writePart shows an expression, what it read, and below it its parts.
func writePart(w io.Writer, p rules.Part, indent, label string) {
	reads := ""
	if p.Reads != "" && !strings.HasPrefix(p.Reads, p.Expr+" is ") {
		reads = "    (" + safe(p.Reads) + ")"
	}
	fmt.Fprintf(w, "%s%s  %s%s%s\n", indent, p.Value, label, safe(p.Expr), reads)
	for _, k := range p.Parts {
		writePart(w, k, indent+"     ", "")
	}
}

func (e explained) writeFlips(w io.Writer) {
	toward := "make it milder"
	if e.Effect == rules.Allow {
		toward = "stop it"
	}
	switch {
	case len(e.Outright) > 0:
		fmt.Fprintf(w, "\nno change of a field would %s: %s asks only what is to be done, and why\n", toward, strings.Join(e.Outright, ", "))
		return
	case len(e.Flips) == 0:
		fmt.Fprintf(w, "\nno change of one or two fields would %s (%d tried)\n", toward, e.Tried)
		return
	}
	fmt.Fprintf(w, "\nthe nearest changes that would %s (%d tried):\n", toward, e.Tried)
	for i, f := range e.Flips {
		if i == flipsShown {
			fmt.Fprintf(w, "  ... and %d more: --format json\n", len(e.Flips)-i)
			break
		}
		parts := make([]string, len(f.Changes))
		for i, c := range f.Changes {
			parts[i] = fmt.Sprintf("%s: %s instead of %s", c.Field, c.To, c.From)
		}
		fmt.Fprintf(w, "  %s → %s\n", safe(strings.Join(parts, ", and ")), decided(f.Becomes, f.By, nil))
	}
}
