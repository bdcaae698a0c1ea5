package rules

import (
	"fmt"
	"slices"
)

// trial is the tests that a mutant must pass unnoticed.
type trial struct {
	set        *Set
	budget     int
	cases      []TestCase // that hold
	invariants []Invariant
}

// prepare keeps the cases that hold; one that fails is an error, one with a
// todo notices nothing.
func (t *trial) prepare(files []TestFile) error {
	for _, f := range files {
		for _, c := range f.Cases {
			if c.Todo != "" {
				continue
			}
			if res := c.run(t.set); res.Status != Passed {
				return fmt.Errorf("%s:%d: %s fails without any change: mutate needs tests that hold", f.Name, c.Line, c.Name)
			}
			t.cases = append(t.cases, c)
		}
		t.invariants = append(t.invariants, f.Invariants...)
	}
	return nil
}

func (t *trial) run(m mutant) (Mutation, error) {
	out := Mutation{Rule: m.rule.ID, Change: m.change}
	set, err := t.set.mutated(m)
	if err != nil {
		return out, err
	}
	for _, c := range t.cases {
		if slices.Contains(m.rule.Actions, c.Input.Action.Kind) && c.run(set).Status != Passed {
			out.Status, out.By = Killed, c.Name
			return out, nil
		}
	}
	// What decides alike keeps the invariants too.
	if err := t.tell(m, set, &out); err != nil || out.Status == Equivalent {
		return out, err
	}
	proofs, err := Verify(set, t.invariants, t.budget)
	if err != nil {
		return out, err
	}
	for _, p := range proofs {
		if p.Status == Violated {
			return Mutation{Rule: out.Rule, Change: out.Change, Status: Killed, By: p.ID}, nil
		}
	}
	return out, nil
}

// tell finds a state that the mutant decides differently: another effect, or
// other obligations.
func (t *trial) tell(m mutant, after *Set, out *Mutation) error {
	out.Status = Equivalent
	for _, kind := range m.rule.Actions {
		q, exhaustive := t.difference(m, kind, after)
		if q == nil {
			if !exhaustive {
				out.Status = Undecided
			}
			continue
		}
		was, is := t.set.Decide(*q), after.Decide(*q)
		if was.Effect == is.Effect && slices.Equal(was.Obligations, is.Obligations) {
			return fmt.Errorf("internal error: the search tells %s, %s apart where the engine does not", m.rule.ID, m.change)
		}
		out.Status, out.Example, out.Becomes = Survived, newExample(*q, was), is.Effect
		var duties []Obligation
		if was.Effect == is.Effect {
			duties = append([]Obligation{}, was.Obligations...)
		}
		out.Example.Case = testCase(*q, m.rule.ID+": "+m.change, was.Effect, duties)
		return nil
	}
	return nil
}

// difference searches the decisions about one kind of action.
func (t *trial) difference(m mutant, kind string, mutated *Set) (_ *Query, exhaustive bool) {
	was, is := t.set.byKind[kind], mutated.byKind[kind]
	lifted := liftings(was)
	normal := ordinary(kind)
	s := newSpace(append(terms(was, lifted), terms(is, lifted)...), valuesOf(normal))
	s.fix(fieldByName["action.kind"], constant{s: kind})
	before, after := newCourt(s, kind, was, t.set.layers, lifted), newCourt(s, kind, is, t.set.layers, lifted)
	apart := some()
	effects := []Effect{Allow, Hold, Deny}
	for _, x := range effects {
		for _, y := range effects {
			if x != y {
				apart.kids = append(apart.kids, every(before.decides(x), after.decides(y)))
			}
		}
	}
	for _, o := range m.rule.Obligations {
		apart.kids = append(apart.kids, every(before.denies.not(), after.denies.not(),
			differ(before.obliged(Obligation(o)), after.obliged(Obligation(o)))))
	}
	goal := every(apart)
	if c := m.changed; c == nil || !slices.Contains(c.Actions, kind) {
		goal.kids = append(goal.kids, s.fires(m.rule))
	} else if c.Effect == m.rule.Effect && slices.Equal(c.Obligations, m.rule.Obligations) {
		goal.kids = append(goal.kids, differ(s.fires(m.rule), s.fires(c)))
	}
	state, f := s.find(goal, t.budget)
	if state == nil {
		return nil, f.exhaustive()
	}
	q := before.query(state, normal, t.set.featureNames(), lifted)
	return &q, true
}
