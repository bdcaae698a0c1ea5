package rules

import (
	"fmt"
	"math/rand/v2"
	"reflect"

	"github.com/expr-lang/expr/vm"
)

// oracleFeatures are the features that random conditions read: the first slot
// and the last.
func oracleFeatures() map[string]int {
	return map[string]int{"asks_refund": 0, "asks_hours": maxFeatures - 1}
}

// evaluatorsAgree runs a condition three ways, on random representatives of what
// it reads: as expr compiles it for decisions, as expr's optimizer rewrites it,
// and by the direct evaluator of the dialect.
func evaluatorsAgree(r *rand.Rand, src string, cond *term, runs int) error {
	progs := [2]program[env]{}
	for i, optimized := range []bool{false, true} {
		c := newConfig[env]()
		c.Optimize = optimized
		var err error
		if progs[i], err = compile[env](c, src, cond.lower()); err != nil {
			return fmt.Errorf("%q passes the checker and does not compile: %w", src, err)
		}
	}
	m := new(vm.VM)
	read := cond.readings(nil)
	for range runs {
		var e env
		values := map[variable]constant{}
		for _, v := range read {
			reps := v.representatives()
			values[v.variable] = reps[r.IntN(len(reps))]
			place(&e, v.variable, values[v.variable])
		}
		want := False
		if cond.eval(func(v variable) constant { return values[v] }) {
			want = True
		}
		for i, p := range progs {
			if got := p.run(m, box(e)); got != want {
				return fmt.Errorf("%q: expr (optimized: %t) says %s, the oracle %s, on %v", src, i == 1, got, want, values)
			}
		}
	}
	return nil
}

// place puts a value of a variable into an environment.
func place(e *env, v variable, c constant) {
	if v.field == nil {
		e.Feature[v.slot] = c.n != 0
		return
	}
	leaf := reflect.ValueOf(e).Elem().Field(v.field.group).Field(v.field.leaf)
	switch v.field.domain {
	case boolean:
		leaf.SetBool(c.n != 0)
	case oneOf, text:
		leaf.SetString(c.s)
	case money:
		leaf.SetFloat(c.n)
	default:
		leaf.SetInt(int64(c.n))
	}
}

// randomCondition writes a condition of the dialect, constants and all.
func randomCondition(r *rand.Rand, depth int) string {
	if depth > 0 {
		switch r.IntN(4) {
		case 0:
			return fmt.Sprintf("(%s and %s)", randomCondition(r, depth-1), randomCondition(r, depth-1))
		case 1:
			return fmt.Sprintf("(%s || %s)", randomCondition(r, depth-1), randomCondition(r, depth-1))
		case 2:
			return "not (" + randomCondition(r, depth-1) + ")"
		}
	}
	if r.IntN(12) == 0 {
		return []string{"feature.asks_refund", "!feature.asks_hours"}[r.IntN(2)]
	}
	f := fields[r.IntN(len(fields))]
	for f.unfilled {
		f = fields[r.IntN(len(fields))]
	}
	constant := func() string {
		switch f.domain {
		case oneOf:
			return fmt.Sprintf("%q", f.enum[r.IntN(len(f.enum))])
		case text:
			return []string{`"en"`, `"de"`, `""`}[r.IntN(3)]
		case duration:
			return []string{"hours(24)", "minutes(1)", "days(30)"}[r.IntN(3)]
		}
		return fmt.Sprint(1 + r.IntN(int(min(f.max-1, 20))))
	}
	switch {
	case f.domain == boolean:
		return f.name
	case r.IntN(3) == 0:
		a, b := constant(), constant()
		if a == b {
			return fmt.Sprintf("%s in [%s]", f.name, a)
		}
		return fmt.Sprintf("%s not in [%s, %s]", f.name, a, b)
	case f.domain <= text:
		return f.name + []string{" == ", " != "}[r.IntN(2)] + constant()
	case r.IntN(2) == 0:
		return constant() + []string{" < ", " <= ", " == "}[r.IntN(3)] + f.name
	}
	return f.name + []string{" < ", " <= ", " > ", " >= ", " != "}[r.IntN(5)] + constant()
}
