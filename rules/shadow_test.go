package rules

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestR12ShadowNeverChanges: with shadow rules every decision is what it is
// without them, and what they report is what enforcing them would do.
func TestR12ShadowNeverChanges(t *testing.T) {
	reported := map[Effect]int{}
	t.Cleanup(func() {
		for _, e := range []Effect{Allow, Hold, Deny} {
			if reported[e] < 15 {
				t.Errorf("shadow rules lead to %s only %d times", e, reported[e])
			}
		}
	})
	each(t, func(t *testing.T, d draw, p, a []rawRule) {
		shadows := d.rules("s", 1+d.IntN(3))
		mixed := slices.Clone(a)
		for _, r := range shadows {
			r.mode = shadow
			mixed = append(mixed, r)
		}
		plain, shadowed := both(t, p, a), both(t, p, mixed)
		enforced := map[string]*Set{}
		for _, r := range shadows {
			enforced[r.id] = both(t, p, append(slices.Clone(a), r))
		}
		for range 40 {
			q := Query{Input: d.input()}
			want, got := plain.Decide(q), shadowed.Decide(q)
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Decision{}, "Shadow")); diff != "" {
				t.Fatalf("shadow rules change the decision:\n%s", diff)
			}
			if want.Shadow != nil {
				t.Fatalf("a set without shadow rules reports %v", want.Shadow)
			}
			for id, s := range enforced {
				would := s.Decide(q)
				differs := would.Effect != want.Effect || !slices.Equal(would.Obligations, want.Obligations)
				i := slices.IndexFunc(got.Shadow, func(s Shadow) bool { return s.Rule == id })
				switch {
				case differs != (i >= 0):
					t.Fatalf("%s: a change to %s is reported: %v", id, would.Effect, i >= 0)
				case differs:
					reported[would.Effect]++
					if s := got.Shadow[i]; s.Effect != would.Effect || !slices.Equal(s.Obligations, would.Obligations) {
						t.Fatalf("%s reports %+v, would decide %s %v", id, s, would.Effect, would.Obligations)
					}
				}
			}
		}
	})
}

func TestShadowRecord(t *testing.T) {
	t.Parallel()
	s := load(t, Options{}, permitAll+`  - id: acme.weekend
    effect: forbid
    actions: [reply]
    because: "Nobody is here."
    mode: shadow
    when:
      weekend: bot.local_weekday in ["sat", "sun"]
`)
	for day, want := range map[string]string{"mon": "null", "sun": `[{"rule":"acme.weekend","conditions":["weekend"],"decision":"deny"}]`} {
		got := s.Decide(Query{Input: with(mention(), func(in *Input) { in.Bot.LocalWeekday = day })})
		line, err := json.Marshal(got.Shadow)
		if err != nil || string(line) != want || got.Effect != Allow {
			t.Errorf("%s: %s, shadow %s, want %s (%v)", day, got.Effect, line, want, err)
		}
		for _, o := range got.Outcomes {
			if o.Rule == "acme.weekend" {
				t.Error("a shadow rule is among the outcomes of the decision")
			}
		}
	}
	if rules, _ := s.Size(); rules != 1 {
		t.Errorf("%d rules decide, want 1", rules)
	}
}

// TestR12Fault: a fault in the evaluation of a shadow rule is not reported as
// a change of its own, and the decision stands.
func TestR12Fault(t *testing.T) {
	t.Parallel()
	for _, effect := range []string{permit, forbid, hold} {
		s := load(t, Options{}, permitAll+fmt.Sprintf(`  - id: acme.trial
    effect: %s
    actions: [reply]
    because: "A trial."
    mode: shadow
    when:
      held: user.held
`, effect))
		s.shadows["reply"] = append(s.shadows["reply"], nil) // panics when it is read
		if got := s.Decide(Query{Input: mention()}); got.Effect != Allow || got.Shadow != nil {
			t.Errorf("%s: %+v", effect, got)
		}
	}
}
