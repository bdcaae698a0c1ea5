package rules_test

import (
	"errors"
	"fmt"

	"github.com/beckon-bot/beckon/rules"
)

const supportPack = `schema: beckon.rules/v1
pack: acme-support
layer: account
version: 1.4.0
features:
  asks_refund: {field: event.text, any_of: [refund, money back]}
rules:
  - id: support.answer
    effect: permit
    actions: [reply, dm]
    because: "We answer on working days."
    when:
      working-day: bot.local_weekday not in ["sat", "sun"]
  - id: support.refund-needs-a-person
    effect: hold
    actions: [reply, dm]
    because: "Money is promised by a person."
    when:
      asks-refund: feature.asks_refund
`

// monday is what the gate would compute of a fresh mention on a Monday.
func monday() rules.Input {
	return rules.Input{
		Action:      rules.ActionInput{Kind: "reply", Purpose: "answer"},
		Event:       rules.EventInput{Kind: "post", FromAutomated: "no", TextReadable: true},
		Interaction: rules.InteractionInput{Mentioned: true, Summoned: true},
		User:        rules.UserInput{Initiated: "mention", LastDMAge: rules.Never},
		Bot: rules.BotInput{LabelOn: true, BioDiscloses: true, OperatorLinked: true,
			Tier: "self_serve", LocalWeekday: "mon", LocalMinute: 600},
		Draft: rules.DraftInput{Approval: "none"},
	}
}

func ExampleSet_Decide() {
	set, err := rules.Load([]rules.Source{{Name: "support.yaml", Data: []byte(supportPack)}}, rules.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, text := range []string{"Where is my order?", "I want my money back!"} {
		d := set.Decide(rules.Query{Input: monday(), Features: set.Features(text)})
		fmt.Println(d.Effect, d.By, d.Say)
	}

	sunday := monday()
	sunday.Bot.LocalWeekday = "sun"
	d := set.Decide(rules.Query{Input: sunday})
	fmt.Println(d.Effect, d.By, d.Say)
	// Output:
	// allow [{x.reply [engaged post]} {support.answer [working-day]}] We answer on working days.
	// hold [{support.refund-needs-a-person [asks-refund]}] Money is promised by a person.
	// deny [{support.answer [working-day]}] No rule permits this reply: support.answer needs working-day, which is not so.
}

func ExampleSet_Decide_approval() {
	set, err := rules.Load([]rules.Source{{Name: "support.yaml", Data: []byte(supportPack)}}, rules.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	approved := rules.Query{
		Input:    monday(),
		Features: set.Features("refund please"),
		Lifted:   []string{"support.refund-needs-a-person"},
	}
	fmt.Println(set.Decide(approved).Effect)
	approved.Input.User.OptedOut = true // they said stop while it waited
	fmt.Println(set.Decide(approved).Effect)
	// Output:
	// allow
	// deny
}

func ExampleLoad_diagnostics() {
	_, err := rules.Load([]rules.Source{{Name: "support.yaml", Data: []byte(`schema: beckon.rules/v1
pack: acme-support
layer: account
version: 1.4.0
rules:
  - id: support.answer
    effect: permit
    actions: [reply]
    because: "We answer fresh mentions."
    when:
      fresh: event.age < 24
      language: event.lnag == "en"
`)}}, rules.Options{})
	var all rules.Diagnostics
	if errors.As(err, &all) {
		fmt.Println(len(all), "problems")
	}
	fmt.Println(err)
	// Output:
	// 2 problems
	// support.yaml:11:26: type: event.age is a duration
	//           fresh: event.age < 24
	//                              ^
	//     hint: write event.age < hours(24)
	// support.yaml:12:17: unknown-field: there is no field event.lnag
	//           language: event.lnag == "en"
	//                     ^
	//     hint: did you mean event.lang?
}
