package rules

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCover: what each case of a small table shows.
func TestCover(t *testing.T) {
	t.Parallel()
	s := load(t, Options{}, testedPack)
	cover := func(cases string) map[string]string {
		t.Helper()
		files, err := LoadTests(s, []Source{{"a_test.yaml", []byte(table(cases))}})
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, c := range Cover(s, files) {
			out[c.Rule+" "+c.Name] = strings.Join(c.Missing(), ", ")
		}
		return out
	}
	const never = "never asked"
	for _, tt := range []struct {
		cases string
		want  map[string]string
	}{
		{"    - {name: a, expect: deny, set: {action.kind: like}}\n", map[string]string{
			"acme.answer fresh": never, "acme.answer morning": never, "acme.answer sunday": never, "acme.refund asks-refund": never, "acme.refund vip": never}},
		{"    - {name: a, expect: allow}\n", map[string]string{
			"acme.answer fresh": "never false", "acme.answer morning": "never false", "acme.answer sunday": "never true",
			// With asks-refund it would be held; vip alone changes nothing.
			"acme.refund asks-refund": "never true", "acme.refund vip": "never true, never deciding"}},
		{"    - {name: a, expect: deny, set: {event.age: 13h, bot.local_minute: 800}}\n", map[string]string{
			"acme.answer fresh": "never true, never deciding", "acme.answer morning": "never true, never deciding", "acme.answer sunday": "never true, never deciding",
			"acme.refund asks-refund": "never true, never deciding", "acme.refund vip": "never true, never deciding"}},
		{"    - {name: a, expect: deny, set: {event.age: 13h}, todo: later}\n", map[string]string{
			"acme.answer fresh": never, "acme.answer morning": never, "acme.answer sunday": never, "acme.refund asks-refund": never, "acme.refund vip": never}},
		{"    - {name: a, expect: deny, set: {event.age: 13h}}\n    - {name: b, expect: deny, set: {bot.local_minute: 800}}\n    - {name: c, expect: deny, set: {bot.local_weekday: sun}}\n" +
			"    - {name: d, expect: hold, features: [asks_refund]}\n    - {name: e, expect: allow, features: [asks_refund, is_vip]}\n    - {name: f, expect: allow}\n", map[string]string{
			"acme.answer fresh": "", "acme.answer morning": "", "acme.answer sunday": "", "acme.refund asks-refund": "", "acme.refund vip": ""}},
		// A stop denies whatever the others say, and a lifted hold holds nothing.
		{"    - {name: a, expect: deny, set: {user.opted_out: true}, features: [asks_refund], lifted: [acme.refund]}\n", map[string]string{
			"acme.answer fresh": "never false, never deciding", "acme.answer morning": "never false, never deciding", "acme.answer sunday": "never true, never deciding",
			"acme.refund asks-refund": "never false, never deciding", "acme.refund vip": "never true, never deciding"}},
	} {
		if diff := cmp.Diff(tt.want, cover(tt.cases)); diff != "" {
			t.Errorf("%s(-want +got):\n%s", tt.cases, diff)
		}
	}
	if got := Cover(nil, nil); len(got) != 0 {
		t.Errorf("without rules: %+v", got)
	}
}

// TestCoverPlainRule: a rule without conditions decides where nothing would be
// the same without it.
func TestCoverPlainRule(t *testing.T) {
	t.Parallel()
	s := load(t, Options{}, permitAll+"  - id: acme.too\n    effect: permit\n    actions: [dm]\n    because: Again.\n")
	files, err := LoadTests(s, []Source{{"a_test.yaml", []byte(table("    - {name: a, expect: allow}\n    - {name: b, expect: deny, set: {action.kind: dm}}\n"))}})
	if err != nil {
		t.Fatal(err)
	}
	want := []ConditionCoverage{{Rule: "acme.all", True: 2, Deciding: 1}, {Rule: "acme.too", True: 1}}
	if diff := cmp.Diff(want, Cover(s, files)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if m := want[0].Missing(); len(m) != 0 {
		t.Errorf("missing %v", m)
	}
}

// TestCoverDecides: a condition decided in a random case where a rule with the
// opposite of that condition decides otherwise, and nowhere else.
func TestCoverDecides(t *testing.T) {
	decided := 0
	each(t, func(t *testing.T, d draw, p, a []rawRule) {
		s := both(t, p, a)
		in := d.input()
		n := d.IntN(len(a))
		cover := s.cover(s.byID[a[n].id], []TestFile{{Cases: []TestCase{{Input: in}}}})
		for i := range a[n].when {
			turned := append([]rawRule{}, a...)
			turned[n].when = append([]string{}, a[n].when...)
			turned[n].when[i] = "not (" + a[n].when[i] + ")"
			x, y := s.Decide(Query{Input: in}), both(t, p, turned).Decide(Query{Input: in})
			want := 0
			if x.Effect != y.Effect || !cmp.Equal(x.Obligations, y.Obligations) {
				want, decided = 1, decided+1
			}
			if cover[i].Deciding != want {
				t.Errorf("%s, %s: deciding %d, want %d", a[n].id, a[n].when[i], cover[i].Deciding, want)
			}
		}
	})
	if decided == 0 {
		t.Error("no condition decided")
	}
}
