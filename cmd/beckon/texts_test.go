package main

import (
	"testing"
	"time"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// What ships to be said in other languages poses as no person, begs for nothing,
// names nobody but the operator, and fits.
func TestShippedTextsAreHarmless(t *testing.T) {
	t.Parallel()
	c := config.Bot{OperatorAccount: "acme"}
	c.Texts.OptOutHint = "Reply STOP and I will not message you again."
	c.Texts.OptOutConfirmation = "You will not hear from this account again. Send START to come back."
	c.Texts.StopQuestion = "Did you ask me to stop? Reply STOP and I will not message you again."
	c.Texts.Handover = "A person takes over from here."
	c.Texts.ErasureNote = "What I keep about you is being deleted now."
	c.Texts.UnlinkNote = "This X account is not linked to anything outside of X any more."
	bot := gate.Bot{Name: "b", Operator: "acme"}
	g := gate.New([]gate.Bot{bot})
	said := translations(c)
	if len(said) != 8 {
		t.Fatalf("%d languages", len(said))
	}
	for lang, x := range said {
		for _, text := range []string{x.OptOutHint, x.OptOutConfirmation, x.StopQuestion, x.Handover, x.ErasureNote, x.UnlinkNote, x.Disclosure} {
			f := g.FactsOf(bot, event.Event{}, event.Draft{Kind: event.Reply, Text: text}, time.Time{})
			if text == "" || f.Text != (gate.TextFacts{}) {
				t.Errorf("%s: %q: %+v", lang, text, f.Text)
			}
			if got := conversation.LangOf(text, ""); got != lang && got != "" {
				t.Errorf("%s: %q reads as %s", lang, text, got)
			}
		}
	}
}
