package rules

import (
	"slices"

	"github.com/expr-lang/expr/vm"
)

// shadow tries each shadow rule on what the others found, one at a time, and
// returns those that would have changed the effect or the obligations. It
// leaves d alone, and a fault in it is no fault of the decision (R12).
func (s *Set) shadow(q *Query, f finding, d *Decision, e boxed[env]) (out []Shadow) {
	defer func() {
		if recover() != nil {
			out = nil
		}
	}()
	m := s.machines.Get().(*vm.VM)
	for _, u := range s.shadows[q.Input.Action.Kind] {
		if !u.fires(u.outcome(m, e)) {
			continue
		}
		with := f.clipped()
		with.add(u, q.Lifted)
		effect, duties := with.effect(s.layers)
		if effect != d.Effect || !slices.Equal(duties, d.Obligations) {
			out = append(out, Shadow{By{u.ID, u.whens}, effect, duties})
		}
	}
	s.machines.Put(m)
	return out
}

// clipped is a finding to which adding leaves f as it is.
func (f finding) clipped() finding {
	return finding{slices.Clip(f.permits), slices.Clip(f.forbids), slices.Clip(f.holds), slices.Clip(f.requires)}
}
