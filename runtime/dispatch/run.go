package dispatch

import (
	"context"
	"errors"
	"time"

	"github.com/beckon-bot/beckon/runtime/bus"
)

// MaxBatch is how many events one transaction takes at most. A batch is never
// waited for: it is what was queued.
const MaxBatch = 256

// Loop is what Run needs besides the dispatcher.
type Loop struct {
	Bus     bus.Bus
	Now     func() time.Time
	Commit  func([]Handled) // called after each commit, to wake the sender and for those who watch; nil: nobody
	Healthy func(err error) // told after each try: nil where the database took it all, its error where not; nil: nobody
	Wait    time.Duration   // first wait after a database error, doubled up to 32 times; 0: one second
}

// Run dispatches until ctx ends or the bus is closed. After a database error
// it keeps the batch and offers it again, in order, until the database takes
// it: consuming has stopped, nothing is skipped.
func (d *Dispatcher) Run(ctx context.Context, l Loop) error {
	for {
		ds, err := l.Bus.Next(ctx, MaxBatch)
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, bus.ErrClosed) {
				return nil
			}
			return err
		}
		if !d.deliver(ctx, l, ds) {
			return nil
		}
	}
}

// deliver commits a batch and acknowledges it (E1); false: ctx ended first.
func (d *Dispatcher) deliver(ctx context.Context, l Loop, ds []bus.Delivery) bool {
	wait := l.Wait
	if wait == 0 {
		wait = time.Second
	}
	longest := 32 * wait
	for len(ds) > 0 {
		done, err := d.Batch(ctx, l.Now(), ds)
		if n := committed(ds, done); n > 0 {
			if l.Commit != nil {
				l.Commit(done)
			}
			if err := l.Bus.Ack(ds[:n]); err != nil && ctx.Err() == nil {
				d.Log.WarnContext(ctx, "acknowledge events; they will come again and change nothing", "err", err)
			}
			ds = ds[n:]
		}
		if l.Healthy != nil {
			l.Healthy(err)
		}
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			return false
		}
		d.Metrics.StoreErrors.Add(1)
		d.Log.ErrorContext(ctx, "dispatch has stopped until the database answers", "err", err, "wait", wait)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(wait):
		}
		wait = min(2*wait, longest)
	}
	return true
}

// committed is how many deliveries, from the front, done covers: all up to the
// last one named, since the order is kept.
func committed(ds []bus.Delivery, done []Handled) int {
	if len(done) == 0 {
		return 0
	}
	last := done[len(done)-1].Seq
	for i := len(ds) - 1; i >= 0; i-- {
		if ds[i].Seq == last {
			return i + 1
		}
	}
	return 0
}
