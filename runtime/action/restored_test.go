package action

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// restore makes the desk's database one that was just brought back from a
// backup made an hour ago.
func (d *desk) restore() (held int) {
	d.t.Helper()
	err := d.unit(func(u *Unit) (err error) {
		held, err = Restored(u, db.Restore{ID: "r-1", BackupAt: d.now.Add(-time.Hour), At: d.now, By: "olga"})
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	d.restart()
	return held
}

func (d *desk) merged() {
	d.t.Helper()
	if err := d.operator().Merged(d.t.Context(), d.now, "bus"); err != nil {
		d.t.Fatal(err)
	}
}

// Until the opt-outs are known nothing leaves, whatever it answers; then what
// is newer than the restore does, by itself.
func TestI14NothingLeavesBlind(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.restore()
	d.now = d.now.Add(time.Minute)
	a := d.drafted(d.mention("u1", "p1", "hello?"), event.Pending)
	d.run()
	d.want(a.ID, event.Pending, 0)
	if got := d.row(a.ID).Reason; !strings.HasPrefix(got, ParkedReason) || !strings.Contains(got, "beckon doctor") {
		t.Errorf("it waits for %q", got)
	}
	d.merged()
	d.run()
	d.want(a.ID, event.Sent, 1)
	if err := d.operator().Merged(t.Context(), d.now, "bus"); !errors.Is(err, ErrNotRestored) {
		t.Errorf("a second word on one restore: %v", err)
	}
	d.check()
}

// What waited in the backup is held, in every state in which it could leave by
// itself, and goes once when a person has looked.
func TestI14WaitedInTheBackup(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	waits := d.drafted(d.mention("u1", "p1", "hello?"), event.Pending)
	held := d.drafted(d.mention("u2", "p2", "a refund please"), event.Hold)
	yes := d.drafted(d.mention("u3", "p3", "a refund too"), event.Hold)
	if _, err := d.operator().Approve(t.Context(), d.now, yes.ID, "olga"); err != nil {
		t.Fatal(err)
	}
	d.now = d.now.Add(time.Minute)
	if n := d.restore(); n != 2 {
		t.Errorf("%d were put on hold, want the two that waited for the sender", n)
	}
	d.merged()
	d.run()
	for _, a := range []db.Action{waits, held, yes} {
		d.want(a.ID, event.Hold, 0)
		if got := d.row(a.ID).Reason; !strings.Contains(got, "look on X whether it was") {
			t.Errorf("who approves it is told %q", got)
		}
	}
	d.now = d.now.Add(time.Minute)
	for _, a := range []db.Action{waits, held, yes} {
		if _, err := d.operator().Approve(t.Context(), d.now, a.ID, "olga"); err != nil {
			t.Fatal(err)
		}
		d.run()
		d.want(a.ID, event.Sent, 1)
	}
	d.check()
}

// The wall stands by itself: a row that nobody put on hold is held at its claim.
func TestI14HeldAtTheClaim(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a := d.drafted(d.mention("u1", "p1", "hello?"), event.Pending)
	d.now = d.now.Add(time.Minute)
	err := d.unit(func(u *Unit) error {
		return u.Tx.PutRestore(db.Restore{ID: "r-1", BackupAt: nine, At: d.now, MergedAt: d.now})
	})
	if err != nil {
		t.Fatal(err)
	}
	d.run()
	d.want(a.ID, event.Hold, 0)
	if got := d.row(a.ID).Reason; !strings.Contains(got, "look on X whether it was") {
		t.Errorf("held because %q", got)
	}
	d.check()
}

// An event that comes again after the restore, from the bus or from X, was
// perhaps answered by the host that was lost.
func TestI14AnswersFromBefore(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	old := d.mention("u1", "p1", "hello?")
	byID := d.mention("u2", event.SnowflakeAt(nine.Add(-time.Minute)), "hello?")
	d.now = d.now.Add(time.Minute)
	d.restore()
	d.merged()
	d.now = d.now.Add(time.Minute)
	byID.At = d.now // X gave no time, and it came again just now
	for _, e := range []event.Event{old, byID} {
		a := d.drafted(e, event.Hold)
		d.run()
		d.want(a.ID, event.Hold, 0)
		edited, err := d.operator().Edit(t.Context(), d.now, a.ID, "olga", Edit{Text: "Another text.", Rewritten: true})
		if err != nil || edited.State != event.Hold {
			t.Errorf("another text made it newer: %s, %v", edited.State, err)
		}
		if _, err := d.operator().Approve(t.Context(), d.now, a.ID, "olga"); err != nil {
			t.Fatal(err)
		}
		d.run()
		d.want(a.ID, event.Sent, 1)
	}
	d.check()
}
