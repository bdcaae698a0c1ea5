package rules

import (
	"slices"

	"github.com/expr-lang/expr/vm"
)

// Explanation is a decision with everything behind it.
type Explanation struct {
	Decision
	Rules []ExplainedRule `json:"rules"` // all about the kind of action, platform first, each layer by id
	// Flips are the smallest changes of the input that would turn the decision:
	// single fields, and pairs only where no single field does. Of a deny or a
	// hold, what would make it milder; of an allow, what would make it stricter.
	Flips []Flip `json:"flips"`
	Tried int    `json:"tried"` // changes that were looked at
	// Outright names the forbids that no change of the input can turn: they are
	// about the kind or the purpose of the action alone.
	Outright []string `json:"outright,omitempty"`
}

// ExplainedRule is a rule with all its conditions.
type ExplainedRule struct {
	Rule    string `json:"rule"`
	Layer   string `json:"layer"`  // platform or account
	Effect  string `json:"effect"` // permit, forbid, hold, require
	Because string `json:"because"`
	Fires   bool   `json:"fires"`
	Lifted  bool   `json:"lifted,omitempty"` // a hold that a person's approval lifts
	Shadow  bool   `json:"shadow,omitempty"` // on trial: it decides nothing
	// Conditions are those of when, then those of unless.
	Conditions []ExplainedCondition `json:"conditions,omitempty"`
}

// ExplainedCondition is how a condition came out, part by part.
type ExplainedCondition struct {
	Name  string `json:"name"`
	Under string `json:"under"` // when or unless
	Part
}

// Part is an expression with its value, and those of the parts that it is made of.
type Part struct {
	Expr  string `json:"expr"` // in canonical form
	Value Truth  `json:"value"`
	Reads string `json:"reads,omitempty"` // of a part without parts: the value of the field, as a test file writes it
	Parts []Part `json:"parts,omitempty"`
}

// Explain decides a query and shows why. It reads nothing but the query and
// the set. Of a query that no rule is asked about (no set, an input outside its
// domain) it returns the decision alone.
func (s *Set) Explain(q Query) Explanation {
	out := Explanation{Decision: s.Decide(q), Rules: []ExplainedRule{}, Flips: []Flip{}}
	if s == nil || len(s.layers) == 0 || q.Input.outside() != "" {
		return out
	}
	kind := q.Input.Action.Kind
	e, m, value := s.box(&q), new(vm.VM), s.values(&q)
	for i, us := range [][]*rule{s.byKind[kind], s.shadows[kind]} {
		for _, u := range us {
			r := ExplainedRule{Rule: u.ID, Layer: u.layer, Effect: u.Effect, Because: u.Because,
				Fires: u.fires(u.outcome(m, e)), Shadow: i > 0}
			r.Lifted = u.Effect == hold && r.Fires && slices.Contains(q.Lifted, u.ID)
			for under, cs := range [][]condition{u.When, u.Unless} {
				for _, c := range cs {
					p := c.term.explain(value)
					p.Value = c.holds(m, e) // what decided, should the two ever differ
					r.Conditions = append(r.Conditions, ExplainedCondition{c.Name, []string{"when", "unless"}[under], p})
				}
			}
			out.Rules = append(out.Rules, r)
		}
	}
	f := flipper{set: s, query: q, was: out.Effect}
	out.Flips, out.Tried = f.flips()
	for _, u := range s.byKind[kind] {
		if u.Effect == forbid && u.fires(u.outcome(m, e)) && u.outright() {
			out.Outright = append(out.Outright, u.ID)
		}
	}
	return out
}

// outright reports whether a rule asks only what is to be done and why, which
// stays the question whatever else changes.
func (u *rule) outright() bool {
	var read []reading
	for _, cs := range [][]condition{u.When, u.Unless} {
		for _, c := range cs {
			read = c.term.readings(read)
		}
	}
	return !slices.ContainsFunc(read, func(r reading) bool { return r.field == nil || !inQuestion(r.field.name) })
}

// inQuestion reports whether a field is part of the question.
func inQuestion(name string) bool { return name == "action.kind" || name == "action.purpose" }

// values reads a query as a term does.
func (s *Set) values(q *Query) func(variable) constant {
	input := valuesOf(q.Input)
	return func(v variable) constant {
		if v.field != nil {
			return input(v)
		}
		if slices.ContainsFunc(q.Features, func(name string) bool { slot, ok := s.slots[name]; return ok && slot == v.slot }) {
			return constant{n: 1}
		}
		return constant{}
	}
}

// explain evaluates the term and its parts.
func (t *term) explain(value func(variable) constant) Part {
	p := Part{Expr: t.String(), Value: False}
	if t.eval(value) {
		p.Value = True
	}
	for _, k := range t.kids {
		p.Parts = append(p.Parts, k.explain(value))
	}
	if t.field != nil {
		p.Reads = t.field.name + " is " + t.field.written(value(variable{t.field, t.slot}))
	}
	return p
}
