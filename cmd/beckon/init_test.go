package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

var update = flag.Bool("update", false, "write the files that tests compare with")

// initDay is the recorded day of the bot that `beckon init` writes.
func initDay() []struct {
	at  string
	act xsim.Act
	as  string
} {
	const bot = "acme_support"
	return []struct {
		at  string
		act xsim.Act
		as  string
	}{
		{"08:30", xsim.Act{Kind: xsim.ActPost, From: bot, Text: "Good morning, we are here until five."}, "own"},
		{"09:00", xsim.Act{Kind: xsim.ActMention, From: "ann", To: bot, Text: "when are you open?"}, ""},
		{"09:05", xsim.Act{Kind: xsim.ActReply, From: "ben", Post: "own", Quote: "own", Mention: true, Text: "great, where is my order?"}, ""},
		{"09:10", xsim.Act{Kind: xsim.ActReply, From: "cleo", Post: "own", Text: "and where is my parcel?"}, ""},
		{"09:20", xsim.Act{Kind: xsim.ActKeyword, From: "dan", To: bot, Keyword: "acme", Text: "has anybody an order at acme?"}, ""},
		{"09:30", xsim.Act{Kind: xsim.ActFollow, From: "eva", To: bot}, ""},
		{"10:00", xsim.Act{Kind: xsim.ActDM, From: "ann", To: bot, Text: "my order 4711 is late"}, ""},
		{"10:05", xsim.Act{Kind: xsim.ActDM, From: "ann", To: bot, Text: "I want a refund"}, ""},
		{"10:10", xsim.Act{Kind: xsim.ActDM, From: "ann", To: bot, Text: "Stop. Thanks"}, ""},
		{"10:15", xsim.Act{Kind: xsim.ActDM, From: "ann", To: bot, Text: "when are you open?"}, ""},
		{"11:00", xsim.Act{Kind: xsim.ActDM, From: "ann", To: bot, Text: "START"}, ""},
		{"11:05", xsim.Act{Kind: xsim.ActDM, From: "finn", To: bot, Text: "explain your return policy"}, ""},
		{"11:10", xsim.Act{Kind: xsim.ActMention, From: "robot", To: bot, Automated: true, Text: "when are you open?"}, ""},
		{"11:20", xsim.Act{Kind: xsim.ActDM, From: "gina", To: bot, Text: "Wo ist meine Bestellung?"}, ""},
		{"11:21", xsim.Act{Kind: xsim.ActDM, From: "gina", To: bot, Text: "AC-54321"}, ""},
		{"11:25", xsim.Act{Kind: xsim.ActDM, From: "gina", To: bot, Text: "hallo?"}, ""},
		{"11:30", xsim.Act{Kind: xsim.ActDM, From: "hugo", To: bot, Text: "Hello!"}, ""},
		{"11:31", xsim.Act{Kind: xsim.ActDM, From: "hugo", To: bot, Text: "I want to return this"}, ""},
		{"11:32", xsim.Act{Kind: xsim.ActDM, From: "hugo", To: bot, Text: "Cancel"}, ""},
		{"11:33", xsim.Act{Kind: xsim.ActDM, From: "hugo", To: bot, Text: "can I talk to someone?"}, ""},
	}
}

// recordInitDay lets the simulated X tell the day, in the form in which a log
// is recorded.
func recordInitDay(t *testing.T) []byte {
	t.Helper()
	clock := time.Time{}
	sim, err := xsim.New(xsim.Options{
		Accounts: []xsim.Account{{User: xsim.User{ID: "1000000000000000001", Username: "acme_support", Automated: true}, Token: "t"}},
		Now:      func() time.Time { return clock },
	})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	var log bytes.Buffer
	for _, step := range initDay() {
		clock, err = time.Parse("2006-01-02 15:04", "2026-11-02 "+step.at)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []*string{&step.act.Post, &step.act.Quote} {
			if *name != "" {
				*name = ids[*name]
			}
		}
		done, err := sim.Do(step.act)
		if err != nil {
			t.Fatal(err)
		}
		ids[step.as] = done.ID
		for _, body := range done.Bodies {
			head, err := event.Scan(body)
			if err != nil {
				t.Fatal(err)
			}
			line, err := json.Marshal(struct {
				SpecVersion string          `json:"specversion"`
				ID          string          `json:"id"`
				Source      string          `json:"source"`
				Type        string          `json:"type"`
				Subject     string          `json:"subject,omitempty"`
				Time        time.Time       `json:"time"`
				Data        json.RawMessage `json:"data"`
			}{"1.0", head.ID, "/x/webhook", string(head.Type), head.User, clock.Add(time.Second), body})
			if err != nil {
				t.Fatal(err)
			}
			log.Write(append(line, '\n'))
		}
	}
	return log.Bytes()
}

// TestInitDay holds the shipped log and its expected decisions to what the
// simulated X and the replay make today.
func TestInitDay(t *testing.T) {
	t.Parallel()
	log := recordInitDay(t)
	golden(t, "initbot/events/day.jsonl", log)

	dir := filepath.Join(t.TempDir(), "bot")
	if err := writeBot(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "events", "day.jsonl"), log, 0o644); err != nil {
		t.Fatal(err)
	}
	code, out, stderr := beckon(t, "replay", filepath.Join(dir, "events", "day.jsonl"), "-c", filepath.Join(dir, "beckon.yaml"), "--format", "json")
	if code != exitOK {
		t.Fatalf("replay: exit %d: %s", code, stderr)
	}
	golden(t, "initbot/events/day.decisions.jsonl", []byte(out))
}

// golden compares with a file of the repository, or writes it with -update.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	t.Errorf("%s is not what is made today; look at the difference, then: go test ./cmd/beckon -run %s -update", path, t.Name())
	gots, wants := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range min(len(gots), len(wants)) {
		if !bytes.Equal(gots[i], wants[i]) {
			t.Errorf("line %d\nwant %s\ngot  %s", i+1, clip(string(wants[i]), 1500), clip(string(gots[i]), 1500))
			return
		}
	}
}

// beckon runs the program in this process.
func beckon(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, system{
		stdin: bytes.NewReader(nil), stdout: &out, stderr: &errs,
		getenv: func(string) string { return "" }, now: time.Now,
	})
	return code, out.String(), errs.String()
}
