package rules

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestChanges: what differs between two packs, in words.
func TestChanges(t *testing.T) {
	t.Parallel()
	before := load(t, Options{}, testedPack)
	if got := Changes(before, load(t, Options{}, "# another comment\n"+testedPack)); len(got) > 0 {
		t.Errorf("a comment: %+v", got)
	}
	after := load(t, Options{}, strings.NewReplacer(
		"hours(12)", "hours(14)", "any_of: [refund]", "any_of: [refund, chargeback]", "version: 1.4.0", "version: 1.5.0",
		"    unless:\n      sunday: bot.local_weekday == \"sun\"\n", "    owner: bob\n",
		"acme.off", "acme.night").Replace(testedPack))
	want := []RuleChange{
		{"pack acme", "changed", []string{"version: 1.4.0 → 1.5.0"}},
		{"feature asks_refund", "changed", []string{"any_of: refund → chargeback, refund"}},
		{"acme.answer", "changed", []string{"when fresh: event.age < hours(12) → event.age < hours(14)", `unless sunday: bot.local_weekday == "sun", dropped`, "owner: bob, new"}},
		{"acme.night", "added", []string{"effect: forbid", "actions: reply", "because: Never.", "mode: off"}},
		{"acme.off", "removed", []string{"effect: forbid", "actions: reply", "because: Never.", "mode: off"}},
	}
	if diff := cmp.Diff(want, Changes(before, after)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestCompareStates: where no state is said to be milder, no random query is;
// where one is shown, the engine decides it so.
func TestCompareStates(t *testing.T) {
	found := map[bool]int{}
	each(t, func(t *testing.T, d draw, p, a []rawRule) {
		before := both(t, p, a)
		a2 := append([]rawRule{}, a...)
		a2[d.IntN(len(a2))] = d.rule("b", permit, forbid, hold, require)
		after := both(t, p, a2)
		cs, err := CompareStates(before, after, 0)
		if err != nil {
			t.Fatal(err)
		}
		byKind := map[string]Comparison{}
		for _, c := range cs {
			byKind[c.Kind] = c
			if !c.Exhaustive {
				t.Errorf("%s: not exhaustive", c.Kind)
			}
			if c.Milder != nil && !looser(c.Milder.From, c.Milder.To) || c.Stricter != nil && !looser(c.Stricter.To, c.Stricter.From) {
				t.Errorf("%s: %+v", c.Kind, c)
			}
			found[c.Milder != nil]++
		}
		for range 100 {
			q := Query{Input: d.input()}
			x, y := before.Decide(q), after.Decide(q)
			c := byKind[q.Input.Action.Kind]
			if looser(x, y) && c.Milder == nil || looser(y, x) && c.Stricter == nil {
				t.Errorf("%s: %s became %s, which no state shows", q.Input.Action.Kind, x.Effect, y.Effect)
			}
		}
	})
	if found[true] == 0 || found[false] == 0 {
		t.Errorf("milder states in %d comparisons, none in %d: both must occur", found[true], found[false])
	}
}

// looser reports whether y lets go more than x, or asks less.
func looser(x, y Decision) bool {
	if rank(y.Effect) < rank(x.Effect) {
		return true
	}
	for _, o := range x.Obligations {
		if y.Effect != Deny && !strings.Contains(" "+join(y.Obligations)+" ", " "+string(o)+" ") {
			return true
		}
	}
	return false
}

func join(os []Obligation) string {
	words := make([]string, len(os))
	for i, o := range os {
		words[i] = string(o)
	}
	return strings.Join(words, " ")
}

// TestCompareFeatures: a feature that finds more holds more, one that finds
// less holds less, and another one does both.
func TestCompareFeatures(t *testing.T) {
	t.Parallel()
	pack := func(phrases, more string) *Set {
		return load(t, Options{}, strings.Replace(testedPack, "any_of: [refund]", "any_of: ["+phrases+"]", 1)+more)
	}
	for _, tt := range []struct {
		name             string
		before, after    *Set
		milder, stricter bool
	}{
		{"the same", pack("refund", ""), pack("refund", ""), false, false},
		{"more phrases", pack("refund", ""), pack("refund, chargeback", ""), false, true},
		{"fewer phrases", pack("refund, chargeback", ""), pack("refund", ""), true, false},
		{"other phrases", pack("refund", ""), pack("chargeback", ""), true, true},
		{"a shadow", pack("refund", ""), pack("refund", "  - id: acme.try\n    effect: forbid\n    actions: [reply]\n    because: Perhaps.\n    mode: shadow\n"), false, false},
		{"a forbid", pack("refund", ""), pack("refund", "  - id: acme.no\n    effect: forbid\n    actions: [reply]\n    because: No.\n"), false, true},
	} {
		cs, err := CompareStates(tt.before, tt.after, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(cs) != 2 || cs[0].Kind != "reply" || cs[1].Kind != "dm" {
			t.Fatalf("%s: %+v", tt.name, cs)
		}
		if c := cs[0]; !c.Exhaustive || (c.Milder != nil) != tt.milder || (c.Stricter != nil) != tt.stricter {
			t.Errorf("%s: %+v", tt.name, c)
		}
		// The case that is shown holds with the second set.
		for _, c := range cs {
			if c.Milder == nil {
				continue
			}
			src := "schema: beckon.rules-test/v1\nclock: 2026-03-02T09:00:00Z\ncases:\n  table:\n    " + c.Milder.Case + "\n"
			files, err := LoadTests(tt.after, []Source{{"a_test.yaml", []byte(src)}})
			if err != nil {
				t.Fatalf("%s: %v\n%s", tt.name, err, src)
			}
			if r := RunTests(tt.after, files, nil); !r.OK() {
				t.Errorf("%s: %+v", tt.name, r.Results)
			}
		}
	}
	if cs, err := CompareStates(pack("refund", ""), pack("refund, chargeback", ""), 2); err != nil || cs[0].Exhaustive {
		t.Errorf("a budget of 2: %v, %+v", err, cs)
	}
}
