package rules

import (
	"fmt"
	"slices"

	"github.com/expr-lang/expr/vm"
)

// Decide answers a query. It reads nothing but the query and the set, and is
// safe for concurrent use. A nil set, an input outside its domain and a panic
// are denies (R8). A feature that the set does not define is one that no rule
// of it reads, and is ignored.
func (s *Set) Decide(q Query) (out Decision) {
	if s == nil || len(s.layers) == 0 {
		return Decision{Effect: Deny, Say: "No rules are loaded, so nothing is sent."}
	}
	if name := q.Input.outside(); name != "" {
		return Decision{Effect: Deny, Say: fmt.Sprintf("The host gave %s a value that it cannot have, so nothing is sent.", name)}
	}
	defer func() {
		if p := recover(); p != nil {
			out = Decision{Effect: Deny, Say: fmt.Sprintf("The rule engine failed, so nothing is sent: %v", p)}
		}
	}()
	m := s.machines.Get().(*vm.VM)
	e := s.box(&q)
	d, f := s.decide(&q, m, e)
	// After a panic the machine is not put back.
	s.machines.Put(m)
	if len(s.shadows[q.Input.Action.Kind]) > 0 {
		d.Shadow = s.shadow(&q, f, &d, e)
	}
	return d
}

// box is what the programs of the set run against.
func (s *Set) box(q *Query) boxed[env] {
	e := env{
		Action: q.Input.Action, Event: q.Input.Event, Interaction: q.Input.Interaction, User: q.Input.User,
		Bot: q.Input.Bot, Draft: q.Input.Draft, Budget: q.Input.Budget,
	}
	for _, name := range q.Features {
		if slot, ok := s.slots[name]; ok {
			e.Feature[slot] = true
		}
	}
	b := box(e)
	for _, name := range q.Unknown {
		if slot, ok := s.slots[name]; ok {
			b.unknown.add(slot)
		}
	}
	return b
}

// holds evaluates a condition. One that reads a feature which nobody can know
// any more is an Error, as the loader keeps every other from being.
func (c *condition) holds(m *vm.VM, e boxed[env]) Truth {
	if c.reads&e.unknown != 0 {
		return Error
	}
	return c.prog.run(m, e)
}

func (s *Set) decide(q *Query, m *vm.VM, e boxed[env]) (Decision, finding) {
	rules := s.byKind[q.Input.Action.Kind]
	d := Decision{Outcomes: make(Outcomes, len(rules))}
	f := finding{}
	for i, u := range rules {
		v := u.outcome(m, e)
		d.Outcomes[i] = Outcome{u.ID, v}
		if u.fires(v) {
			f.add(u, q.Lifted)
		}
	}
	d.Effect, d.Obligations = f.effect(s.layers)
	switch {
	case len(f.forbids) > 0:
		d.By, d.Say = named(f.forbids), say(f.forbids[0])
	case d.Effect == Deny:
		d.By, d.Say = s.nearest(q.Input.Action.Kind, f.unpermitted(s.layers), m, e)
	case d.Effect == Hold:
		d.By, d.Say = named(f.holds), say(f.holds[0])
	default:
		// The account's own words are closer to the reader than the platform's.
		d.By, d.Say = named(f.permits), say(f.permits[len(f.permits)-1])
	}
	return d, f
}

// fires reports whether a rule with that outcome fires: an error fires all but
// permits.
func (u *rule) fires(v Truth) bool { return v == True || v == Error && u.Effect != permit }

// finding is which rules fired, by effect.
type finding struct {
	permits, forbids, holds, requires []*rule
}

func (f *finding) add(u *rule, lifted []string) {
	switch u.Effect {
	case permit:
		f.permits = append(f.permits, u)
	case hold:
		if !slices.Contains(lifted, u.ID) {
			f.holds = append(f.holds, u)
		}
	case require:
		f.requires = append(f.requires, u)
	default: // forbid
		f.forbids = append(f.forbids, u)
	}
}

// effect is what the rules that fired decide, and the obligations that go with
// it: none with a deny.
func (f *finding) effect(layers []string) (Effect, []Obligation) {
	switch {
	case len(f.forbids) > 0 || len(f.unpermitted(layers)) > 0:
		return Deny, nil
	case len(f.holds) > 0:
		return Hold, f.obligations()
	}
	return Allow, f.obligations()
}

// unpermitted lists the layers in which no permit fired.
func (f *finding) unpermitted(layers []string) []string {
	var out []string
	for _, layer := range layers {
		if !slices.ContainsFunc(f.permits, func(u *rule) bool { return u.layer == layer }) {
			out = append(out, layer)
		}
	}
	return out
}

// obligations are those of all require rules that fired, each once, sorted.
func (f *finding) obligations() []Obligation {
	var out []Obligation
	for _, u := range f.requires {
		for _, o := range u.Obligations {
			out = append(out, Obligation(o))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Requires says why an obligation is due: the first rule that fired with it,
// and its reason. It is "" where none did.
func (s *Set) Requires(out Outcomes, o Obligation) (id, because string) {
	for _, r := range out {
		if u := s.byID[r.Rule]; u != nil && u.Effect == require && u.fires(r.Value) && slices.Contains(u.Obligations, string(o)) {
			return u.ID, u.Because
		}
	}
	return "", ""
}

// outcome evaluates a rule: all of when, and none of unless. A condition that
// fails settles it; until then an error is remembered, because E never hides an F.
func (u *rule) outcome(m *vm.VM, e boxed[env]) Truth {
	out := True
	for i := range u.When {
		switch u.When[i].holds(m, e) {
		case False:
			return False
		case Error:
			out = Error
		}
	}
	for i := range u.Unless {
		switch u.Unless[i].holds(m, e) {
		case True:
			return False
		case Error:
			out = Error
		}
	}
	return out
}

// failing names the conditions that stop a permit, in order of when and
// unless, and says of each what would have to be.
func (u *rule) failing(m *vm.VM, e boxed[env]) (names []string, whens int) {
	for i := range u.When {
		if u.When[i].holds(m, e) != True {
			names = append(names, u.When[i].Name)
		}
	}
	whens = len(names)
	for i := range u.Unless {
		if u.Unless[i].holds(m, e) != False {
			names = append(names, u.Unless[i].Name)
		}
	}
	return names, whens
}

// nearest finds the permits that came nearest to firing, in the layers where
// none fired.
func (s *Set) nearest(kind string, layers []string, m *vm.VM, e boxed[env]) ([]By, string) {
	var out []By
	var sentence string
	best := 0
	for _, u := range s.byKind[kind] {
		if u.Effect != permit || !slices.Contains(layers, u.layer) {
			continue
		}
		names, whens := u.failing(m, e)
		if len(out) > 0 && len(names) > best {
			continue
		}
		if len(out) == 0 || len(names) < best {
			out, best = nil, len(names)
			sentence = fmt.Sprintf("No rule permits this %s: %s.", noun(kind), needs(u.ID, names, whens))
		}
		out = append(out, By{u.ID, names})
	}
	if len(out) == 0 {
		return nil, fmt.Sprintf("No %s rule permits a %s: it takes one with the effect permit and the action %s.", layers[0], noun(kind), kind)
	}
	return out, sentence
}
