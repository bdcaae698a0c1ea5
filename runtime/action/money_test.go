package action

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// withBudget gives acme one, in dollars.
func withBudget(t *testing.T, day, month string) *desk {
	t.Helper()
	var l budget.Limits
	var err error
	if l.Day, err = budget.ParseMicro(day); err != nil {
		t.Fatal(err)
	}
	if l.Month, err = budget.ParseMicro(month); err != nil {
		t.Fatal(err)
	}
	d := newDesk(t)
	d.book = budget.New(budget.Options{Budgets: map[string]budget.Limits{"acme": l}})
	d.restart()
	return d
}

func (d *desk) spending(bot string) (all []db.Spending) {
	d.t.Helper()
	d.read(func(tx db.Tx) (err error) {
		from, to := budget.Month(d.now)
		all, err = tx.Spending(bot, from, to)
		return err
	})
	return all
}

// What comes of an action is what comes of its cost. check, which every test of
// this package calls, compares the books with the rows.
func TestI11ReservedReleasedSettled(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		script            []reaction
		text              string
		want              event.State
		reserved, settled int64
	}{
		"sent":               {want: event.Sent, settled: 200_000}, // its answer has a link
		"unknown":            {script: []reaction{{class: event.UnknownOutcome}}, want: event.Unsettled, reserved: 200_000},
		"refused":            {script: []reaction{{class: event.Refused}}, want: event.Failed},
		"gone":               {script: []reaction{{class: event.Gone}}, want: event.Failed},
		"waits again":        {script: []reaction{{class: event.RateLimited, wait: time.Hour}}, want: event.Pending, reserved: 200_000},
		"waits for a person": {text: "a refund", want: event.Hold, reserved: 200_000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.x.script = tt.script
			start := event.Pending
			if tt.want == event.Hold {
				start = event.Hold
			}
			a := d.drafted(d.mention("u1", "p1", tt.text), start)
			if got := d.row(a.ID).Cost; got.Micro != 200_000 || got.Price != budget.PricePostWithURL {
				t.Errorf("the draft holds %+v", got)
			}
			d.run()
			d.check()
			if got := d.row(a.ID); got.State != tt.want {
				t.Fatalf("%s, want %s", got.State, tt.want)
			}
			all := d.spending("acme")
			if len(all) != 1 || all[0].Reserved != tt.reserved || all[0].Settled != tt.settled {
				t.Errorf("got %+v, want %d reserved and %d settled", all, tt.reserved, tt.settled)
			}
		})
	}
}

// An unknown action holds its cost until somebody knows.
func TestI11UnknownKeepsIt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.x.script = []reaction{{class: event.UnknownOutcome, made: true}}
	a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
	d.run()
	if _, err := d.echo(own("x0", d.x.calls[0].Outgoing)); err != nil {
		t.Fatal(err)
	}
	d.want(a.ID, event.Sent, 1)
	if all := d.spending("acme"); all[0].Reserved != 0 || all[0].Settled != 200_000 {
		t.Errorf("after its echo: %+v", all)
	}
}

// A day that ends while an action waits bills the day on which it goes out.
func TestI11TheDayOfTheClaim(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.x.script = []reaction{{class: event.RateLimited, wait: 20 * time.Hour}}
	a := d.drafted(d.dm("u1", "m1", "hello"), event.Pending)
	d.run()
	d.check()
	first := budget.Day(d.now)
	if got := d.row(a.ID); got.State != event.Pending || !got.Cost.Day.Equal(first) {
		t.Fatalf("%s, holds %+v", got.State, got.Cost)
	}
	d.now = nine.Add(20 * time.Hour)
	d.want(a.ID, event.Sent, 1)
	for _, s := range d.spending("acme") {
		if s.Reserved != 0 || s.Settled != 0 && !s.Day.Equal(budget.Day(d.now)) {
			t.Errorf("got %+v, want all of it on the day of the send", s)
		}
	}
}

