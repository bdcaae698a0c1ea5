package rules

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"
)

// Flip is a change of the input that would turn the decision.
type Flip struct {
	Changes []Change     `json:"changes"` // one or two
	Becomes Effect       `json:"becomes"`
	By      []By         `json:"by,omitempty"`
	Duties  []Obligation `json:"obligations,omitempty"`
}

// Change is one field, or one feature, with another value.
type Change struct {
	Field string `json:"field"` // group.field or feature.name
	From  string `json:"from"`  // as a test file writes it
	To    string `json:"to"`
}

// flipper looks for the smallest change that turns a decision. Its candidates
// are, for each field and feature that a rule about this kind of action reads,
// the values that the rules' constants tell apart, nearest first. The kind and
// the purpose of the action stay: they are the question. Fields are taken as
// independent of each other, so a flip says what the rules would need, not that
// the world can get there by this field alone.
type flipper struct {
	set   *Set
	query Query
	was   Effect
	tried int
}

// candidate is one variable with the values that it might have instead.
type candidate struct {
	reading
	feature string
	values  []constant
}

// flips tries single changes first, then pairs. Of each field, or pair of
// fields, it keeps the nearest value; the mildest outcome comes first.
func (f *flipper) flips() ([]Flip, int) {
	cs := f.candidates()
	out := []Flip{}
	for _, c := range cs {
		for _, v := range c.values {
			if flip, ok := f.try(f.query, move{c, v}); ok {
				out = append(out, flip)
				break
			}
		}
	}
	if len(out) == 0 {
		for i, c := range cs {
			for _, d := range cs[i+1:] {
				if flip, ok := f.pair(c, d); ok {
					out = append(out, flip)
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Flip) int { return cmp.Compare(a.Becomes.strictness(), b.Becomes.strictness()) })
	return out, f.tried
}

func (f *flipper) pair(c, d candidate) (Flip, bool) {
	for _, v := range c.values {
		for _, w := range d.values {
			if flip, ok := f.try(f.query, move{c, v}, move{d, w}); ok {
				return flip, true
			}
		}
	}
	return Flip{}, false
}

// move gives a variable another value.
type move struct {
	candidate
	to constant
}

// try decides the query with the moves made.
func (f *flipper) try(q Query, moves ...move) (Flip, bool) {
	f.tried++
	value := f.set.values(&f.query)
	var flip Flip
	for _, m := range moves {
		from := value(m.variable)
		if m.field != nil {
			m.field.set(&q.Input, m.to)
			flip.Changes = append(flip.Changes, Change{m.field.name, m.field.written(from), m.field.written(m.to)})
			continue
		}
		q.Features = slices.DeleteFunc(slices.Clone(q.Features), func(name string) bool { return name == m.feature })
		if m.to.n != 0 {
			q.Features = append(q.Features, m.feature)
		}
		flip.Changes = append(flip.Changes, Change{"feature." + m.feature, strconv.FormatBool(from.n != 0), strconv.FormatBool(m.to.n != 0)})
	}
	d := f.set.Decide(q)
	flip.Becomes, flip.By, flip.Duties = d.Effect, d.By, d.Obligations
	if f.was == Allow {
		return flip, d.Effect.strictness() > f.was.strictness()
	}
	return flip, d.Effect.strictness() < f.was.strictness()
}

// candidates are the variables that the rules read, fields in the order of the
// tree, then features.
func (f *flipper) candidates() []candidate {
	var read []reading
	names := map[int]string{}
	for _, u := range f.set.byKind[f.query.Input.Action.Kind] {
		for _, cs := range [][]condition{u.When, u.Unless} {
			for _, c := range cs {
				read = c.term.readings(read)
			}
		}
	}
	for name, slot := range f.set.slots {
		names[slot] = name
	}
	value := f.set.values(&f.query)
	var out []candidate
	for _, r := range read {
		if r.field != nil && inQuestion(r.field.name) {
			continue
		}
		c, now := candidate{reading: r}, value(r.variable)
		if r.field == nil {
			c.feature = names[r.slot]
		}
		for _, v := range r.spelled() {
			if v != now {
				c.values = append(c.values, v)
			}
		}
		slices.SortStableFunc(c.values, func(a, b constant) int { return cmp.Compare(math.Abs(a.n-now.n), math.Abs(b.n-now.n)) })
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b candidate) int { return cmp.Compare(a.place(), b.place()) })
	return out
}

// place orders variables: fields as in the tree, then features by name.
func (c candidate) place() string {
	if c.field == nil {
		return "~" + c.feature
	}
	return string(rune('a'+c.field.group)) + string(rune('a'+c.field.leaf))
}

// strictness orders effects, from the mildest.
func (e Effect) strictness() int { return slices.Index([]Effect{Allow, Hold, Deny}, e) }

// written is a value of the field as a test file writes it.
func (f *field) written(c constant) string {
	switch f.domain {
	case boolean:
		return strconv.FormatBool(c.n != 0)
	case oneOf:
		return c.s
	case text:
		return strconv.Quote(c.s)
	case duration:
		return time.Duration(f.whole(c.n)).String()
	}
	return f.format(c.n)
}
