package rules

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// draw makes small random rules and inputs over the same few fields, so that
// conditions are often true and often false.
type draw struct{ *rand.Rand }

type rawRule struct {
	id, effect  string
	actions     []string
	when        []string
	unless      []string
	obligations []string
	mode        string
}

func (d draw) conditions(n int) []string {
	pool := []string{
		`user.opted_out`, `not user.held`, `bot.paused or draft.promotional`,
		`event.age < hours(24)`, `event.age >= minutes(5) and user.held`,
		`event.lang in ["en", "de"]`, `event.lang != "en"`, `event.from_automated == "unknown"`,
		`user.dms_sent_24h >= 3`, `0 < user.dms_sent_24h < 3`, `user.initiated not in ["dm", "none"]`,
		`not (user.opted_out and user.held)`,
	}
	d.Shuffle(len(pool), func(i, j int) { pool[i], pool[j] = pool[j], pool[i] })
	return pool[:n]
}

func (d draw) rule(id string, effects ...string) rawRule {
	kinds := [][]string{{"reply"}, {"dm"}, {"reply", "dm"}}
	r := rawRule{id: id, effect: effects[d.IntN(len(effects))], actions: kinds[d.IntN(len(kinds))],
		when: d.conditions(d.IntN(3)), unless: d.conditions(d.IntN(2))}
	if r.effect == require {
		r.obligations = []string{obligations()[d.IntN(3)]}
	}
	return r
}

func (d draw) rules(prefix string, n int) []rawRule {
	out := make([]rawRule, n)
	for i := range out {
		// Two permits in five, or nearly every decision would be a deny.
		out[i] = d.rule(fmt.Sprintf("%s%d", prefix, i), permit, permit, forbid, hold, require)
	}
	return out
}

func (d draw) input() Input {
	pick := func(of ...string) string { return of[d.IntN(len(of))] }
	flip := func() bool { return d.IntN(2) == 0 }
	in := mention()
	in.Action.Kind = pick("reply", "dm", "like")
	in.Event.Age = []time.Duration{0, 5 * time.Minute, 25 * time.Hour}[d.IntN(3)]
	in.Event.Lang = pick("en", "de", "fr", "")
	in.Event.FromAutomated = pick("yes", "no", "unknown")
	in.User.OptedOut, in.User.Held, in.Bot.Paused, in.Draft.Promotional = flip(), flip(), flip(), flip()
	in.User.DMsSent24h = int64(d.IntN(5))
	in.User.Initiated = pick("none", "dm", "mention")
	return in
}

func (r rawRule) yaml() string {
	var b strings.Builder
	fmt.Fprintf(&b, "  - id: %s\n    effect: %s\n    actions: [%s]\n    because: Because of %s.\n    cite: \"X, read 2026-11-23\"\n",
		r.id, r.effect, strings.Join(r.actions, ", "), r.id)
	for key, conds := range map[string][]string{"when": r.when, "unless": r.unless} {
		for i, c := range conds {
			if i == 0 {
				fmt.Fprintf(&b, "    %s:\n", key)
			}
			fmt.Fprintf(&b, "      c%d: %s\n", i, c)
		}
	}
	if r.mode != "" {
		fmt.Fprintf(&b, "    mode: %s\n", r.mode)
	}
	if r.obligations != nil {
		fmt.Fprintf(&b, "    obligations: [%s]\n", strings.Join(r.obligations, ", "))
	}
	return b.String()
}

func packOf(layer, name string, rules []rawRule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "schema: beckon.rules/v1\npack: %s\nlayer: %s\nversion: v1\nrules:\n", name, layer)
	for _, r := range rules {
		b.WriteString(r.yaml())
	}
	return b.String()
}

