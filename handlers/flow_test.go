package handlers

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/conversation"
)

func TestSlotValues(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	a := load(t, `schema: beckon.answers/v1
default: {dm: x}
slots:
  n: {type: number, min: 1, max: 1000}
  d: {type: date}
  us: {type: date, order: month-day}
  mail: {type: email}
  p: {type: pattern, pattern: 'AC-?\d{5}', example: AC-12345}
  c: {type: choice, choices: {late: {en: [late, not arrived], de: [zu spät]}, broken: [broken, kaputt]}}
  free: {type: text, max: 10}
`)
	for _, tt := range []struct{ slot, text, want string }{
		{"n", "3", "3"}, {"n", "we are 12, please", "12"}, {"n", "٤٧", "47"}, {"n", "３", "3"}, {"n", "0", ""}, {"n", "1001", ""},
		{"n", "3 or 4", ""}, {"n", "none", ""}, {"n", "99999999999999999999", ""}, {"n", "-5", ""},
		{"d", "2026-10-31", "2026-10-31"}, {"d", "on 31.10.2026!", "2026-10-31"}, {"d", "3/2/26", "2026-02-03"}, {"us", "3/2/26", "2026-03-02"},
		{"d", "31.2.2026", ""}, {"d", "yesterday", "2026-11-01"}, {"d", "heute", "2026-11-02"}, {"d", "5.1.", "2027-01-05"}, {"d", "5.8", "2026-08-05"},
		{"d", "soon", ""}, {"d", "1.1.1200", ""}, {"d", "am 30.10. ist es hier angekommen", "2026-10-30"}, {"d", "heute, nein, am 31.10.2026", "2026-10-31"},
		{"d", "29.2.", ""}, {"d", "29.2.2028", "2028-02-29"}, {"d", "29.2.2027", ""}, {"d", "31.6.", ""}, {"d", "0.0.", ""}, {"d", "٥.٨.٢٠٢٦", "2026-08-05"},
		{"mail", "write to Ann.Lee+x@example.co.uk, thanks", "Ann.Lee+x@example.co.uk"}, {"mail", "@acme", ""}, {"mail", "a@b", ""},
		{"p", "my number is ac-12345.", "ac-12345"}, {"p", "XAC-12345", ""}, {"p", "AC-123456", ""}, {"p", "AC‑12345", "AC-12345"}, {"p", "ＡＣ12345", "AC12345"},
		{"c", "it is late", "late"}, {"c", "viel zu spät", "late"}, {"c", "2", "broken"}, {"c", "late and broken", "broken"}, {"c", "fine", ""}, {"c", "3", ""},
		{"free", " hello ", "hello"}, {"free", "", ""}, {"free", "hello hello", ""},
		{"free", "👍", "👍"}, {"free", "لا", "لا"}, {"free", "\u200f\u200e", ""}, {"free", "\u200b \u2060", ""}, {"free", "\ufe0f\u200d", ""}, {"free", "\x00\x01", ""},
		{"free", "\u3164\u2800", ""}, {"free", "…", "…"},
	} {
		got, ok := a.slots[tt.slot].read(tt.text, now)
		if !ok {
			got = ""
		}
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s of %q: got %q (%t), want %q", tt.slot, tt.text, got, ok, tt.want)
		}
	}
}

// A day without a year is the nearest that there is: a leap day too.
func TestNearestDay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ now, text, want string }{
		{"2028-10-01", "29.2.", "2028-02-29"}, {"2027-10-01", "29.2.", "2028-02-29"}, {"2028-01-01", "29/2", "2028-02-29"}, {"2029-01-10", "29.2.", "2028-02-29"},
		{"2026-01-02", "31.12.", "2025-12-31"}, {"2026-12-31", "1.1.", "2027-01-01"}, {"2026-06-30", "1.1.", "2026-01-01"}, {"2027-05-01", "30.2.", ""},
	} {
		now, err := time.Parse(time.DateOnly, tt.now)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := (&slot{kind: slotDate}).read(tt.text, now); got != tt.want {
			t.Errorf("%s on %s: got %q, want %q", tt.text, tt.now, got, tt.want)
		}
	}
}

