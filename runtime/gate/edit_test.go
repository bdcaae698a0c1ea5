package gate

import (
	"testing"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Obligations are due anew on an edited text, and a model's text stays one
// until a person says that nothing of it is left.
func TestEdited(t *testing.T) {
	t.Parallel()
	g := New([]Bot{{Name: "acme", OptOutHint: "Reply STOP.", PrivacyURL: "https://acme.example/p"}})
	old := Facts{
		Draft:   event.Draft{Kind: event.Reply, Purpose: event.Answer, AIGenerated: true, AffiliateDisclosed: true},
		Text:    TextFacts{HasURL: true},
		Applied: []rules.Obligation{rules.AppendOptOutHint, rules.AppendPrivacyLink},
	}
	f, text := g.Edited("acme", old, "New #words.\n\nReply STOP.\n\nhttps://acme.example/p\n", "ann", false)
	if text != "New #words." {
		t.Errorf("text: %q, want it without what obligations add", text)
	}
	if len(f.Applied) != 0 || f.Text.HasURL || f.Text.Hashtags != 1 || f.EditedBy != "ann" || f.Draft.Text != "" {
		t.Errorf("facts: %+v", f)
	}
	if !f.Draft.AIGenerated || f.Draft.AffiliateDisclosed {
		t.Errorf("flags of an edited draft: %+v", f.Draft)
	}
	if f, _ = g.Edited("acme", old, "New words.", "ann", true); f.Draft.AIGenerated {
		t.Error("a rewritten draft is still a model's")
	}
}
