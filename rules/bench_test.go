package rules

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
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

// many is an account of n rules, 500 a file.
func many(n int) (sources []Source) {
	for f := range n / 500 {
		var rules strings.Builder
		for i := range 500 {
			fmt.Fprintf(&rules, "  - id: acme.r%d-%d\n    effect: forbid\n    actions: [reply, dm]\n    because: Because of %d.\n    when:\n"+
				"      many: user.dms_sent >= %d\n      language: event.lang in [\"en\", \"de\"]\n", f, i, i, i+1)
		}
		pack := strings.Replace(account(rules.String()), "pack: acme", fmt.Sprintf("pack: acme%d", f), 1)
		sources = append(sources, Source{fmt.Sprintf("%d.yaml", f), []byte(pack)})
	}
	return sources
}

// quickest is the shortest of some runs: what else the machine does makes runs
// longer, never shorter.
func quickest(runs int, f func()) time.Duration {
	best := time.Duration(math.MaxInt64)
	for range runs {
		begin := time.Now()
		f()
		best = min(best, time.Since(begin))
	}
	return best
}

// TestLoadIsLinear: four times the rules cost four times the allocations, not
// sixteen. Loading 2,000 takes under a second, which BenchmarkLoad2000 shows: it
// is too long for a test of time, which a busy machine would fail.
func TestLoadIsLinear(t *testing.T) {
	cost := func(n int) float64 {
		sources := many(n)
		return testing.AllocsPerRun(1, func() {
			if _, err := Load(sources, Options{}); err != nil {
				t.Fatal(err)
			}
		})
	}
	few, many := cost(500), cost(2000)
	if ratio := many / few; ratio > 4.5 {
		t.Errorf("4 times the rules, %.1f times the allocations: %.0f and %.0f", ratio, few, many)
	}
}

// TestDecideCostsItsKindOnly: 2,000 rules about other kinds of action cost a
// decision nothing.
func TestDecideCostsItsKindOnly(t *testing.T) {
	small := load(t, Options{NoPlatform: true}, twenty())
	var others strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&others, "  - id: acme.other%d\n    effect: forbid\n    actions: [dm, like]\n    because: Because.\n    when:\n      it: user.dms_sent >= %d\n", i, i+1)
	}
	big := load(t, Options{NoPlatform: true}, twenty()+others.String())
	q := Query{Input: mention()}
	if x, y := small.Decide(q), big.Decide(q); x.Effect != y.Effect || len(x.Outcomes) != len(y.Outcomes) {
		t.Fatalf("%s of %d rules, %s of %d", x.Effect, len(x.Outcomes), y.Effect, len(y.Outcomes))
	}
	decide := func(s *Set) func() { return func() { s.Decide(q) } }
	if x, y := testing.AllocsPerRun(100, decide(small)), testing.AllocsPerRun(100, decide(big)); x != y {
		t.Errorf("%v allocations, with other rules %v", x, y)
	}
	few, many := quickest(200, decide(small)), quickest(200, decide(big))
	if ratio := float64(many) / float64(few); ratio > 10 { // of 100, did it look at them
		t.Errorf("with other rules %.1f times as long: %s and %s", ratio, few, many)
	}
}

func BenchmarkLoad2000(b *testing.B) {
	sources := many(2000)
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
