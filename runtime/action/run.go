package action

import (
	"context"
	"time"
)

// databasePause is how long the sender waits after a database error before it
// looks again.
const databasePause = time.Second

// Run calls Step until ctx ends, sleeping until the next due time or a wake.
// A database error stops sending until the database answers again (I8). The
// send that is under way when ctx ends is finished and settled first.
func (s *Sender) Run(ctx context.Context, now func() time.Time, wake <-chan struct{}) error {
	for ctx.Err() == nil {
		next, err := s.Step(ctx, now())
		if err != nil && ctx.Err() == nil {
			s.Metrics.StoreErrors.Add(1)
			s.Log.ErrorContext(ctx, "nothing is sent until the database answers", "err", err)
			next = now().Add(databasePause)
		}
		sleep(ctx, now, next, wake)
	}
	return nil
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
