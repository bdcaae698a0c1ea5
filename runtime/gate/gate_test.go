package gate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

func TestG1OnlyBothLayersAllow(t *testing.T) {
	t.Parallel()
	set := ruleSet(t, `
- id: acme.friday
  effect: forbid
  actions: [reply]
  because: Not on Mondays.
  when:
    monday: bot.local_weekday == "mon"
    quoted: interaction.quoted
`)
	tests := []struct {
		name   string
		change func(*question)
		want   Effect
		rule   string
	}{
		{"both permit", func(*question) {}, Allow, "x.reply"},
		{"the platform forbids", func(q *question) { q.Paused = true }, Deny, "x.paused"},
		{"the account forbids", func(q *question) { q.State.Interaction.Quoted = true }, Deny, "acme.friday"},
		{"the account holds", func(q *question) { q.event.Text = "A refund, please" }, Hold, "acme.refund"},
		{"the hold is lifted", func(q *question) { q.event.Text, q.Lifted = "A refund, please", []string{"acme.refund"} }, Allow, "x.reply"},
		{"a forbid is never lifted", func(q *question) { q.Paused, q.Lifted = true, []string{"x.paused"} }, Deny, "x.paused"},
		{"nobody turned to the bot", func(q *question) { q.State.Interaction.Mentioned = false }, Deny, "x.reply"},
		{"a kind that no rule permits", func(q *question) {
			q.draft.Kind, q.event.Kind, q.State.Interaction = event.Post, event.KindTimer, conversation.Interaction{}
		}, Deny, ""},
		{"a kind that does not exist", func(q *question) { q.draft.Kind = "wink" }, Deny, ""},
		{"an unknown bot", func(q *question) { q.Bot = "nobody" }, Deny, "gate.unknown-bot"},
		{"no rules", func(q *question) { q.bot.Rules = nil }, Deny, ""},
		{"an opted-out user", func(q *question) { q.State.Suppression.OptedOut = true }, Deny, "x.opted-out"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := mention(set).with(tt.change).ask()
			if v.Decision.Effect != tt.want || rule(v) != tt.rule {
				t.Errorf("got %s by %q, want %s by %q (%s)", v.Decision.Effect, rule(v), tt.want, tt.rule, v.Decision.Say)
			}
			if v.Allowed() != (tt.want == Allow) {
				t.Errorf("allowed: got %t", v.Allowed())
			}
			if v.Decision.Say == "" {
				t.Error("the decision says nothing")
			}
		})
	}
}

// G4: the second look sees the state without the action's own reservation.
func TestG4AnActionDoesNotCountAgainstItself(t *testing.T) {
	t.Parallel()
	drafted := noon.Add(-time.Minute)
	for _, state := range []event.State{event.Pending, event.Hold} {
		q := mention(ruleSet(t, ""))
		q.State, _ = conversation.Reduce(q.State, conversation.Drafted{Kind: event.Reply, Purpose: event.Answer, State: state, At: drafted})
		if v := q.ask(); v.Allowed() || rule(v) != "x.one-per-interaction" {
			t.Errorf("%s, counted: got %s by %s, want a denial by x.one-per-interaction", state, v.Decision.Effect, rule(v))
		}
		q.State = conversation.WithoutAction(q.State, event.Reply, false, state, drafted)
		if v := q.ask(); !v.Allowed() {
			t.Errorf("%s, without itself: got %s by %s, want allow", state, v.Decision.Effect, rule(v))
		}
	}
}

func TestBot(t *testing.T) {
	t.Parallel()
	g := New([]Bot{acme(nil)})
	if b, ok := g.Bot("acme"); !ok || b.UserID != "900" {
		t.Errorf("acme: got %v, %t", b.UserID, ok)
	}
	if _, ok := g.Bot("other"); ok {
		t.Error("other: want none")
	}
}

func TestFactsAreKept(t *testing.T) {
	t.Parallel()
	q := mention(ruleSet(t, ""))
	q.event.Text, q.draft.Text = "Hello, a refund?", "See acme.example #help"
	g := New([]Bot{q.bot})
	want := g.FactsOf(q.bot, q.event, q.draft, noon)
	want.Applied = []rules.Obligation{rules.AppendOptOutHint}
	b, err := want.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseFacts(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if got.Draft.Text != "" || len(got.Features) != 1 {
		t.Errorf("draft's text %q, features %v; want no text and one feature", got.Draft.Text, got.Features)
	}
	if _, err := ParseFacts([]byte("{")); err == nil {
		t.Error("half an object: want an error")
	}
}

func BenchmarkDecideCase(b *testing.B) {
	set := ruleSet(b, "")
	for name, q := range map[string]question{"reply": mention(set), "first DM with obligations": message(set)} {
		b.Run(name, func(b *testing.B) {
			g := New([]Bot{q.bot})
			c := q.Case
			c.Facts, c.Text = g.FactsOf(q.bot, q.event, q.draft, noon), q.draft.Text
			b.ReportAllocs()
			for b.Loop() {
				if v := g.Decide(c); !v.Allowed() {
					b.Fatal(v.Decision.Say)
				}
			}
		})
	}
}
