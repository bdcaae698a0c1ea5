package action

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

func TestI1OneCallForARow(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var seen []gate.Record
	d.sender.Decided = func(r gate.Record) { seen = append(seen, r) }
	a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
	m := d.drafted(d.dm("u2", "m1", "hello"), event.Pending)
	d.want(a.ID, event.Sent, 1)
	d.want(m.ID, event.Sent, 1)
	if got := d.row(a.ID); got.RemoteID == "" || got.Attempts != 1 {
		t.Errorf("row: remote id %q, %d attempts", got.RemoteID, got.Attempts)
	}
	if len(seen) != 2 || seen[0].Action.Stage != gate.StageClaim {
		t.Errorf("told of %d decisions, want the two of the claims: %+v", len(seen), seen)
	}
	for _, c := range d.x.calls {
		if c.Kind == event.DM && (c.User != "u2" || c.Text != "Answer to m1. See acme.example/a.\n\nSay STOP.") {
			t.Errorf("DM to %s: %q", c.User, c.Text)
		}
		if c.Kind == event.Reply && c.ReplyTo != "p1" {
			t.Errorf("reply to %q, want p1", c.ReplyTo)
		}
	}
	if got := d.met.Sent.Load(); got != 2 {
		t.Errorf("metric sent: got %d, want 2", got)
	}
}

func TestI2OneRowForAKey(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	e := d.mention("u1", "p1", "hello")
	a := d.drafted(e, event.Pending)
	for name, again := range map[string]event.Event{"the same event": e, "its edit, the same text": edit(e, "p1b", e.Text)} {
		_, r, err := d.answer(again)
		if err != nil || r.Decision != gate.Deny {
			t.Errorf("%s: got %s, %v; want a denial", name, r.Decision, err)
		}
	}
	// The wall behind the rules: a verdict that allows what has a row.
	err := d.unit(func(u *Unit) error {
		st, err := u.State("acme", "u1", "p1")
		if err != nil {
			return err
		}
		allowed := gate.Verdict{Text: "Again."}
		allowed.Decision.Effect = gate.Allow
		r, err := u.Propose(Proposal{Action: a, Verdict: allowed, State: st, Record: gate.Record{ID: "d-x", Action: &gate.ActionRef{}}})
		if r.Decision != gate.Deny || len(r.By) != 1 || r.By[0].Rule != "action.one-per-key" {
			t.Errorf("an allowed double: got %s by %v", r.Decision, r.By)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	d.want(a.ID, event.Sent, 1)
}

func edit(e event.Event, id, text string) event.Event {
	e.ID, e.Message, e.Text = "e-"+id, id, text
	e.Version++
	return e
}

func TestI3UnknownNeverResent(t *testing.T) {
	t.Parallel()
	for name, made := range map[string]bool{"X has it": true, "X has it not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.x.script = []reaction{{class: event.UnknownOutcome, made: made}}
			a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
			for range 4 {
				d.run()
				d.now = d.now.Add(11 * time.Hour)
				d.restart()
			}
			d.check()
			if got := d.row(a.ID); got.State != event.Unsettled || len(d.x.calls) != 1 {
				t.Errorf("got %s after %d calls, want unknown after one", got.State, len(d.x.calls))
			}
			if _, err := d.operator().Retry(t.Context(), d.now, a.ID); !errors.Is(err, ErrNotWaiting) {
				t.Errorf("an operator's retry: got %v, want ErrNotWaiting", err)
			}
		})
	}
}

func TestI3StartFindsEveryRow(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	// A process that could not settle anything, and was killed.
	for _, p := range []string{"p1", "p2", "p3"} {
		d.drafted(d.mention("u-"+p, p, "hello"), event.Pending)
	}
	for range 3 {
		d.store.On(event.Sent, dbtest.KilledBefore)
		if _, err := d.sender.Step(t.Context(), d.now); !errors.Is(err, dbtest.ErrKilled) {
			t.Fatalf("got error %v, want killed", err)
		}
		d.boot()
	}
	n, err := d.sender.Start(t.Context(), d.now)
	if err != nil || n != 3 {
		t.Errorf("start: found %d, %v; want 3", n, err)
	}
	d.run()
	d.check()
	if len(d.x.calls) != 3 {
		t.Errorf("%d calls, want 3", len(d.x.calls))
	}
}

func TestI3APanicInACallIsUnknown(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.x.panics = true
	a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
	d.want(a.ID, event.Unsettled, 0)
}

func TestI3RetryWaits(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		first reaction
		wait  time.Duration
	}{
		{"X was not reached", reaction{class: event.Transient}, 5 * time.Second},
		{"rate limited until the reset", reaction{class: event.RateLimited, wait: 7 * time.Minute}, 7 * time.Minute},
		{"rate limited, no reset given", reaction{class: event.RateLimited}, 5 * time.Second},
		{"rate limited until now", reaction{class: event.RateLimited, wait: time.Millisecond}, 5 * time.Second},
		{"the token", reaction{class: event.Auth}, 5 * time.Second},
		{"the cap", reaction{class: event.UsageCapped}, 15 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.x.script = []reaction{tt.first}
			a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
			d.want(a.ID, event.Pending, 0)
			if got := d.row(a.ID).DueAt; !got.Equal(nine.Add(tt.wait)) {
				t.Errorf("due at %s, want %s later", got, tt.wait)
			}
			d.now = nine.Add(tt.wait - time.Millisecond)
			if next := d.step(); !next.Equal(nine.Add(tt.wait)) || len(d.x.calls) != 1 {
				t.Errorf("before: next %s after %d calls, want to wait", next, len(d.x.calls))
			}
			d.now = nine.Add(tt.wait)
			d.want(a.ID, event.Sent, 1)
		})
	}
}

