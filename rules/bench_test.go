package rules

import (
	"fmt"
	"strings"
	"testing"
)

// twenty is an account of 20 rules for replies: a permit, and 19 of each
// shape that a support desk uses.
func twenty() string {
	conds := []string{
		`user.held`, `user.dms_sent_24h >= 5`, `event.lang in ["fr", "es"]`, `event.age >= hours(2)`,
		`bot.local_weekday == "sun"`, `draft.ai_generated`,
	}
	var b strings.Builder
	b.WriteString("  - id: acme.reply\n    effect: permit\n    actions: [reply]\n    because: We answer.\n    when:\n      fresh: event.age < hours(24)\n")
	for i := range 19 {
		fmt.Fprintf(&b, "  - id: acme.r%d\n    effect: %s\n    actions: [reply]\n    because: Because.\n    when:\n      it: %s\n",
			i, []string{"forbid", "hold"}[i%2], conds[i%len(conds)])
	}
	return account(b.String())
}

func benchmarkDecide(b *testing.B, s *Set, in Input) {
	b.Helper()
	if d := s.Decide(Query{Input: in}); d.Effect != Allow {
		b.Fatal(d.Say)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Decide(Query{Input: in})
	}
}

func BenchmarkDecide20(b *testing.B) {
	benchmarkDecide(b, load(b, Options{NoPlatform: true}, twenty()), mention())
}

func BenchmarkDecidePlatform(b *testing.B) {
	benchmarkDecide(b, load(b, Options{}, permitAll), mention())
}

// TestDecideAllocations holds the goal that does not depend on the machine:
// 25 allocations for 20 rules.
func TestDecideAllocations(t *testing.T) {
	s := load(t, Options{NoPlatform: true}, twenty())
	q := Query{Input: mention()}
	if got := testing.AllocsPerRun(100, func() { s.Decide(q) }); got > 25 {
		t.Errorf("%v allocations, want at most 25", got)
	}
}

func BenchmarkLoad2000(b *testing.B) {
	var sources []Source
	for f := range 4 {
		var rules strings.Builder
		for i := range 500 {
			fmt.Fprintf(&rules, "  - id: acme.r%d-%d\n    effect: forbid\n    actions: [reply, dm]\n    because: Because of %d.\n    when:\n"+
				"      many: user.dms_sent >= %d\n      language: event.lang in [\"en\", \"de\"]\n", f, i, i, i+1)
		}
		pack := strings.Replace(account(rules.String()), "pack: acme", fmt.Sprintf("pack: acme%d", f), 1)
		sources = append(sources, Source{fmt.Sprintf("%d.yaml", f), []byte(pack)})
	}
	for b.Loop() {
		if _, err := Load(sources, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFeatures(b *testing.B) {
	s := load(b, Options{}, refundPack)
	text := strings.Repeat("My order has not arrived, and nobody answers. ", 6)
	b.ReportAllocs()
	for b.Loop() {
		s.Features(text)
	}
}

func BenchmarkInputJSON(b *testing.B) {
	in := mention()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := in.MarshalJSON(); err != nil {
			b.Fatal(err)
		}
	}
}
