package rules

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// invariant reads what must never be.
func invariant(t *testing.T, s *Set, never string) Invariant {
	t.Helper()
	src := "schema: beckon.rules-test/v1\ninvariants:\n  - id: it\n    never: '" + never + "'\n"
	files, err := LoadTests(s, []Source{{"a_test.yaml", []byte(src)}})
	if err != nil {
		t.Fatal(err)
	}
	return files[0].Invariants[0]
}

func verifyOne(t *testing.T, s *Set, never string) Proof {
	t.Helper()
	proofs, err := Verify(s, []Invariant{invariant(t, s, never)}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return proofs[0]
}

// TestV1Platform: the pack's invariants hold for all accounts, and for the
// account that permits everything.
func TestV1Platform(t *testing.T) {
	t.Parallel()
	set, invariants, err := Platform()
	if err != nil {
		t.Fatal(err)
	}
	all, err := VerifyPlatform(0)
	if err != nil {
		t.Fatal(err)
	}
	one, err := Verify(load(t, Options{}, permitAll), invariants, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 30 || len(set.byID) == 0 {
		t.Fatalf("%d invariants over %d rules", len(all), len(set.byID))
	}
	for _, p := range append(all, one...) {
		if p.Status != Proved || p.States.Cmp(p.Covered) != 0 || p.States.Sign() == 0 {
			t.Errorf("%s: %s, %s of %s states: %+v", p.ID, p.Status, p.Covered, p.States, p.Counter)
		}
	}
}

// seeded is the platform pack with one change, as a set of its own.
func seeded(t *testing.T, old, new string) *Set {
	t.Helper()
	if strings.Count(string(platformPack), old) != 1 {
		t.Fatalf("%q stands %d times in the pack", old, strings.Count(string(platformPack), old))
	}
	return build(t, []string{strings.Replace(string(platformPack), old, new, 1)}, nil)
}

// TestV2SeededBugs: a bug in the platform pack is found, by the invariant that
// it breaks, and the counterexample is a case that a test file takes.
func TestV2SeededBugs(t *testing.T) {
	t.Parallel()
	_, invariants, err := Platform()
	if err != nil {
		t.Fatal(err)
	}
	everywhere := "actions: [reply, dm, post, repost, quote, like, bookmark, follow, list_add]\n"
	for _, tt := range []struct {
		name, old, new string
		broken         []string
	}{
		{
			"the opt-out rule limited to DMs", "  - id: x.opted-out\n    effect: forbid\n    " + everywhere,
			"  - id: x.opted-out\n    effect: forbid\n    actions: [dm]\n", []string{"nothing-after-opt-out"},
		},
		{"a second reply", "interaction.replies_sent > 0 or", "interaction.replies_sent > 1 or", []string{"no-second-reply"}},
		{"a day and a minute", "event.age >= hours(24)", "event.age > hours(24)", []string{"nothing-a-day-late"}},
		{"the confirmation exempted from pause", "      paused: bot.paused\n", "      paused: bot.paused\n    unless:\n      c: action.purpose == \"opt_out_confirmation\"\n", []string{"nothing-while-paused"}},
		{"a hint only with a policy", "      first: action.is_first_dm\n    unless:", "      first: action.is_first_dm\n      it: bot.privacy_url_set\n    unless:", []string{"first-dm-says-how-to-stop"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			set := seeded(t, tt.old, tt.new)
			proofs, err := verify(set, invariants, DefaultBudget, true)
			if err != nil {
				t.Fatal(err)
			}
			var broken []string
			for _, p := range proofs {
				if p.Status != Violated {
					continue
				}
				broken = append(broken, p.ID)
				if p.Counter == nil || len(p.Counter.Values) != len(fields) {
					t.Fatalf("%s: no concrete input: %+v", p.ID, p.Counter)
				}
				src := "schema: beckon.rules-test/v1\nclock: 0001-01-01T00:00:00Z\ncases:\n  table:\n    " + p.Counter.Case + "\n"
				files, err := LoadTests(set, []Source{{"a_test.yaml", []byte(src)}})
				if err != nil {
					t.Fatalf("the case does not load: %v", err)
				}
				if diff := cmp.Diff(p.Counter.query.Input, files[0].Cases[0].Input); diff != "" {
					t.Errorf("the case is another state (-found +case):\n%s", diff)
				}
				// Under an account that permits all, the case fails before the
				// bug is mended and passes after.
				bug := build(t, []string{strings.Replace(string(platformPack), tt.old, tt.new, 1)}, []string{permitAll})
				if RunTests(bug, files, nil).OK() || !RunTests(load(t, Options{}, permitAll), files, nil).OK() {
					t.Errorf("the case does not tell the bug: %s", p.Counter.Case)
				}
			}
			if !slices.Equal(broken, tt.broken) {
				t.Errorf("broken %v, want %v", broken, tt.broken)
			}
		})
	}
}

// TestV3SearchIsExact compares the search with asking Decide in every abstract
// state, over random packs: it proves what holds, and finds what does not.
func TestV3SearchIsExact(t *testing.T) {
	t.Parallel()
	seen := map[ProofStatus]int{}
	for seed := range uint64(80) {
		d := draw{rand.New(rand.NewPCG(seed, 11))}
		set := both(t, d.rules("p", 1+d.IntN(3)), d.rules("a", 1+d.IntN(3)))
		never := d.conditions(1)[0] + ` and decision ` + []string{`!= "deny"`, `== "allow"`, `in ["hold", "allow"]`, `== "hold"`, `== "deny"`}[d.IntN(5)]
		if d.IntN(3) == 0 {
			never += " and not obligation." + obligations()[d.IntN(3)]
		}
		for _, any := range []bool{false, true} {
			proofs, err := verify(set, []Invariant{invariant(t, set, never)}, DefaultBudget, any)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			p := proofs[0]
			if p.States.Int64() > 4000 {
				continue // too many to ask
			}
			want, asked := bruteForce(t, set, p.term, any)
			seen[want]++
			if p.Status != want || want == Proved && p.States.Int64() != asked {
				t.Errorf("seed %d, any account %t: %s is %s in %s states, by asking %s in %d", seed, any, never, p.Status, p.States, want, asked)
			}
		}
	}
	if seen[Proved] < 20 || seen[Violated] < 20 {
		t.Errorf("too few of a kind: %v", seen)
	}
}

// bruteForce asks the engine in every combination of representatives.
func bruteForce(t *testing.T, set *Set, never *term, any bool) (ProofStatus, int64) {
	t.Helper()
	status, asked := Proved, int64(0)
	for _, kind := range fieldByName["action.kind"].enum {
		lifted := liftings(set.byKind[kind])
		s := newSpace(append(terms(set.byKind[kind], lifted), never), valuesOf(ordinary(kind)))
		s.fix(fieldByName["action.kind"], constant{s: kind})
		var dims []int
		for i, d := range s.dims {
			if !d.derived() {
				dims = append(dims, i)
			}
		}
		state := make([]int, len(s.dims))
		for more := true; more; {
			asked++
			q := court{space: s, kind: kind}.query(state, ordinary(kind), nil, lifted)
			got := set.Decide(q)
			worse, more2 := []Effect{got.Effect}, false
			if any {
				worse = []Effect{Allow, Hold, Deny}[rank(got.Effect):]
			}
			for _, e := range worse {
				for _, extra := range []bool{false, true} {
					bad := never.eval(func(v variable) constant {
						switch {
						case v.field == decisionField():
							return constant{s: string(e)}
						case v.derived():
							o := Obligation(strings.TrimPrefix(v.field.name, "obligation."))
							on := e != Deny && (any && extra || slices.Contains(got.Obligations, o))
							return constant{n: map[bool]float64{true: 1}[on]}
						}
						return v.field.get(&q.Input)
					})
					if bad {
						status = Violated
					}
				}
			}
			for _, i := range dims {
				if state[i]++; state[i] < len(s.dims[i].values) {
					more2 = true
					break
				}
				state[i] = 0
			}
			more = more2
		}
	}
	return status, asked
}

// TestV4Budget: what was not covered is not proved.
func TestV4Budget(t *testing.T) {
	t.Parallel()
	set := load(t, Options{}, permitAll)
	v := invariant(t, set, `user.opted_out and action.purpose != "opt_out_confirmation" and decision != "deny"`)
	for budget := range 12 {
		proofs, err := Verify(set, []Invariant{v}, budget+1)
		if err != nil {
			t.Fatal(err)
		}
		p := proofs[0]
		if (p.Status == Proved) != (p.Covered.Cmp(p.States) == 0) || budget == 0 && p.Status != NotExhaustive {
			t.Errorf("budget %d: %s after %s of %s states", budget+1, p.Status, p.Covered, p.States)
		}
	}
}

// TestV5Account: invariants of an account's own, with features and holds.
func TestV5Account(t *testing.T) {
	t.Parallel()
	set := load(t, Options{}, strings.Replace(permitAll, "rules:\n", `features:
  asks_refund: {field: event.text, any_of: [refund]}
rules:
  - id: acme.refund
    effect: hold
    actions: [reply, dm]
    because: Money is promised by a person.
    when:
      refund: feature.asks_refund
`, 1))
	for never, want := range map[string]ProofStatus{
		`action.kind in ["reply", "dm"] and feature.asks_refund and draft.approval != "approved" and decision == "allow"`: Proved,
		`feature.asks_refund and decision == "allow"`:         Violated, // a person approved it
		`not feature.asks_refund and decision == "hold"`:      Violated, // x.dm-loop
		`event.lang == "fr" and decision == "allow"`:          Violated,
		`decision == "hold" and obligation.mark_made_with_ai`: Proved,
	} {
		p := verifyOne(t, set, never)
		if p.Status != want {
			t.Errorf("%s: %s, want %s", never, p.Status, want)
		}
		if want == Violated && !strings.HasPrefix(p.Counter.Case, `- {name: "it", set: {action.kind: `) {
			t.Errorf("%s: case %s", never, p.Counter.Case)
		}
	}
	p := verifyOne(t, set, `feature.asks_refund and decision == "allow"`)
	if !slices.Equal(p.Counter.Lifted, []string{"acme.refund"}) || !slices.Equal(p.Counter.Features, []string{"asks_refund"}) {
		t.Errorf("counterexample %+v", p.Counter)
	}
}

func TestInvariantTraps(t *testing.T) {
	t.Parallel()
	set := load(t, Options{}, permitAll)
	for _, tt := range []struct{ never, code string }{
		{`'user.opted_out'`, "no-decision"},
		{`'§decision == "denied"'`, "enum"},
		{`'decision < "deny"'`, "operator"},
		{`'decision'`, "unknown-field"},
		{`'obligation.sing and decision == "allow"'`, "unknown-value"},
		{`'user.optedout and decision != "deny"'`, "unknown-field"},
		{`'user.held and not user.held and decision != "deny"'`, "constant"},
		{`'decision in ["allow", "hold", "deny"]'`, "constant"},
		{`'decision != "deny" or'`, "syntax"},
		{`""`, "empty"},
	} {
		never, _, _ := unmark(tt.never)
		_, err := LoadTests(set, []Source{{"a_test.yaml", []byte("schema: beckon.rules-test/v1\ninvariants:\n  - {id: it, never: " + never + "}\n")}})
		if ds, ok := err.(Diagnostics); !ok || ds[0].Code != tt.code || ds[0].Line != 3 {
			t.Errorf("%s: %v, want %s", never, err, tt.code)
		}
	}
}

func BenchmarkVerifyPlatform(b *testing.B) {
	for b.Loop() {
		if _, err := VerifyPlatform(0); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleVerifyPlatform() {
	proofs, _ := VerifyPlatform(0)
	for _, p := range proofs[:1] {
		fmt.Println(p.ID, p.Status, p.States)
	}
	// Output: nothing-after-opt-out proved 4727913674894208
}
