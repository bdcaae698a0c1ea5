package action

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/event"
)

// told makes X say so of every call of the bot from now on.
func (d *desk) told(t budget.Told) {
	d.sender.Told = func(string, string) (budget.Told, bool) { return t, true }
}

// free is what is left in the bot's quarter of an hour.
func (d *desk) free(endpoint, bot string) (free int64) {
	d.t.Helper()
	free = -1
	d.read(func(tx db.Tx) error {
		ws, err := tx.RateWindows(endpoint, bot)
		for _, w := range ws {
			if w.Span == 15*time.Minute {
				free = w.Free
			}
		}
		return err
	})
	return free
}

// The sixteenth DM waits for the window instead of hitting a 429, a reply of
// the same bot and a DM of another go on, and it goes out when the window
// resets: after a restart too.
func TestI9WaitsForTheReset(t *testing.T) {
	t.Parallel()
	for name, between := range map[string]func(*desk){
		"": func(*desk) {}, "over a restart": (*desk).restart,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			for i := range 15 {
				d.drafted(d.dm(fmt.Sprint("u", i), fmt.Sprint("m", i), "hello"), event.Pending)
			}
			d.run()
			d.now = d.now.Add(5 * time.Minute)
			late := d.drafted(d.dm("u99", "m99", "hello"), event.Pending)
			reply := d.drafted(d.mention("u99", "p1", "hello"), event.Pending)
			other := d.dm("u99", "g1", "hello")
			other.Bot = "globex"
			elsewhere := d.drafted(other, event.Pending)
			d.want(reply.ID, event.Sent, 1)
			d.want(elsewhere.ID, event.Sent, 1)
			d.want(late.ID, event.Pending, 0)
			between(d)
			d.now = nine.Add(15*time.Minute - time.Millisecond)
			d.want(late.ID, event.Pending, 0)
			row := d.row(late.ID)
			if !row.DueAt.Equal(nine.Add(15*time.Minute)) || row.Bot != "acme" || row.Attempts != 0 || !strings.HasPrefix(row.Reason, limitedReason) {
				t.Errorf("due %s, bot %s, %d attempts (%s); want the reset at 09:15", row.DueAt, row.Bot, row.Attempts, row.Reason)
			}
			if next := d.step(); !next.Equal(row.DueAt) {
				t.Errorf("the sender wants to be called at %s, want the reset", next)
			}
			d.now = nine.Add(15 * time.Minute)
			d.want(late.ID, event.Sent, 1)
			if got := d.met.Retried.Load(); got != 0 {
				t.Errorf("%d calls were refused, want none", got)
			}
		})
	}
}

// A send that must wait waits until its expiry, and is cancelled then.
func TestI9WaitsUntilItsExpiry(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.told(budget.Told{Most: 1, ResetsAt: nine.Add(48 * time.Hour)})
	d.drafted(d.dm("u1", "m1", "hello"), event.Pending)
	d.run()
	a := d.drafted(d.dm("u2", "m2", "hello"), event.Pending)
	d.now = nine.Add(24*time.Hour - time.Second)
	d.want(a.ID, event.Pending, 0)
	d.now = nine.Add(24 * time.Hour)
	d.want(a.ID, event.Cancelled, 0)
}

// X's word beats the table, either way.
func TestI9HeadersBeatTheTable(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	left := int64(40)
	d.sender.Told = func(string, string) (budget.Told, bool) {
		left--
		return budget.Told{Most: 40, Free: left, ResetsAt: nine.Add(10 * time.Minute)}, true
	}
	for i := range 41 {
		d.drafted(d.dm(fmt.Sprint("u", i), fmt.Sprint("m", 100+i), "hello"), event.Pending)
	}
	d.run()
	if got := len(d.x.calls); got != 40 {
		t.Errorf("%d calls, want the 40 that X named", got)
	}
	d.now = nine.Add(10 * time.Minute)
	d.run()
	d.check()
	if got := len(d.x.calls); got != 41 {
		t.Errorf("%d calls after X's reset, want 41", got)
	}
}

