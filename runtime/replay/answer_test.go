package replay

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// answered is the line that a host's event log has of an answer.
func answered(t *testing.T, r event.Response, source string) Line {
	t.Helper()
	body, err := r.Body()
	if err != nil {
		t.Fatal(err)
	}
	raw := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":%q,"type":"beckon.answer","time":%q,"data":%s}`,
		r.ID, source, r.At.Format(time.RFC3339Nano), body)
	var got []Line
	if err := Scan("day.jsonl", strings.NewReader(raw+"\n"), func(l Line) error { got = append(got, l); return nil }, nil); err != nil {
		t.Fatal(err)
	}
	return got[0]
}

// P1: what a handler outside of the host said is in the log, and is decided from
// there as the host decided it: in time or late, once, after a STOP, or that it
// said nothing. Nobody is asked.
func TestP1AnswersAreReplayed(t *testing.T) {
	t.Parallel()
	lines := day(t,
		xsim.Act{Kind: xsim.ActDM, From: "ben", To: "desk_bot", Text: "where is it?"},
		xsim.Act{Kind: xsim.ActDM, From: "ben", To: "desk_bot", Text: "stop"},
	)
	events, err := event.Decode(lines[0].Body)
	if err != nil {
		t.Fatal(err)
	}
	asked := events[0]
	orders := handlers.Outside{ID: "orders", Deadline: time.Minute, Fallback: handlers.Fallback{DM: "A person looks.", Handoff: true}}
	said := event.Response{
		ID: "n-1", Bot: "desk", Handler: "orders", User: asked.User, At: asked.At.Add(5 * time.Second),
		Said: event.Said{Form: event.AnswerForm, Question: event.QuestionID("desk", asked.ID, asked.Index, "orders"), Text: "It is on its way."},
	}
	with := func(change func(*event.Response)) event.Response {
		r := said
		change(&r)
		return r
	}
	stop := lines[1]
	stop.Time = asked.At.Add(3 * time.Second)
	for name, tt := range map[string]struct {
		more []Line
		want []string // of the records of answers
	}{
		"in time": {
			[]Line{answered(t, said, event.AnswerSource)},
			[]string{"draft allow", "claim allow"},
		},
		"once": {
			[]Line{answered(t, said, event.AnswerSource), answered(t, with(func(r *event.Response) { r.ID = "n-2" }), event.AnswerSource)},
			[]string{"draft allow", "claim allow", "none Handler orders has answered"},
		},
		"late": {
			[]Line{answered(t, with(func(r *event.Response) { r.At = asked.At.Add(2 * time.Minute) }), event.AnswerSource)},
			[]string{"none Handler orders answers question"},
		},
		"after a STOP": {
			[]Line{stop, answered(t, said, event.AnswerSource)},
			[]string{"draft deny"},
		},
		"none in time": {
			[]Line{answered(t, with(func(r *event.Response) {
				r.Failed, r.Said.Text, r.At = "no answer within 1m0s", "", asked.At.Add(time.Minute)
			}), event.AnswerSource)},
			[]string{"draft allow", "claim allow"},
		},
		"by another name": {
			[]Line{answered(t, with(func(r *event.Response) { r.Handler = "other" }), event.AnswerSource)},
			[]string{"none Handler other answers a question that handler orders was asked"},
		},
		"not from X": {[]Line{answered(t, said, "/x/webhook")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := play(t, append(slices.Clip(lines[:1]), tt.more...), orders)
			var got []string
			for i, l := range strings.Split(strings.TrimSpace(out), "\n") {
				var r struct {
					ID, Event, Decision, Say string
					Action                   *struct{ Stage, Purpose string }
				}
				if err := json.Unmarshal([]byte(l), &r); err != nil {
					t.Fatal(err)
				}
				switch {
				case i == 0 && !strings.HasPrefix(r.Say, "Handler orders is asked, question "+said.Said.Question):
					t.Errorf("the question: %s", l)
				case r.Action != nil && r.Action.Purpose == "answer":
					got = append(got, r.Action.Stage+" "+r.Decision)
				case r.Event == "n-1" || r.Event == "n-2":
					got = append(got, "none "+r.Say)
				}
			}
			if d := cmp.Diff(tt.want, got, cmp.Comparer(func(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) })); d != "" {
				t.Errorf("(-want +got):\n%s\n%s", d, out)
			}
		})
	}
}

// A line that says it is an answer, and is none, is an error of that line.
func TestAnswerLineIsChecked(t *testing.T) {
	t.Parallel()
	raw := `{"specversion":"1.0","id":"n","source":"/beckon/answer","type":"beckon.answer","data":{"form":"beckon.answer/v1"}}`
	err := Scan("day.jsonl", strings.NewReader(raw+"\n"), func(Line) error { return nil }, nil)
	if err == nil || !strings.Contains(err.Error(), "day.jsonl:1") {
		t.Errorf("got %v", err)
	}
}
