package rules

import (
	"slices"
	"time"
)

// mutations are the conditions one token away from t, each once.
func (t *term) mutations() []*term {
	var out []*term
	if t.op == opAnd || t.op == opOr || t.op == opIn {
		out = append(out, &term{op: opNot, kids: []*term{t}})
	}
	seen := map[string]bool{t.String(): true}
	return slices.DeleteFunc(append(out, t.variants()...), func(v *term) bool {
		s := v.String()
		was := seen[s]
		seen[s] = true
		return was
	})
}

// variants are t with one node changed.
func (t *term) variants() []*term {
	out := t.changed()
	for i, k := range t.kids {
		for _, v := range k.variants() {
			if t.op == opNot && v.op == opNot {
				continue // dropping this not is the same
			}
			c := *t
			c.kids = slices.Clone(t.kids)
			c.kids[i] = v
			out = append(out, &c)
		}
	}
	return out
}

// changed is t itself changed, its kids as they are.
func (t *term) changed() []*term {
	switch t.op {
	case opAnd, opOr:
		return []*term{{op: opAnd + opOr - t.op, kids: t.kids}, t.kids[0], t.kids[1]}
	case opNot:
		return t.kids
	case opFlag, opFeature:
		return []*term{{op: opNot, kids: []*term{t}}}
	}
	var out []*term
	if t.op == opCompare {
		for _, cmp := range neighbours(t.cmp) {
			c := *t
			c.cmp = cmp
			out = append(out, &c)
		}
	}
	for i := range t.consts {
		for _, n := range t.field.near(t.consts[i], t.consts) {
			c := *t
			c.consts = slices.Clone(t.consts)
			c.consts[i] = n
			out = append(out, &c)
		}
		if len(t.consts) > 1 {
			c := *t
			c.consts = slices.Delete(slices.Clone(t.consts), i, i+1)
			out = append(out, &c)
		}
	}
	return out
}

// neighbours are the operators that somebody could have meant: with the
// boundary on the other side, and the opposite.
func neighbours(cmp string) []string {
	switch cmp {
	case "==":
		return []string{"!="}
	case "!=":
		return []string{"=="}
	case "<":
		return []string{"<=", ">="}
	case "<=":
		return []string{"<", ">"}
	case ">":
		return []string{">=", "<="}
	default: // >=
		return []string{">", "<"}
	}
}

// near are the constants next to c that the field can have and that are not
// taken: the other words of an enum, another language, a number one step away.
func (f *field) near(c constant, taken []constant) []constant {
	var out []constant
	switch f.domain {
	case oneOf:
		for _, e := range f.enum {
			out = append(out, constant{s: e})
		}
	case text:
		out = append(out, reading{variable: variable{field: f}, consts: taken}.spelled()[0])
	default:
		step := map[domain]float64{count: 1, duration: float64(time.Minute), money: 0.01}[f.domain]
		out = append(out, constant{n: c.n - step}, constant{n: c.n + step})
	}
	return slices.DeleteFunc(out, func(n constant) bool {
		return slices.Contains(taken, n) || f.domain >= count && (n.n < f.min || n.n > f.max)
	})
}