// A call whose answer was lost stays counted; one that surely never left does
// not, and neither does a claim that was not stored.
func TestI9LostAnswersCount(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.x.script = []reaction{{class: event.UnknownOutcome, made: true}, {class: event.Transient}, {class: event.Refused}}
	for i := range 3 {
		d.drafted(d.dm(fmt.Sprint("u", i), fmt.Sprint("m", i), "hello"), event.Pending)
	}
	for i, want := range []int64{14, 14, 13} {
		d.step()
		if got := d.free("send_dm", "acme"); got != want {
			t.Errorf("after call %d: %d left, want %d", i, got, want)
		}
	}
	for _, fault := range []dbtest.Fault{dbtest.NotStored, dbtest.ReportedFailed} {
		d.drafted(d.dm("u9", fmt.Sprint("m9", fault), "hello"), event.Pending)
		d.store.On(event.Attempting, fault)
		if _, err := d.sender.Step(t.Context(), d.now); err == nil {
			t.Fatal("the claim: want its fault")
		}
		before := d.free("send_dm", "acme")
		d.store.Next(dbtest.NotStored) // of what unclaims it: again
		_, _ = d.sender.Step(t.Context(), d.now)
		d.step() // unclaimed, and claimed and sent
		want := before - 1
		if fault == dbtest.ReportedFailed {
			want = before
		}
		if got := d.free("send_dm", "acme"); got != want {
			t.Errorf("fault %d: %d left, want %d", fault, got, want)
		}
	}
	d.run()
	d.check()
}

// Posts that went out or may have are counted, and a person's through the
// account.
func TestPostsAreCounted(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.x.script = []reaction{{made: true}, {class: event.UnknownOutcome}, {class: event.Refused}, {class: event.Transient}}
	for i := range 4 {
		d.drafted(d.mention(fmt.Sprint("u", i), fmt.Sprint("p", i), "hello"), event.Pending)
		d.step()
	}
	if _, err := d.echo(byHand("", "")); err != nil {
		t.Fatal(err)
	}
	posts := func() (b struct{ hour, day int64 }) {
		err := d.unit(func(u *Unit) error {
			q, err := u.Quote("acme", event.Reply, true, db.Cost{})
			b.hour, b.day = q.Posts1h, q.Posts24h
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if got := posts(); got.hour != 3 || got.day != 3 {
		t.Errorf("got %+v, want the sent one, the unknown one and the person's", got)
	}
	d.now = nine.Add(2 * time.Hour)
	if got := posts(); got.hour != 0 || got.day != 3 {
		t.Errorf("two hours later: %+v", got)
	}
	d.now = nine.Add(25 * time.Hour)
	if got := posts(); got.day != 0 {
		t.Errorf("a day later: %+v", got)
	}
}

// A cap stops every bot with one alarm, tries once in a quarter of an hour, and
// ends with the first send that X takes.
func TestI9OneAlarmForACap(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var log bytes.Buffer
	d.sender.Log = slog.New(slog.NewTextHandler(&log, nil))
	d.x.script = []reaction{{class: event.UsageCapped}, {class: event.UsageCapped}}
	for i := range 20 {
		e := d.mention(fmt.Sprint("u", i), fmt.Sprint("p", i), "hello")
		if i%2 == 1 {
			e = d.dm(fmt.Sprint("u", i), fmt.Sprint("m", i), "hello")
			e.Bot = "globex"
		}
		d.drafted(e, event.Pending)
	}
	alarms := func() int { return strings.Count(log.String(), "X takes no more sends") }
	d.run()
	if len(d.x.calls) != 1 || alarms() != 1 || d.met.Capped.Load() != 1 {
		t.Fatalf("%d calls, %d alarms, gauge %d; want one each", len(d.x.calls), alarms(), d.met.Capped.Load())
	}
	d.restart()
	d.sender.Log = slog.New(slog.NewTextHandler(&log, nil))
	if got := d.met.Capped.Load(); got != 1 {
		t.Errorf("after a restart the gauge is %d", got)
	}
	d.now = d.now.Add(cappedRetry)
	d.run()
	if len(d.x.calls) != 2 || alarms() != 1 {
		t.Fatalf("after a quarter: %d calls, %d alarms; want one more call and no alarm", len(d.x.calls), alarms())
	}
	d.now = d.now.Add(cappedRetry)
	d.run()
	d.check()
	if got := d.met.Sent.Load(); got != 20 {
		t.Errorf("%d sent when X takes sends again, want 20", got)
	}
	if ended := strings.Count(log.String(), "X takes sends again"); ended != 1 || d.met.Capped.Load() != 0 {
		t.Errorf("told %d times of the end, gauge %d", ended, d.met.Capped.Load())
	}
}

// An operator who has bought credit does not wait.
func TestI9ResumeEndsACap(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.x.script = []reaction{{class: event.UsageCapped}}
	a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
	b := d.drafted(d.mention("u2", "p2", "hello"), event.Pending)
	d.run()
	d.now = d.now.Add(time.Minute)
	if err := d.operator().Pause(t.Context(), d.now, "acme", "olga", "", false); err != nil {
		t.Fatal(err)
	}
	d.want(a.ID, event.Sent, 1)
	d.want(b.ID, event.Sent, 1)
	if got := d.met.Capped.Load(); got != 0 {
		t.Errorf("gauge %d", got)
	}
}

// I10: from the moment at which an action is its user's next, every other user
// is served at most once before it, however many of theirs wait.
func TestI10AFloodStarvesNobody(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 7))
		d := newDesk(t)
		d.told(budget.Told{Most: 1e6, Free: 1e6, ResetsAt: nine.Add(14 * time.Minute)}) // each of these calls is one step
		users := []string{"flood", "ann", "ben", "cleo"}
		asked := map[string][]string{} // waiting, oldest first, by user
		since := map[string]int{}      // serves when the user's next became so
		var served []string
		n := 0
		ask := func(user string) {
			n++
			id := fmt.Sprint("m", 100+n)
			d.drafted(d.dm(user, id, "hello"), event.Pending)
			if len(asked[user]) == 0 {
				since[user] = len(served)
			}
			asked[user] = append(asked[user], id)
		}
		for range 12 {
			ask("flood")
			d.now = d.now.Add(time.Millisecond)
		}
		for range 60 {
			if rng.IntN(3) == 0 {
				ask(users[rng.IntN(4)])
			}
			d.now = d.now.Add(time.Duration(1+rng.IntN(5)) * time.Millisecond)
			before := len(d.x.calls)
			d.step()
			if len(d.x.calls) == before {
				continue
			}
			who := d.x.calls[before].User
			for other, waits := range asked {
				if other == who || len(waits) == 0 {
					continue
				}
				times := 1
				for _, s := range served[since[other]:] {
					if s == who {
						times++
					}
				}
				if times > 1 {
					t.Fatalf("seed %d: %s is served %d times while %s waits: %v", seed, who, times, other, served)
				}
			}
			served = append(served, who)
			asked[who] = asked[who][1:]
			since[who] = len(served)
		}
	}
}

