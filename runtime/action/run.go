package action

import (
	"context"
	"time"
)

// databasePause is how long a loop waits after a database error before it looks
// again.
const databasePause = time.Second

// Run calls Step until ctx ends, sleeping until the next due time or a wake.
// A database error stops sending until the database answers again (I8). The
// send that is under way when ctx ends is finished and settled first.
func (s *Sender) Run(ctx context.Context, now func() time.Time, wake <-chan struct{}) error {
	loop(ctx, now, wake, s.Step, func(err error) {
		s.Metrics.StoreErrors.Add(1)
		s.Log.ErrorContext(ctx, "nothing is sent until the database answers", "err", err)
	})
	return nil
}

// loop takes steps until ctx ends, each when the one before asked for it or at
// a wake. After an error it tells failed and waits for the database.
func loop(ctx context.Context, now func() time.Time, wake <-chan struct{}, step func(context.Context, time.Time) (time.Time, error), failed func(error)) {
	for ctx.Err() == nil {
		next, err := step(ctx, now())
		if err != nil && ctx.Err() == nil {
			failed(err)
			next = now().Add(databasePause)
		}
		sleep(ctx, now, next, wake)
	}
}

// sleep returns at the time, at a wake, or when ctx ends; a zero time never
// comes.
func sleep(ctx context.Context, now func() time.Time, until time.Time, wake <-chan struct{}) {
	var due <-chan time.Time
	if !until.IsZero() {
		t := time.NewTimer(until.Sub(now()))
		defer t.Stop()
		due = t.C
	}
	select {
	case <-ctx.Done():
	case <-wake:
	case <-due:
	}
}