func TestI3ARetryEndsWithItsExpiry(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.x.script = []reaction{{class: event.RateLimited, wait: 100 * time.Hour}}
	a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
	d.run()
	next := d.step()
	if !next.Equal(nine.Add(24 * time.Hour)) {
		t.Errorf("next %s, want the expiry", next)
	}
	d.now = next
	d.want(a.ID, event.Cancelled, 0)
	if got := d.met.Cancelled.Load(); got != 1 {
		t.Errorf("metric cancelled: got %d, want 1", got)
	}
}

func TestI4ReadInsideTheClaim(t *testing.T) {
	t.Parallel()
	t.Run("an opt-out that cancelled nothing", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
		// The row escapes the opt-out: a defect, which the claim catches.
		err := d.unit(func(u *Unit) error {
			s, err := u.Tx.Suppression(d.key.User("u1"))
			s.OptedOut, s.At = true, d.now
			return errors.Join(err, u.Tx.PutSuppression(s))
		})
		if err != nil {
			t.Fatal(err)
		}
		d.store.On(event.Cancelled, dbtest.NotStored)
		if _, err := d.sender.Step(t.Context(), d.now); !errors.Is(err, dbtest.ErrFault) {
			t.Fatalf("got error %v, want the fault", err)
		}
		if got := d.met.AfterStop.Load(); got != 0 {
			t.Errorf("sends after STOP: %d counted before anything was stored", got)
		}
		d.want(a.ID, event.Cancelled, 0)
		if got := d.met.AfterStop.Load(); got != 1 {
			t.Errorf("sends after STOP: got %d, want 1, the defect", got)
		}
	})
	for name, bot := range map[string]string{"the bot's switch": "acme", "the switch of all": db.AllBots} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			op := d.operator()
			a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
			ctx := t.Context()
			if err := op.Pause(ctx, d.now, bot, "ann", "lunch", true); err != nil {
				t.Fatal(err)
			}
			d.now = d.now.Add(time.Minute)
			d.want(a.ID, event.Pending, 0)
			if got := d.row(a.ID); !strings.HasPrefix(got.Reason, ParkedReason) {
				t.Errorf("reason %q, want parked", got.Reason)
			}
			if err := op.Pause(ctx, d.now, "globex", "ann", "", false); err != nil { // another bot's resume
				t.Fatal(err)
			}
			d.want(a.ID, event.Pending, 0)
			if err := op.Pause(ctx, d.now, bot, "ann", "", false); err != nil {
				t.Fatal(err)
			}
			d.want(a.ID, event.Sent, 1)
		})
	}
}

func TestI4TheOtherSwitchStillHolds(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	op := d.operator()
	a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
	for _, bot := range []string{db.AllBots, "acme"} {
		if err := op.Pause(t.Context(), d.now, bot, "ann", "", true); err != nil {
			t.Fatal(err)
		}
	}
	d.now = d.now.Add(time.Second)
	for _, bot := range []string{"acme", db.AllBots} {
		d.want(a.ID, event.Pending, 0)
		if err := op.Pause(t.Context(), d.now, bot, "ann", "", false); err != nil {
			t.Fatal(err)
		}
	}
	d.want(a.ID, event.Sent, 1)
}

