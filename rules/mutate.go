package rules

import (
	"errors"
	"fmt"
	"slices"
)

// mutant is a rule with one token changed; changed is nil where it is dropped.
type mutant struct {
	rule    *rule
	changed *rule
	change  string
}

// mutants are all one-token changes of a rule.
func (u *rule) mutants() []mutant {
	out := []mutant{{u, nil, "drop the rule"}}
	add := func(change string, edit func(*rule)) {
		c := *u
		c.When, c.Unless = slices.Clone(u.When), slices.Clone(u.Unless)
		c.Actions, c.Obligations = slices.Clone(u.Actions), slices.Clone(u.Obligations)
		edit(&c)
		c.whens = nil
		for _, w := range c.When {
			c.whens = append(c.whens, w.Name)
		}
		out = append(out, mutant{u, &c, change})
	}
	for _, e := range []string{permit, forbid, hold} {
		if e != u.Effect && u.Effect != require {
			add(fmt.Sprintf("effect: %s → %s", u.Effect, e), func(c *rule) { c.Effect = e })
		}
	}
	for i, kind := range u.Actions {
		if len(u.Actions) > 1 {
			add("actions: drop "+kind, func(c *rule) { c.Actions = slices.Delete(c.Actions, i, i+1) })
		}
	}
	for i, o := range u.Obligations {
		if len(u.Obligations) > 1 {
			add("obligations: drop "+o, func(c *rule) { c.Obligations = slices.Delete(c.Obligations, i, i+1) })
		}
	}
	for under, conditions := range [][]condition{u.When, u.Unless} {
		word := []string{"when", "unless"}[under]
		of := func(c *rule) *[]condition { return []*[]condition{&c.When, &c.Unless}[under] }
		for i, cond := range conditions {
			add(fmt.Sprintf("%s: drop %s", word, cond.Name), func(c *rule) { *of(c) = slices.Delete(*of(c), i, i+1) })
			for _, t := range cond.term.mutations() {
				add(fmt.Sprintf("%s %s: %s → %s", word, cond.Name, cond.Expr, t), func(c *rule) {
					(*of(c))[i] = condition{Name: cond.Name, Expr: t.String(), term: t}
				})
			}
		}
	}
	return out
}

// mutated is the set with the mutant in it.
func (s *Set) mutated(m mutant) (*Set, error) {
	out := *s
	out.byID = map[string]*rule{}
	for id, u := range s.byID {
		if u != m.rule {
			out.byID[id] = u
		} else if m.changed != nil {
			out.byID[id] = m.changed
		}
	}
	out.byKind = map[string][]*rule{}
	for kind, us := range s.byKind {
		for _, u := range us {
			if u == m.rule {
				if u = m.changed; u == nil || !slices.Contains(u.Actions, kind) {
					continue
				}
			}
			out.byKind[kind] = append(out.byKind[kind], u)
		}
	}
	if m.changed == nil {
		return &out, nil
	}
	config := newConfig[env]()
	for _, cs := range [][]condition{m.changed.When, m.changed.Unless} {
		for i := range cs {
			var err error
			if cs[i].prog, err = compile[env](config, cs[i].Expr, cs[i].term.lower()); err != nil {
				return nil, fmt.Errorf("mutate %s, %s: %w", m.rule.ID, m.change, err)
			}
		}
	}
	return &out, nil
}

// MutationStatus is what became of a mutant.
type MutationStatus string

const (
	Killed     MutationStatus = "killed"     // a test noticed
	Survived   MutationStatus = "survived"   // none did, though decisions differ
	Equivalent MutationStatus = "equivalent" // it decides the same in every abstract state
	Undecided  MutationStatus = "undecided"  // no test noticed, and the budget ended before the states did
)

// Mutation is one change of a rule, and whether a test noticed it.
type Mutation struct {
	Rule   string         `json:"rule"`
	Change string         `json:"change"`
	Status MutationStatus `json:"status"`
	By     string         `json:"by,omitempty"` // the case or invariant that noticed
	// Example is a state that the change decides differently, with the test that
	// would notice; only of a survivor.
	Example *Example `json:"example,omitempty"`
	Becomes Effect   `json:"becomes,omitempty"` // the decision in Example after the change
}

// Score counts mutations by status.
func Score(ms []Mutation, s MutationStatus) (n int) {
	for _, m := range ms {
		if m.Status == s {
			n++
		}
	}
	return n
}

// Mutate changes the account's rules, one token at a time, and reports which
// changes the tests do not notice. budget is that of Verify. It is an error
// where the tests fail without a change.
func Mutate(set *Set, files []TestFile, budget int) ([]Mutation, error) {
	if set == nil {
		return nil, errors.New("no rules are loaded")
	}
	return set.mutate(layerAccount, files, budget)
}

// MutatePlatform changes the rules of the platform pack against its own tests.
func MutatePlatform(budget int) ([]Mutation, error) {
	set, _, err := Platform()
	if err != nil {
		return nil, err
	}
	files, err := set.platformTests()
	if err != nil {
		return nil, err
	}
	return set.mutate(layerPlatform, files, budget)
}

func (s *Set) mutate(layer string, files []TestFile, budget int) ([]Mutation, error) {
	if budget <= 0 {
		budget = DefaultBudget
	}
	t := trial{set: s, budget: budget}
	if err := t.prepare(files); err != nil {
		return nil, err
	}
	var ids []string
	for id, u := range s.byID {
		if u.layer == layer {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	var out []Mutation
	for _, id := range ids {
		for _, m := range s.byID[id].mutants() {
			r, err := t.run(m)
			if err != nil {
				return nil, err
			}
			out = append(out, r)
		}
	}
	return out, nil
}
