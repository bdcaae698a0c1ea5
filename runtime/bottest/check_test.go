package bottest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// lawful is what a scenario leaves in which a post was answered and a STOP
// confirmed.
func lawful() witness {
	at := midnight().Add(9 * time.Hour)
	action := func(id string, kind event.ActionKind, purpose event.Purpose, user, to, text string, at time.Time) db.Action {
		line, _ := json.Marshal(gate.Record{ID: "d-" + id, Decision: gate.Allow, Input: &gate.InputRef{}})
		return db.Action{
			ID: id, Bot: "help", Interaction: to, Kind: kind, Purpose: purpose, User: user, ReplyTo: to, State: event.Sent,
			CreatedAt: at, Attempts: 1, RuleSet: "set", Decision: line, DecisionID: "d-" + id,
			TextHash: hostKey().Text(event.EchoText(text)),
		}
	}
	claim := func(id string, at time.Time) gate.Record {
		return gate.Record{ID: "d-" + id, At: at, Event: "e-" + id, Decision: gate.Allow, Action: &gate.ActionRef{ID: id, Stage: gate.StageClaim}}
	}
	body := func(id string) []byte {
		return fmt.Appendf(nil, `{"data":{"event_uuid":"e-%s","event_type":"dm.received","filter":{"user_id":"1"},"payload":{}}}`, id)
	}
	later := at.Add(time.Hour)
	return witness{
		ledger: ledger{
			Actions: []db.Action{
				action("a1", event.Reply, event.Answer, "7", "100", "hello", at),
				action("a2", event.DM, event.OptOutConfirmation, "7", "", "bye", later),
			},
			Records: []gate.Record{claim("a1", at), claim("a2", later)},
			Calls: []xsim.Call{
				{N: 1, At: at, Op: xsim.OpPost, Account: "1", ReplyTo: "100", User: "7", Text: "hello", Made: "500", Status: 201},
				{N: 2, At: later.Add(time.Second), Op: xsim.OpDM, Account: "1", User: "7", Text: "bye", Made: "501", Status: 201},
			},
			Posts: []xsim.Post{{ID: "500", Author: "1", ReplyTo: "100", ReplyToUser: "7"}},
		},
		bots:     map[string]string{"1": "help"},
		chain:    func(post string) string { return strings.TrimSuffix(post, "-edited") },
		stops:    []stop{{at: later, user: "7", optedOut: true}},
		accepted: [][]byte{body("a1"), body("a2")},
	}
}

func TestLaws(t *testing.T) {
	t.Parallel()
	if bad := lawful().laws(); len(bad) > 0 {
		t.Fatalf("a lawful scenario breaks %q", bad)
	}
	tests := []struct {
		name, want string
		change     func(*witness)
	}{
		{"a second reply to a later version", "I2: help replied twice", func(w *witness) {
			w.Posts = append(w.Posts, xsim.Post{ID: "502", Author: "1", ReplyTo: "100-edited"})
		}},
		{"a call without a row", "I1: call 1 has no row", func(w *witness) { w.Actions = w.Actions[1:] }},
		{"a call with another text", "I1: call 1 has no row", func(w *witness) { w.Calls[0].Text = "hi" }},
		{"a call of another bot", "I1: call 1 has no row", func(w *witness) { w.Calls[0].Account = "2" }},
		{"a call to somebody else", "I1: call 2 has no row", func(w *witness) { w.Calls[1].User = "8" }},
		{"more calls than attempts", "I1: call 1 has no row", func(w *witness) { w.Calls = append(w.Calls, w.Calls[0]) }},
		{"failed, and X did it", "I3: X did call 1", func(w *witness) { w.Actions[0].State = event.Failed }},
		{"waits, and X did it", "I3: X did call 1", func(w *witness) { w.Actions[0].State = event.Pending }},
		{"no rule set", "I6: call 1 of action a1: no rule set", func(w *witness) { w.Actions[0].RuleSet = "" }},
		{"no input", "I6: call 1 of action a1: no input", func(w *witness) { w.Actions[0].Decision = []byte(`{"decision":"allow"}`) }},
		{"no decision", "I6: call 1 of action a1: no decision record", func(w *witness) { w.Actions[0].Decision = nil }},
		{"denied", "I6: call 1 of action a1: its decision is deny", func(w *witness) { w.Actions[0].Decision = []byte(`{"decision":"deny","input":{}}`) }},
		{"claimed after the call", "I6: call 1 of action a1: no claim allowed it", func(w *witness) { w.Records[0].At = w.Records[0].At.Add(time.Minute) }},
		{"allowed as a draft only", "I6: call 1 of action a1: no claim allowed it", func(w *witness) { w.Records[0].Action.Stage = gate.StageDraft }},
		{"an answer after STOP", "opt-out: call 2 reached user 7", func(w *witness) { w.Actions[1].Purpose = event.Answer }},
		{"the host's count", "opt-out: the host counts 1 sends", func(w *witness) { w.AfterStop = 1 }},
		{"two confirmations in a day", "opt-out: user 7 gets two confirmations", func(w *witness) {
			second := w.Actions[1]
			second.CreatedAt = second.CreatedAt.Add(23 * time.Hour)
			w.Actions = append(w.Actions, second)
		}},
		{"an event that nothing tells of", "event e-a1 was taken in", func(w *witness) { w.Records[0].Event = "" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := lawful()
			tt.change(&w)
			if got := strings.Join(w.laws(), "\n"); !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q in it", got, tt.want)
			}
		})
	}
}

