package action

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// While the kill switch is on an approval would end the draft for good.
func TestApproveWhilePaused(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a := d.drafted(d.mention("u1", "p1", "a refund"), event.Hold)
	if err := d.operator().Pause(t.Context(), d.now, db.AllBots, "ann", "a look", true); err != nil {
		t.Fatal(err)
	}
	if _, err := d.operator().Approve(t.Context(), d.now, a.ID, "ann"); !errors.Is(err, ErrPaused) {
		t.Fatalf("approve while paused: %v, want ErrPaused", err)
	}
	d.want(a.ID, event.Hold, 0)
	if err := d.operator().Pause(t.Context(), d.now, db.AllBots, "ann", "", false); err != nil {
		t.Fatal(err)
	}
	if _, err := d.operator().Approve(t.Context(), d.now, a.ID, "ann"); err != nil {
		t.Fatal(err)
	}
	d.want(a.ID, event.Sent, 1)
}

func TestApproveLiftsWhatHeld(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a := d.drafted(d.mention("u1", "p1", "a refund"), event.Hold)
	d.want(a.ID, event.Hold, 0)
	got, err := d.operator().Approve(t.Context(), d.now, a.ID, "ann")
	if err != nil || got.State != event.Pending {
		t.Fatalf("approve: %s, %v; want pending", got.State, err)
	}
	if got.Approval == nil || got.Approval.By != "ann" || !slices.Equal(got.Approval.Rules, []string{"acme.refund"}) {
		t.Errorf("approval: %+v", got.Approval)
	}
	d.want(a.ID, event.Sent, 1)
}

// Only the rules that held the draft are lifted: another one holds again, a
// second approval adds to the first, a forbid is never lifted.
func TestApproveLiftsNothingElse(t *testing.T) {
	t.Parallel()
	approve := func(d *desk, id string, want event.State) {
		d.t.Helper()
		got, err := d.operator().Approve(d.t.Context(), d.now, id, "ann")
		if err != nil || got.State != want {
			d.t.Fatalf("approve: %s (%s), %v; want %s", got.State, got.Reason, err, want)
		}
		d.check()
	}
	t.Run("a hold at approval", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		a := d.drafted(d.mention("u1", "p1", "a refund"), event.Hold)
		d.now = nine.Add(11 * time.Hour)
		approve(d, a.ID, event.Hold)
		approve(d, a.ID, event.Pending)
		d.want(a.ID, event.Sent, 1)
	})
	t.Run("a hold at claim", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		a := d.drafted(d.mention("u1", "p1", "a refund"), event.Hold)
		approve(d, a.ID, event.Pending)
		d.now = nine.Add(11 * time.Hour)
		d.want(a.ID, event.Hold, 0)
		approve(d, a.ID, event.Pending)
		d.want(a.ID, event.Sent, 1)
	})
	t.Run("a forbid", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		a := d.drafted(d.mention("u1", "p1", "a refund"), event.Hold)
		d.now = nine.Add(13 * time.Hour)
		approve(d, a.ID, event.Cancelled)
		d.want(a.ID, event.Cancelled, 0)
	})
	t.Run("an opt-out after the approval", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		a := d.drafted(d.mention("u1", "p1", "a refund"), event.Hold)
		approve(d, a.ID, event.Pending)
		d.now = nine.Add(time.Minute)
		d.drafted(d.dm("u1", "m1", "STOP"), event.Pending)
		d.want(a.ID, event.Cancelled, 0)
	})
}

func TestRejectKeepsTheReason(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a := d.drafted(d.mention("u1", "p1", "a refund"), event.Hold)
	got, err := d.operator().Reject(t.Context(), d.now, a.ID, "ann", "too much")
	if err != nil || got.State != event.Denied || got.Reason != "rejected by ann: too much" {
		t.Errorf("got %s: %s, %v", got.State, got.Reason, err)
	}
	d.want(a.ID, event.Denied, 0)
}

func TestRetryNow(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.x.script = []reaction{{class: event.UsageCapped}}
	a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
	d.want(a.ID, event.Pending, 0)
	if _, err := d.operator().Retry(t.Context(), d.now, a.ID); err != nil {
		t.Fatal(err)
	}
	d.want(a.ID, event.Sent, 1)
}

func TestOperatorErrors(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	op := d.operator()
	a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
	for name, tt := range map[string]struct {
		do   func(id string) error
		id   string
		want error
	}{
		"approve what is pending":  {func(id string) error { _, err := op.Approve(t.Context(), d.now, id, "ann"); return err }, a.ID, ErrNotHeld},
		"reject what is pending":   {func(id string) error { _, err := op.Reject(t.Context(), d.now, id, "ann", ""); return err }, a.ID, ErrNotHeld},
		"approve what is not here": {func(id string) error { _, err := op.Approve(t.Context(), d.now, id, "ann"); return err }, "a-0", db.ErrNotFound},
		"retry what is not here":   {func(id string) error { _, err := op.Retry(t.Context(), d.now, id); return err }, "a-0", db.ErrNotFound},
	} {
		if err := tt.do(tt.id); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", name, err, tt.want)
		}
	}
}

