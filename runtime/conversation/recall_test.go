package conversation

import (
	"testing"
	"time"
)

// TestC4RecallTakesTheLaterAct: what a host kept outside of its database is
// joined to what stands there, and where it cannot be told what came last, an
// opt-out stands.
func TestC4RecallTakesTheLaterAct(t *testing.T) {
	t.Parallel()
	stop := func(n int) Suppression {
		return Suppression{UserHash: "h", OptedOut: true, At: sec(n), Tier: TierHard, EventID: "s"}
	}
	start := func(n int) Suppression {
		return Suppression{UserHash: "h", At: sec(n), Tier: TierStart, EventID: "t"}
	}
	for name, c := range map[string]struct {
		have, kept Suppression
		out        bool
		at         int
	}{
		"nothing known":             {Suppression{UserHash: "h"}, stop(3), true, 3},
		"nothing kept":              {stop(3), Suppression{}, true, 3},
		"nothing kept of a START":   {start(3), Suppression{}, false, 3},
		"STOP after START":          {start(3), stop(4), true, 4},
		"STOP before START":         {start(4), stop(3), false, 4},
		"START after STOP":          {stop(3), start(4), false, 4},
		"START before STOP":         {stop(4), start(3), true, 4},
		"START with STOP":           {stop(4), start(4), true, 4},
		"STOP with START":           {start(4), stop(4), true, 4},
		"a later STOP":              {stop(3), stop(4), true, 4},
		"an earlier STOP":           {stop(4), stop(3), true, 4},
		"a STOP without a time":     {start(4), stop(0), true, 4},
		"START, and a STOP without": {stop(0), start(4), true, 4},
		"two without a time":        {stop(0), stop(0), true, 0},
		"a START, nothing known":    {Suppression{UserHash: "h"}, start(4), false, 4},
	} {
		got := c.have.Recall(c.kept)
		if got.OptedOut != c.out || !got.At.Equal(sec(c.at)) {
			t.Errorf("%s: opted out %t at %v, want %t at %v", name, got.OptedOut, got.At, c.out, sec(c.at))
		}
	}
	if got := stop(4).Recall(stop(4)); got != stop(4) {
		t.Errorf("the same again changes it: %+v", got)
	}
}

// TestC4RecallInAnyOrder: with times, joining is a matter of what is joined,
// never of the order or of how often.
func TestC4RecallInAnyOrder(t *testing.T) {
	t.Parallel()
	var all []Suppression
	for at := range 4 {
		for erased := range 3 {
			all = append(all, Suppression{UserHash: "h", At: sec(at), ErasedAt: sec(erased)})
			if at > 0 {
				all = append(all, Suppression{UserHash: "h", OptedOut: true, At: sec(at), ErasedAt: sec(erased)})
			}
		}
	}
	for _, a := range all {
		if a.Recall(a) != a {
			t.Fatalf("twice: %+v", a)
		}
		for _, b := range all {
			if a.Recall(b) != b.Recall(a) {
				t.Fatalf("order: %+v, %+v: %+v or %+v", a, b, a.Recall(b), b.Recall(a))
			}
			for _, c := range all {
				if one, two := a.Recall(b).Recall(c), a.Recall(b.Recall(c)); one != two {
					t.Fatalf("grouping: %+v, %+v, %+v: %+v or %+v", a, b, c, one, two)
				}
			}
		}
	}
}

// sec is a time; 0 is none.
func sec(n int) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Date(2026, 3, 2, 9, 0, n, 0, time.UTC)
}
