package rollout

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/event"
)

const hello = "schema: beckon.answers/v1\nanswers:\n- {id: hello, any_of: [hello], dm: TEXT}\n"

const helloTest = `schema: beckon.answers-test/v1
clock: 2026-03-02T09:00:00Z
dialogues:
- {name: hello, steps: [{user: hello, bot: TEXT}]}
`

// L1: answers that do not load, or whose dialogues go otherwise, change nothing.
func TestL1Answers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Replace(content, "TEXT", text, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var log bytes.Buffer
	live, met := handlers.NewLive(nil), &AnswersMetrics{}
	a := &Files{Kind: Answers, Bots: []File{AnswersBot{Name: "acme", Path: dir, Live: live}.File()}, Log: slog.New(slog.NewTextHandler(&log, nil)), Count: met.Counters()}
	if err := a.Start(); !errors.As(err, new(rules.Diagnostics)) {
		t.Errorf("an empty folder: got %v, want diagnostics", err)
	}
	says := func(want string, changed, failed, refused int64) {
		t.Helper()
		out := live.Handle(handlers.In{Event: event.Event{Kind: event.KindDM, User: "7", Text: "hello", Readable: true}})
		if len(out.Drafts) != 1 || out.Drafts[0].Text != want {
			t.Errorf("got %+v, want %q", out.Drafts, want)
		}
		if got := [3]int64{met.Changed.Load(), met.Failed.Load(), met.Refused.Load()}; got != [3]int64{changed, failed, refused} {
			t.Errorf("changed, failed, refused: got %v, want %v", got, [3]int64{changed, failed, refused})
		}
	}
	write("a.yaml", hello, "One")
	write("a_test.yaml", helloTest, "Two")
	if err := a.Start(); !errors.As(err, new(DialogueError)) {
		t.Errorf("a dialogue that goes otherwise: got %v", err)
	}
	write("a_test.yaml", helloTest, "One")
	if err := a.Start(); err != nil {
		t.Fatal(err)
	}
	says("One", 0, 0, 0)
	a.Reload(t.Context())
	says("One", 0, 0, 0)
	write("a.yaml", hello, "Two")
	a.Reload(t.Context())
	says("One", 0, 1, 1)
	a.Reload(t.Context())
	says("One", 0, 1, 1) // told once
	write("a_test.yaml", helloTest, "Two")
	a.Reload(t.Context())
	says("Two", 1, 1, 0)
	write("a.yaml", hello, `"{nobody}"`)
	a.Reload(t.Context())
	says("Two", 1, 2, 1)
	st := a.Status()
	if len(st) != 1 || st[0].Failure == nil || st[0].Failure.Step != StepLoad || !strings.Contains(st[0].Failure.Problems[0], "the variable {nobody}") || st[0].Holds[0] != (Count{"answer", 1}) {
		t.Errorf("the status of refused answers: got %+v", st)
	}
	if err := os.Remove(filepath.Join(dir, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	a.Reload(t.Context())
	says("Two", 1, 3, 1)
	write("a.yaml", hello, "Two")
	a.Reload(t.Context())
	says("Two", 2, 3, 0)
	if st := a.Status(); st[0].Failure != nil {
		t.Errorf("the status of good answers: got %+v", st)
	}
	for _, want := range []string{`dialogue-failed: hello: step 1: want \"One\", answers/hello says \"Two\"`, "a.yaml:3:36: variable: the variable {nobody} is not known here", "no-answers"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %s:\n%s", want, log.String())
		}
	}
}

// L1: a loader that fails by a fault of its own changes nothing.
func TestL1FilesPanic(t *testing.T) {
	t.Parallel()
	var digest byte
	bad, placed := false, 0
	met := &ScheduleMetrics{}
	f := &Files{Kind: Schedule, Log: slog.New(slog.DiscardHandler), Count: met.Counters(), Bots: []File{{Bot: "acme", Read: func() Content {
		c := Content{Digest: [32]byte{digest}}
		c.Load = func() (func(), []Count, error) {
			if bad {
				panic("out of range")
			}
			return func() { placed++ }, nil, nil
		}
		return c
	}}}}
	if err := f.Start(); err != nil {
		t.Fatal(err)
	}
	digest, bad = 1, true
	f.Reload(t.Context())
	st := f.Status()
	if placed != 1 || st[0].Failure == nil || st[0].Failure.Problems[0] != "the loader failed: out of range" || met.Refused.Load() != 1 {
		t.Errorf("placed %d times, got %+v", placed, st)
	}
}
