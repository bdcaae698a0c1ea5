package handlers

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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
		{"d", "soon", ""}, {"d", "1.1.1200", ""},
		{"mail", "write to Ann.Lee+x@example.co.uk, thanks", "Ann.Lee+x@example.co.uk"}, {"mail", "@acme", ""}, {"mail", "a@b", ""},
		{"p", "my number is ac-12345.", "ac-12345"}, {"p", "XAC-12345", ""}, {"p", "AC-123456", ""}, {"p", "AC‑12345", "AC-12345"}, {"p", "ＡＣ12345", "AC12345"},
		{"c", "it is late", "late"}, {"c", "viel zu spät", "late"}, {"c", "2", "broken"}, {"c", "late and broken", "broken"}, {"c", "fine", ""}, {"c", "3", ""},
		{"free", " hello ", "hello"}, {"free", "", ""}, {"free", "hello hello", ""},
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

func TestHours(t *testing.T) {
	t.Parallel()
	h := load(t, `schema: beckon.answers/v1
default: {dm: x}
hours:
  desk:
    zone: Europe/Berlin
    open: {mon-fri: "09:00-12:00, 13:00-17:00", sat: "22:00-24:00"}
    closed: [2026-12-24 to 2026-12-26]
    days: {2026-12-27: "10:00-11:00"}
`).hours["desk"]
	for at, want := range map[string]bool{
		"2026-11-02T09:00:00+01:00": true, "2026-11-02T08:59:59+01:00": false, "2026-11-02T12:00:00+01:00": false,
		"2026-11-02T16:59:00+01:00": true, "2026-11-02T17:00:00+01:00": false,
		"2026-11-07T23:59:59+01:00": true, "2026-11-08T00:00:00+01:00": false, // Saturday, Sunday
		"2026-12-24T10:00:00+01:00": false, "2026-12-27T10:30:00+01:00": true, // a holiday, a Sunday that is open
		"2026-07-01T07:00:00Z": true, "2026-11-02T07:30:00Z": false, // summer time
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
