package rules

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// agree runs a condition in expr and directly, on random representatives.
func agree(t *testing.T, r *rand.Rand, src string, cond *term, runs int) {
	t.Helper()
	if err := evaluatorsAgree(r, src, cond, runs); err != nil {
		t.Fatal(err)
	}
}

// TestR9Oracle: what passes the checker evaluates without error, and means
// what the dialect says.
func TestR9Oracle(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 9))
	passed := 0
	for i := range 400 {
		src := randomCondition(r, i%4)
		cond, err := parseCondition(src, scope{features: oracleFeatures()})
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
		cond, err := parseCondition(src, scope{features: oracleFeatures()})
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
		cond, err := parseCondition(src, scope{features: oracleFeatures()})
		if err != nil {
			p, ok := err.(*problem)
			if !ok || p.code == "" || p.msg == "" || p.off < 0 || p.off > len(src) {
				t.Fatalf("%q: %#v", src, err)
			}
			return
		}
		again, err := parseCondition(cond.String(), scope{features: oracleFeatures()})
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
