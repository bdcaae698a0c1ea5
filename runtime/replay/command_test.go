package replay

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// commanded is the line that a host's event log has of a command.
func commanded(t *testing.T, c event.Command, source string) Line {
	t.Helper()
	body, err := c.Body()
	if err != nil {
		t.Fatal(err)
	}
	kind := c.Event().Type
	raw := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":%q,"type":%q,"time":%q,"data":%s}`,
		c.ID, source, kind, c.At.Format(time.RFC3339Nano), body)
	var got []Line
	if err := Scan("day.jsonl", strings.NewReader(raw+"\n"), func(l Line) error { got = append(got, l); return nil }, nil); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 {
		t.Fatalf("%d lines", len(got))
	}
	return got[0]
}

// A command of the log is decided as the host decided it, from the log alone:
// by its line's source and type, never by what a body of X says.
func TestP1CommandsAreReplayed(t *testing.T) {
	t.Parallel()
	lines := day(t,
		xsim.Act{Kind: xsim.ActDM, From: "ben", To: "desk_bot", Text: "where is it?"},
		xsim.Act{Kind: xsim.ActDM, From: "ben", To: "desk_bot", Text: "stop"},
	)
	stop := lines[1]
	lines = slices.Clip(lines[:1])
	events, err := event.Decode(lines[0].Body)
	if err != nil {
		t.Fatal(err)
	}
	ben := events[0].User
	c := event.Command{
		ID: "c-1", Bot: "desk", At: events[0].At.Add(time.Hour), By: "olga", Kind: event.DM, User: ben, Text: "It is on its way.",
	}
	timer := event.Command{
		ID: "t-1", Bot: "desk", At: c.At.Add(time.Hour), By: "olga", Kind: event.DM, User: ben, Text: "Buy more!", Timer: true,
	}
	late := c
	late.ID, late.At = "c-2", timer.At.Add(2*time.Hour)
	stop.Time = timer.At.Add(time.Hour)
	for name, tt := range map[string]struct {
		lines []Line
		want  []string // of the records of commands: event, kind of event, stage, decision, rule
	}{
		"an operator's DM": {
			append(lines, commanded(t, c, event.CommandSource)),
			[]string{"c-1 command draft allow x.dm", "c-1 command claim allow x.dm"},
		},
		"once, though the log has it twice": {
			append(lines, commanded(t, c, event.CommandSource), commanded(t, c, event.CommandSource)),
			[]string{"c-1 command draft allow x.dm", "c-1 command claim allow x.dm"},
		},
		"a timer's": {
			append(lines, commanded(t, timer, event.CommandSource)),
			[]string{"t-1 timer draft deny x.bulk"},
		},
		"after a STOP of the log": {
			append(lines, stop, commanded(t, late, event.CommandSource)),
			[]string{"c-2 command draft deny x.opted-out"},
		},
		"not from X": {append(lines, commanded(t, c, "/x/webhook")), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for l := range strings.Lines(play(t, tt.lines)) {
				var r struct {
					Event    string
					Action   *struct{ Stage string }
					Decision string
					By       []struct{ Rule string }
					Input    struct {
						Values struct{ Event struct{ Kind string } }
					}
				}
				if err := json.Unmarshal([]byte(l), &r); err != nil {
					t.Fatal(err)
				}
				if (r.Event == c.ID || r.Event == timer.ID || r.Event == late.ID) && r.Action != nil {
					got = append(got, fmt.Sprintf("%s %s %s %s %s", r.Event, r.Input.Values.Event.Kind, r.Action.Stage, r.Decision, r.By[0].Rule))
				}
			}
			if strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}
