package rules

import "testing"

// TestFigures: what is counted is enough, and nothing of it falls short.
func TestFigures(t *testing.T) {
	t.Parallel()
	f, err := CountFigures(0)
	if err != nil {
		t.Fatal(err)
	}
	for what, n := range map[string][3]int{
		"traps refused":           {f.Refused, f.Traps, 200},
		"good conditions loaded":  {f.Loaded, f.Good, 30},
		"programs agreed":         {f.Agreeing, f.Programs, 2000},
		"invariants proved":       {f.Proved, f.Invariants, 30},
		"mutations killed":        {f.Killed, f.Mutations, 300},
		"denials that name a why": {f.Denials, f.Denials, 80},
	} {
		if n[0] != n[1] || n[1] < n[2] {
			t.Errorf("%s: %d of %d, want all of at least %d", what, n[0], n[1], n[2])
		}
	}
	if f.States.Sign() <= 0 || f.Named != f.Denials || f.Nearest+f.Outright != f.Denials || f.Nearest*10 < f.Denials*9 {
		t.Errorf("%+v", f)
	}
}
