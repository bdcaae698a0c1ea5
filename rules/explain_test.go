package rules

import (
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestExplain: an explanation is of the decision itself, its parts agree with
// what was decided, each flip turns the decision when it is made, and where
// none of a single field is named no single field turns it.
func TestExplain(t *testing.T) {
	singles, pairs, none := 0, 0, 0
	each(t, func(t *testing.T, d draw, p, a []rawRule) {
		s := both(t, p, a)
		q := Query{Input: d.input()}
		got := s.Explain(q)
		if diff := cmp.Diff(s.Decide(q), got.Decision); diff != "" {
			t.Errorf("another decision (-want +got):\n%s", diff)
		}
		for i, r := range got.Rules {
			if o := got.Outcomes[i]; r.Rule != o.Rule || r.Fires != (o.Value == True) {
				t.Errorf("rule %d: %s fires is %v, the decision has %v", i, r.Rule, r.Fires, o)
			}
			fires := true
			for _, c := range r.Conditions {
				if c.Value == True != (c.Under == "when") {
					fires = false
				}
				if c.Value != c.combined() {
					t.Errorf("%s is %s, its parts make %s", c.Expr, c.Value, c.combined())
				}
			}
			if fires != r.Fires {
				t.Errorf("%s: fires is %v, its conditions make %v", r.Rule, r.Fires, fires)
			}
		}
		worse := func(e Effect) bool { return rank(e) > rank(got.Effect) }
		if got.Effect != Allow {
			worse = func(e Effect) bool { return rank(e) < rank(got.Effect) }
		}
		for _, f := range got.Flips {
			changed := q
			for _, c := range f.Changes {
				field := fieldByName[c.Field]
				changed.Input = with(changed.Input, func(in *Input) {
					v := readValue(t, field, c.To)
					field.value(reflect.ValueOf(in).Elem()).Set(reflect.ValueOf(v))
				})
			}
			if is := s.Decide(changed); is.Effect != f.Becomes || !worse(is.Effect) {
				t.Errorf("%v becomes %s, the explanation of a %s says %s", f.Changes, is.Effect, got.Effect, f.Becomes)
			}
		}
		switch {
		case len(got.Flips) == 0:
			none++
		case len(got.Flips[0].Changes) == 1:
			singles++
			return
		default:
			pairs++
		}
		for range 200 { // no single field of another random input turns it
			other := d.input()
			f := fields[d.IntN(len(fields))]
			if f.name == "action.kind" {
				continue
			}
			in := q.Input
			f.set(&in, f.get(&other))
			if is := s.Decide(Query{Input: in}); worse(is.Effect) {
				t.Errorf("%s %s turns %s into %s, and is not named", f.name, f.written(f.get(&in)), got.Effect, is.Effect)
			}
		}
	})
	if singles == 0 || pairs == 0 || none == 0 {
		t.Errorf("%d explained by one field, %d by two, %d by none: each must occur", singles, pairs, none)
	}
}

// combined is the value that the parts make, by the operator that joins them.
func (p Part) combined() Truth {
	truth := func(b bool) Truth {
		if b {
			return True
		}
		return False
	}
	if len(p.Parts) == 0 {
		return p.Value
	}
	left := p.Parts[0].combined() == True
	if len(p.Parts) == 1 {
		return truth(!left)
	}
	right := p.Parts[1].combined() == True
	if joined := p.Parts[0].Expr + " and "; len(p.Expr) > len(joined) && p.Expr[1:1+len(joined)] == joined {
		return truth(left && right)
	}
	return truth(left || right)
}

// readValue reads a value as a test file would.
func readValue(t *testing.T, f *field, s string) any {
	t.Helper()
	r := reader{lines: []string{s}}
	n := r.parse([]byte("a: " + s + "\n"))
	v, p := f.read(n.Content[1])
	if p != nil {
		t.Fatalf("%s: %s: %v", f.name, s, p)
	}
	return v
}

// TestExplainWords: what a person reads of a refund that waits, and of a DM
// that needs two things.
func TestExplainWords(t *testing.T) {
	t.Parallel()
	s := load(t, Options{}, testedPack)
	got := s.Explain(Query{Input: mention(), Features: []string{"asks_refund"}})
	if got.Effect != Hold || got.Tried == 0 {
		t.Fatalf("got %s after %d tries", got.Effect, got.Tried)
	}
	want := []Flip{
		{Changes: []Change{{"feature.asks_refund", "true", "false"}}, Becomes: Allow, By: []By{{"x.reply", []string{"engaged", "post"}}, {"acme.answer", []string{"fresh", "morning"}}}},
		{Changes: []Change{{"feature.is_vip", "false", "true"}}, Becomes: Allow, By: []By{{"x.reply", []string{"engaged", "post"}}, {"acme.answer", []string{"fresh", "morning"}}}},
	}
	if diff := cmp.Diff(want, got.Flips); diff != "" {
		t.Errorf("flips (-want +got):\n%s", diff)
	}
	i := slices.IndexFunc(got.Rules, func(r ExplainedRule) bool { return r.Rule == "x.reply" })
	engaged := got.Rules[i].Conditions[0]
	if engaged.Name != "engaged" || engaged.Value != True || engaged.Parts[0].Parts[1].Reads != "interaction.replied is false" {
		t.Errorf("got %+v", engaged)
	}
	lifted := s.Explain(Query{Input: mention(), Features: []string{"asks_refund"}, Lifted: []string{"acme.refund"}})
	i = slices.IndexFunc(lifted.Rules, func(r ExplainedRule) bool { return r.Rule == "acme.refund" })
	if r := lifted.Rules[i]; lifted.Effect != Allow || !r.Fires || !r.Lifted {
		t.Errorf("got %s, %+v", lifted.Effect, r)
	}
	evening := s.Explain(Query{Input: with(mention(), func(in *Input) { in.Bot.LocalMinute, in.Bot.LocalWeekday = 1200, "sun" })})
	if len(evening.Flips) != 1 || !cmp.Equal(evening.Flips[0].Changes, []Change{{"bot.local_weekday", "sun", "mon"}, {"bot.local_minute", "1200", "719"}}) {
		t.Errorf("got %+v", evening.Flips)
	}
	follow := s.Explain(Query{Input: with(mention(), func(in *Input) { in.Action.Kind = "follow" })})
	if follow.Effect != Deny || len(follow.Flips) != 0 || !cmp.Equal(follow.Outright, []string{"x.follow"}) {
		t.Errorf("a follow: %s by %+v, outright %s", follow.Effect, follow.By, follow.Outright)
	}
	stale := s.Explain(Query{Input: with(mention(), func(in *Input) { in.Event.Age = Never })})
	if stale.Effect != Deny || len(stale.Outright) != 0 {
		t.Errorf("a day late: %s, outright %s; its age can turn it", stale.Effect, stale.Outright)
	}
	var nothing *Set
	if got := nothing.Explain(Query{Input: mention()}); got.Effect != Deny || len(got.Rules)+len(got.Flips) != 0 {
		t.Errorf("without rules: %+v", got)
	}
	if got := s.Explain(Query{}); got.Effect != Deny || len(got.Rules) != 0 {
		t.Errorf("outside the domain: %+v", got)
	}
}
