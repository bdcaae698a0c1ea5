package rules

import (
	_ "embed"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// platformTests are the platform pack's own cases and invariants.
//
//go:embed packs/platform_test.yaml
var platformTests []byte

//go:embed packs/posts_test.yaml
var postsTests []byte

// ProofStatus is what verifying an invariant found.
type ProofStatus string

const (
	Proved        ProofStatus = "proved"         // in every abstract state
	Violated      ProofStatus = "violated"       // there is a counterexample
	NotExhaustive ProofStatus = "not exhaustive" // the budget ended before the states did
)

// Proof is what is known of one invariant.
type Proof struct {
	Invariant
	Status ProofStatus `json:"status"`
	// States are all abstract states of all kinds of action: what a decision,
	// or the invariant, can tell apart. Covered are those without a violation.
	States  *big.Int `json:"states"`
	Covered *big.Int `json:"covered"`
	Steps   int      `json:"steps"` // parts into which the states were split
	Counter *Example `json:"counterexample,omitempty"`
}

// VerifyPlatform proves the invariants of the platform pack for all account
// packs: what an account's layer says is taken as unknown. budget is the number
// of steps for one invariant and kind of action; 0 reads as DefaultBudget.
func VerifyPlatform(budget int) ([]Proof, error) {
	set, invariants, err := Platform()
	if err != nil {
		return nil, err
	}
	return verify(set, invariants, budget, true)
}

// Platform is the platform pack alone, as a set that permits whatever X does,
// with the pack's own invariants.
func Platform() (*Set, []Invariant, error) {
	b := newBuilder()
	b.add(Source{Name: "platform.yaml", Data: platformPack}, layerPlatform)
	set, err := b.set(nil)
	if err != nil {
		return nil, nil, fmt.Errorf("the platform pack: %w", err)
	}
	files, err := set.platformTests()
	if err != nil {
		return nil, nil, fmt.Errorf("the platform pack's tests: %w", err)
	}
	return set, files[0].Invariants, nil
}

func (s *Set) platformTests() ([]TestFile, error) {
	return LoadTests(s, []Source{{Name: "platform_test.yaml", Data: platformTests}, {Name: "posts_test.yaml", Data: postsTests}})
}

// Verify proves invariants for a set as it is, both layers together.
func Verify(set *Set, invariants []Invariant, budget int) ([]Proof, error) {
	return verify(set, invariants, budget, false)
}

func verify(set *Set, invariants []Invariant, budget int, anyAccount bool) ([]Proof, error) {
	if set == nil {
		return nil, errors.New("no rules are loaded")
	}
	if budget <= 0 {
		budget = DefaultBudget
	}
	var out []Proof
	for _, v := range invariants {
		p := Proof{Invariant: v, Status: Proved, States: new(big.Int), Covered: new(big.Int)}
		for _, kind := range fieldByName["action.kind"].enum {
			if err := p.search(set, kind, budget, anyAccount); err != nil {
				return nil, fmt.Errorf("verify %s for a %s: %w", v.ID, noun(kind), err)
			}
		}
		out = append(out, p)
	}
	return out, nil
}

// search looks for a violation among the actions of one kind.
func (p *Proof) search(set *Set, kind string, budget int, anyAccount bool) error {
	all := set.byKind[kind]
	lifted := liftings(all)
	read := append(terms(all, lifted), p.term)
	read = append(read, decisionIs(Deny))
	normal := ordinary(kind)
	s := newSpace(read, withDecision(valuesOf(normal)))
	s.fix(fieldByName["action.kind"], constant{s: kind})
	c := newCourt(s, kind, all, set.layers, lifted)
	goal := every(s.formula(p.term), c.ruling(anyAccount))
	state, f := s.find(goal, budget)
	derived := s.derived()
	p.Steps += f.steps
	p.States.Add(p.States, new(big.Int).Div(s.size(), derived))
	p.Covered.Add(p.Covered, new(big.Int).Div(f.covered, derived))
	switch {
	case state == nil && !f.exhaustive() && p.Status == Proved:
		p.Status = NotExhaustive
	case state != nil && p.Counter == nil:
		p.Status = Violated
		return p.counter(set, c, state, normal, lifted, anyAccount)
	}
	return nil
}

// withDecision prefers what the platform itself decides over what an account
// may add.
func withDecision(values func(variable) constant) func(variable) constant {
	return func(v variable) constant {
		if v.field == decisionField() {
			return constant{s: string(Allow)}
		}
		return values(v)
	}
}

// fix leaves one value to a field.
func (s *space) fix(f *field, c constant) {
	if i, ok := s.at[variable{field: f}]; ok {
		s.dims[i].values, s.dims[i].normal = []constant{c}, 0
	}
}

// derived counts the combinations of decisions and obligations: they follow
// from the rest and are no states of their own.
func (s *space) derived() *big.Int {
	n := big.NewInt(1)
	for _, d := range s.dims {
		if d.derived() {
			n.Mul(n, big.NewInt(int64(len(d.values))))
		}
	}
	return n
}

func decisionIs(e Effect) *term {
	return &term{op: opCompare, field: decisionField(), cmp: "==", consts: []constant{{s: string(e)}}}
}

// ruling ties the decision and the obligations of a state to its rules. Where
// the account is unknown, it may make any decision stricter and add any
// obligation: for each state there is a pack that does.
func (c court) ruling(anyAccount bool) *formula {
	is := func(e Effect) *formula { return c.formula(decisionIs(e)) }
	allow, hold, deny := every(is(Allow), c.decides(Allow)), every(is(Hold), c.decides(Hold)), every(is(Deny), c.denies)
	if anyAccount {
		hold, deny = every(is(Hold), c.denies.not()), is(Deny)
	}
	out := every(some(allow, hold, deny))
	for _, o := range obligations() {
		f := obligationField(Obligation(o))
		if _, ok := c.at[variable{field: f}]; !ok {
			continue
		}
		must := every(is(Deny).not(), c.obliged(Obligation(o)))
		if anyAccount {
			out.kids = append(out.kids, some(c.flag(f).not(), is(Deny).not()), some(c.flag(f), must.not()))
		} else {
			out.kids = append(out.kids, differ(c.flag(f), must).not())
		}
	}
	return out
}

// counter makes the example, and holds it against the engine itself: what the
// formulas say of this state is what Decide says.
func (p *Proof) counter(set *Set, c court, state []int, normal Input, lifted lifting, anyAccount bool) error {
	q := c.query(state, normal, set.featureNames(), lifted)
	got := set.Decide(q)
	value := func(v variable) constant {
		switch {
		case v.field == nil:
			return constant{n: map[bool]float64{true: 1}[slices.Contains(q.Features, set.featureNames()[v.slot])]}
		case fieldByName[v.field.name] == v.field:
			return v.field.get(&q.Input)
		}
		return c.dims[c.at[v]].values[state[c.at[v]]]
	}
	decided := Effect(value(variable{field: decisionField()}).s)
	if !p.term.eval(value) || anyAccount && stricter(decided, got.Effect) != decided || !anyAccount && decided != got.Effect {
		return fmt.Errorf("internal error: the search found %s where the engine decides %s: %s", decided, got.Effect, got.Say)
	}
	duties := got.Obligations
	got.Effect = decided // where the account is unknown, it may be stricter
	p.Counter = newExample(q, got)
	for _, o := range obligations() {
		f := obligationField(Obligation(o))
		if p.term.mentions(func(g *field) bool { return g == f }) {
			duties = append(duties, Obligation(o))
		}
	}
	slices.Sort(duties)
	p.Counter.Case = p.should(q, value, decided, slices.Compact(duties))
	return nil
}

// should is the state as a test case, with a decision that keeps the
// invariant: the same with obligations, or else the strictest.
func (p *Proof) should(q Query, value func(variable) constant, e Effect, duties []Obligation) string {
	keeps := func(e Effect, duties []Obligation) bool {
		return !p.term.eval(func(v variable) constant {
			switch {
			case v.field == decisionField():
				return constant{s: string(e)}
			case v.derived():
				on := slices.ContainsFunc(duties, func(o Obligation) bool { return obligationField(o) == v.field })
				return constant{n: map[bool]float64{true: 1}[on]}
			}
			return value(v)
		})
	}
	if e != Deny && keeps(e, duties) {
		return testCase(q, p.ID, e, duties)
	}
	for _, e := range []Effect{Deny, Hold, Allow} {
		if keeps(e, nil) {
			return testCase(q, p.ID, e, nil)
		}
	}
	return "" // not reached: an invariant that no decision keeps does not load
}

// featureNames are the features by slot.
func (s *Set) featureNames() []string {
	out := make([]string, len(s.slots))
	for name, slot := range s.slots {
		out[slot] = name
	}
	return out
}
