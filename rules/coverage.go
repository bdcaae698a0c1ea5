package rules

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/vm"
)

// ConditionCoverage is in how many cases a condition came out one way or the
// other, and in how many it decided: with the opposite value of it alone the
// decision, or what is done to the draft, would have been another. A rule
// without conditions stands for itself: Name is "", and it decides where the
// set without it would have decided otherwise.
type ConditionCoverage struct {
	Rule     string `json:"rule"`
	Name     string `json:"condition,omitempty"`
	Under    string `json:"under,omitempty"` // when or unless
	Expr     string `json:"expr,omitempty"`  // in canonical form
	True     int    `json:"true"`
	False    int    `json:"false"`
	Deciding int    `json:"deciding"`
}

// Missing names what no case showed: "never true", "never false", "never
// deciding"; or "never asked" alone. It is empty where all was shown.
func (c ConditionCoverage) Missing() (out []string) {
	if c.True+c.False == 0 {
		return []string{"never asked"}
	}
	for _, m := range []struct {
		n    int
		word string
	}{{c.True, "never true"}, {c.False, "never false"}, {c.Deciding, "never deciding"}} {
		if m.n == 0 && (c.Name != "" || m.word != "never false") {
			out = append(out, m.word)
		}
	}
	return out
}

// Cover reports what the cases of the files, those with a todo apart, show of
// every condition of the account's rules, by rule id.
func Cover(set *Set, files []TestFile) []ConditionCoverage {
	out := []ConditionCoverage{}
	if set == nil {
		return out
	}
	var us []*rule
	for _, u := range set.byID {
		if u.layer == layerAccount {
			us = append(us, u)
		}
	}
	slices.SortFunc(us, func(a, b *rule) int { return strings.Compare(a.ID, b.ID) })
	for _, u := range us {
		out = append(out, set.cover(u, files)...)
	}
	return out
}

func (s *Set) cover(u *rule, files []TestFile) []ConditionCoverage {
	var out []ConditionCoverage
	for _, c := range u.When {
		out = append(out, ConditionCoverage{Rule: u.ID, Name: c.Name, Under: "when", Expr: c.Expr})
	}
	for _, c := range u.Unless {
		out = append(out, ConditionCoverage{Rule: u.ID, Name: c.Name, Under: "unless", Expr: c.Expr})
	}
	if len(out) == 0 {
		out = []ConditionCoverage{{Rule: u.ID}}
	}
	m := new(vm.VM)
	for _, f := range files {
		for _, c := range f.Cases {
			if c.Todo == "" && slices.Contains(u.Actions, c.Input.Action.Kind) && c.Input.outside() == "" {
				s.coverCase(u, out, c.query(s), m)
			}
		}
	}
	return out
}

// coverCase counts one case for all conditions of a rule.
func (s *Set) coverCase(u *rule, out []ConditionCoverage, q Query, m *vm.VM) {
	e := s.box(&q)
	// A permit's share in a decision shows where it is alone to permit, a
	// forbid's where nothing else denies: decide with the rule and without.
	var with, without finding
	for _, other := range s.byKind[q.Input.Action.Kind] {
		if other != u && other.fires(other.outcome(m, e)) {
			with.add(other, q.Lifted)
			without.add(other, q.Lifted)
		}
	}
	with.add(u, q.Lifted)
	matters := !s.alike(with, without)

	holds := make([]bool, 0, len(out)) // what the rule needs of each condition
	for _, c := range u.When {
		holds = append(holds, c.holds(m, e) == True)
	}
	for _, c := range u.Unless {
		holds = append(holds, c.holds(m, e) == False)
	}
	failing := 0
	for _, h := range holds {
		if !h {
			failing++
		}
	}
	if len(holds) == 0 {
		out[0].True++
		if matters {
			out[0].Deciding++
		}
		return
	}
	for i, h := range holds {
		if h == (out[i].Under == "when") {
			out[i].True++
		} else {
			out[i].False++
		}
		// Its opposite turns the rule only where the others do not stop it.
		if matters && (failing == 0 || failing == 1 && !h) {
			out[i].Deciding++
		}
	}
}

// alike reports whether two findings come to the same.
func (s *Set) alike(a, b finding) bool {
	x, dx := a.effect(s.layers)
	y, dy := b.effect(s.layers)
	return x == y && slices.Equal(dx, dy)
}

// query is the question that the case asks.
func (c TestCase) query(s *Set) Query {
	return Query{Input: c.Input, Features: append(s.Features(c.Text), c.Features...), Lifted: c.Lifted}
}