// The log has a line when an action begins to wait for X: none for each look at
// it, nor for each window that it waits through.
func TestI9WaitIsToldOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var log bytes.Buffer
	d.sender.Log = slog.New(slog.NewTextHandler(&log, nil))
	lines := func() int { return strings.Count(log.String(), "an action waits for X") }
	for i := range 32 { // 15 go in each quarter
		d.drafted(d.dm(fmt.Sprint("u", i), fmt.Sprint("m", i+100), "hello"), event.Pending)
	}
	for _, minute := range []time.Duration{0, 1, 2} {
		d.now = nine.Add(minute * time.Minute)
		d.run()
		if got := lines(); got != 17 {
			t.Fatalf("after %d minutes: %d lines, want one for each of 17", minute, got)
		}
	}
	if got := log.String(); !strings.Contains(got, "bot=acme action=") || !strings.Contains(got, "until=2026-03-02T09:15:00") || strings.Contains(got, "u31") {
		t.Errorf("got\n%s", got)
	}
	d.now = nine.Add(15 * time.Minute)
	d.run() // two are left, and wait on
	if got := lines(); got != 17 || len(d.x.calls) != 30 {
		t.Errorf("%d lines and %d calls after the reset, want 17 and 30", got, len(d.x.calls))
	}
	late := d.drafted(d.dm("u40", "m140", "hello"), event.Pending)
	d.want(late.ID, event.Pending, 0)
	if got := lines(); got != 18 {
		t.Errorf("%d lines, want one more for who came later", got)
	}
}
