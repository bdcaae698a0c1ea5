package rules

import (
	"math/big"
	"slices"
)

// DefaultBudget is how many regions one search may look at. The platform pack
// needs some hundreds.
const DefaultBudget = 1_000_000

// search looks for a state of the space in which a formula holds. It splits
// the space along atoms until the formula is settled in every part; from a
// part without solution it goes back to the latest split that had a share in
// that, so that the number of splits follows the formula and not the size of
// the space.
type search struct {
	*space
	goal    *formula
	budget  int // regions left to look at
	steps   int // regions looked at
	covered *big.Int
	found   region
}

// find returns a state in which the goal holds, nil where there is none. It is
// exhaustive if it covered every state: then, and only then, nil is a proof.
func (s *space) find(goal *formula, budget int) (state []int, found *search) {
	f := &search{space: s, goal: goal, budget: budget, covered: new(big.Int)}
	f.part(s.whole())
	if f.found == nil {
		return nil, f
	}
	return f.plain(s.state(f.found)), f
}

// exhaustive reports whether no state was left out.
func (f *search) exhaustive() bool { return f.covered.Cmp(f.size()) == 0 }

// part searches one region. It returns the dimensions because of which there is
// no solution, nil where there is one or the budget is spent.
func (f *search) part(b region) (blame []bool) {
	if f.budget <= 0 {
		return nil
	}
	f.budget--
	f.steps++
	switch f.goal.in(b) {
	case always:
		f.found = b
		return nil
	case never:
		f.covered.Add(f.covered, b.size())
		blame = make([]bool, len(b))
		f.goal.blame(b, blame)
		return blame
	}
	a, _ := f.goal.choose(b)
	one, other := split(b, a)
	if !one[a.dim][f.dims[a.dim].normal] && other[a.dim][f.dims[a.dim].normal] {
		one, other = other, one // ordinary values first
	}
	if blame = f.part(one); blame == nil {
		return nil
	}
	if !blame[a.dim] { // the other half fails for the same reason
		f.covered.Add(f.covered, other.size())
		return blame
	}
	also := f.part(other)
	for i := range also {
		also[i] = also[i] || blame[i]
	}
	if also != nil && !slices.Contains(b[a.dim], false) { // every value of it fails
		also[a.dim] = false
	}
	return also
}

// split halves a region: where the atom holds, and where not.
func split(b region, a *formula) (with, without region) {
	with, without = append(region(nil), b...), append(region(nil), b...)
	with[a.dim], without[a.dim] = make([]bool, len(a.holds)), make([]bool, len(a.holds))
	for i, left := range b[a.dim] {
		with[a.dim][i] = left && a.holds[i]
		without[a.dim][i] = left && !a.holds[i]
	}
	return with, without
}

// plain makes a solution as ordinary as it can be, one value after another.
func (f *search) plain(state []int) []int {
	for i, d := range f.dims {
		was := state[i]
		if state[i] = d.normal; !f.goal.at(state) {
			state[i] = was
		}
	}
	return state
}
