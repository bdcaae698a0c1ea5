package rules

// formula is a statement about the states of a space, with negations pushed
// into the atoms. A conjunction of nothing is true, a disjunction false.
type formula struct {
	op    formulaOp
	kids  []*formula
	dim   int    // of an atom
	holds []bool // of an atom: for which values of dim
}

type formulaOp int

const (
	allOf formulaOp = iota
	anyOf
	atom
)

func every(kids ...*formula) *formula { return &formula{op: allOf, kids: kids} }
func some(kids ...*formula) *formula  { return &formula{op: anyOf, kids: kids} }

// not is the opposite of f.
func (f *formula) not() *formula {
	out := &formula{op: f.op, dim: f.dim}
	switch f.op {
	case atom:
		out.holds = make([]bool, len(f.holds))
		for i, h := range f.holds {
			out.holds[i] = !h
		}
		return out
	case allOf:
		out.op = anyOf
	case anyOf:
		out.op = allOf
	}
	for _, k := range f.kids {
		out.kids = append(out.kids, k.not())
	}
	return out
}

// differ says that exactly one of a and b holds.
func differ(a, b *formula) *formula {
	return some(every(a, b.not()), every(a.not(), b))
}

// formula is the term as a statement about the space, which spans it.
func (s *space) formula(t *term) *formula {
	switch t.op {
	case opAnd:
		return every(s.formula(t.kids[0]), s.formula(t.kids[1]))
	case opOr:
		return some(s.formula(t.kids[0]), s.formula(t.kids[1]))
	case opNot:
		return s.formula(t.kids[0]).not()
	}
	f := &formula{op: atom, dim: s.at[variable{t.field, t.slot}]}
	for _, c := range s.dims[f.dim].values {
		f.holds = append(f.holds, t.eval(func(variable) constant { return c }))
	}
	return f
}

// flag is the formula of a boolean variable.
func (s *space) flag(f *field) *formula {
	return s.formula(&term{op: opFlag, field: f})
}

// fires is the formula of a rule.
func (s *space) fires(u *rule) *formula {
	f := every()
	for _, c := range u.When {
		f.kids = append(f.kids, s.formula(c.term))
	}
	for _, c := range u.Unless {
		f.kids = append(f.kids, s.formula(c.term).not())
	}
	return f
}

// fate is what is known of a formula in a region.
type fate int

const (
	open fate = iota
	always
	never
)

// in tells whether f holds in all states of the region or in none. It may say
// open of a formula whose atoms depend on each other, never of one whose atoms
// are all settled.
func (f *formula) in(b region) fate {
	if f.op == atom {
		var yes, no bool
		for i, left := range b[f.dim] {
			if left {
				yes, no = yes || f.holds[i], no || !f.holds[i]
			}
		}
		switch {
		case !no:
			return always
		case !yes:
			return never
		}
		return open
	}
	settles, otherwise := never, always // a conjunction
	if f.op == anyOf {
		settles, otherwise = always, never
	}
	out := otherwise
	for _, k := range f.kids {
		switch k.in(b) {
		case settles:
			return settles
		case open:
			out = open
		}
	}
	return out
}

// at tells whether f holds in one state.
func (f *formula) at(state []int) bool {
	switch f.op {
	case atom:
		return f.holds[state[f.dim]]
	case allOf:
		for _, k := range f.kids {
			if !k.at(state) {
				return false
			}
		}
		return true
	}
	for _, k := range f.kids {
		if k.at(state) {
			return true
		}
	}
	return false
}

// choose finds the atom to settle next: one in the smallest open part.
func (f *formula) choose(b region) (_ *formula, atoms int) {
	if f.op == atom {
		return f, 1
	}
	var best *formula
	least := 0
	for _, k := range f.kids {
		if k.in(b) != open {
			continue
		}
		a, n := k.choose(b)
		if best == nil || n < least {
			best, least = a, n
		}
		atoms += n
	}
	return best, atoms
}

// blame adds to dims the dimensions because of which f holds in no state of
// the region. With these as they are, it holds in none whatever the others are.
func (f *formula) blame(b region, dims []bool) {
	if f.op == atom {
		dims[f.dim] = true
		return
	}
	for _, k := range f.kids {
		if k.in(b) == never {
			k.blame(b, dims)
			if f.op == allOf {
				return
			}
		}
	}
}