// Conditions on what is not known yet: no date is recent, a number is 0, a choice
// is "".
func TestConditionsOnMissingSlots(t *testing.T) {
	t.Parallel()
	a := load(t, `schema: beckon.answers/v1
slots:
  bought: {type: date}
  n: {type: number, min: 0, max: 10}
  c: {type: choice, choices: {late: [late], broken: [broken]}}
answers:
  - {id: recent, any_of: [one], when: {in-time: slot.bought < days(30)}, dm: "in time"}
  - {id: old, any_of: [two], when: {late: slot.bought > days(30)}, dm: "too late"}
  - {id: some, any_of: [three], when: {some: slot.n > 0}, dm: "some"}
  - {id: none, any_of: [four], when: {chosen: slot.c == "late"}, dm: "late"}
  - {id: unfilled, any_of: [five], when: {unfilled: not filled.bought}, dm: "when?"}
`)
	for text, want := range map[string]string{"one": "", "two": "too late", "three": "", "four": "", "five": "when?"} {
		in := dm(text)
		in.Now = deskTime()
		got := ""
		if out := a.Handle(in); len(out.Drafts) == 1 {
			got = out.Drafts[0].Text
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

// What a user writes into a flow: words of the program, of other flows and of
// templates are values there, and never read as anything else.
func TestHostileSlotAnswers(t *testing.T) {
	t.Parallel()
	a := load(t, `schema: beckon.answers/v1
slots:
  what: {type: text}
  ref: {type: pattern, pattern: 'AC-\d|\{.+\}', example: AC-1}
answers:
  - {id: start, any_of: [complain], flow: complaint}
  - {id: hours, any_of: [opening hours], dm: "Always."}
flows:
  complaint:
    cancelled: "Cancelled."
    steps:
      - {id: what, ask: what, text: "What?", retry: "In words, please?"}
      - {id: ref, ask: ref, text: "Which number?", retry: "Which?"}
      - {id: done, say: "Noted {slot.ref}, {operator}."}
`)
	play := func(texts ...string) (said string, slots map[string]string, flow string) {
		slots = map[string]string{}
		for _, text := range texts {
			in := dm(text)
			in.Now, in.Conversation.Flow, in.Slots, in.Bot = deskTime(), flow, slots, BotInfo{Operator: "acme", Username: "acme_help"}
			in.Tier = conversation.Match(text, flow != "")
			out := Chain{Help{}, a}.Handle(in)
			said = ""
			for _, d := range out.Drafts {
				said = d.Text
			}
			for k, v := range out.Slots {
				slots[k] = v
			}
			if out.Flow != nil {
				flow = *out.Flow
			}
		}
		return said, slots, flow
	}
	for _, text := range []string{
		"{slot.ref} {operator}", "👨‍👩‍👧‍👦", "الطلب لم يصل", "\u202eevil\u202c", "complain",
		"opening hours", // what was asked for comes before other answers
	} {
		if said, slots, flow := play("complain", text, "AC-1"); said != "Noted AC-1, acme." || slots["what"] != "" || flow != "" {
			t.Errorf("%q: said %q, in %q with %v", text, said, flow, slots)
		}
		if _, slots, _ := play("complain", text); slots["what"] != text {
			t.Errorf("%q: kept %q", text, slots["what"])
		}
	}
	if said, slots, _ := play("complain", strings.Repeat("long ", 5000)); said != "In words, please?" || slots["what"] != "" {
		t.Errorf("25,000 characters: said %q, kept %.20q", said, slots["what"])
	}
	if said, slots, flow := play("complain", "Cancel!"); said != "Cancelled." || flow != "" || slots["what"] != "" {
		t.Errorf("cancel: said %q, in %q with %v", said, flow, slots)
	}
	// A value that looks like a variable is said as it is.
	if said, _, _ := play("complain", "broken", "{operator}{slot.what}"); said != "Noted {operator}{slot.what}, acme." {
		t.Errorf("said %q", said)
	}
	// A stop is one in a flow as everywhere.
	if said, slots, _ := play("complain", "stop"); said != "" || slots["what"] != "" {
		t.Errorf("stop: said %q, kept %v", said, slots)
	}
}

func TestHours(t *testing.T) {
	t.Parallel()
	h := load(t, `schema: beckon.answers/v1
default: {dm: x}
hours:
  desk:
    zone: Europe/Berlin
    open: {mon-fri: "09:00-12:00, 13:00-17:00", sat: "22:00-24:00", sun: "02:00-03:00"}
    closed: [2026-12-24 to 2026-12-26]
    days: {2026-12-27: "10:00-11:00"}
`).hours["desk"]
	for at, want := range map[string]bool{
		"2026-11-02T09:00:00+01:00": true, "2026-11-02T08:59:59+01:00": false, "2026-11-02T12:00:00+01:00": false,
		"2026-11-02T16:59:00+01:00": true, "2026-11-02T17:00:00+01:00": false,
		"2026-11-07T23:59:59+01:00": true, "2026-11-08T00:00:00+01:00": false, // Saturday, Sunday
		"2026-12-24T10:00:00+01:00": false, "2026-12-27T10:30:00+01:00": true, // a holiday, a Sunday that is open
		"2026-07-01T07:00:00Z": true, "2026-11-02T07:30:00Z": false, // summer time
		"2026-10-25T00:30:00Z": true, "2026-10-25T01:30:00Z": true, "2026-10-25T02:00:00Z": false, // 02:30 comes twice, and is open twice
		"2026-03-29T00:59:59Z": false, "2026-03-29T01:00:00Z": false, "2026-03-29T01:30:00Z": false, // 02:30 does not come
		"2026-12-23T23:00:00Z": false, "2026-12-26T22:59:59Z": false, "2026-12-28T08:00:00Z": true, // the holiday's days are the zone's
		"2026-03-30T07:00:00Z": true, "2026-03-27T07:00:00Z": false, // the clocks changed between
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.open(now); got != want {
			t.Errorf("%s: open %t, want %t", at, got, want)
		}
	}
}

// A flow of another version, or an old one, is closed, and its message is taken
// as any other; what it knew is forgotten.
func TestFlowThatIsGone(t *testing.T) {
	t.Parallel()
	a := desk(t)
	for _, flow := range []string{"order-status/gone/de/0/0", "gone/number/de/0/0", "x", "order-status/number/de/0/1793000000"} {
		in := dm("are you open?")
		in.Now, in.Conversation.Flow, in.Slots = deskTime(), flow, map[string]string{"order_number": "AC-12345"}
		out := a.Handle(in)
		if len(out.Drafts) != 1 || out.Drafts[0].Handler != "answers/hours" || out.Flow == nil || *out.Flow != "" {
			t.Errorf("%s: got %+v, want the hours, and the flow closed", flow, out)
		}
		if diff := cmp.Diff(map[string]string{"order_number": ""}, out.Slots); diff != "" {
			t.Errorf("%s: slots (-want +got):\n%s", flow, diff)
		}
	}
}
