package gate

import (
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// noon is the moment of every decision: a Monday.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// permitAll leaves every decision to the platform, and knows one feature.
const permitAll = `schema: beckon.rules/v1
pack: acme
layer: account
version: 1.4.0
features:
  asks_refund: {field: event.text, any_of: [refund]}
rules:
  - id: acme.all
    effect: permit
    actions: [reply, dm]
    because: We send what X permits.
  - id: acme.refund
    effect: hold
    actions: [reply, dm]
    because: Money is promised by a person.
    when:
      refund: feature.asks_refund
`

// ruleSet loads permitAll with more rules, written without indent.
func ruleSet(tb testing.TB, more string) *rules.Set {
	tb.Helper()
	src := permitAll + strings.TrimPrefix(strings.ReplaceAll("\n"+strings.TrimSpace(more), "\n", "\n  "), "\n")
	set, err := rules.Load([]rules.Source{{Name: "acme.yaml", Data: []byte(src)}}, rules.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

func acme(set *rules.Set) Bot {
	return Bot{
		Name: "acme", UserID: "900", Username: "acme_help", Operator: "acme", Tier: "self_serve",
		PrivacyURL: "https://acme.example/privacy", OptOutHint: "Say STOP and we stop.",
		OptOutConfirmation: "You will hear no more from us.", Disclosure: "We earn by this link.",
		LabelOn: true, BioDiscloses: true, OperatorLinked: true, Rules: set,
	}
}

// question is a gate with one bot, and what it is asked.
type question struct {
	bot   Bot
	event event.Event
	draft event.Draft
	Case
	unread bool // the text was never looked at for features
}

// mention is a fresh mention that the platform lets answer.
func mention(set *rules.Set) question {
	return question{
		bot: acme(set),
		event: event.Event{
			ID: "e1", Kind: event.KindPost, Bot: "acme", User: "7", Name: "alice", At: noon.Add(-time.Minute),
			Interaction: "100", Message: "100", Readable: true, Lang: "en", Automated: event.No,
		},
		draft: event.Draft{Kind: event.Reply, Purpose: event.Answer, Text: "Nine to five."},
		Case: Case{Bot: "acme", Now: noon, State: conversation.State{
			Interaction: conversation.Interaction{Bot: "acme", Key: "100", Mentioned: true, Summoned: true},
		}},
	}
}

// message is a first DM that the platform lets answer.
func message(set *rules.Set) question {
	q := mention(set)
	q.event.Kind, q.draft.Kind = event.KindDM, event.DM
	q.State.Interaction = conversation.Interaction{Bot: "acme", Key: "100"}
	q.State.Conversation = conversation.Conversation{Initiated: conversation.InitiatedDM, DMsReceived: 1, LastDMAt: noon.Add(-time.Minute)}
	return q
}

func (q question) with(change func(*question)) question {
	change(&q)
	return q
}

// ask decides as dispatch does: facts first, then the case.
func (q question) ask() Verdict {
	g := New([]Bot{q.bot})
	c := q.Case
	c.Facts, c.Text = g.FactsOf(q.bot, q.event, q.draft, noon), q.draft.Text
	if q.unread {
		c.Facts.Features, c.Facts.Read = nil, nil
	}
	return g.Decide(c)
}

func rule(v Verdict) string {
	if len(v.Decision.By) == 0 {
		return ""
	}
	return v.Decision.By[0].Rule
}
