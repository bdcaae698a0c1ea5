package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Example is one concrete state, and what is decided in it.
type Example struct {
	Values   []Value      `json:"input"` // every field, in the order of the tree
	Features []string     `json:"features,omitempty"`
	Lifted   []string     `json:"lifted,omitempty"` // holds that an approval lifts
	Effect   Effect       `json:"decision"`
	By       []By         `json:"by,omitempty"`
	Duties   []Obligation `json:"obligations,omitempty"`
	// Case is an entry for the table of a test file without a base. It says
	// what should be decided.
	Case string `json:"case"`

	query Query
}

// Value is one field of an input, as a test file writes it.
type Value struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

func newExample(q Query, d Decision) *Example {
	e := &Example{Features: q.Features, Lifted: q.Lifted, Effect: d.Effect, By: d.By, Duties: d.Obligations, query: q}
	for _, f := range fields {
		e.Values = append(e.Values, Value{f.name, f.written(f.get(&q.Input))})
	}
	return e
}

// testCase writes a query as an entry of a test file's table: what is not in
// set is as in any case. obligations is nil where the case should not say.
func testCase(q Query, name string, expect Effect, obligations []Obligation) string {
	set := settings{"action.kind": q.Input.Action.Kind}
	parts := []string{"action.kind: " + q.Input.Action.Kind}
	// Twice: what a case leaves out may follow from what it says.
	for range 2 {
		for _, f := range fields {
			plain := set.input(time.Time{}, len(q.Lifted) > 0)
			if _, said := set[f.name]; said || f.get(&plain) == f.get(&q.Input) {
				continue
			}
			set[f.name] = f.native(&q.Input)
			parts = append(parts, f.name+": "+f.written(f.get(&q.Input)))
		}
	}
	out := fmt.Sprintf("- {name: %q, set: {%s}", name, strings.Join(parts, ", "))
	for _, list := range []struct {
		key    string
		values []string
	}{{"features", q.Features}, {"lifted", q.Lifted}} {
		if len(list.values) > 0 {
			out += fmt.Sprintf(", %s: [%s]", list.key, strings.Join(list.values, ", "))
		}
	}
	out += ", expect: " + string(expect)
	if obligations != nil {
		words := make([]string, len(obligations))
		for i, o := range obligations {
			words[i] = string(o)
		}
		slices.Sort(words)
		out += ", obligations: [" + strings.Join(words, ", ") + "]"
	}
	return out + "}"
}
