package rules

import (
	"slices"

	"github.com/expr-lang/expr/vm"
)

// TestStatus is how a case came out.
type TestStatus string

const (
	Passed TestStatus = "pass"
	Failed TestStatus = "fail"
	Todo   TestStatus = "todo" // failed, as its todo says it would
)

// Report is how all cases came out.
type Report struct {
	Results []TestResult
	// Files are the files that were run, the decisions of their timelines as
	// cases: what Cover and Mutate count.
	Files []TestFile
}

// TestResult is how one case came out.
type TestResult struct {
	Name    string     `json:"name"`
	Kind    string     `json:"kind,omitempty"` // timeline, replay; "" for a case
	File    string     `json:"file"`
	Line    int        `json:"line"` // from 1
	Status  TestStatus `json:"status"`
	Todo    string     `json:"todo,omitempty"`
	Differs []string   `json:"differs,omitempty"` // of decision, by, obligations; or todo, where the case holds
	Want    Wanted     `json:"want"`
	Got     Decision   `json:"got"`
	Say     string     `json:"say,omitempty"` // why a timeline or replay could not be played
	// Differences are what a replay decided otherwise than recorded.
	Differences []string `json:"differences,omitempty"`
	// Traces are the deciding rules and those that should have been; only where
	// the case did not pass.
	Traces []Trace `json:"traces,omitempty"`
}

// Wanted is what a case expects.
type Wanted struct {
	Effect      Effect       `json:"effect"`
	By          []By         `json:"by,omitempty"`
	Obligations []Obligation `json:"obligations,omitzero"` // empty where there must be none
}

// Trace is one rule with the value of each of its conditions.
type Trace struct {
	Rule       string           `json:"rule"`
	Effect     string           `json:"effect"` // permit, forbid, hold, require
	Actions    []string         `json:"actions"`
	Conditions []TraceCondition `json:"conditions,omitempty"`
}

// TraceCondition is how one condition came out.
type TraceCondition struct {
	Name  string `json:"name"`
	Under string `json:"under"` // when or unless
	Expr  string `json:"expr"`  // in canonical form
	Value Truth  `json:"value"`
}

// RunTests decides every case of the files with the set, and lets the host play
// their timelines and replays. Without a host those fail.
func RunTests(set *Set, files []TestFile, host Host) Report {
	r := Report{Results: []TestResult{}}
	for _, f := range files {
		for _, c := range f.Cases {
			res := c.run(set)
			res.File = f.Name
			r.Results = append(r.Results, res)
		}
		f.Cases = slices.Clone(f.Cases)
		for _, t := range f.Timelines {
			res, cases := t.run(set, host)
			r.Results = append(r.Results, res)
			f.Cases = append(f.Cases, cases...)
		}
		for _, p := range f.Replays {
			r.Results = append(r.Results, p.run(set, host))
		}
		r.Files = append(r.Files, f)
	}
	return r
}

// OK reports whether nothing failed, of at least one test.
func (r Report) OK() bool { return len(r.Results) > 0 && r.Count(Failed) == 0 }

// Count returns how many cases came out as s.
func (r Report) Count(s TestStatus) int {
	n := 0
	for _, res := range r.Results {
		if res.Status == s {
			n++
		}
	}
	return n
}

func (c TestCase) run(set *Set) TestResult {
	q := Query{Input: c.Input, Features: append(set.Features(c.Text), c.Features...), Lifted: c.Lifted}
	res := TestResult{Name: c.Name, Line: c.Line, Todo: c.Todo, Want: Wanted{c.Expect, c.By, c.Obligations}, Got: set.Decide(q)}
	res.Differs = c.differs(res.Got)
	switch held := len(res.Differs) == 0; {
	case held && c.Todo == "":
		res.Status = Passed
		return res
	case held:
		res.Status, res.Differs = Failed, []string{"todo"}
	case c.Todo != "":
		res.Status = Todo
	default:
		res.Status = Failed
	}
	res.Traces = set.traces(q, append(slices.Clone(res.Got.By), c.By...))
	return res
}

// differs names what is not as the case expects.
func (c TestCase) differs(got Decision) (out []string) {
	if got.Effect != c.Expect {
		out = append(out, "decision")
	}
	for _, want := range c.By {
		if !slices.ContainsFunc(got.By, want.within) {
			out = append(out, "by")
			break
		}
	}
	if c.Obligations != nil && !slices.Equal(got.Obligations, c.Obligations) {
		out = append(out, "obligations")
	}
	return out
}

// within reports whether got is the same rule with at least these conditions.
func (b By) within(got By) bool {
	return b.Rule == got.Rule && !slices.ContainsFunc(b.Conditions, func(name string) bool { return !slices.Contains(got.Conditions, name) })
}

// traces evaluates every condition of the named rules, each rule once.
func (s *Set) traces(q Query, by []By) (out []Trace) {
	if s == nil {
		return nil
	}
	e, m := s.box(&q), new(vm.VM)
	for _, b := range by {
		u := s.byID[b.Rule]
		if u == nil || slices.ContainsFunc(out, func(t Trace) bool { return t.Rule == u.ID }) {
			continue
		}
		t := Trace{Rule: u.ID, Effect: u.Effect, Actions: slices.Clone(u.Actions)}
		add := func(under string, cs []condition) {
			for _, c := range cs {
				t.Conditions = append(t.Conditions, TraceCondition{c.Name, under, c.Expr, c.holds(m, e)})
			}
		}
		add("when", u.When)
		add("unless", u.Unless)
		out = append(out, t)
	}
	return out
}
