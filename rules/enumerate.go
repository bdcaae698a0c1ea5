package rules

import (
	"math"
	"slices"
	"time"
)

// A condition may cost this many evaluations to enumerate. Twelve independent
// booleans in one condition stay below it.
const enumerationBudget = 200_000

// verdict says what enumerating a term found.
type verdict int

const (
	varies verdict = iota
	alwaysTrue
	alwaysFalse
	tooComplex
)

// constantPart finds the smallest part of t that has the same value for every
// input, by enumerating the values that its constants tell apart. Each
// comparison is of one field with constants, so that this is exhaustive.
func constantPart(t *term) (*term, verdict) {
	budget := enumerationBudget
	return findConstant(t, &budget)
}

func findConstant(t *term, budget *int) (*term, verdict) {
	for _, k := range t.kids {
		if part, v := findConstant(k, budget); v != varies {
			return part, v
		}
	}
	return t, enumerate(t, budget)
}

func enumerate(t *term, budget *int) verdict {
	read := t.readings(nil)
	domains := make([][]constant, len(read))
	for i, r := range read {
		domains[i] = r.representatives()
	}
	at := make([]int, len(read))
	value := func(v variable) constant {
		i := slices.IndexFunc(read, func(r reading) bool { return r.variable == v })
		return domains[i][at[i]]
	}
	var sawTrue, sawFalse bool
	for {
		if *budget--; *budget < 0 {
			return tooComplex
		}
		if t.eval(value) {
			sawTrue = true
		} else {
			sawFalse = true
		}
		if sawTrue && sawFalse {
			return varies
		}
		if !next(at, domains) {
			break
		}
	}
	if sawTrue {
		return alwaysTrue
	}
	return alwaysFalse
}

// next counts at up by one, like an odometer; false once it is round.
func next(at []int, domains [][]constant) bool {
	for i := range at {
		if at[i]++; at[i] < len(domains[i]) {
			return true
		}
		at[i] = 0
	}
	return false
}

// representatives are values of the variable such that every value that it can
// take behaves like one of them toward the constants.
func (r reading) representatives() []constant {
	f := r.field
	if f == nil || f.domain == boolean {
		return []constant{{n: 0}, {n: 1}}
	}
	var out []constant
	add := func(c constant) {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	switch f.domain {
	case oneOf:
		for _, e := range f.enum {
			add(constant{s: e})
		}
	case text:
		add(constant{s: "\x00 no constant is like this"})
		for _, c := range r.consts {
			add(c)
		}
	default:
		for _, c := range append(r.consts, constant{n: f.min}, constant{n: f.max}) {
			below, above := c.n-1, c.n+1
			switch f.domain {
			case duration: // constants are whole minutes
				below, above = c.n-float64(time.Second), c.n+float64(time.Second)
			case money:
				below, above = math.Nextafter(c.n, math.Inf(-1)), math.Nextafter(c.n, math.Inf(1))
			}
			for _, n := range []float64{below, c.n, above} {
				if n >= f.min && n <= f.max {
					add(constant{n: n})
				}
			}
		}
	}
	return out
}