// An opt-out reaches every bot of the operator, and only the user's own START
// ends it.
func TestI4OptOutOfEveryBot(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	held := d.drafted(d.mention("u1", "p1", "a refund"), event.Hold)
	g := d.mention("u1", "p2", "hello")
	g.Bot = "globex"
	pending := d.drafted(g, event.Pending)
	other := d.drafted(d.mention("u2", "p3", "hello"), event.Pending)
	n, err := d.operator().OptOut(t.Context(), d.now, "u1", "ann")
	if err != nil || n != 2 {
		t.Errorf("cancelled %d, %v; want 2", n, err)
	}
	d.want(held.ID, event.Cancelled, 0)
	d.want(pending.ID, event.Cancelled, 0)
	d.want(other.ID, event.Sent, 1)
	if _, r, err := d.answer(d.mention("u1", "p4", "hello")); err != nil || r.Decision != gate.Deny {
		t.Errorf("after the opt-out: %s, %v; want a denial", r.Decision, err)
	}
	d.now = d.now.Add(time.Minute)
	d.want(d.drafted(d.dm("u1", "m1", "START"), event.Pending).ID, event.Sent, 1)
}

// An attempting row runs to its end; nothing is claimed after it.
func TestI4StopDuringACall(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	first := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
	second := d.drafted(d.mention("u1", "p2", "and"), event.Pending)
	d.x.during = func(c call) {
		d.x.during = nil
		if c.Action != first.ID {
			first, second = second, first
		}
		d.now = d.now.Add(time.Second)
		d.drafted(d.dm("u1", "m1", "STOP"), event.Pending)
		d.now = d.now.Add(time.Second)
	}
	d.run()
	d.want(first.ID, event.Sent, 1)
	d.want(second.ID, event.Cancelled, 0)
	if got := d.met.AfterStop.Load(); got != 0 {
		t.Errorf("sends after STOP: got %d, want 0", got)
	}
	n := 0
	for _, c := range d.x.calls {
		if a := d.row(c.Action); a.Purpose == event.OptOutConfirmation {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d confirmations, want 1", n)
	}
}

// An edit with another text cancels the draft that waits; its own answer goes
// to the new version.
func TestI2EditedPost(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	e := d.mention("u1", "p1", "hello")
	old := d.drafted(e, event.Pending)
	err := d.unit(func(u *Unit) error {
		_, err := u.CancelOpenTo("u1", "the post was edited", func(a db.Action) bool { return a.Interaction == "p1" })
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	young := d.drafted(edit(e, "p1b", "something else"), event.Pending)
	d.want(old.ID, event.Cancelled, 0)
	d.want(young.ID, event.Sent, 1)
}

// What would have cancelled an action had it waited counts when it waits again.
func TestI4OvertakenDuringACall(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		ask  func(*desk) event.Event
		then func(*desk, event.Event) event.Event
		want event.State
	}{
		{"a STOP", ask("hello"), func(d *desk, _ event.Event) event.Event { return d.dm("u1", "m1", "STOP") }, event.Cancelled},
		{"an edit that says something else", ask("hello"), func(_ *desk, e event.Event) event.Event { return edit(e, "p1b", "goodbye") }, event.Cancelled},
		{"an edit that says the same", ask("hello"), func(_ *desk, e event.Event) event.Event { return edit(e, "p1b", e.Text) }, event.Sent},
		{"an edit of a STOP: it is confirmed", ask("STOP"), func(_ *desk, e event.Event) event.Event { return edit(e, "p1b", "hello") }, event.Sent},
		{"another user's STOP", ask("hello"), func(d *desk, _ event.Event) event.Event { return d.dm("u2", "m1", "STOP") }, event.Sent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.x.script = []reaction{{class: event.RateLimited, wait: time.Minute}}
			e := tt.ask(d)
			a := d.drafted(e, event.Pending)
			d.x.during = func(call) {
				d.x.during = nil
				d.now = d.now.Add(time.Second)
				if _, _, err := d.answer(tt.then(d, e)); err != nil {
					t.Error(err)
				}
			}
			d.run()
			d.now = d.now.Add(2 * time.Minute)
			posts := 0
			if tt.want == event.Sent {
				posts = 1
			}
			d.want(a.ID, tt.want, posts)
			if got := d.met.AfterStop.Load(); got != 0 {
				t.Errorf("sends after STOP: got %d, want 0", got)
			}
		})
	}
}

func ask(text string) func(*desk) event.Event {
	return func(d *desk) event.Event { return d.mention("u1", "p1", text) }
}

// What is due at one moment goes out as users asked, each user in turn.
func TestOrderOfWhatIsDue(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, id := range []string{"m9", "m10", "m11"} {
		d.drafted(d.dm("u1", id, "hello"), event.Pending)
	}
	d.now = d.now.Add(time.Second)
	d.drafted(d.dm("u2", "m8", "hello"), event.Pending)
	d.run()
	d.check()
	var got []string
	for _, c := range d.x.calls {
		got = append(got, d.row(c.Action).Interaction)
	}
	if want := []string{"m9", "m8", "m10", "m11"}; !slices.Equal(got, want) {
		t.Errorf("sent in the order %v, want %v", got, want)
	}
}
