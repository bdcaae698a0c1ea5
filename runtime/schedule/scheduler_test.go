package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// world is a bus and a database that can fail.
type world struct {
	t         *testing.T
	positions map[string]string
	asked     []event.Command
	reminders []event.Command
	noted     []string
	down      string // what does not answer: publish, lost (stored, but reported as failed), position
}

func newWorld(t *testing.T) *world { return &world{t: t, positions: map[string]string{}} }

var errDown = errors.New("down")

func (w *world) Position(_ context.Context, name string) (string, error) {
	return w.positions[name], nil
}

func (w *world) SetPosition(_ context.Context, name, value string) error {
	if w.down == "position" {
		return errDown
	}
	w.positions[name] = value
	return nil
}

func (w *world) Publish(_ context.Context, c event.Command) error {
	if w.down == "publish" {
		return errDown
	}
	body, err := c.Body()
	if err != nil {
		return err
	}
	if _, err := event.ReadCommand(body); err != nil {
		w.t.Errorf("dispatch would not read it: %v", err)
	}
	w.asked = append(w.asked, c)
	if w.down == "lost" {
		return errDown
	}
	return nil
}

func (w *world) Due(_ context.Context, now time.Time, max int) (due []event.Command, _ error) {
	for _, c := range w.reminders {
		if !c.At.After(now) && !slices.Contains(w.noted, c.Reminder) {
			due = append(due, c)
		}
	}
	return due[:min(len(due), max)], nil
}

func (w *world) Next(context.Context) (next time.Time, _ error) {
	for _, c := range w.reminders {
		if !slices.Contains(w.noted, c.Reminder) {
			next = earlier(next, c.At)
		}
	}
	return next, nil
}

func (w *world) Asked(_ context.Context, ids []string, _ time.Time) error {
	if w.down == "position" {
		return errDown
	}
	w.noted = append(w.noted, ids...)
	return nil
}

// ids of what was asked for, each once: what dispatch would take.
func (w *world) ids() (out []string) {
	for _, c := range w.asked {
		if !slices.Contains(out, c.ID) {
			out = append(out, c.ID)
		}
	}
	return out
}

// due lists what dispatch would take, as "time text".
func (w *world) due() string {
	var out []string
	seen := map[string]bool{}
	for _, c := range w.asked {
		if !seen[c.ID] {
			seen[c.ID] = true
			out = append(out, c.At.Format("2T15:04")+" "+c.Text)
		}
	}
	return strings.Join(out, ", ")
}

func (w *world) config(plans ...Plan) Config {
	return Config{Plans: plans, Positions: w, Silence: w, Publish: w.Publish}
}

func plan(t *testing.T, text string) Plan {
	t.Helper()
	p, err := Load("schedule.yaml", []byte("schema: beckon.schedule/v1\n"+text), Options{Bot: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const daily = `
posts:
  - name: opening
    cron: "0 9 * * *"
    text: [Good morning., Hello., We are here.]
`

func step(t *testing.T, s *Scheduler, now string) time.Time {
	t.Helper()
	next, err := s.Step(t.Context(), at(now))
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// A clock that was ahead, and a position that cannot be read, do not keep a
// schedule from its next time, nor any other schedule.
func TestPositionsThatMislead(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]string{
		"ahead":       `{"spec":"0 9 * * * UTC","at":"2031-01-01T00:00:00Z","n":4}`,
		"no JSON":     `?`,
		"other types": `{"spec":7}`,
	} {
		w := newWorld(t)
		p := plan(t, daily+"  - {name: later, cron: \"0 10 * * *\", text: Later.}\n")
		step(t, New(w.config(p)), "2026-03-01T12:00:00Z")
		w.positions["post/acme/opening"] = spoil
		s := New(w.config(p))
		step(t, s, "2026-03-02T08:00:00Z")
		step(t, s, "2026-03-02T09:00:00Z")
		step(t, s, "2026-03-02T10:00:00Z")
		if got := w.due(); !strings.Contains(got, "2T09:00 ") || !strings.Contains(got, "2T10:00 Later.") {
			t.Errorf("%s: due were %s", name, got)
		}
	}
	// Set back by a little, as clocks are, nothing comes twice.
	w := newWorld(t)
	s := New(w.config(plan(t, daily)))
	step(t, s, "2026-03-02T08:00:00Z")
	step(t, s, "2026-03-02T09:00:00Z")
	step(t, s, "2026-03-02T08:59:00Z")
	step(t, s, "2026-03-02T09:00:00Z")
	if got := w.due(); got != "2T09:00 Good morning." || len(w.asked) != 1 {
		t.Errorf("due were %s, asked %d times", got, len(w.asked))
	}
}

// J1, J2: whatever fails or ends between the bus and the position, a due time
// is one event, and it is not lost.
func TestJ1J2DueOnceOverCrashes(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"", "publish", "lost", "position"} {
		w := newWorld(t)
		p := plan(t, daily)
		step(t, New(w.config(p)), "2026-03-02T08:00:00Z")
		for _, now := range []string{"2026-03-02T09:00:00Z", "2026-03-03T09:00:10Z", "2026-03-04T09:00:20Z"} {
			s := New(w.config(p)) // after a crash
			w.down = fault
			if _, err := s.Step(t.Context(), at(now)); (err != nil) != (fault != "") {
				t.Errorf("%s: %v", fault, err)
			}
			w.down = ""
			if fault == "position" {
				s = New(w.config(p))
			}
			step(t, s, now)
			step(t, s, now)
		}
		if got, want := w.due(), "2T09:00 Good morning., 3T09:00 Hello., 4T09:00 We are here."; got != want {
			t.Errorf("%q: got %s, want %s", fault, got, want)
		}
	}
}

// J3: the window, to the second; and of several only the latest.
func TestJ3Missed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, spec, late, back, want string }{
		{"a moment before the window ends", "0 9 * * *", "1h", "2026-03-03T09:59:59Z", "3T09:00 x"},
		{"when it has ended", "0 9 * * *", "1h", "2026-03-03T10:00:00Z", ""},
		{"yesterday's with today's", "0 9 * * *", "24h", "2026-03-05T09:00:00Z", "5T09:00 x"},
		{"the latest of many", "*/10 * * * *", "1h", "2026-03-03T09:59:00Z", "3T09:50 x"},
		{"after a year", "* * * * *", "1m", "2027-03-03T09:59:30Z", "3T09:59 x"},
	} {
		w := newWorld(t)
		p := plan(t, fmt.Sprintf("posts:\n  - {name: n, cron: %q, late: %s, text: x}\n", c.spec, c.late))
		step(t, New(w.config(p)), "2026-03-02T09:30:00Z")
		conf := w.config(p)
		conf.Metrics = &Metrics{}
		s := New(conf)
		step(t, s, c.back)
		step(t, s, c.back)
		if got := w.due(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		if missed := conf.Metrics.Missed.Load(); missed > 1 || missed == 0 && c.name != "a moment before the window ends" {
			t.Errorf("%s: %d times told of what was missed", c.name, missed)
		}
	}
}

// J4: what is new, or has other times, begins now.
func TestJ4NewSchedulesBeginNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	next := step(t, New(w.config(plan(t, daily))), "2026-03-02T09:00:30Z")
	if want := at("2026-03-03T09:00:00Z"); !next.Equal(want) {
		t.Errorf("next %s, want %s", next, want)
	}
	changed := strings.Replace(daily, "0 9", "30 9", 1)
	step(t, New(w.config(plan(t, changed))), "2026-03-03T09:45:00Z")
	if w.due() != "" {
		t.Errorf("of the past: %s", w.due())
	}
	step(t, New(w.config(plan(t, changed))), "2026-03-04T09:30:00Z")
	if w.due() != "4T09:30 Good morning." {
		t.Error(w.due())
	}
	// A single time that has passed never comes.
	once := plan(t, "posts:\n  - {name: once, at: 2026-03-02T12:00, text: x}\n")
	w = newWorld(t)
	if next := step(t, New(w.config(once)), "2026-03-02T12:00:01Z"); !next.IsZero() || w.due() != "" {
		t.Error(next, w.due())
	}
	w = newWorld(t)
	step(t, New(w.config(once)), "2026-03-02T11:00:00Z")
	if next := step(t, New(w.config(once)), "2026-03-02T12:00:01Z"); !next.IsZero() || w.due() != "2T12:00 x" {
		t.Error(next, w.due())
	}
}

