package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// demoDay is the day as it was played.
type demoDay struct {
	*demo
	records []gate.Record
	summary demoSummary
}

func playDemo(t *testing.T) demoDay {
	t.Helper()
	var out bytes.Buffer
	d, err := openDemo(t.Context(), system{stdout: &out, stderr: &out}, t.TempDir(), newDemoPrinter(&out, "json"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := d.day(t.Context()); err != nil {
		t.Fatal(err)
	}
	day := demoDay{demo: d}
	for line := range bytes.Lines(out.Bytes()) {
		var s struct{ Summary *demoSummary }
		if err := json.Unmarshal(line, &s); err == nil && s.Summary != nil {
			day.summary = *s.Summary
			continue
		}
		var r gate.Record
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		day.records = append(day.records, r)
	}
	return day
}

// at lists what a bot decided in a minute of the day, our own echoes apart.
func (d demoDay) at(bot, minute string) (got []string) {
	for _, r := range d.records {
		switch {
		case r.Bot != bot || r.At.Format("15:04") != minute || strings.HasPrefix(r.Say, "This is our own "):
		case r.Decision == gate.None:
			got = append(got, "none: "+r.Say)
		default:
			got = append(got, fmt.Sprintf("%s %s", r.Decision, rulesOf(r)))
		}
	}
	return got
}

// actions lists how a bot's actions on what was done under a name ended.
func (d demoDay) actions(t *testing.T, bot, act string) (got []string) {
	t.Helper()
	err := d.store.Read(t.Context(), func(tx db.Tx) error {
		rows, err := tx.ActionsOf(bot, d.ids[act])
		for _, a := range rows {
			got = append(got, fmt.Sprintf("%s %s", a.Purpose, a.State))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestDemoDay: each thing that the day promises to show, by its rule and by
// what became of the action.
func TestDemoDay(t *testing.T) {
	t.Parallel()
	day := playDemo(t)
	const once = "deny x.one-per-interaction"
	for _, tt := range []struct {
		shows   string
		bot     string
		minutes string // when it is decided
		act     string // what is decided on, as day.jsonl names it
		want    []string
		actions []string
	}{
		{"a mention is answered once", "help", "08:58", "ann1", []string{"allow help.reply"}, []string{"answer sent"}},
		{"one post as mention, reply and quote, then edited, is answered once", "help", "09:15 09:17", "dan1",
			[]string{"allow help.reply", once, once, once, once, once}, []string{"answer sent"}},
		{"a mention with a quote, then edited, is answered once", "help", "09:20 09:26", "eva1",
			[]string{"allow help.reply", once, once, once}, []string{"answer sent"}},
		{"an edit before the answer is out is what is answered", "help", "09:32 09:36", "finn1",
			[]string{"allow help.reply", "allow help.reply"}, []string{"answer cancelled", "answer sent"}},
		{"a reply that does not mention us", "help", "09:55", "hana1", []string{"deny x.not-summoned"}, nil},
		{"a keyword post that did not address us", "help", "10:05", "jan1",
			[]string{"none: The post does not address the bot: no mention, reply or quote."}, nil},
		{"a follower is not greeted", "help", "10:06", "", []string{"none: follow.follow permits no reply and no DM."}, nil},
		{"a DM is answered", "help", "10:20", "bend1", []string{"allow help.dm"}, []string{"answer sent"}},
		{"an answer is queued", "help", "10:41", "lead1", []string{"allow help.dm"}, []string{"answer cancelled"}},
		{"Stop. Thanks", "help", "10:53", "lead2",
			[]string{"none: The user said stop: one waiting answer is cancelled; its confirmation is decided next.", "allow help.dm"},
			[]string{"opt_out_confirmation sent"}},
		{"silence after the stop", "help", "11:05", "lead3", []string{"deny x.opted-out"}, nil},
		{"silence of the other bot too", "care", "11:06", "lead4", []string{"deny x.opted-out"}, nil},
		{"START brings them back", "help", "11:30", "lead6", []string{"allow help.dm"}, []string{"notice sent"}},
		{"an answer again after START", "help", "11:32", "lead7", []string{"allow help.dm"}, []string{"answer sent"}},
		{"AI text without X's approval", "help", "12:00", "miad1", []string{"deny x.ai-not-approved"}, nil},
		{"AI text for a person to read, approved", "care", "12:05", "miad2", []string{"hold care.ai-needs-a-person"}, []string{"answer sent"}},
		{"AI text for a person to read, rejected", "care", "12:30", "finnd1", []string{"hold care.ai-needs-a-person"}, []string{"answer denied"}},
		{"an opt-out beats an approval", "help", "12:45", "gusd1", []string{"hold help.refund-needs-a-person"}, []string{"answer cancelled"}},
		{"a bot of ours is not answered by another", "help", "13:10", "care1", []string{"deny x.bot-to-bot"}, nil},
		{"nor is a bot of somebody else", "help", "13:12", "wb1", []string{"deny x.bot-to-bot"}, nil},
		{"a person took over", "care", "13:45", "hanad2", []string{"deny x.handed-off"}, nil},
		{"a lost answer is settled by X's own event", "help", "14:01", "ivo2", []string{"allow help.reply"}, []string{"answer sent"}},
		{"the desk of init asks for an order number", "support", "15:43", "norad2", []string{"allow support.dm"}, []string{"answer sent"}},
		{"and hands over with it", "support", "15:45 15:46", "norad4",
			[]string{"allow support.dm", "none: A person has taken over; the bot is silent toward this user."}, []string{"answer sent"}},
		{"in German too, where a flow can be left", "support", "15:50 15:51", "ottod2", []string{"allow support.dm", "allow support.dm"}, []string{"answer sent"}},
		{"a refund in German waits for a person", "support", "15:52", "ottod3", []string{"hold support.refund-needs-a-person"}, []string{"answer hold"}},
		{"who asks for a person gets one", "support", "15:54", "piad1", []string{"allow support.dm"}, []string{"answer sent"}},
		{"a refusal for good", "care", "14:21", "jan2", []string{"allow care.reply"}, []string{"answer failed"}},
	} {
		t.Run(tt.shows, func(t *testing.T) {
			var got []string
			for minute := range strings.FieldsSeq(tt.minutes) {
				got = append(got, day.at(tt.bot, minute)...)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("decided (-want +got):\n%s", diff)
			}
			if tt.act == "" {
				return
			}
			if day.ids[tt.act] == "" {
				t.Fatalf("day.jsonl has no %s", tt.act)
			}
			if diff := cmp.Diff(tt.actions, day.actions(t, tt.bot, tt.act)); diff != "" {
				t.Errorf("actions (-want +got):\n%s", diff)
			}
		})
	}
	day.checkFirstDM(t)
	day.checkSummary(t)
}

// checkFirstDM: the first DM to a user tells the way out and the privacy
// policy, the second does not.
func (d demoDay) checkFirstDM(t *testing.T) {
	t.Helper()
	help := d.cfg.Bots["help"]
	var first []bool
	for _, m := range d.sim.DMs() {
		if u, _ := d.sim.User(m.To); u.Username != "ben" || m.From != help.UserID {
			continue
		}
		first = append(first, strings.Contains(m.Text, help.Texts.OptOutHint) && strings.Contains(m.Text, help.PrivacyURL))
	}
	if help.Texts.OptOutHint == "" || help.PrivacyURL == "" {
		t.Error("the demo's configuration has no hint or no link to look for")
	}
	if diff := cmp.Diff([]bool{true, false}, first); diff != "" {
		t.Errorf("DMs to ben with hint and link (-want +got):\n%s", diff)
	}
}

// checkSummary: a day of some size, and every promise holds. Among them are
// the forged signature and the second delivery of everything.
func (d demoDay) checkSummary(t *testing.T) {
	t.Helper()
	s := d.summary
	if s.Events < 60 || s.Users < 12 {
		t.Errorf("%d events from %d users, want 60 from 12 at least", s.Events, s.Users)
	}
	if len(d.records) < s.Events {
		t.Errorf("%d records for %d events", len(d.records), s.Events)
	}
	decided := 0
	for _, n := range s.Decide {
		decided += n
	}
	if decided != len(d.records) {
		t.Errorf("the summary counts %d decisions, %d were printed", decided, len(d.records))
	}
	if len(s.Checks) != 7 {
		t.Errorf("%d promises checked, want 7", len(s.Checks))
	}
	for _, c := range s.Checks {
		if !c.Holds {
			t.Errorf("%s: does not hold: %s", c.Promise, c.Found)
		}
	}
	if d.forged != 1 || d.refused != 1 {
		t.Errorf("%d of %d forged bodies refused, want 1 of 1", d.refused, d.forged)
	}
}

// TestDemoSameBytes: two runs print the same, and the text has a line for each
// decision.
func TestDemoSameBytes(t *testing.T) {
	t.Parallel()
	code, first, stderr := beckon(t, "demo", "--format", "json")
	if code != exitOK {
		t.Fatalf("demo: exit %d: %s", code, stderr)
	}
	if _, again, _ := beckon(t, "demo", "--format", "json"); again != first {
		t.Errorf("two runs differ:\n%s", cmp.Diff(strings.Split(first, "\n"), strings.Split(again, "\n")))
	}
	_, text, _ := beckon(t, "demo")
	lines := regexp.MustCompile(`(?m)^\d\d:\d\d  [@-].* (allow|hold |deny |none ) `).FindAllString(text, -1)
	if want := strings.Count(first, "\n") - 1; len(lines) != want { // the summary apart
		t.Errorf("the text has %d lines of decisions, want %d", len(lines), want)
	}
}
