package rules

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/expr-lang/expr/vm"
)

var oracleFeatures = map[string]int{"asks_refund": 0, "asks_hours": 63}

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

// agree runs a condition in expr and directly, on random representatives.
func agree(t *testing.T, r *rand.Rand, src string, cond *term, runs int) {
	t.Helper()
	prog, err := compile[env](newConfig[env](), src, cond.lower())
	if err != nil {
		t.Fatalf("%q passes the checker and does not compile: %v", src, err)
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
		if got := prog.run(m, box(e)); got != want {
			t.Fatalf("%q: expr says %s, the oracle %s, on %v", src, got, want, values)
		}
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

// TestR9Oracle: what passes the checker evaluates without error, and means
// what the dialect says.
func TestR9Oracle(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 9))
	passed := 0
	for i := range 400 {
		src := randomCondition(r, i%4)
		cond, err := parseCondition(src, scope{features: oracleFeatures})
		if err != nil {
			if code := err.(*problem).code; code != "constant" && code != "range" {
				t.Errorf("%s: %s: %v", src, code, err)
			}
			continue
		}
		passed++
		agree(t, r, src, cond, 30)
	}
	for _, src := range goodConditions {
		cond, err := parseCondition(src, scope{features: oracleFeatures})
		if err != nil {
			t.Fatal(err)
		}
		agree(t, r, src, cond, 100)
	}
	if passed < 250 {
		t.Errorf("only %d of 400 random conditions pass", passed)
	}
}

func FuzzCondition(f *testing.F) {
	for _, c := range conditionTraps {
		if src := strings.Replace(c.src, mark, "", 1); len(src) <= 2*maxCondition {
			f.Add(src)
		}
	}
	for _, c := range goodConditions {
		f.Add(c)
	}
	f.Fuzz(func(t *testing.T, src string) {
		cond, err := parseCondition(src, scope{features: oracleFeatures})
		if err != nil {
			p, ok := err.(*problem)
			if !ok || p.code == "" || p.msg == "" || p.off < 0 || p.off > len(src) {
				t.Fatalf("%q: %#v", src, err)
			}
			return
		}
		again, err := parseCondition(cond.String(), scope{features: oracleFeatures})
		if err != nil && err.(*problem).code != "too-long" && err.(*problem).code != "nesting" {
			t.Fatalf("%q: canonical form %q: %v", src, cond, err)
		}
		if err == nil && again.String() != cond.String() {
			t.Fatalf("%q: canonical form changes from %q to %q", src, cond, again)
		}
		agree(t, rand.New(rand.NewPCG(1, 1)), src, cond, 10)
	})
}

func FuzzLoad(f *testing.F) {
	for _, c := range fileTraps {
		if len(c.src) < 2000 {
			f.Add([]byte(strings.Replace(c.src, mark, "", 1)))
		}
	}
	f.Add([]byte(permitAll))
	f.Add([]byte(refundPack))
	f.Add([]byte("schema: beckon.rules/v1\r\npack: a\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Load([]Source{{"f.yaml", data}}, Options{NoPlatform: true})
		if err != nil {
			diags, ok := err.(Diagnostics)
			if !ok || len(diags) == 0 || s != nil {
				t.Fatalf("%T %v", err, err)
			}
			lines := strings.Count(string(data), "\n") + 1
			for _, d := range diags {
				if d.Code == "internal" || d.Message == "" || d.Line < 0 || d.Line > lines || d.Line > 0 && d.Col < 1 {
					t.Fatalf("%d lines: %s", lines, d.Error())
				}
			}
			return
		}
		again, err := Load(s.Sources(), Options{NoPlatform: true})
		if err != nil || again.Hash() != s.Hash() {
			t.Fatalf("loaded again: %v", err)
		}
		for _, in := range []Input{mention(), dm()} {
			d := s.Decide(Query{Input: in, Features: s.Features("hello refund")})
			if d.Say == "" || strings.Contains(d.Say, "engine failed") {
				t.Fatalf("%+v", d)
			}
			for _, o := range d.Outcomes {
				if o.Value == Error {
					t.Fatalf("a loaded rule fails: %s", o.Rule)
				}
			}
		}
	})
}