// Bots do not share positions or ids, whatever they are called.
func TestSchedulesOfBotsAreApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := plan(t, daily), plan(t, daily)
	a.Bot, b.Bot = "acme", "globex"
	step(t, New(w.config(a)), "2026-03-02T08:00:00Z")
	s := New(w.config(a, b))
	step(t, s, "2026-03-02T09:00:00Z") // globex is new
	step(t, s, "2026-03-03T09:00:00Z")
	if n := len(w.ids()); n != 3 {
		t.Errorf("%d events, want 3", n)
	}
	if got := w.due(); got != "2T09:00 Good morning., 3T09:00 Hello., 3T09:00 Good morning." {
		t.Error(got)
	}
}

func TestJ1Reminders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range atOnce + 2 {
		w.reminders = append(w.reminders, event.Command{
			ID: fmt.Sprint("r-", i, "-0"), Reminder: fmt.Sprint("r-", i), Bot: "acme", At: at("2026-03-02T09:00:00Z"), By: "host",
			Timer: true, Kind: event.DM, User: "7",
		})
	}
	w.reminders[atOnce+1].At = at("2026-03-02T10:00:00Z")
	s := New(w.config())
	if next := step(t, s, "2026-03-02T08:00:00Z"); !next.Equal(at("2026-03-02T09:00:00Z")) || len(w.asked) != 0 {
		t.Error(next, len(w.asked))
	}
	w.down = "position"
	if _, err := s.Step(t.Context(), at("2026-03-02T09:00:00Z")); err == nil {
		t.Error("no error")
	}
	w.down = ""
	if next := step(t, s, "2026-03-02T09:00:00Z"); !next.Equal(at("2026-03-02T09:00:00Z")) {
		t.Error("more are due at once, and next is", next)
	}
	if next := step(t, s, "2026-03-02T09:00:00Z"); !next.Equal(at("2026-03-02T10:00:00Z")) {
		t.Error(next)
	}
	if n := len(w.ids()); n != atOnce+1 {
		t.Errorf("%d reminders are on the bus, want %d", n, atOnce+1)
	}
}

// The loop sleeps until something is due, and wakes when told.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, stop := context.WithCancel(t.Context())
		wake := make(chan struct{}, 1)
		done := make(chan error, 1)
		go func() { done <- New(w.config(plan(t, daily))).Run(ctx, wake) }()
		time.Sleep(48 * time.Hour) // a bubble begins at midnight
		synctest.Wait()
		if n := len(w.ids()); n != 2 {
			t.Errorf("%d posts in two days", n)
		}
		w.reminders = []event.Command{{ID: "r-1-0", Reminder: "r-1", Bot: "acme", At: time.Now(), By: "host", Timer: true, Kind: event.DM, User: "7"}}
		wake <- struct{}{}
		synctest.Wait()
		if n := len(w.ids()); n != 3 {
			t.Error("it was woken and did not look")
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
