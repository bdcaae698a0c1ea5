package remote

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/event"
)

var nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// post is a handler's letter box.
type post struct {
	got []Question
	err error
}

func (p *post) Ask(_ context.Context, q Question) error {
	p.got = append(p.got, q)
	return p.err
}

// fixture is a requester with one handler, orders.
type fixture struct {
	*Requester
	t      *testing.T
	below  *sqlite.Store
	faults *dbtest.Faults
	box    *post
	out    []bus.Message
	full   error // of the bus
	met    *Metrics
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	store, err := sqlite.Open(context.Background(), sqlite.Options{Path: filepath.Join(t.TempDir(), "x.db"), Temporary: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	f := &fixture{t: t, below: store, faults: dbtest.Faulty(store), box: &post{}, met: &Metrics{}}
	f.Requester = New(Options{
		Store: f.faults, Metrics: f.met, Accounts: map[string]Account{"acme": {Username: "acme_help", Operator: "acme"}},
		Handlers: map[string]Handler{"orders": {Line: f.box, Again: 5 * time.Second}},
		Publish: func(_ context.Context, msgs ...bus.Message) error {
			if f.full == nil {
				f.out = append(f.out, msgs...)
			}
			return f.full
		},
	})
	return f
}

// open asks about a DM of alice's, as dispatch does.
func (f *fixture) open(id string, now time.Time) {
	f.t.Helper()
	body, err := event.Asked{Handler: "orders", Event: event.Event{
		Bot: "acme", User: "7", Kind: event.KindDM, Message: "2001", Interaction: "2001", Text: "Where is it?", At: now,
	}}.Body()
	if err != nil {
		f.t.Fatal(err)
	}
	err = f.below.Write(f.t.Context(), func(tx db.Tx) error {
		return errors.Join(tx.PutQuestion(db.Question{
			ID: id, Bot: "acme", User: "7", Interaction: "2001", Handler: "orders", State: db.QuestionOpen,
			AskedAt: now, Deadline: now.Add(12 * time.Second), NextAt: now,
		}), tx.PutQuestionText(id, event.Seal(body)))
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) step(at, next time.Duration) {
	f.t.Helper()
	got, err := f.Step(f.t.Context(), nine.Add(at))
	if err != nil || !got.Equal(nine.Add(next)) {
		f.t.Errorf("at %s: next %s, %v; want %s", at, got.Sub(nine), err, next)
	}
}

func (f *fixture) response(i int) event.Response {
	f.t.Helper()
	if i >= len(f.out) {
		f.t.Fatalf("%d messages on the bus", len(f.out))
	}
	r, err := event.ReadResponse(f.out[i].Data)
	if err != nil || f.out[i].Source != event.AnswerSource {
		f.t.Fatalf("%+v: %v", f.out[i], err)
	}
	return r
}

// U2: asked until the deadline, then given up.
func TestU2AskedUntilTheDeadline(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if next, err := f.Step(t.Context(), nine); err != nil || !next.IsZero() {
		t.Errorf("nothing is asked, and it wants to be called at %s, %v", next, err)
	}
	f.open("q-1", nine)
	f.step(0, 5*time.Second)
	f.step(5*time.Second, 10*time.Second)
	f.step(10*time.Second, 12*time.Second)
	if len(f.box.got) != 3 || len(f.out) != 0 {
		t.Fatalf("asked %d times, %d messages", len(f.box.got), len(f.out))
	}
	q := f.box.got[2]
	if q.ID != "q-1" || q.Attempt != 3 || q.Channel != "dm" || q.Limit != 10_000 || q.Message.Text != "Where is it?" || q.Account.Operator != "acme" {
		t.Errorf("asked %+v", q)
	}
	f.full = bus.ErrFull // word of it must not be lost
	if _, err := f.Step(t.Context(), nine.Add(12*time.Second)); !errors.Is(err, bus.ErrFull) {
		t.Errorf("a full bus: %v", err)
	}
	f.full = nil
	f.step(72*time.Second, 132*time.Second)
	if r := f.response(0); r.Failed != "no answer within 12s, asked 3 times" || r.Said.Question != "q-1" || r.User != "7" || r.Bot != "acme" {
		t.Errorf("given up with %+v", r)
	}
	f.step(132*time.Second, 192*time.Second) // until dispatch has taken it
	if f.out[0].ID != f.out[1].ID {
		t.Error("the same word has two ids")
	}
}

// U2: a question that cannot be read any more ends, and keeps no other waiting.
func TestU2LostQuestion(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(tx db.Tx) error{
		"removed":     func(tx db.Tx) error { return tx.DropQuestionText("q-0") },
		"sealed anew": func(tx db.Tx) error { return tx.PutQuestionText("q-0", []byte{0x07, 1, 2, 3}) },
		"other form": func(tx db.Tx) error {
			return tx.PutQuestionText("q-0", event.Seal([]byte(`{"form":"beckon.question.event/v9"}`)))
		},
		"no JSON": func(tx db.Tx) error { return tx.PutQuestionText("q-0", event.Seal([]byte(`?`))) },
		"empty":   func(tx db.Tx) error { return tx.PutQuestionText("q-0", []byte{}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.open("q-0", nine)
			f.open("q-1", nine)
			if err := f.below.Write(t.Context(), spoil); err != nil {
				t.Fatal(err)
			}
			f.step(0, 5*time.Second)
			if len(f.box.got) != 1 || f.box.got[0].ID != "q-1" {
				t.Errorf("asked %+v, want q-1", f.box.got)
			}
			if r := f.response(0); r.Said.Question != "q-0" || r.Failed != dispatch.ErrLost.Error() {
				t.Errorf("given up with %+v", r)
			}
		})
	}
}

// U1: nothing is handed out before its attempt is on disk.
func TestU1AttemptIsCommittedFirst(t *testing.T) {
	t.Parallel()
	for name, fault := range dbtest.Table() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.open("q-1", nine)
			f.faults.Next(fault)
			if _, err := f.Step(t.Context(), nine); err == nil || len(f.box.got) != 0 {
				t.Fatalf("handed out %d, %v", len(f.box.got), err)
			}
			f.o.Store = f.below // the next start
			for at := time.Duration(0); at <= 12*time.Second; at += time.Second {
				if _, err := f.Step(t.Context(), nine.Add(at)); err != nil {
					t.Fatal(err)
				}
			}
			if len(f.box.got) == 0 || len(f.out) != 1 {
				t.Errorf("asked %d times, %d words of giving up", len(f.box.got), len(f.out))
			}
		})
	}
}

func TestFailingLineIsAskedAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.open("q-1", nine)
	f.box.err = errors.New("no way")
	f.step(0, 5*time.Second)
	f.box.err = nil
	f.step(5*time.Second, 10*time.Second)
	if f.met.Failed.Load() != 1 || f.met.Attempts.Load() != 2 {
		t.Errorf("%d failed of %d", f.met.Failed.Load(), f.met.Attempts.Load())
	}
}

