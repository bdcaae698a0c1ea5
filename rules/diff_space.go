package rules

import (
	"fmt"
	"math/big"
	"slices"
)

// Comparison is how two sets decide about one kind of action, over every
// abstract state. Milder and Stricter are states in which the second set is the
// one or the other; nil where there is none, which is a proof only if
// Exhaustive.
type Comparison struct {
	Kind       string    `json:"kind"`
	Milder     *Departed `json:"milder,omitempty"`
	Stricter   *Departed `json:"stricter,omitempty"`
	Exhaustive bool      `json:"exhaustive"`
	States     *big.Int  `json:"states"`
}

// Departed is a state that two sets decide differently.
type Departed struct {
	From Decision `json:"from"`
	To   Decision `json:"to"`
	// Case is an entry for the table of a test file without a base, that holds
	// with the second set.
	Case string `json:"case"`
}

// CompareStates searches every state for decisions that differ: another effect,
// or with the same effect an obligation more or less. Kinds of action that
// neither set can ever let go are left out. budget is that of Verify; 0 is the
// default.
func CompareStates(before, after *Set, budget int) ([]Comparison, error) {
	if before == nil || after == nil {
		return nil, fmt.Errorf("compare: no rules are loaded")
	}
	if budget <= 0 {
		budget = DefaultBudget
	}
	u := unite(before, after)
	var out []Comparison
	for _, kind := range fieldByName["action.kind"].enum {
		if !before.permits(kind) && !after.permits(kind) {
			continue
		}
		c, err := u.compare(kind, budget)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// permits reports whether every layer has a permit for the kind.
func (s *Set) permits(kind string) bool {
	return !slices.ContainsFunc(s.layers, func(layer string) bool {
		return !slices.ContainsFunc(s.byKind[kind], func(u *rule) bool { return u.layer == layer && u.Effect == permit })
	})
}

// union is two sets over one list of features. A feature that both define alike
// is one; else each set has its own, and what one's phrases imply of the
// other's is kept in mind.
type union struct {
	sets     [2]*Set
	features []shared
}

// shared is a feature in the numbering of a union.
type shared struct {
	name    string
	in      [2]bool
	phrases []string
}

func unite(before, after *Set) *union {
	u := &union{sets: [2]*Set{before, after}}
	for i, s := range u.sets {
		for _, p := range s.packs() {
			for _, f := range p.Features {
				n := slices.IndexFunc(u.features, func(o shared) bool { return o.name == f.Name && slices.Equal(o.phrases, f.AnyOf) })
				if n < 0 {
					n = len(u.features)
					u.features = append(u.features, shared{name: f.Name, phrases: f.AnyOf})
				}
				u.features[n].in[i] = true
			}
		}
	}
	return u
}

// rules are a set's about a kind, with features by their number in the union.
func (u *union) rules(i int, kind string) (out []*rule) {
	for _, was := range u.sets[i].byKind[kind] {
		c := *was
		c.When, c.Unless = u.renumber(i, c.When), u.renumber(i, c.Unless)
		out = append(out, &c)
	}
	return out
}

func (u *union) renumber(i int, cs []condition) (out []condition) {
	for _, c := range cs {
		c.term = u.term(i, c.term)
		out = append(out, c)
	}
	return out
}

func (u *union) term(i int, t *term) *term {
	c := *t
	if t.op == opFeature {
		c.slot = slices.IndexFunc(u.features, func(f shared) bool { return f.in[i] && f.name == t.feature })
	}
	c.kids = nil
	for _, k := range t.kids {
		c.kids = append(c.kids, u.term(i, k))
	}
	return &c
}

// compare searches the decisions about one kind of action, both ways.
func (u *union) compare(kind string, budget int) (Comparison, error) {
	was, is := u.rules(0, kind), u.rules(1, kind)
	lifted := liftings(slices.Concat(was, is))
	normal := ordinary(kind)
	read := slices.Concat(terms(was, lifted), terms(is, lifted))
	implied := u.implied(read)
	s := newSpace(append(read, implied...), valuesOf(normal))
	s.fix(fieldByName["action.kind"], constant{s: kind})
	changed := s.changed(was, is)
	before, after := newCourt(s, kind, was, u.sets[0].layers, lifted), newCourt(s, kind, is, u.sets[1].layers, lifted)
	out := Comparison{Kind: kind, Exhaustive: true, States: s.size()}
	for _, way := range []struct {
		from, to court
		found    **Departed
	}{{before, after, &out.Milder}, {after, before, &out.Stricter}} {
		goal := every(milder(way.from, way.to), changed)
		for _, t := range implied {
			goal.kids = append(goal.kids, s.formula(t))
		}
		state, f := s.find(goal, budget)
		if state == nil {
			out.Exhaustive = out.Exhaustive && f.exhaustive()
			continue
		}
		d, err := u.departed(before.query(state, normal, u.numbers(), lifted))
		if err != nil {
			return out, err
		}
		*way.found = d
	}
	return out, nil
}

// changed says that a rule counts which the sets do not have alike: only there
// can they decide differently, and the search need not find out by itself.
func (s *space) changed(was, is []*rule) *formula {
	out := some()
	for _, u := range slices.Concat(was, is) {
		old, now := withID(was, u.ID), withID(is, u.ID)
		switch {
		case old == nil || now == nil:
			out.kids = append(out.kids, s.fires(u))
		case u == now || old.sameConditions(now) && old.sameDoing(now): // told once, or alike
		case old.sameDoing(now):
			out.kids = append(out.kids, differ(s.fires(old), s.fires(now)))
		default:
			out.kids = append(out.kids, s.fires(old), s.fires(now))
		}
	}
	return out
}

func withID(us []*rule, id string) *rule {
	if i := slices.IndexFunc(us, func(u *rule) bool { return u.ID == id }); i >= 0 {
		return us[i]
	}
	return nil
}

func (u *rule) sameDoing(o *rule) bool {
	return u.Effect == o.Effect && u.layer == o.layer && slices.Equal(u.Obligations, o.Obligations)
}

// sameConditions compares the conditions of two rules of a union.
func (u *rule) sameConditions(o *rule) bool {
	same := func(a, b condition) bool {
		ra, rb := a.term.readings(nil), b.term.readings(nil)
		return a.Expr == b.Expr && slices.EqualFunc(ra, rb, func(x, y reading) bool { return x.variable == y.variable })
	}
	return slices.EqualFunc(u.When, o.When, same) && slices.EqualFunc(u.Unless, o.Unless, same)
}

// milder says that to lets go what from does not, or that a duty falls away.
func milder(from, to court) *formula {
	out := some(every(from.denies, to.denies.not()), every(from.decides(Hold), to.decides(Allow)))
	for _, o := range obligations() {
		duty := Obligation(o)
		out.kids = append(out.kids, every(from.denies.not(), to.denies.not(), from.obliged(duty), to.obliged(duty).not()))
	}
	return out
}

// implied says of features of the same name what the phrases of one mean for
// the other: what one finds is found by the other, if that has all its phrases.
func (u *union) implied(read []*term) (out []*term) {
	used := map[int]bool{}
	for _, t := range read {
		for _, r := range t.readings(nil) {
			if r.field == nil {
				used[r.slot] = true
			}
		}
	}
	for i, a := range u.features {
		for j, b := range u.features {
			if i == j || a.name != b.name || !used[i] || !used[j] || slices.ContainsFunc(a.phrases, func(p string) bool { return !slices.Contains(b.phrases, p) }) {
				continue
			}
			no := &term{op: opNot, kids: []*term{{op: opFeature, feature: a.name, slot: i}}}
			out = append(out, &term{op: opOr, kids: []*term{no, {op: opFeature, feature: b.name, slot: j}}})
		}
	}
	return out
}

// numbers names the union's features by their place, since names may repeat.
func (u *union) numbers() []string {
	out := make([]string, len(u.features))
	for i := range out {
		out[i] = string(rune(i))
	}
	return out
}

// departed decides a state of the union with both sets.
func (u *union) departed(q Query) (*Departed, error) {
	var ds [2]Decision
	var last Query
	for i, s := range u.sets {
		last = q
		last.Features = nil
		for n, name := range u.numbers() {
			if u.features[n].in[i] && slices.Contains(q.Features, name) {
				last.Features = append(last.Features, u.features[n].name)
			}
		}
		slices.Sort(last.Features)
		last.Lifted = slices.DeleteFunc(slices.Clone(q.Lifted), func(id string) bool { u := s.byID[id]; return u == nil || u.Effect != hold })
		ds[i] = s.Decide(last)
	}
	if ds[0].Effect == ds[1].Effect && slices.Equal(ds[0].Obligations, ds[1].Obligations) {
		return nil, fmt.Errorf("internal error: the search tells two sets apart where the engine does not")
	}
	var duties []Obligation
	if ds[0].Effect == ds[1].Effect {
		duties = append([]Obligation{}, ds[1].Obligations...)
	}
	name := fmt.Sprintf("%s became %s", ds[0].Effect, ds[1].Effect)
	return &Departed{ds[0], ds[1], testCase(last, name, ds[1].Effect, duties)}, nil
}
