package handlers

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

const patientFlow = `schema: beckon.answers/v1
default: {dm: x}
slots: {n: {type: number, min: 1, max: 9}, m: {type: number, min: 1, max: 9}}
answers:
  - {id: order, any_of: [order], flow: order}
flows:
  order:
    cancelled: Forgotten.
    remind: {after: 10m, text: {en: "Still there?", de: "Noch da?"}}
    close: {after: 1h, text: "I close this, {operator} is here for you."}
    steps:
      - {ask: n, text: "How many?", retry: "A number."}
      - {ask: m, text: "And of these?", retry: "A number."}
      - {say: "Thank you."}
`

// A flow arms what follows from silence at each question, and at no other place.
func TestFlowWaits(t *testing.T) {
	t.Parallel()
	a := load(t, patientFlow)
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	in := In{Now: now, Bot: BotInfo{Name: "desk", Operator: "acme"}}
	say := func(text string) Out {
		in.Event = event.Event{Kind: event.KindDM, Text: text, Lang: "de", Readable: true, At: now}
		out := a.Handle(in)
		in.Slots = out.Slots
		in.Conversation = conversation.Conversation{}
		if out.Flow != nil {
			in.Conversation.Flow = *out.Flow
		}
		return out
	}
	armed := []Reminder{{After: 10 * time.Minute, Text: "Noch da?"}, {After: time.Hour, Text: "I close this, acme is here for you.", Close: true}}
	for _, text := range []string{"my order", "many", "3"} { // a question, the same again, the next
		if diff := cmp.Diff(armed, say(text).Remind); diff != "" {
			t.Errorf("after %q (-want +got):\n%s", text, diff)
		}
	}
	if out := say("4"); len(out.Remind) != 0 || len(out.Drafts) != 1 {
		t.Errorf("at the end: %+v", out)
	}
	say("my order")
	if out := say("cancel"); len(out.Remind) != 0 {
		t.Errorf("after a cancel: %+v", out)
	}
}

func TestSilenceRefuses(t *testing.T) {
	t.Parallel()
	for change, want := range map[string]string{
		"close: {after: 5m": "closed before its reminder",
		"close: {after: 1s": "between 1m0s and 168h0m0s",
		"close: {aftr: 1h":  "aftr",
		"close: {text: x}\n    remind: {after: 10m}\n    #": "needs the key",
	} {
		text := strings.Replace(patientFlow, "close: {after: 1h", change, 1)
		if strings.HasSuffix(change, "#") {
			text = strings.Replace(text, "    remind: {after: 10m, text: {en: \"Still there?\", de: \"Noch da?\"}}\n", "", 1)
		}
		if _, err := LoadAnswers("a.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", change, err, want)
		}
	}
}
