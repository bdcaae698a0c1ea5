package gate

import (
	"strings"
	"sync"
	"testing"

	"github.com/beckon-bot/beckon/rules"
)

// noRefund is a rule set with a feature of its own, and a stricter answer.
const noRefund = `
- id: acme.no-refund
  effect: forbid
  actions: [reply, dm]
  because: No refunds by message.
  when:
    refund: feature.asks_refund
`

// otherFeature looks for other words under the same name.
func otherFeature(t *testing.T) *rules.Set {
	t.Helper()
	src := strings.Replace(permitAll, "any_of: [refund]", "any_of: [chargeback]", 1)
	set, err := rules.Load([]rules.Source{{Name: "acme.yaml", Data: []byte(src)}}, rules.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	set := ruleSet(t, "")
	g := New([]Bot{acme(nil), {Name: "other", Rules: set}})
	before, _ := g.Bot("acme")
	if !g.Update("acme", func(b *Bot) { b.Rules, b.LabelOn, b.Name = set, false, "renamed" }) {
		t.Fatal("acme is unknown")
	}
	if b, ok := g.Bot("acme"); !ok || b.Rules != set || b.LabelOn || b.Name != "acme" || b.UserID != "900" {
		t.Errorf("got %+v, want the rules and the label changed, and nothing else", b)
	}
	if before.Rules != nil || !before.LabelOn {
		t.Error("a value that was handed out changed")
	}
	if b, _ := g.Bot("other"); b.Rules != set {
		t.Error("another bot changed")
	}
	if g.Update("nobody", func(*Bot) { t.Error("called for nobody") }) {
		t.Error("nobody is known")
	}
}

// TestG6OneMoment changes everything of a bot back and forth while others
// decide: rules, features and texts of a verdict are of one moment. Run it with
// -race.
func TestG6OneMoment(t *testing.T) {
	t.Parallel()
	q := message(nil)
	q.event.Text = "a refund"
	sides := []Bot{acme(otherFeature(t)), acme(ruleSet(t, noRefund))}
	sides[0].OptOutHint, sides[1].OptOutHint = "Side 0: say STOP.", "Side 1: say STOP."
	g := New(sides[:1])
	c := q.Case
	// What each side says, alone.
	if v := sides[0].Decide(Case{Bot: c.Bot, State: c.State, Now: c.Now, Facts: g.FactsOf(sides[0], q.event, q.draft, noon), Text: "Hi."}); !v.Allowed() {
		t.Fatalf("side 0: %s", v.Decision.Say)
	}
	var stop = make(chan struct{})
	var writers, readers sync.WaitGroup
	writers.Go(func() {
		for i := 1; ; i++ {
			select {
			case <-stop:
				return
			default:
				g.Update("acme", func(b *Bot) { *b = sides[i%2] })
			}
		}
	})
	writers.Go(func() { // another part of the host, which changes one field
		for {
			select {
			case <-stop:
				return
			default:
				g.Update("acme", func(b *Bot) { b.LabelOn = true })
			}
		}
	})
	for range 2 {
		readers.Go(func() {
			for range 200 {
				v := g.Draft(q.event, q.draft, noon, c)
				switch v.Set {
				case sides[0].Rules:
					if !v.Allowed() || !strings.Contains(v.Text, "Side 0") || v.Facts.Features != nil || v.unknown != nil {
						t.Errorf("rules of side 0 with %q, features %v, unknown %v: %s", v.Text, v.Facts.Features, v.unknown, v.Decision.Say)
					}
				case sides[1].Rules:
					if rule(v) != "acme.no-refund" || len(v.Facts.Features) != 1 || v.unknown != nil {
						t.Errorf("rules of side 1: %s by %s, features %v, unknown %v", v.Decision.Effect, rule(v), v.Facts.Features, v.unknown)
					}
				default:
					t.Error("rules of neither side")
				}
			}
		})
	}
	readers.Wait()
	close(stop)
	writers.Wait()
}

// G8: the text is gone when the rules change, so what was not looked for then
// is not taken for absent.
func TestG8UnreadFeatureFailsClosed(t *testing.T) {
	t.Parallel()
	q := mention(ruleSet(t, ""))
	q.event.Text = "Nothing of that kind."
	g := New([]Bot{q.bot})
	c := q.Case
	c.Facts, c.Text = g.FactsOf(q.bot, q.event, q.draft, noon), q.draft.Text
	if v := g.Decide(c); !v.Allowed() {
		t.Fatalf("as drafted: %s", v.Decision.Say)
	}
	for _, tt := range []struct {
		name    string
		set     *rules.Set
		lifted  []string
		want    Effect
		rule    string
		unknown string
	}{
		{"new rules on the same feature", ruleSet(t, noRefund), nil, Allow, "x.reply", ""},
		{"the feature looks for other words now", otherFeature(t), nil, Hold, "acme.refund", "asks_refund"},
		{"and a person lets it go", otherFeature(t), []string{"acme.refund"}, Allow, "x.reply", "asks_refund"},
	} {
		g.Update("acme", func(b *Bot) { b.Rules = tt.set })
		c.Lifted = tt.lifted
		v := g.Decide(c)
		if v.Decision.Effect != tt.want || rule(v) != tt.rule {
			t.Errorf("%s: got %s by %s, want %s by %s", tt.name, v.Decision.Effect, rule(v), tt.want, tt.rule)
		}
		if r := v.Record(Record{}, c.State, nil); strings.Join(r.Input.Unknown, " ") != tt.unknown {
			t.Errorf("%s: the record says %v is unknown, want %s", tt.name, r.Input.Unknown, tt.unknown)
		}
	}
}
