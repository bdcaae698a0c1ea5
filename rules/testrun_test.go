package rules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// runCases runs cases against testedPack.
func runCases(t *testing.T, cases string) Report {
	t.Helper()
	s := load(t, Options{}, testedPack)
	files, err := LoadTests(s, []Source{{"acme_test.yaml", []byte(table(cases))}})
	if err != nil {
		t.Fatal(err)
	}
	return RunTests(s, files, nil)
}

// TestRunTests: what passes, what fails and in what, by the decision that
// testedPack makes.
func TestRunTests(t *testing.T) {
	t.Parallel()
	const dm = "action.kind: dm, event.kind: dm, user.dms_received: 1"
	for _, tt := range []struct{ give, want string }{
		{"expect: allow", "pass"},
		{"expect: hold", "fail decision"},
		{"expect: allow, by: {x.reply: [post], acme.answer: [fresh, morning]}", "pass"},
		{"expect: allow, by: {acme.answer: []}", "pass"},
		{"expect: allow, by: [x.reply, acme.answer]", "pass"},
		{"expect: allow, by: {acme.answer: [sunday]}", "fail by"},
		{"expect: allow, by: {acme.answer: [], x.stale: []}", "fail by"},
		{"expect: deny, by: [x.stale]", "fail decision by"},

		{"set: {event.age: 12h}, expect: deny, by: {acme.answer: [fresh]}", "pass"},
		{"set: {event.age: 12h}, expect: deny, by: {acme.answer: [morning]}", "fail by"},
		{"set: {event.age: 1d}, expect: deny, by: {x.stale: [stale]}", "pass"},
		{"set: {event.age: 0}, expect: allow", "pass"},
		{"set: {bot.local_weekday: sun}, expect: deny, by: {acme.answer: [sunday]}", "pass"},
		{"set: {bot.local_minute: 720}, expect: deny, by: {acme.answer: [morning]}", "pass"},
		{"set: {event.lang: \"\", event.from_automated: no}, expect: allow", "pass"},

		{"set: {event.text: Refund!}, expect: hold, by: {acme.refund: [asks-refund]}", "pass"},
		{"features: [asks_refund], expect: hold, by: [acme.refund]", "pass"},
		{"set: {event.text: a gold member}, features: [asks_refund], expect: allow", "pass"},
		{"set: {event.text: refund}, lifted: [acme.refund], expect: allow", "pass"},
		{"set: {event.text: refund, user.opted_out: true}, lifted: [acme.refund], expect: deny, by: [x.opted-out]", "pass"},
		{"set: {draft.approval: rejected}, lifted: [acme.refund], expect: deny, by: [x.rejected]", "pass"},

		{"expect: allow, obligations: []", "pass"},
		{"set: {" + dm + "}, expect: allow, obligations: [append_opt_out_hint]", "pass"},
		{"set: {" + dm + "}, expect: allow, obligations: []", "fail obligations"},
		{"set: {" + dm + "}, expect: allow, obligations: [append_privacy_link, append_opt_out_hint]", "fail obligations"},
		{"set: {" + dm + ", bot.privacy_url_set: true}, expect: allow, obligations: [append_privacy_link, append_opt_out_hint]", "pass"},
		{"set: {" + dm + ", user.dms_sent: 1}, expect: allow, obligations: []", "pass"},

		{"expect: hold, todo: wanted in 1.5", "todo decision"},
		{"expect: allow, by: [x.stale], todo: wanted in 1.5", "todo by"},
		{"expect: allow, todo: wanted in 1.5", "fail todo"},
	} {
		r := runCases(t, "    - {name: it, "+tt.give+"}\n").Results[0]
		if got := strings.TrimSpace(fmt.Sprint(r.Status, " ", strings.Join(r.Differs, " "))); got != tt.want {
			t.Errorf("%s: %s, want %s; got %s by %v, obligations %v: %s", tt.give, got, tt.want, r.Got.Effect, r.Got.By, r.Got.Obligations, r.Got.Say)
		}
	}
}

// TestR11Report: a run passes if nothing failed, of at least one test.
func TestR11Report(t *testing.T) {
	t.Parallel()
	if RunTests(load(t, Options{}, testedPack), nil, nil).OK() {
		t.Error("a run without a test passes")
	}
	r := runCases(t, "    - {name: a, expect: allow}\n    - {name: b, expect: deny, todo: later}\n")
	if !r.OK() || r.Count(Passed) != 1 || r.Count(Todo) != 1 || r.Count(Failed) != 0 {
		t.Errorf("got %+v", r)
	}
	r = runCases(t, "    - {name: a, expect: allow}\n    - {name: b, expect: deny}\n")
	if r.OK() || r.Count(Failed) != 1 {
		t.Errorf("got %+v", r)
	}
}

// TestTraces: a case that fails shows each condition of the rules that decided
// and of those that should have.
func TestTraces(t *testing.T) {
	t.Parallel()
	r := runCases(t, "    - {name: a, expect: allow}\n"+
		"    - {name: b, set: {event.text: refund, event.age: 13h}, expect: hold, by: {acme.refund: []}}\n")
	if r.Results[0].Traces != nil {
		t.Errorf("traces of a case that passed: %+v", r.Results[0].Traces)
	}
	got := r.Results[1]
	if got.File != "acme_test.yaml" || got.Line != 7 || got.Name != "b" {
		t.Errorf("got %s at %s:%d", got.Name, got.File, got.Line)
	}
	want := []Trace{
		{"acme.answer", permit, []string{"dm", "reply"}, []TraceCondition{
			{"fresh", "when", "event.age < hours(12)", False},
			{"morning", "when", "bot.local_minute < 720", True},
			{"sunday", "unless", `bot.local_weekday == "sun"`, False},
		}},
		{"acme.refund", hold, []string{"dm", "reply"}, []TraceCondition{
			{"asks-refund", "when", "feature.asks_refund", True},
			{"vip", "unless", "feature.is_vip", False},
		}},
	}
	if diff := cmp.Diff(want, got.Traces); diff != "" {
		t.Errorf("traces (-want +got):\n%s", diff)
	}
}

// TestSize counts what decides.
func TestSize(t *testing.T) {
	t.Parallel()
	if rules, features := load(t, Options{}, testedPack).Size(); rules != 2 || features != 2 {
		t.Errorf("got %d rules and %d features, want 2 and 2", rules, features)
	}
	if rules, features := (*Set)(nil).Size(); rules != 0 || features != 0 {
		t.Errorf("a nil set has %d rules and %d features", rules, features)
	}
}