// build makes a set of any packs in either layer.
func build(t *testing.T, platform, accounts []string) *Set {
	t.Helper()
	b := newBuilder()
	for i, p := range platform {
		b.add(Source{fmt.Sprintf("p%d.yaml", i), []byte(p)}, layerPlatform)
	}
	for i, p := range accounts {
		b.add(Source{fmt.Sprintf("a%d.yaml", i), []byte(p)}, layerAccount)
	}
	s, err := b.set(nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func rank(e Effect) int { return map[Effect]int{Allow: 0, Hold: 1, Deny: 2}[e] }

// each runs a law on random packs and inputs, from a fixed seed.
func each(t *testing.T, law func(t *testing.T, d draw, platform, account []rawRule)) {
	t.Helper()
	t.Parallel()
	for seed := range uint64(150) {
		d := draw{rand.New(rand.NewPCG(seed, 7))}
		law(t, d, d.rules("p", 1+d.IntN(6)), d.rules("a", 1+d.IntN(6)))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func both(t *testing.T, p, a []rawRule) *Set {
	t.Helper()
	return build(t, []string{packOf(layerPlatform, "p", p)}, []string{packOf(layerAccount, "a", a)})
}

// TestSemantics compares Decide with the definition in README.md, evaluated
// directly: R1, R2, and the layers.
func TestSemantics(t *testing.T) {
	seen := map[Effect]int{}
	t.Cleanup(func() {
		for _, e := range []Effect{Allow, Hold, Deny} {
			if seen[e] < 40 {
				t.Errorf("only %d random decisions are %s", seen[e], e)
			}
		}
	})
	each(t, func(t *testing.T, d draw, p, a []rawRule) {
		s := both(t, p, a)
		for range 20 {
			in := d.input()
			want := stricter(define(t, p, in), define(t, a, in))
			got := s.Decide(Query{Input: in})
			seen[got.Effect]++
			if got.Effect != want {
				t.Errorf("got %s, want %s: %+v", got.Effect, want, got)
			}
			if got.Effect == Deny && len(got.Obligations) > 0 {
				t.Errorf("a deny obliges to %v", got.Obligations)
			}
			if got.Say == "" || got.Effect != Deny && len(got.By) == 0 {
				t.Errorf("no reason: %+v", got)
			}
		}
	})
}

// define is a layer's effect by the words of the definition.
func define(t *testing.T, rules []rawRule, in Input) Effect {
	t.Helper()
	var forbidden, permitted, held bool
	for _, r := range rules {
		fires := slices.Contains(r.actions, in.Action.Kind)
		for _, c := range r.when {
			fires = fires && holds(t, c, in)
		}
		for _, c := range r.unless {
			fires = fires && !holds(t, c, in)
		}
		forbidden = forbidden || fires && r.effect == forbid
		permitted = permitted || fires && r.effect == permit
		held = held || fires && r.effect == hold
	}
	switch {
	case forbidden || !permitted:
		return Deny
	case held:
		return Hold
	}
	return Allow
}

// holds evaluates a condition without expr.
func holds(t *testing.T, cond string, in Input) bool {
	t.Helper()
	term, err := parseCondition(cond, scope{})
	if err != nil {
		t.Fatal(err)
	}
	return term.eval(valueIn(in))
}

func valueIn(in Input) func(variable) constant {
	v := reflect.ValueOf(in)
	return func(x variable) constant {
		leaf := x.field.value(v)
		switch {
		case x.field.domain == boolean && leaf.Bool():
			return constant{n: 1}
		case x.field.domain == boolean:
			return constant{}
		case x.field.domain <= text:
			return constant{s: leaf.String()}
		}
		if leaf.CanInt() {
			return constant{n: float64(leaf.Int())}
		}
		return constant{n: leaf.Float()}
	}
}

func TestR1DefaultDeny(t *testing.T) {
	each(t, func(t *testing.T, d draw, p, a []rawRule) {
		strip := func(rs []rawRule) []rawRule {
			rs = append([]rawRule{d.rule("z", forbid, hold, require)}, rs...)
			return slices.DeleteFunc(rs, func(r rawRule) bool { return r.effect == permit })
		}
		for _, s := range []*Set{both(t, strip(p), a), both(t, p, strip(a))} {
			if got := s.Decide(Query{Input: d.input()}); got.Effect != Deny {
				t.Errorf("no permit in one layer: %+v", got)
			}
		}
	})
}

func TestR2ForbidOverrides(t *testing.T) {
	each(t, func(t *testing.T, d draw, p, a []rawRule) {
		always := rawRule{id: "z", effect: forbid, actions: []string{"reply", "dm", "like"}}
		for _, s := range []*Set{both(t, append(p, always), a), both(t, p, append(a, always))} {
			got := s.Decide(Query{Input: d.input(), Lifted: []string{"z"}})
			if got.Effect != Deny || !slices.ContainsFunc(got.By, func(b By) bool { return b.Rule == "z" }) {
				t.Errorf("a forbid fires: %+v", got)
			}
		}
	})
}

func TestR3Order(t *testing.T) {
	each(t, func(t *testing.T, d draw, p, a []rawRule) {
		mixed := slices.Clone(a)
		d.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		cut := d.IntN(len(mixed))
		one, shuffled := both(t, p, a), both(t, p, mixed)
		if one.Hash() != shuffled.Hash() {
			t.Error("the order of rules changes the hash")
		}
		files := []string{packOf(layerAccount, "b", mixed[cut:])}
		if cut > 0 {
			files = append(files, packOf(layerAccount, "a", mixed[:cut]))
		}
		split := build(t, []string{packOf(layerPlatform, "p", p)}, files)
		twin := mixed[0]
		twin.id = "twin"
		doubled := both(t, p, append(mixed, twin))
		for range 10 {
			q := Query{Input: d.input()}
			want := one.Decide(q)
			for _, s := range []*Set{shuffled, split} {
				if diff := cmp.Diff(want, s.Decide(q)); diff != "" {
					t.Errorf("order changes the decision:\n%s", diff)
				}
			}
			if got := doubled.Decide(q); got.Effect != want.Effect || !slices.Equal(got.Obligations, want.Obligations) {
				t.Errorf("a second copy changes %+v to %+v", want, got)
			}
		}
	})
}

func TestR4AddingNeverLoosens(t *testing.T) {
	each(t, func(t *testing.T, d draw, p, a []rawRule) {
		before, after := both(t, p, a), both(t, p, append(a, d.rule("z", forbid, hold, require)))
		for range 20 {
			q := Query{Input: d.input()}
			x, y := before.Decide(q), after.Decide(q)
			if rank(y.Effect) < rank(x.Effect) {
				t.Errorf("%s becomes %s", x.Effect, y.Effect)
			}
			for _, o := range x.Obligations {
				if y.Effect != Deny && !slices.Contains(y.Obligations, o) {
					t.Errorf("obligation %s is lost", o)
				}
			}
		}
	})
}

func TestR5AccountNeverLoosensPlatform(t *testing.T) {
	each(t, func(t *testing.T, d draw, p, a []rawRule) {
		alone := build(t, []string{packOf(layerPlatform, "p", p)}, nil)
		set := both(t, p, a)
		for range 20 {
			q := Query{Input: d.input()}
			x, y := alone.Decide(q), set.Decide(q)
			if rank(y.Effect) < rank(x.Effect) {
				t.Errorf("the platform's %s becomes %s", x.Effect, y.Effect)
			}
			for _, o := range x.Obligations {
				if y.Effect != Deny && !slices.Contains(y.Obligations, o) {
					t.Errorf("the platform's obligation %s is lost", o)
				}
			}
		}
	})
}

func TestR6ErrorNeverLoosens(t *testing.T) {
	each(t, func(t *testing.T, d draw, p, a []rawRule) {
		sound, broken := both(t, p, a), both(t, p, a)
		var conds []*condition
		for _, kind := range []string{"dm", "reply"} {
			for _, u := range broken.byKind[kind] {
				for i := range u.When {
					conds = append(conds, &u.When[i])
				}
				for i := range u.Unless {
					conds = append(conds, &u.Unless[i])
				}
			}
		}
		if len(conds) == 0 {
			return
		}
		conds[d.IntN(len(conds))].prog = program[env]{} // evaluates to E
		for range 20 {
			q := Query{Input: d.input()}
			x, y := sound.Decide(q), broken.Decide(q)
			if rank(y.Effect) < rank(x.Effect) {
				t.Errorf("an error loosens %+v to %+v", x, y)
			}
		}
	})
}

// TestR6Table is the three-valued definition, rule by rule.
func TestR6Table(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		effect, when, unless string
		want                 Truth
		fires                bool
	}{
		{permit, "T", "", True, true},
		{permit, "TE", "", Error, false},
		{permit, "ET", "", Error, false},
		{permit, "EF", "", False, false},
		{permit, "T", "E", Error, false},
		{permit, "T", "T", False, false},
		{permit, "T", "F", True, true},
		{forbid, "E", "", Error, true},
		{forbid, "EF", "", False, false},
		{forbid, "FE", "", False, false},
		{forbid, "T", "E", Error, true},
		{forbid, "E", "T", False, false},
		{forbid, "T", "TE", False, false},
		{hold, "E", "F", Error, true},
		{require, "", "E", Error, true},
		{require, "", "", True, true},
	} {
		t.Run(tt.effect+"/"+tt.when+"/"+tt.unless, func(t *testing.T) {
			conds := func(truths string) []string {
				var out []string
				for _, c := range truths {
					// The input below has opted_out false; E is put in afterwards.
					out = append(out, map[rune]string{'T': "not user.opted_out", 'F': "user.opted_out", 'E': "user.held"}[c])
				}
				return out
			}
			r := rawRule{id: "r", effect: tt.effect, actions: []string{"reply"}, when: conds(tt.when), unless: conds(tt.unless)}
			if tt.effect == require {
				r.obligations = []string{"disclose_affiliate"}
			}
			rules := []rawRule{r}
			if tt.effect != permit {
				rules = append(rules, rawRule{id: "z", effect: permit, actions: []string{"reply"}})
			}
			s := build(t, nil, []string{packOf(layerAccount, "a", rules)})
			u := s.byKind["reply"][0]
			for _, cs := range [][]condition{u.When, u.Unless} {
				for i := range cs {
					if cs[i].Expr == "user.held" {
						cs[i].prog = program[env]{}
					}
				}
			}
			d := s.Decide(Query{Input: mention()})
			if got := d.Outcomes[0]; got.Value != tt.want {
				t.Errorf("outcome %s, want %s", got.Value, tt.want)
			}
			fired := map[string]bool{permit: d.Effect == Allow, forbid: d.Effect == Deny, hold: d.Effect == Hold, require: len(d.Obligations) == 1}
			if fired[tt.effect] != tt.fires {
				t.Errorf("fires %v, want %v: %+v", fired[tt.effect], tt.fires, d)
			}
		})
	}
}

func TestR7SameHashSameDecision(t *testing.T) {
	t.Parallel()
	s := load(t, Options{}, permitAll)
	again, err := Load(s.Sources(), Options{})
	if err != nil || again.Hash() != s.Hash() {
		t.Fatalf("loaded again: %v, hash %s, want %s", err, again.Hash(), s.Hash())
	}
	layout := load(t, Options{}, "# words\n"+strings.Replace(permitAll, "[reply, dm,", "[dm,   reply,", 1))
	if layout.Hash() != s.Hash() {
		t.Error("comments and layout change the hash")
	}
	if other := load(t, Options{}, strings.Replace(permitAll, "1.4.0", "1.4.1", 1)); other.Hash() == s.Hash() {
		t.Error("another version has the same hash")
	}
	if other := load(t, Options{NoPlatform: true}, permitAll); other.Hash() == s.Hash() {
		t.Error("without the platform the hash is the same")
	}
	want, _ := json.Marshal(s.Decide(Query{Input: dm()}))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if got, _ := json.Marshal(again.Decide(Query{Input: dm()})); string(got) != string(want) {
					t.Errorf("got %s, want %s", got, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestR8FailsClosed(t *testing.T) {
	t.Parallel()
	var none *Set
	broken := load(t, Options{}, permitAll)
	broken.machines = &sync.Pool{New: func() any { return nil }} // makes Decide panic
	for name, s := range map[string]*Set{"nil": none, "zero": {}, "panic": broken} {
		if got := s.Decide(Query{Input: mention()}); got.Effect != Deny || got.Say == "" {
			t.Errorf("%s set: %+v", name, got)
		}
	}
	if p, a := none.Packs(); none.Features("x") != nil || none.Hash() != "" || p+a != "" || none.Sources() != nil {
		t.Error("a nil set is not empty")
	}
	s := load(t, Options{}, permitAll)
	if got := s.Decide(Query{}); got.Effect != Deny {
		t.Errorf("empty input: %+v", got)
	}
}

func TestLifted(t *testing.T) {
	t.Parallel()
	s := build(t, nil, []string{packOf(layerAccount, "a", []rawRule{
		{id: "p", effect: permit, actions: []string{"reply"}},
		{id: "h1", effect: hold, actions: []string{"reply"}, when: []string{"not user.held"}},
		{id: "h2", effect: hold, actions: []string{"reply"}},
	})})
	for _, tt := range []struct {
		lifted []string
		want   Effect
		by     []string
	}{
		{nil, Hold, []string{"h1", "h2"}},
		{[]string{"h1"}, Hold, []string{"h2"}},
		{[]string{"h2", "h1"}, Allow, []string{"p"}},
		{[]string{"p"}, Hold, []string{"h1", "h2"}},
	} {
		got := s.Decide(Query{Input: mention(), Lifted: tt.lifted})
		var by []string
		for _, b := range got.By {
			by = append(by, b.Rule)
		}
		if got.Effect != tt.want || !slices.Equal(by, tt.by) {
			t.Errorf("lifted %v: got %s by %v, want %s by %v", tt.lifted, got.Effect, by, tt.want, tt.by)
		}
	}
}
