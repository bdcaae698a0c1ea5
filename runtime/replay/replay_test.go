package replay

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

const account = "900000000000000001"

const permit = `schema: beckon.rules/v1
pack: desk
layer: account
version: 1.0.0
rules:
  - {id: desk.all, effect: permit, actions: [reply, dm], because: "We answer."}
`

const answers = `schema: beckon.answers/v1
default: {reply: "We are here.", dm: "We are here."}
`

// play replays lines and returns the decision records, one a line: the same in
// one transaction as in many.
func play(t *testing.T, lines []Line, more ...handlers.Handler) string {
	t.Helper()
	many, one := temporary(t), temporary(t)
	want := playOn(t, many, lines, more...)
	err := Within(t.Context(), one, func(s db.Store) error {
		if got := playOn(t, s, lines, more...); got != want {
			t.Errorf("P1: in one transaction\n%s\nin many\n%s", got, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return want
}

func temporary(t *testing.T) db.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "r.db"), Temporary: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func playOn(t *testing.T, store db.Store, lines []Line, more ...handlers.Handler) string {
	t.Helper()
	set, err := rules.Load([]rules.Source{{Name: "desk.yaml", Data: []byte(permit)}}, rules.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := handlers.LoadAnswers("answers.yaml", []byte(answers))
	if err != nil {
		t.Fatal(err)
	}
	known := NewRecorded()
	for _, l := range lines {
		known.Add(l, func(string) string { return "desk" })
	}
	var out strings.Builder
	events := 0
	p := New(Options{
		Store: store,
		Gate: gate.New([]gate.Bot{{
			Name: "desk", UserID: account, Username: "desk_bot", Operator: "acme", Tier: "self_serve", Rules: set,
			LabelOn: true, BioDiscloses: true, OperatorLinked: true, PrivacyURL: "https://acme.example/p",
			OptOutHint: "STOP ends it.", OptOutConfirmation: "Understood.",
		}}),
		Handlers: map[string]handlers.Chain{"desk": append(append(handlers.Chain{handlers.Help{}}, more...), a)},
		Route: func(body []byte) bus.Message {
			head, err := event.Scan(body)
			if err != nil {
				return bus.Message{ID: event.BodyID(body), Type: "unknown", Source: "test", Bot: bus.NoBot, Dead: err.Error(), Data: body}
			}
			return bus.Message{ID: head.ID, Type: string(head.Type), Source: "test", Bot: "desk", User: head.User, Data: body}
		},
		Emit: func(s Step) error {
			events++
			if len(s.Records) == 0 {
				t.Errorf("P2: event %s led to no record", s.Event.ID)
			}
			for _, r := range s.Records {
				line, err := r.Line()
				if err != nil {
					return err
				}
				fmt.Fprintf(&out, "%s\n", line)
			}
			return nil
		},
	}, known)
	for _, l := range lines {
		if err := p.Play(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if l.Outcome == nil {
			events--
		}
	}
	if events < 0 {
		t.Errorf("P2: %d bodies led to nothing", -events)
	}
	return out.String()
}

// day is what happens between a user, their bot and a person, told by the
// simulated X. Acts are twenty minutes apart.
func day(t *testing.T, acts ...xsim.Act) []Line {
	t.Helper()
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	sim, err := xsim.New(xsim.Options{
		Accounts: []xsim.Account{{User: xsim.User{ID: account, Username: "desk_bot"}, Token: "t"}},
		Now:      func() time.Time { return at },
	})
	if err != nil {
		t.Fatal(err)
	}
	var lines []Line
	last := ""
	for _, a := range acts {
		if a.Kind == xsim.ActReply {
			a.Post = last
		}
		done, err := sim.Do(a)
		if err != nil {
			t.Fatal(err)
		}
		if last == "" {
			last = done.ID
		}
		for _, b := range done.Bodies {
			lines = append(lines, Line{File: "day", N: len(lines) + 1, Body: b})
		}
		at = at.Add(20 * time.Minute)
	}
	return lines
}

func TestP1P2SameLogSameBytes(t *testing.T) {
	t.Parallel()
	lines := day(t,
		xsim.Act{Kind: xsim.ActMention, From: "ann", To: "desk_bot", Text: "hello?"},
		xsim.Act{Kind: xsim.ActDM, From: "ben", To: "desk_bot", Text: "hi"},
		xsim.Act{Kind: xsim.ActDM, From: "ben", To: "desk_bot", Text: "stop"},
		xsim.Act{Kind: xsim.ActFollow, From: "cleo", To: "desk_bot"},
		xsim.Act{Kind: xsim.ActDM, From: "ben", To: "desk_bot", Text: "hi again"},
	)
	lines = append(lines, lines[0], Line{File: "day", N: 99, Body: []byte(`{"data":{}}`)})
	first, second := play(t, lines), play(t, lines)
	if first != second {
		t.Errorf("first\n%s\nsecond\n%s", first, second)
	}
	if n := strings.Count(first, `"decision":"allow"`); n != 6 { // reply, DM and confirmation, each drafted and claimed
		t.Errorf("%d times allowed, want 6:\n%s", n, first)
	}
}

// The clock is the log's: a line's own time counts before the event's.
func TestClock(t *testing.T) {
	t.Parallel()
	lines := day(t, xsim.Act{Kind: xsim.ActDM, From: "ben", To: "desk_bot", Text: "hi"})
	if out := play(t, lines); !strings.Contains(out, `"at":"2026-03-02T09:00:00Z"`) {
		t.Errorf("not at the event's time:\n%s", out)
	}
	lines[0].Time = time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	out := play(t, lines)
	if !strings.Contains(out, `"at":"2026-03-04T09:00:00Z"`) || !strings.Contains(out, "older than 24h") {
		t.Errorf("two days late it is recorded, not answered:\n%s", out)
	}
}

func TestP3OwnEventsAreNoPerson(t *testing.T) {
	t.Parallel()
	talk := func(own string) []Line {
		return day(t,
			xsim.Act{Kind: xsim.ActDM, From: "ben", To: "desk_bot", Text: "hi"},
			xsim.Act{Kind: xsim.ActDM, From: "desk_bot", To: "ben", Text: own},
			xsim.Act{Kind: xsim.ActDM, From: "ben", To: "desk_bot", Text: "and more"},
		)
	}
	const sent = "We are here.\n\nSTOP ends it.\n\nhttps://acme.example/p"
	for _, tt := range []struct {
		name   string
		lines  []Line
		mark   string
		person bool
	}{
		{"a person's words", talk("Hello, this is Maria."), "", true},
		{"the echo of a replayed send", talk(sent), "", false},
		{"marked by the recorder, whatever it says", talk("An answer under older rules."), "a-0000000000000001", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.lines[1].Own = tt.mark
			out := play(t, tt.lines)
			if got := strings.Contains(out, "x.handed-off\",\"cond"); got != tt.person {
				t.Errorf("taken for a person: %t, want %t\n%s", got, tt.person, out)
			}
		})
	}
}

// A recorded outcome ends a send as it ended then.
func TestRecordedOutcome(t *testing.T) {
	t.Parallel()
	lines := day(t,
		xsim.Act{Kind: xsim.ActMention, From: "ann", To: "desk_bot", Text: "hello?"},
		xsim.Act{Kind: xsim.ActMention, From: "ann", To: "desk_bot", Text: "once more?"},
	)
	plain := play(t, lines)
	events, err := event.Decode(lines[0].Body)
	if err != nil {
		t.Fatal(err)
	}
	id := event.ActionID("desk", events[0].Interaction, event.Reply, event.Answer, 0, 0)
	refused := append([]Line{{Outcome: &Outcome{Action: id, Class: string(event.Refused)}}}, lines...)
	out := play(t, refused)
	last := func(s string) string { s = strings.TrimSpace(s); return s[strings.LastIndex(s, "\n"):] }
	if !strings.Contains(last(plain), `"replies_sent_1h":1`) || strings.Contains(last(out), "replies_sent_1h") {
		t.Errorf("a refused reply must not count:\nplain %s\nrefused %s", last(plain), last(out))
	}
}

// An activation on the host that recorded comes out as it stands on record
// there, and changes nothing of what the replay decides.
func TestRecordedActivation(t *testing.T) {
	t.Parallel()
	acts := []xsim.Act{
		{Kind: xsim.ActDM, From: "ben", To: "desk_bot", Text: "hi"},
		{Kind: xsim.ActDM, From: "ann", To: "desk_bot", Text: "hello"},
	}
	lines := day(t, acts...)
	plain := play(t, lines)
	at := time.Date(2026, 3, 2, 9, 5, 0, 0, time.UTC)
	a := gate.Activation{Bot: "desk", Was: "sha256:1", Set: "sha256:2", Platform: "platform 1", Account: "desk 2", Why: "change"}
	record := a.Record(action.DecisionID(a.Cause(at)...), at)
	told, ok := ActivatedLine(record)
	if !ok {
		t.Fatal("no line")
	}
	var line Line
	if err := Scan("day", bytes.NewReader(told), func(l Line) error { line = l; return nil }, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&a, line.Activated); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	out := play(t, slices.Insert(lines, len(lines)/2, line))
	want, err := record.Line()
	if err != nil {
		t.Fatal(err)
	}
	if rest := strings.Replace(out, string(want)+"\n", "", 1); rest == out || rest != plain {
		t.Errorf("with the line:\n%s\nwant the record\n%s\nand otherwise\n%s", out, want, plain)
	}
	if _, ok := ActivatedLine(gate.Record{Rules: &gate.RulesRef{}}); ok {
		t.Error("a decision has no line of an activation")
	}
}

func TestRecordedAddIgnoresTheUnreadable(t *testing.T) {
	t.Parallel()
	r := NewRecorded()
	r.Add(Line{Body: []byte("x")}, func(string) string { return "" })
	if len(r.byAction)+len(r.echoes) != 0 {
		t.Errorf("got %+v", r)
	}
}
