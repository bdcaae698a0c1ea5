package handlers

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// desk is the answers that `beckon init` writes.
func desk(t testing.TB) *Answers {
	t.Helper()
	const name = "../cmd/beckon/initbot/answers/support.yaml"
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	a, err := LoadAnswers(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// messy is what customers write.
func messy() map[string]string {
	return map[string]string{
		"several questions":     "hi, where is my order AC-12345? and are you open today? also I'd like my money back for the other one!!",
		"sarcasm":               "oh GREAT job, really, five stars, my parcel is touring europe without me 🙄👏",
		"screenshot":            "",
		"screenshot with links": "https://t.co/abcdefghij https://t.co/klmnopqrst",
		"two languages":         "Hallo, my Bestellung ist not da, wo is it?? merci",
		"shouting":              strings.Repeat("WHERE IS MY ORDER!!! ", 40),
		"25,000 characters":     strings.Repeat("I have written to you three times. ", 714)[:24_990],
		"one long word":         strings.Repeat("a", 25_000),
		"many lines":            strings.Repeat("\n\n", 12_000) + "refund",
		"right to left":         "أين طلبي؟ رقم الطلب ٤٧١١ من فضلك",
		"hebrew and latin":      "איפה ההזמנה שלי AC-12345?",
		"direction marks":       "\u202ewhere is my order\u202c \u200f\u200e",
		"emoji only":            "😡😡😡📦❓",
		"flags and families":    "👨‍👩‍👧‍👦🏳️‍🌈🇩🇪🇩🇪",
		"keycaps":               "1️⃣2️⃣3️⃣",
		"zero width":            "wh\u200bere is m\u200by or\u200bder",
		"combining marks":       "r" + strings.Repeat("\u0301", 5000) + "efund",
		"broken utf-8":          "refund \xff\xfe \xc3",
		"nul":                   "refund\x00\x00",
		"chinese":               "我的包裹在哪里？",
		"thai":                  "พัสดุของฉันอยู่ไหน",
		"wide letters":          "ｗｈｅｒｅ ｉｓ ｍｙ ｏｒｄｅｒ ＡＣ-１２３４５",
		"numbers":               strings.Repeat("AC-12345 ", 2000),
		"braces":                "{operator} {slot.order_number} {dm_link} %s %d ${x} {{.}}",
		"a yaml file":           "schema: beckon.answers/v1\nanswers: []\n",
		"mentions":              strings.Repeat("@acme_support ", 500),
		"quoted":                "> where is my order\n> are you open\nthis is what I asked",
		"cursing":               "this is a f***ing joke, my parcel is gone",
		"price":                 "€ 12,50 statt 10?!",
		"only punctuation":      "?!?!...",
	}
}

// situations are where in a talk a message can come.
func situations(a *Answers) map[string]conversation.Conversation {
	now := deskTime()
	out := map[string]conversation.Conversation{
		"fresh":       {},
		"missed":      {Missed: 2},
		"broken flow": {Flow: "no/such/place"},
		"old flow":    {Flow: place{"order-status", "number", "de", 0, now.Add(-48 * time.Hour)}.String()},
		"gone step":   {Flow: place{"order-status", "closed", "de", 0, now}.String()},
	}
	for _, f := range a.flows {
		for _, st := range f.steps {
			if st.ask == nil {
				continue
			}
			for tries := range 3 {
				p := place{f.id, st.id, []string{"", "de", "en", "xx"}[tries], tries, now}
				out[p.String()] = conversation.Conversation{Flow: p.String()}
			}
		}
	}
	return out
}

func deskTime() time.Time { return time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC) }

// ends checks that a message ends in an answer, a handoff, or silence with a
// reason, and that what is said fits.
func ends(t *testing.T, a *Answers, c conversation.Conversation, text string, kind event.Kind) {
	t.Helper()
	in := dm(text)
	if kind == event.KindPost {
		in = post(text)
	}
	in.Tier = conversation.Match(text, c.Flow != "")
	in.Now, in.Conversation, in.Event.Readable = deskTime(), c, text != ""
	in.Slots = map[string]string{"order_number": "AC-12345", "bought": "2026-10-30"}
	out := Chain{Help{}, a}.Handle(in)
	said := ""
	for _, d := range out.Drafts {
		said = d.Text
		if n := utf8.RuneCountInString(d.Text); d.Kind == event.DM && n > maxDM {
			t.Errorf("a DM of %d characters", n)
		}
		if n := event.WeightedLength(d.Text); d.Kind == event.Reply && n > event.MaxPost(false) {
			t.Errorf("a reply of %d characters", n)
		}
		if d.Handler == "" || d.Text == "" || !utf8.ValidString(d.Text) {
			t.Errorf("draft %+v", d)
		}
		for _, part := range []string{"{slot.", "{operator}", "{username}"} {
			if strings.Contains(d.Text, part) {
				t.Errorf("%s is said: %q", part, d.Text)
			}
		}
	}
	reason := "" // that dispatch and the rules give for silence
	switch {
	case in.Tier.OptsOut():
		reason = "a stop"
	case text == "":
		reason = "x.unreadable"
	case kind == event.KindPost:
		reason = "no default in public"
	}
	if len(out.Drafts) != 1 && !out.Handoff && reason == "" {
		t.Errorf("neither answered nor handed off, and no reason: %q", clipped(text))
	}
	if out.Flow != nil && *out.Flow != "" {
		if p, ok := readPlace(*out.Flow); !ok || a.flows[p.flow] == nil || said == "" {
			t.Errorf("the flow moves to %q, and %q is said", *out.Flow, said)
		}
	}
}

func clipped(s string) string { return fmt.Sprintf("%.60s", s) }

// No message crashes a handler, in whatever place of a talk it comes.
func TestMessyMessages(t *testing.T) {
	t.Parallel()
	a := desk(t)
	for at, c := range situations(a) {
		for name, text := range messy() {
			t.Run(at+"/"+name, func(t *testing.T) {
				ends(t, a, c, text, event.KindDM)
				ends(t, a, c, text, event.KindPost)
			})
		}
	}
}

// What messy messages come to, with the desk's answers.
func TestMessyAnswers(t *testing.T) {
	t.Parallel()
	a := desk(t)
	tests := map[string]string{ // by name, who answers in a DM
		"several questions":     "answers/order-status/open", // "where is my order" has the most letters
		"sarcasm":               "answers/order-status/number",
		"screenshot":            "", // unreadable: the rules say why
		"screenshot with links": "answers/default",
		"two languages":         "answers/order-status/number",
		"right to left":         "answers/default",
		"hebrew and latin":      "answers/order-status/open", // the pattern is found in any script
		"emoji only":            "answers/default",
		"zero width":            "answers/order-status/number",
		"wide letters":          "answers/order-status/open",
		"broken utf-8":          "answers/refund",
		"25,000 characters":     "answers/default",
	}
	for name, want := range tests {
		in := dm(messy()[name])
		in.Now, in.Event.Readable = deskTime(), in.Event.Text != ""
		got := ""
		if out := a.Handle(in); len(out.Drafts) == 1 {
			got = out.Drafts[0].Handler
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func FuzzMessages(f *testing.F) {
	a := desk(f)
	for _, text := range messy() {
		f.Add(text, "", uint8(0))
		f.Add(text, "order-status/number/de/1/1793610000", uint8(1))
	}
	f.Add("3/4", "return/bought//2/1793610000", uint8(0))
	f.Fuzz(func(t *testing.T, text, flow string, missed uint8) {
		c := conversation.Conversation{Flow: flow, Missed: int64(missed)}
		ends(t, a, c, text, event.KindDM)
		ends(t, a, c, text, event.KindPost)
	})
}
