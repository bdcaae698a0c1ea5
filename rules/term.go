package rules

import (
	"slices"
	"strconv"
	"strings"
)

// op is what a term does.
type op int

const (
	opAnd     op = iota // kids
	opOr                // kids
	opNot               // kids[0]
	opFlag              // a boolean field
	opFeature           // a feature, by slot
	opCompare           // a field, cmp, and one constant
	opIn                // a field and constants
)

// constant is a literal of a field's domain: s for strings, n for numbers.
type constant struct {
	s string
	n float64
}

// term is a condition after checking: what the dialect can say, and no more.
type term struct {
	op      op
	off     int // offset of its first character in the condition
	kids    []*term
	field   *field
	feature string
	slot    int
	cmp     string // == != < <= > >=
	consts  []constant
}

// String writes the term in canonical form, every group in parentheses.
func (t *term) String() string {
	switch t.op {
	case opAnd:
		return "(" + t.kids[0].String() + " and " + t.kids[1].String() + ")"
	case opOr:
		return "(" + t.kids[0].String() + " or " + t.kids[1].String() + ")"
	case opNot:
		if k := t.kids[0]; k.op == opCompare || k.op == opIn {
			return "not (" + k.String() + ")"
		}
		return "not " + t.kids[0].String()
	case opFlag:
		return t.field.name
	case opFeature:
		return "feature." + t.feature
	case opCompare:
		return t.field.name + " " + t.cmp + " " + t.field.literal(t.consts[0])
	default:
		list := make([]string, len(t.consts))
		for i, c := range t.consts {
			list[i] = t.field.literal(c)
		}
		return t.field.name + " in [" + strings.Join(list, ", ") + "]"
	}
}

func (f *field) literal(c constant) string {
	if f.domain == oneOf || f.domain == text {
		return strconv.Quote(c.s)
	}
	return f.format(c.n)
}

// variable is what a term reads: a field, or a feature by slot.
type variable struct {
	field *field
	slot  int
}

// reading is one variable of a term, with the constants it is compared with.
type reading struct {
	variable
	consts []constant
}

// readings adds what t reads to rs, in order of appearance.
func (t *term) readings(rs []reading) []reading {
	for _, k := range t.kids {
		rs = k.readings(rs)
	}
	if t.op < opFlag {
		return rs
	}
	v := variable{t.field, t.slot}
	i := slices.IndexFunc(rs, func(r reading) bool { return r.variable == v })
	if i < 0 {
		return append(rs, reading{v, slices.Clone(t.consts)})
	}
	rs[i].consts = append(rs[i].consts, t.consts...)
	return rs
}

// eval is the meaning of a term, directly: the measure for what expr computes.
// Booleans are constants with n 0 or 1.
func (t *term) eval(value func(variable) constant) bool {
	switch t.op {
	case opAnd:
		return t.kids[0].eval(value) && t.kids[1].eval(value)
	case opOr:
		return t.kids[0].eval(value) || t.kids[1].eval(value)
	case opNot:
		return !t.kids[0].eval(value)
	}
	v := value(variable{t.field, t.slot})
	switch t.op {
	case opFlag, opFeature:
		return v.n != 0
	case opIn:
		return slices.Contains(t.consts, v)
	}
	c := t.consts[0]
	switch t.cmp {
	case "==":
		return v == c
	case "!=":
		return v != c
	case "<":
		return v.n < c.n
	case "<=":
		return v.n <= c.n
	case ">":
		return v.n > c.n
	default:
		return v.n >= c.n
	}
}
