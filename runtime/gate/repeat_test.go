package gate

import (
	"testing"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

func TestRepeats(t *testing.T) {
	t.Parallel()
	print := func(kind event.ActionKind, purpose event.Purpose, text string) Print {
		return PrintOf(event.Draft{Kind: kind, Purpose: purpose, Text: text})
	}
	post := func(text string) Print { return print(event.Post, event.Operator, text) }
	shoe := "Our new running shoe is here. Light, fast, and made from recycled plastic."
	for _, tt := range []struct {
		name           string
		draft, earlier Print
		ago            time.Duration
		same           bool
		want           Repeats
	}{
		{"the same again", post(shoe), post(shoe), time.Hour, true, Repeats{Recent: true}},
		{"the same a little later than the window", post(shoe), post(shoe), RepeatsWithin, true, Repeats{}},
		{"a word changed", post(shoe), post(shoe + " Now!"), time.Hour, true, Repeats{Recent: true}},
		{"the next price", post("BTC is at 65,120 dollars now."), post("BTC is at 64,870 dollars now."), time.Hour, true, Repeats{}},
		{"another account", post(shoe), post(shoe), 71 * time.Hour, false, Repeats{Elsewhere: true}},
		{"another account, later than the window", post(shoe), post(shoe), ElsewhereWithin, false, Repeats{}},
		{"another account with another number", post("Great offer: 20% off all shoes until Sunday."), post("Great offer: 25% off all shoes until Sunday."), time.Hour, false, Repeats{Elsewhere: true}},
		{"something else", post(shoe), post("The office is closed on Friday."), time.Hour, true, Repeats{}},
		{"a quote of it", print(event.Quote, event.Operator, shoe), post(shoe), time.Hour, true, Repeats{Recent: true}},
		{"a DM is no post", print(event.DM, event.Operator, shoe), post(shoe), time.Hour, true, Repeats{}},
		{"the same DM to another", print(event.DM, event.Operator, shoe), print(event.DM, event.Operator, shoe), time.Hour, true, Repeats{Recent: true}},
		{"the same answer", print(event.DM, event.Answer, shoe), print(event.DM, event.Answer, shoe), time.Hour, true, Repeats{}},
		{"an answer like an operator's DM", print(event.DM, event.Answer, shoe), print(event.DM, event.Operator, shoe), time.Hour, true, Repeats{}},
		{"no words", post("🔥"), post("🔥"), time.Hour, true, Repeats{}},
		{"a repost has no text", print(event.Repost, event.Operator, ""), post(shoe), time.Hour, true, Repeats{}},
	} {
		if got := (Repeats{}).With(tt.draft, tt.earlier, tt.ago, tt.same); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
	if got := (Repeats{Recent: true}).With(Print{}, Print{}, 0, false); !got.Recent {
		t.Error("what was found is lost")
	}
}