// U3: the subject says whose an answer is; the answer cannot.
func TestU3AnswersAreWhoseTheyAre(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.open("q-1", nine)
	now := nine.Add(time.Second)
	heard := f.Heard(func() time.Time { return now })
	say := func(bot, handler, body string) Told {
		t.Helper()
		var told Told
		if err := json.Unmarshal(heard(t.Context(), bot, handler, []byte(body)), &told); err != nil {
			t.Fatal(err)
		}
		return told
	}
	good := `{"form":"beckon.answer/v1","question":"q-1","text":"Tomorrow."}`
	if told := say("acme", "orders", good); !told.Stored {
		t.Errorf("told %+v", told)
	}
	r := f.response(0)
	if r.Bot != "acme" || r.Handler != "orders" || r.User != "7" || r.Said.Text != "Tomorrow." || r.Failed != "" || !r.At.Equal(now) {
		t.Errorf("response %+v", r)
	}
	say("acme", "orders", good)
	if f.out[0].ID != f.out[1].ID {
		t.Error("the same answer has two ids")
	}
	say("acme", "other", good)
	if r := f.response(2); r.Handler != "other" {
		t.Errorf("response of other is %+v", r)
	}
	if told := say("acme", "orders", `{"form":"beckon.answer/v1","question":"q-9"}`); !told.Stored || f.response(3).User != "" {
		t.Errorf("of an unknown question: %+v", told)
	}
	for body, why := range map[string]string{
		`{"form":"beckon.answer/v1","question":"q-1","handler":"other"}`: "unknown field",
		`{"form":"beckon.answer/v1","question":"q-1","failed":"x"}`:      "unknown field",
		`hello`: "no answer of this version",
		`{"form":"beckon.answer/v1","question":"q-1","text":"` + strings.Repeat("x", event.MaxSaid) + `"}`: "at most",
	} {
		if told := say("acme", "orders", body); told.Stored || !strings.Contains(told.Error, why) {
			t.Errorf("%.70s: told %+v", body, told)
		}
	}
	if told := say("globex", "orders", good); told.Stored || told.Error == "" {
		t.Errorf("for another host's bot: %+v", told)
	}
	if len(f.out) != 4 || f.met.Bad.Load() != 5 {
		t.Errorf("%d messages, %d bad", len(f.out), f.met.Bad.Load())
	}
	f.full = bus.ErrFull
	if told := say("acme", "orders", good); told.Stored {
		t.Error("an answer that is not stored is told to be")
	}
}
