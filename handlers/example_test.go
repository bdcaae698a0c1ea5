package handlers_test

import (
	"fmt"
	"strings"

	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/runtime/event"
)

// A handler in Go: it reads In, and returns what it would like to say.
func ExampleHandler() {
	in := handlers.In{Event: event.Event{Kind: event.KindDM, User: "42", Text: "order 4711"}}
	fmt.Println(orderStatus{}.Handle(in).Drafts[0].Text)
	// Output: Order 4711 left our house on Monday.
}

type orderStatus struct{}

func (orderStatus) Name() string { return "order-status" }

func (orderStatus) Handle(in handlers.In) handlers.Out {
	number, ok := strings.CutPrefix(in.Event.Text, "order ")
	if !ok {
		return handlers.Out{} // silence: the next handler is asked
	}
	return handlers.Say(in, event.Answer, "Order "+number+" left our house on Monday.")
}

// Help goes first; the first handler with a draft decides.
func ExampleChain() {
	chain := handlers.Chain{handlers.Help{}, orderStatus{}}
	bot := handlers.BotInfo{Operator: "acme"}
	for _, text := range []string{"are you a bot?", "order 4711", "nice weather"} {
		in := handlers.In{Bot: bot, Event: event.Event{Kind: event.KindDM, User: "42", Text: text}}
		out := chain.Handle(in)
		if len(out.Drafts) == 0 {
			fmt.Println("(silence)")
			continue
		}
		fmt.Printf("%s: %s\n", out.Drafts[0].Handler, out.Drafts[0].Text)
	}
	// Output:
	// help: Yes, I am a bot: an automated account run by acme.
	// order-status: Order 4711 left our house on Monday.
	// (silence)
}

func ExampleLoadAnswers() {
	answers, err := handlers.LoadAnswers("answers.yaml", []byte(`
schema: beckon.answers/v1
answers:
  - id: refund
    any_of: [refund, money back]
    reply: "Refunds take a week. Send us a DM with your order number."
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	in := handlers.In{Event: event.Event{Kind: event.KindPost, User: "42", Mentioned: true, Text: "@acme_help I want my money back!"}}
	fmt.Println(answers.Handle(in).Drafts[0].Text)
	// Output: Refunds take a week. Send us a DM with your order number.
}

// All that is wrong with a file is said at once.
func ExampleLoadAnswers_errors() {
	_, err := handlers.LoadAnswers("answers.yaml", []byte(`schema: beckon.answers/v1
answers:
  - id: refund
    any_off: [refund]
    reply: "Refunds take a week, {usrname}."
`))
	fmt.Println(err)
	// Output:
	// answers.yaml:3:5: missing-key: nothing finds the answer: it has neither any_of nor patterns
	//       - id: refund
	//         ^
	//     hint: add any_of: [refund, money back]
	// answers.yaml:4:5: unknown-key: an answer has no key any_off
	//         any_off: [refund]
	//         ^
	//     hint: did you mean any_of?
	// answers.yaml:5:12: variable: the variable {usrname} is not known here
	//         reply: "Refunds take a week, {usrname}."
	//                ^
	//     hint: did you mean {username}?
}
