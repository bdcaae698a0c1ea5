package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// What customers write, and what the bot of `beckon init` does with it as a DM: an
// answer, a hold for a person, a handoff, or silence. As a post it may also be
// silent: the shipped answers have no default there.
func messyDay() []struct{ name, text, want string } {
	return []struct{ name, text, want string }{
		{"several questions", "hi, where is my order? and are you open today? also the other one is broken!!", "answer"},
		{"several questions, and money", "where is my order AC-12345? also I want a refund for the other one", "hold"},
		{"sarcasm", "oh GREAT job, really, five stars, my parcel is touring europe without me 🙄👏", "answer"},
		{"a screenshot without words", "", "silence"},
		{"links alone", "https://t.co/abcdefghij https://t.co/klmnopqrst", "answer"},
		{"two languages", "Hallo, my Bestellung ist not da, wo is it?? merci", "answer"},
		{"25,000 characters", strings.Repeat("I have written to you three times. ", 714)[:24_990], "answer"},
		{"one word of 20,000 letters", strings.Repeat("a", 20_000), "answer"},
		{"right to left", "أين طلبي؟ رقم الطلب ٤٧١١ من فضلك", "answer"},
		{"direction marks", "\u202ewhere is my order\u202c \u200f\u200e", "answer"},
		{"emoji alone", "😡😡😡📦❓", "answer"},
		{"combining marks", "r" + strings.Repeat("\u0301", 5000) + "efund", "answer"},
		{"variables", "{operator} {slot.order_number} {dm_link} %s ${x}", "answer"},
		{"quoted", "> where is my order\n> are you open\nthis is what I asked", "answer"},
		{"a person", "ich will jetzt endlich einen Menschen", "answer"},
		{"nothing but a person", "Mitarbeiter bitte", "handoff"},
		{"perhaps a stop", "stpo", "held"},
		{"a stop among polite words", "please stop, thanks 🙏", "stop"},
	}
}

// TestMessyDay sends all of it through the whole host: each message ends in an
// answer, a handoff or silence with a reason, and none is a dead letter.
func TestMessyDay(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "bot")
	if err := writeBot(dir); err != nil {
		t.Fatal(err)
	}
	clock := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	sim, err := xsim.New(xsim.Options{
		Accounts: []xsim.Account{{User: xsim.User{ID: "1000000000000000001", Username: "acme_support", Automated: true}, Token: "t"}},
		Now:      func() time.Time { return clock },
	})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	about := map[string]string{} // events to names
	want := map[string]string{}
	for i, m := range messyDay() {
		acts := []xsim.Act{{Kind: xsim.ActDM, From: fmt.Sprintf("u%d", i), To: "acme_support", Text: m.text}}
		if len(m.text) < 300 {
			acts = append(acts, xsim.Act{Kind: xsim.ActMention, From: fmt.Sprintf("v%d", i), To: "acme_support", Text: m.text})
		}
		for _, a := range acts {
			clock = clock.Add(time.Minute)
			done, err := sim.Do(a)
			if err != nil {
				t.Fatalf("%s: %v", m.name, err)
			}
			for _, body := range done.Bodies {
				events, err := event.Decode(body)
				if err != nil {
					t.Fatal(err)
				}
				name := m.name + " by " + string(a.Kind)
				about[events[0].ID] = name
				if want[name] = m.want; a.Kind == xsim.ActMention {
					want[name] = "" // any
				}
				if err := json.Compact(&log, body); err != nil {
					t.Fatal(err)
				}
				log.WriteByte('\n')
			}
		}
	}
	file := filepath.Join(dir, "events", "messy.jsonl")
	if err := os.WriteFile(file, log.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, stderr := beckon(t, "replay", file, "-c", filepath.Join(dir, "beckon.yaml"), "--format", "json")
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	got := map[string]string{}
	for line := range strings.Lines(out) {
		var r struct {
			Event, Decision, Say string
			Action               *struct{ Stage, Purpose string }
			Input                struct {
				Values struct{ Action struct{ Handover bool } }
			}
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		name := about[r.Event]
		if r.Say == "" || strings.Contains(r.Say, "dead letter") {
			t.Errorf("%s: %s", name, line)
		}
		for text, became := range map[string]string{"A person takes over": "handoff", "may have said stop": "held", "The user said stop": "stop"} {
			if r.Decision == "none" && strings.Contains(r.Say, text) {
				got[name] = became
			}
		}
		switch {
		case got[name] != "" && got[name] != "silence":
		case r.Decision == "allow" && r.Input.Values.Action.Handover: // the bot's last word
			got[name] = "handoff"
		case r.Decision == "allow" && r.Action != nil && r.Action.Purpose == "answer":
			got[name] = "answer"
		case r.Decision == "hold":
			got[name] = "hold"
		default:
			got[name] = "silence"
		}
	}
	for name, became := range want {
		if got[name] == "" || became != "" && got[name] != became {
			t.Errorf("%s: %s, want %s", name, got[name], became)
		}
	}
}
