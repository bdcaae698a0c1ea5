package rules

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestM1PlatformTestsKillEverything: the platform pack's own cases notice each
// change of a token that changes any decision, and so do they without the
// invariants.
func TestM1PlatformTestsKillEverything(t *testing.T) {
	t.Parallel()
	ms, err := MutatePlatform(0)
	if err != nil {
		t.Fatal(err)
	}
	if Score(ms, Killed) < 300 {
		t.Errorf("only %d of %d changes are killed", Score(ms, Killed), len(ms))
	}
	set, _, err := Platform()
	if err != nil {
		t.Fatal(err)
	}
	files, err := set.platformTests()
	if err != nil {
		t.Fatal(err)
	}
	files[0].Invariants = nil
	cases, err := set.mutate(layerPlatform, files, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range append(ms, cases...) {
		if m.Status == Survived || m.Status == Undecided {
			t.Errorf("%s: %s: %s: %+v", m.Rule, m.Change, m.Status, m.Example)
		}
		// Equivalent are only what another rule decides alike: no permit, or a
		// purpose that is denied anyway.
		if m.Status == Equivalent && !strings.HasPrefix(m.Change, "actions: drop ") {
			t.Logf("equivalent: %s: %s", m.Rule, m.Change)
		}
	}
}

// TestM2PlatformCases: the pack's cases hold, for the platform alone and below
// an account that permits everything.
func TestM2PlatformCases(t *testing.T) {
	t.Parallel()
	alone, _, err := Platform()
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range []*Set{alone, load(t, Options{}, permitAll)} {
		files, err := set.platformTests()
		if err != nil {
			t.Fatal(err)
		}
		report := RunTests(set, files, nil)
		if len(report.Results) < 100 {
			t.Errorf("%d cases", len(report.Results))
		}
		for _, r := range report.Results {
			if r.Status != Passed {
				t.Errorf("%s: %v: got %+v", r.Name, r.Differs, r.Got)
			}
		}
	}
}

// TestM3MutantsAreJudgedExactly compares the verdict on every mutant of random
// packs with asking both engines in every abstract state, and holds each
// survivor's test to its word.
func TestM3MutantsAreJudgedExactly(t *testing.T) {
	t.Parallel()
	seen := map[MutationStatus]int{}
	for seed := range uint64(16) {
		d := draw{rand.New(rand.NewPCG(seed, 13))}
		set := both(t, []rawRule{{id: "all", effect: permit, actions: []string{"reply", "dm"}}}, d.rules("a", 2+d.IntN(2)))
		ms, err := Mutate(set, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range allMutants(set) {
			got := ms[i]
			after, err := set.mutated(m)
			if err != nil {
				t.Fatal(err)
			}
			differs, ok := differsAnywhere(m, set, after)
			if !ok {
				continue // too many states to ask
			}
			seen[got.Status]++
			if differs != (got.Status == Survived) || !differs && got.Status != Equivalent {
				t.Errorf("seed %d: %s: %s is %s, by asking it differs: %t", seed, m.rule.ID, m.change, got.Status, differs)
			}
			if got.Status != Survived {
				continue
			}
			files := oneCase(t, set, got.Example.Case)
			if !RunTests(set, files, nil).OK() || RunTests(after, files, nil).OK() {
				t.Errorf("seed %d: the test for %s: %s does not notice it: %s", seed, m.rule.ID, m.change, got.Example.Case)
			}
		}
	}
	if seen[Survived] < 80 || seen[Equivalent] < 15 {
		t.Errorf("too few of a kind: %v", seen)
	}
}

func oneCase(t *testing.T, set *Set, entry string) []TestFile {
	t.Helper()
	files, err := LoadTests(set, []Source{{"a_test.yaml", []byte("schema: beckon.rules-test/v1\nclock: 0001-01-01T00:00:00Z\ncases:\n  table:\n    " + entry + "\n")}})
	if err != nil {
		t.Fatalf("%s\n%v", entry, err)
	}
	return files
}

func allMutants(s *Set) (out []mutant) {
	var ids []string
	for id, u := range s.byID {
		if u.layer == layerAccount {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		out = append(out, s.byID[id].mutants()...)
	}
	return out
}

func differsAnywhere(m mutant, before, after *Set) (differs, ok bool) {
	for _, kind := range m.rule.Actions {
		lifted := liftings(before.byKind[kind])
		s := newSpace(append(terms(before.byKind[kind], lifted), terms(after.byKind[kind], lifted)...), valuesOf(ordinary(kind)))
		if s.size().Int64() > 4_000 {
			return false, false
		}
		state := make([]int, len(s.dims))
		for {
			q := court{space: s, kind: kind}.query(state, ordinary(kind), nil, lifted)
			x, y := before.Decide(q), after.Decide(q)
			if x.Effect != y.Effect || !slices.Equal(x.Obligations, y.Obligations) {
				return true, true
			}
			i := 0
			for ; i < len(state); i++ {
				if state[i]++; state[i] < len(s.dims[i].values) {
					break
				}
				state[i] = 0
			}
			if i == len(state) {
				break
			}
		}
	}
	return false, true
}

func TestM4FailingTestsAreAnError(t *testing.T) {
	t.Parallel()
	set := load(t, Options{}, permitAll)
	if _, err := Mutate(set, oneCase(t, set, "- {name: wrong, set: {action.kind: like}, expect: allow}"), 0); err == nil {
		t.Error("tests that fail without a change score mutants")
	}
	todo := oneCase(t, set, "- {name: wrong, set: {action.kind: like}, expect: allow, todo: later}")
	if ms, err := Mutate(set, todo, 0); err != nil || Score(ms, Killed) > 0 {
		t.Errorf("a todo notices something: %v %v", ms, err)
	}
	if _, err := Mutate(nil, nil, 0); err == nil {
		t.Error("no set, no error")
	}
}

func TestMutations(t *testing.T) {
	t.Parallel()
	for src, want := range map[string][]string{
		`user.held`:                  {"not user.held"},
		`not user.held`:              {"user.held"},
		`event.age < hours(24)`:      {"event.age <= days(1)", "event.age >= days(1)", "event.age < minutes(1439)", "event.age < minutes(1441)"},
		`user.dms_sent == 0`:         {"user.dms_sent != 0", "user.dms_sent == 1"},
		`bot.tier in ["enterprise"]`: {`not (bot.tier in ["enterprise"])`, `bot.tier in ["self_serve"]`},
		`event.lang in ["en", "de"]`: {`not (event.lang in ["en", "de"])`, `event.lang in ["fr", "de"]`, `event.lang in ["de"]`, `event.lang in ["en", "fr"]`, `event.lang in ["en"]`},
		`user.held and (bot.paused or user.held)`: {
			"not (user.held and (bot.paused or user.held))", "(user.held or (bot.paused or user.held))", "user.held", "(bot.paused or user.held)",
			"(not user.held and (bot.paused or user.held))", "(user.held and (bot.paused and user.held))", "(user.held and bot.paused)",
			"(user.held and user.held)", "(user.held and (not bot.paused or user.held))", "(user.held and (bot.paused or not user.held))",
		},
	} {
		term, err := parseCondition(src, scope{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range term.mutations() {
			got = append(got, m.String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\ngot  %q\nwant %q", src, got, want)
		}
	}
}
