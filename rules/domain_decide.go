package rules

import "slices"

// court is how a set decides about one kind of action, as formulas of a space.
type court struct {
	*space
	kind    string
	rules   []*rule
	denies  *formula
	holds   *formula // counts where nothing denies
	obliges map[Obligation]*formula
}

// lifting is the choice, for each hold, whether a person's approval lifts it.
// The host lifts only what was approved, so the choice counts only then.
type lifting map[string]*field

func approved() *term {
	return &term{op: opCompare, field: fieldByName["draft.approval"], cmp: "==", consts: []constant{{s: "approved"}}}
}

// liftings invents one boolean variable for each hold of the rules.
func liftings(rules []*rule) lifting {
	out := lifting{}
	for _, u := range rules {
		if u.Effect == hold {
			out[u.ID] = &field{name: "lifted " + u.ID, domain: boolean}
		}
	}
	return out
}

// terms are all that the rules read.
func terms(rules []*rule, lifted lifting) []*term {
	var out []*term
	for _, u := range rules {
		for _, cs := range [][]condition{u.When, u.Unless} {
			for _, c := range cs {
				out = append(out, c.term)
			}
		}
		if f := lifted[u.ID]; f != nil {
			out = append(out, &term{op: opFlag, field: f}, approved())
		}
	}
	return out
}

// newCourt states the decision of the rules, in the given layers, about one
// kind of action. The space spans their terms.
func newCourt(s *space, kind string, rules []*rule, layers []string, lifted lifting) court {
	c := court{space: s, kind: kind, rules: rules, denies: some(), holds: some(), obliges: map[Obligation]*formula{}}
	permits := map[string]*formula{}
	for _, layer := range layers {
		permits[layer] = some()
	}
	for _, u := range rules {
		fires := s.fires(u)
		switch u.Effect {
		case permit:
			permits[u.layer].kids = append(permits[u.layer].kids, fires)
		case hold:
			if f := lifted[u.ID]; f != nil {
				fires = every(fires, every(s.flag(f), s.formula(approved())).not())
			}
			c.holds.kids = append(c.holds.kids, fires)
		case require:
			for _, o := range u.Obligations {
				all := c.obliges[Obligation(o)]
				if all == nil {
					all = some()
					c.obliges[Obligation(o)] = all
				}
				all.kids = append(all.kids, fires)
			}
		default: // forbid
			c.denies.kids = append(c.denies.kids, fires)
		}
	}
	for _, layer := range layers {
		c.denies.kids = append(c.denies.kids, permits[layer].not())
	}
	return c
}

// decides is the formula of one effect.
func (c court) decides(e Effect) *formula {
	switch e {
	case Allow:
		return every(c.denies.not(), c.holds.not())
	case Hold:
		return every(c.denies.not(), c.holds)
	}
	return c.denies
}

// obliged is the formula of one obligation, which only counts where nothing denies.
func (c court) obliged(o Obligation) *formula {
	if f := c.obliges[o]; f != nil {
		return f
	}
	return some()
}

// query is one state as a question to a set. normal is the input that the
// state departs from.
func (c court) query(state []int, normal Input, features []string, lifted lifting) Query {
	q := Query{Input: normal}
	for i, d := range c.dims {
		v := d.values[state[i]]
		switch {
		case d.field == nil && v.n != 0:
			q.Features = append(q.Features, features[d.slot])
		case d.field != nil && fieldByName[d.field.name] == d.field:
			d.field.set(&q.Input, v)
		}
	}
	if q.Input.Draft.Approval == "approved" {
		for id, f := range lifted {
			if i, ok := c.at[variable{field: f}]; ok && c.dims[i].values[state[i]].n != 0 {
				q.Lifted = append(q.Lifted, id)
			}
		}
	}
	slices.Sort(q.Features)
	slices.Sort(q.Lifted)
	return q
}