// The budget of the day ends, and the next day begins anew.
func TestI12TheDaysBudget(t *testing.T) {
	t.Parallel()
	d := withBudget(t, "0.05", "0")
	for i := range 3 {
		d.drafted(d.dm(fmt.Sprint("u", i), fmt.Sprint("m", i), "hello"), event.Pending)
	}
	_, r, err := d.answer(d.dm("u8", "m8", "hello"))
	if err != nil || r.Decision != gate.Deny || r.By[0].Rule != ruleDay || !strings.Contains(r.Say, "costs $0.015 and $0.005 is left") {
		t.Errorf("the fourth: %s by %v (%s), %v; want a denial by %s", r.Decision, r.By, r.Say, err, ruleDay)
	}
	g := d.dm("u8", "g8", "hello")
	g.Bot = "globex"
	d.drafted(g, event.Pending) // another bot has its own
	d.run()
	d.check()
	_, r, err = d.answer(d.dm("u9", "m9", "hello"))
	if err != nil || r.Decision != gate.Deny {
		t.Errorf("after they went out: %s, %v", r.Decision, err)
	}
	d.now = d.now.Add(24 * time.Hour)
	a := d.drafted(d.dm("u10", "m10", "hello"), event.Pending)
	d.want(a.ID, event.Sent, 1)
}

func TestI12TheMonthsBudget(t *testing.T) {
	t.Parallel()
	d := withBudget(t, "0.03", "0.05")
	for i := range 3 {
		d.drafted(d.dm(fmt.Sprint("u", i), fmt.Sprint("m", i), "hello"), event.Pending)
		d.run()
		d.now = d.now.Add(24 * time.Hour)
	}
	_, r, err := d.answer(d.dm("u8", "m8", "hello"))
	if err != nil || r.Decision != gate.Deny || r.By[0].Rule != ruleMonth {
		t.Errorf("got %s by %v, %v; want a denial by %s", r.Decision, r.By, err, ruleMonth)
	}
	d.check()
	d.now = time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)
	d.drafted(d.dm("u9", "m9", "hello"), event.Pending)
}

// What was drafted before the operator lowered the budget is stopped at the
// claim, and holds nothing any more.
func TestI12TheWallAtTheClaim(t *testing.T) {
	t.Parallel()
	d := withBudget(t, "1", "0")
	a := d.drafted(d.dm("u1", "m1", "hello"), event.Pending)
	d.book = budget.New(budget.Options{Budgets: map[string]budget.Limits{"acme": {Day: 10_000}}})
	d.restart()
	d.run()
	if got := d.row(a.ID); got.State != event.Cancelled || !strings.Contains(got.Reason, "budget of the day is used up") {
		t.Errorf("%s (%s), want cancelled by the budget", got.State, got.Reason)
	}
	d.want(a.ID, event.Cancelled, 0)
}

// I12 under load: whatever comes, a day never costs more than its budget.
func TestI12NeverMoreThanTheBudget(t *testing.T) {
	t.Parallel()
	d := withBudget(t, "0.25", "0.60")
	d.x.script = []reaction{{made: true}, {class: event.UnknownOutcome}, {class: event.Refused}, {class: event.Transient}, {made: true}, {class: event.RateLimited, wait: time.Minute}}
	for i := range 40 {
		e := d.dm(fmt.Sprint("u", i), fmt.Sprint("m", i), "hello")
		if i%5 == 0 {
			e = d.mention(fmt.Sprint("u", i), fmt.Sprint("p", i), "hello")
		}
		if _, _, err := d.answer(e); err != nil {
			t.Fatal(err)
		}
		d.step()
		d.check() // the books are within the budget at every step
		d.now = d.now.Add(17 * time.Minute)
	}
}

// Money that X bills for events counts against the budget too.
func TestBill(t *testing.T) {
	t.Parallel()
	d := withBudget(t, "0.02", "0")
	err := d.unit(func(u *Unit) error {
		u.Bill("acme", u.Book.EventCost("dm.received", d.now))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	_, r, err := d.answer(d.dm("u1", "m1", "hello"))
	if err != nil || r.Decision != gate.Deny || r.By[0].Rule != ruleDay {
		t.Errorf("a DM of $0.015 with $0.010 left: %s, %v", r.Decision, err)
	}
}