func TestMoved(t *testing.T) {
	t.Parallel()
	row := func(s event.State) db.Action { return db.Action{ID: "a1", State: s} }
	tests := []struct {
		was, is event.State
		want    string
	}{
		{event.Pending, event.Attempting, ""},
		{event.Unsettled, event.Sent, ""},
		{event.Sent, event.Sent, ""},
		{event.Sent, event.Pending, "I5: action a1 was sent and is pending"},
		{event.Cancelled, event.Sent, "I5: action a1 was cancelled and is sent"},
		{event.Unsettled, event.Pending, "I3: action a1 was unknown and is pending"},
	}
	for _, tt := range tests {
		got := strings.Join(moved(map[string]db.Action{"a1": row(tt.was)}, []db.Action{row(tt.is)}), "\n")
		if got != tt.want {
			t.Errorf("%s to %s: got %q, want %q", tt.was, tt.is, got, tt.want)
		}
	}
	if got := moved(map[string]db.Action{"a1": row(event.Sent)}, nil); len(got) != 1 {
		t.Errorf("a row that is gone: got %q", got)
	}
}

func TestOptedOut(t *testing.T) {
	t.Parallel()
	at := midnight()
	stops := []stop{{at, "7", true}, {at.Add(time.Hour), "7", false}, {at.Add(time.Minute), "8", true}}
	for after, want := range map[time.Duration]bool{-1: false, 0: true, time.Minute: true, time.Hour: false} {
		if got := optedOut(stops, "7", at.Add(after)); got != want {
			t.Errorf("after %s: got %t, want %t", after, got, want)
		}
	}
}

func TestArchive(t *testing.T) {
	t.Parallel()
	const text = "A claim.\n-- script --\n09:00 wait\n-- a -- b --\n-- empty --\n-- want --\n"
	ar := parseArchive(text)
	want := []file{{"script", "09:00 wait\n"}, {"a -- b", ""}, {"empty", ""}, {"want", ""}}
	if diff := cmp.Diff(want, ar.files, cmp.AllowUnexported(file{})); diff != "" || ar.comment != "A claim.\n" {
		t.Errorf("comment %q, files (-want +got):\n%s", ar.comment, diff)
	}
	if got := string(ar.format()); got != text {
		t.Errorf("written again: %q, want %q", got, text)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	const script = "-- script --\n09:00 wait\n-- want --\n"
	if _, _, err := read(parseArchive("A claim.\n" + script)); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"A claim.\n-- script --\n09:00 wait\n":                            "it expects nothing",
		"no sentence\n" + script:                                          "the first line is the claim",
		"A claim.\n-- want --\n":                                          "script: it is empty",
		"A claim.\n-- bot.yaml --\ntier_: x\n" + script:                   "tier_",
		"A claim.\n-- rules.yaml --\nrules: []\n" + script:                "rules.yaml",
		"A claim.\n-- answers.yaml --\nanswers: []\n" + script:            "answers.yaml",
		"A claim.\n-- script --\nwait\n-- want --\n":                      "begins with a time",
		"A claim.\n-- script --\n09:00 dance\n-- want --\n":               `no verb "dance"`,
		"A claim.\n-- script --\n09:00\n-- want --\n":                     "nothing to do",
		"A claim.\n-- script --\n25:00 wait\n-- want --\n":                "line 1",
		"A claim.\n-- script --\n\n09:00 dm ann help\n-- want --\n":       "line 2: dm takes 3 arguments",
		"A claim.\n-- script --\n09:00 wait long\n-- want --\n":           `wait does not know "long"`,
		"A claim.\n-- script --\n09:00 dm ann help \"hello\n-- want --\n": "a quote without its end",
	} {
		_, _, err := read(parseArchive(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}
