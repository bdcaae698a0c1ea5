package gate

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/event"
)

const (
	hint    = "\n\nSay STOP and we stop."
	privacy = "\n\nhttps://acme.example/privacy"
)

func TestG2NothingIsLeftToApply(t *testing.T) {
	t.Parallel()
	set := ruleSet(t, "")
	tests := []struct {
		name string
		q    question
		text string
		want []rules.Obligation
	}{
		{"none fired", mention(set), "Nine to five.", nil},
		{"the first DM", message(set), "Nine to five." + hint + privacy, []rules.Obligation{rules.AppendOptOutHint, rules.AppendPrivacyLink}},
		{"the second DM", message(set).with(func(q *question) { q.State.Conversation.DMsSent = 1 }), "Nine to five.", nil},
		{
			"a rule that its own obligation silences",
			mention(set).with(func(q *question) { q.draft.Affiliate = true }),
			"Nine to five.\n\nWe earn by this link.", []rules.Obligation{rules.DiscloseAffiliate},
		},
		{
			"a mark", mention(set).with(func(q *question) { q.draft.PaidPartnership = true }),
			"Nine to five.", []rules.Obligation{rules.MarkPaidPartnership},
		},
		{
			"a held draft is complete too", message(set).with(func(q *question) { q.event.Text = "refund" }),
			"Nine to five." + hint + privacy, []rules.Obligation{rules.AppendOptOutHint, rules.AppendPrivacyLink},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := tt.q.ask()
			if v.Decision.Effect == Deny || v.Text != tt.text {
				t.Fatalf("got %s with %q, want %q (%s)", v.Decision.Effect, v.Text, tt.text, v.Decision.Say)
			}
			if diff := cmp.Diff(tt.want, v.Decision.Obligations); diff != "" {
				t.Errorf("obligations (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, v.Facts.Applied); diff != "" {
				t.Errorf("applied (-want +got):\n%s", diff)
			}
			// The second look, with what the first one kept, changes nothing.
			c := tt.q.Case
			c.Facts, c.Text = v.Facts, v.Text
			again := New([]Bot{tt.q.bot}).Decide(c)
			if diff := cmp.Diff(v.Decision, again.Decision); diff != "" || again.Text != v.Text {
				t.Errorf("decided again: text %q, decision (-first +second):\n%s", again.Text, diff)
			}
		})
	}
}

func TestObligationFlags(t *testing.T) {
	t.Parallel()
	set := ruleSet(t, `
- id: acme.ai
  effect: require
  actions: [reply]
  because: We say so.
  when:
    ai: draft.ai_generated
  obligations: [mark_made_with_ai]
`)
	if v := mention(set).with(func(q *question) { q.draft.AIGenerated, q.bot.AIApproved = true, true }).ask(); !v.Allowed() || !v.Facts.Draft.MadeWithAI {
		t.Errorf("a reply: allowed %t, made_with_ai %t; want both (%s)", v.Allowed(), v.Facts.Draft.MadeWithAI, v.Decision.Say)
	}
	if v := mention(set).with(func(q *question) { q.draft.Affiliate = true }).ask(); !v.Facts.Draft.AffiliateDisclosed {
		t.Error("disclosed, and the draft does not say so")
	}
	if why := new(Verdict).apply(acme(set), "sing"); !strings.Contains(why, "sing") {
		t.Errorf("an unknown obligation: got %q, want a refusal that names it", why)
	}
}

func TestG1AnObligationThatFailsDenies(t *testing.T) {
	t.Parallel()
	set := ruleSet(t, `
- id: acme.no-links
  effect: forbid
  actions: [dm]
  because: No links.
  when:
    link: action.has_url
    refund: feature.asks_refund
- id: acme.link-is-private
  effect: require
  actions: [reply]
  because: Who links, links the policy too.
  when:
    link: action.has_url
  obligations: [append_privacy_link]
- id: acme.quote-hint
  effect: require
  actions: [reply]
  because: A quote gets the hint.
  when:
    quoted: interaction.quoted
  obligations: [append_opt_out_hint]
`)
	tests := []struct {
		name       string
		q          question
		rule, says string
	}{
		{"no hint configured", message(set).with(func(q *question) { q.bot.OptOutHint = "" }), "gate.obligation", "bots.acme.texts.opt_out_hint"},
		{"no disclosure configured", mention(set).with(func(q *question) { q.draft.Affiliate, q.bot.Disclosure = true, "" }), "gate.obligation", "bots.acme.texts.disclosure"},
		{
			"no policy configured", mention(set).with(func(q *question) { q.bot.PrivacyURL, q.draft.Text = "", "acme.example" }),
			"gate.obligation", "bots.acme.privacy_url",
		},
		{"what is added is forbidden", message(set).with(func(q *question) { q.event.Text = "refund" }), "acme.no-links", "No links."},
		{
			"what is added demands more", mention(set).with(func(q *question) { q.State.Interaction.Quoted, q.bot.OptOutHint = true, "acme.example/stop" }),
			"gate.obligation", "append_privacy_link",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := tt.q.ask()
			if v.Decision.Effect != Deny || rule(v) != tt.rule || !strings.Contains(v.Decision.Say, tt.says) {
				t.Errorf("got %s by %s: %s; want a denial by %s that says %q", v.Decision.Effect, rule(v), v.Decision.Say, tt.rule, tt.says)
			}
			if v.Decision.Obligations != nil {
				t.Errorf("a denial obliges to nothing, got %v", v.Decision.Obligations)
			}
		})
	}
}

func TestG3OverflowIsADenial(t *testing.T) {
	t.Parallel()
	set := ruleSet(t, "")
	affiliate := func(n int) question {
		return mention(set).with(func(q *question) { q.draft.Affiliate, q.draft.Text = true, strings.Repeat("a", n) })
	}
	added := len("\n\nWe earn by this link.")
	if v := affiliate(280 - added).ask(); !v.Allowed() || event.WeightedLength(v.Text) != 280 {
		t.Errorf("what just fits: got %s, %d long (%s)", v.Decision.Effect, event.WeightedLength(v.Text), v.Decision.Say)
	}
	v := affiliate(281 - added).ask()
	if v.Decision.Effect != Deny || rule(v) != "gate.obligation" || !strings.Contains(v.Decision.Say, "longer than X allows") {
		t.Errorf("one more: got %s by %s: %s; want a denial with its own reason", v.Decision.Effect, rule(v), v.Decision.Say)
	}
	if v := affiliate(281).ask(); rule(v) != "x.too-long" {
		t.Errorf("too long before: got %s, want x.too-long", rule(v))
	}
}