// I5: an operator, an echo and a late outcome cannot wake what has ended.
func TestI5TerminalStatesStay(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a := d.drafted(d.mention("u1", "p1", "a refund"), event.Hold)
	op := d.operator()
	if _, err := op.Reject(t.Context(), d.now, a.ID, "ann", ""); err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]func() error{
		"approve": func() error { _, err := op.Approve(t.Context(), d.now, a.ID, "ann"); return err },
		"reject":  func() error { _, err := op.Reject(t.Context(), d.now, a.ID, "ann", ""); return err },
		"retry":   func() error { _, err := op.Retry(t.Context(), d.now, a.ID); return err },
		"move": func() error {
			return d.unit(func(u *Unit) error {
				row, err := u.Tx.Action(a.ID)
				if err != nil {
					return err
				}
				row.State = event.Pending
				return u.Move(row, event.Denied)
			})
		},
	} {
		if err := try(); err == nil {
			t.Errorf("%s: want an error", name)
		}
	}
	d.want(a.ID, event.Denied, 0)
}

func TestI6RecheckAtClaim(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		later time.Duration
		want  event.State
		rule  string
	}{
		{"allowed", time.Hour, event.Sent, "x.reply"},
		{"held", 11 * time.Hour, event.Hold, "acme.evening"},
		{"denied", 13 * time.Hour, event.Cancelled, "acme.night"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
			first := d.row(a.ID)
			d.now = d.now.Add(tt.later)
			posts := 0
			if tt.want == event.Sent {
				posts = 1
			}
			d.want(a.ID, tt.want, posts)
			got := d.row(a.ID)
			if got.DecisionID == first.DecisionID || string(got.Decision) == string(first.Decision) {
				t.Error("the row keeps its first decision, want that of the claim")
			}
			if !strings.Contains(string(got.Decision), `"by":[{"rule":"`+tt.rule) {
				t.Errorf("decided by %s, want %s", got.Decision, tt.rule)
			}
		})
	}
}

func TestI6ReplyGoesToTheNewestVersion(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	e := d.mention("u1", "p1", "hello")
	a := d.drafted(e, event.Pending)
	if _, r, err := d.answer(edit(e, "p1b", e.Text)); err != nil || r.Decision != gate.Deny {
		t.Fatalf("the edit: %s, %v", r.Decision, err)
	}
	d.want(a.ID, event.Sent, 1)
	if got := d.x.calls[0].ReplyTo; got != "p1b" {
		t.Errorf("reply to %s, want the newest version p1b", got)
	}
	if got := d.row(a.ID).ReplyTo; got != "p1b" {
		t.Errorf("the row says %s, want p1b", got)
	}
}

func TestDry(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	delete(d.send, "acme")
	a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
	d.want(a.ID, event.Cancelled, 0)
	if got := d.row(a.ID); got.Reason != DryReason || d.met.Dry.Load() != 1 {
		t.Errorf("reason %q, metric %d", got.Reason, d.met.Dry.Load())
	}
}

func TestI8NothingIsSentWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
	for range 3 {
		d.store.Next(dbtest.NotStored)
		if _, err := d.sender.Step(t.Context(), d.now); !errors.Is(err, dbtest.ErrFault) {
			t.Fatalf("got error %v, want the fault", err)
		}
	}
	if len(d.x.calls) != 0 {
		t.Fatalf("%d calls while the claim cannot be stored", len(d.x.calls))
	}
	// A text that cannot be read is state that cannot be read.
	if err := d.unit(func(u *Unit) error { return u.Tx.PutActionText(a.ID, []byte{0x07, 1}) }); err != nil {
		t.Fatal(err)
	}
	if _, err := d.sender.Step(t.Context(), d.now); !errors.Is(err, event.ErrSeal) || len(d.x.calls) != 0 {
		t.Errorf("an unreadable text: error %v, %d calls", err, len(d.x.calls))
	}
	if err := d.unit(func(u *Unit) error { return u.Tx.PutActionText(a.ID, []byte("Readable.")) }); err != nil {
		t.Fatal(err)
	}
	d.want(a.ID, event.Sent, 1)
}

// Two rows of one text to one user, and X gives both one id: the second is
// sent, and must not stop the sender.
func TestI8AnIDGivenTwice(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a := d.drafted(d.dm("u1", "m1", "hello"), event.Pending)
	d.want(a.ID, event.Sent, 1)
	b := d.drafted(d.dm("u1", "m2", "hello"), event.Pending)
	d.sender.X = sameID{d.x, d.row(a.ID).RemoteID}
	d.want(b.ID, event.Sent, 1)
	if got := d.row(b.ID); got.RemoteID != "" || !strings.Contains(got.Reason, a.ID) {
		t.Errorf("remote id %q, reason %q; want none and the other row named", got.RemoteID, got.Reason)
	}
}

type sameID struct {
	*fakeX
	id string
}

func (x sameID) Send(ctx context.Context, o event.Outgoing) event.Outcome {
	out := x.fakeX.Send(ctx, o)
	out.RemoteID = x.id
	return out
}
