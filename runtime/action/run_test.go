package action

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/runtime/event"
)

// A stopping host finishes the call under way and stores how it ended.
func TestI3StopDuringACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(nine))
		d := newDesk(t)
		a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
		ctx, stop := context.WithCancel(t.Context())
		d.x.during = func(call) {
			stop()
			time.Sleep(time.Second)
		}
		if err := d.sender.Run(ctx, time.Now, nil); err != nil {
			t.Fatal(err)
		}
		d.check()
		if got := d.row(a.ID); got.State != event.Sent {
			t.Errorf("after the stop: %s (%s), want sent", got.State, got.Reason)
		}
	})
}

// The loop sleeps until something is due, wakes early, and survives the
// database.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(nine))
		d := newDesk(t)
		ctx, stop := context.WithCancel(t.Context())
		wake := make(chan struct{}, 1)
		ended := make(chan error)
		d.x.script = []reaction{{class: event.Transient}}
		go func() { ended <- d.sender.Run(ctx, time.Now, wake) }()
		synctest.Wait()

		a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
		d.store.Next(dbtest.NotStored)
		wake <- struct{}{}
		synctest.Wait()
		if got := d.met.StoreErrors.Load(); got != 1 {
			t.Errorf("%d store errors, want 1", got)
		}
		time.Sleep(databasePause)
		synctest.Wait() // claimed, not reached
		d.now = time.Now()
		if got := d.row(a.ID); got.State != event.Pending || got.Attempts != 1 {
			t.Errorf("after the first call: %s, %d attempts", got.State, got.Attempts)
		}
		time.Sleep(firstRetry)
		synctest.Wait()
		if got := d.row(a.ID); got.State != event.Sent || !got.UpdatedAt.Equal(nine.Add(databasePause+firstRetry)) {
			t.Errorf("%s at %s, want sent when the retry was due", got.State, got.UpdatedAt)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
