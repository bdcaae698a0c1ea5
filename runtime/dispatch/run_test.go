package dispatch

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/runtime/bus"
)

// loop is a host that dispatches from a memory bus.
type loop struct {
	*host
	bus     *bus.Memory
	seqs    []uint64 // committed, as they came
	healthy []bool
	acked   []int // messages left on the bus when a commit was told
	ended   chan error
	stop    context.CancelFunc
}

// newLoop is called in a bubble.
func newLoop(t *testing.T) *loop {
	time.Sleep(time.Until(nine))
	l := &loop{host: newHost(t, true), bus: bus.NewMemory(bus.MemoryOptions{}), ended: make(chan error, 1)}
	ctx, stop := context.WithCancel(t.Context())
	l.stop = stop
	go func() {
		l.ended <- l.d.Run(ctx, Loop{
			Bus: l.bus, Now: time.Now, Wait: time.Second,
			Commit: func(done []Handled) {
				for _, h := range done {
					l.seqs = append(l.seqs, h.Seq)
				}
				l.acked = append(l.acked, l.pending())
			},
			Healthy: func(err error) { l.healthy = append(l.healthy, err == nil) },
		})
	}()
	return l
}

func (l *loop) pending() int {
	n, err := l.bus.Pending(l.t.Context())
	if err != nil {
		l.t.Error(err)
	}
	return int(n)
}

func (l *loop) publish(ds ...bus.Delivery) {
	l.t.Helper()
	var ms []bus.Message
	for _, d := range ds {
		ms = append(ms, d.Message)
	}
	if err := l.bus.Publish(l.t.Context(), ms...); err != nil {
		l.t.Fatal(err)
	}
	synctest.Wait()
}

func (l *loop) close() {
	l.t.Helper()
	l.stop()
	if err := <-l.ended; err != nil {
		l.t.Error(err)
	}
}

// E1: what is committed is acknowledged after it, and nothing else is.
func TestE1AckFollowsTheCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoop(t)
		defer l.close()
		l.publish(l.mention(alice, "1001", "hello"), l.mention(bob, "1002", "hello"))
		if !slices.Equal(l.acked, []int{2}) {
			t.Errorf("on the bus when told of the commit: %v, want 2 not yet acknowledged", l.acked)
		}
		if got := l.pending(); got != 0 {
			t.Errorf("%d left on the bus, want 0", got)
		}
		l.wantRows("acme 1001 reply answer v0 pending", "acme 1002 reply answer v0 pending")
	})
}

// E4: the database fails for a while: consuming stops, nothing is skipped, the
// order is kept, and whoever asks about health is told.
func TestE4StoreFailsForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoop(t)
		defer l.close()
		for _, n := range []int{1, 2, 3, 5, 6, 7} { // the fourth write, one single event, goes through
			l.store.At(n, dbtest.NotStored)
		}
		l.store.At(8, dbtest.ReportedFailed)
		l.publish(l.mention(alice, "1001", "hello"), l.dm(bob, "2001", "hello"), l.mention(alice, "1002", "a refund"))
		if len(l.seqs) != 0 || l.pending() != 3 {
			t.Fatalf("after the first try: %d told, %d on the bus", len(l.seqs), l.pending())
		}
		l.publish(l.dm(bob, "2002", "STOP")) // it waits its turn
		time.Sleep(time.Hour)
		synctest.Wait()
		if want := []uint64{1, 2, 3, 4}; !slices.Equal(l.seqs, want) {
			t.Errorf("committed %v, want %v", l.seqs, want)
		}
		if got := l.pending(); got != 0 {
			t.Errorf("%d left on the bus, want 0", got)
		}
		if !l.stopped(bob) {
			t.Error("the STOP is lost")
		}
		l.wantRows("acme 1001 reply answer v0 pending", "acme 2001 dm answer v0 cancelled", "acme 1002 reply answer v0 hold", "acme 2002 dm opt_out_confirmation v0 pending")
		if n := len(l.healthy); n < 3 || l.healthy[0] || !l.healthy[n-1] {
			t.Errorf("health: %v, want bad, then good", l.healthy)
		}
		if got := l.met.StoreErrors.Load(); got < 3 {
			t.Errorf("metric store errors: got %d", got)
		}
	})
}

// B3, E2: a lost acknowledgement, or a new process on the same bus, changes
// nothing.
func TestE2RedeliveryAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoop(t)
		l.store.Next(dbtest.KilledAfter)
		l.publish(l.mention(alice, "1001", "hello"), l.mention(bob, "1002", "hello"))
		l.close()
		before := l.snapshot()
		if got := l.pending(); got != 2 {
			t.Fatalf("%d on the bus after the end, want 2", got)
		}
		l.d.Store = l.below
		again := l.bus.Reopen()
		ds, err := again.Next(t.Context(), MaxBatch)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range l.batch(ds...) {
			if !x.Duplicate {
				t.Errorf("event %s is taken in twice", x.Event.ID)
			}
		}
		if after := l.snapshot(); !slices.Equal(before["rows"].([]string), after["rows"].([]string)) {
			t.Errorf("rows before %v, after %v", before["rows"], after["rows"])
		}
	})
}

// The loop waits longer each time, up to a bound, and ends while it waits.
func TestRunEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoop(t)
		for n := range 10_000 {
			l.store.At(n, dbtest.NotStored)
		}
		l.publish(l.mention(alice, "1001", "hello"))
		begin := time.Now()
		time.Sleep(10 * time.Minute)
		tries := l.met.StoreErrors.Load()
		if min := int64(10 * time.Minute / (32 * time.Second)); tries < min || tries > min+7 {
			t.Errorf("%d tries in 10 minutes, want about %d", tries, min)
		}
		l.close()
		if waited := time.Since(begin); waited != 10*time.Minute {
			t.Errorf("the end took %s", waited-10*time.Minute)
		}
		l.wantRows()
	})
	synctest.Test(t, func(t *testing.T) {
		l := newLoop(t)
		synctest.Wait()
		if err := l.bus.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-l.ended; err != nil {
			t.Errorf("a closed bus: got %v, want nil", err)
		}
	})
}

// broken is a bus that fails.
type broken struct {
	bus.Bus
	err error
}

func (b broken) Next(context.Context, int) ([]bus.Delivery, error) { return nil, b.err }

func TestRunReturnsTheBusError(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	want := errors.New("the stream is gone")
	if err := h.d.Run(t.Context(), Loop{Bus: broken{err: want}, Now: time.Now}); !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

// Prune forgets what is past its time, a chunk a transaction, and nothing else.
func TestPrune(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	old := h.mention(alice, "1001", "hello")
	h.batch(old)
	if err := h.below.Write(t.Context(), func(tx db.Tx) error {
		for i := range pruneChunk {
			if _, err := tx.MarkSeen("acme", "old", i, nine); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	seen := func() (fresh bool) {
		t.Helper()
		err := h.below.Write(t.Context(), func(tx db.Tx) (err error) {
			if fresh, err = tx.MarkSeen("acme", old.ID, 0, nine); err == nil {
				err = errors.New("only asked")
			}
			return err
		})
		if err == nil {
			t.Fatal("want no change")
		}
		return !fresh
	}
	prune := func(now, next time.Time) {
		t.Helper()
		got, err := Prune(t.Context(), h.store, now, Keep{})
		if err != nil || !got.Equal(next) {
			t.Errorf("prune at %s: next %s, %v; want %s", now, got, err, next)
		}
	}
	at := nine.Add(KeepSeen)
	prune(at, at.Add(pruneEvery))
	if !seen() {
		t.Error("forgotten after seven days to the moment, want at least seven")
	}
	at = at.Add(time.Millisecond)
	prune(at, at) // a full chunk: there is more
	prune(at, at.Add(pruneEvery))
	if seen() {
		t.Error("not forgotten")
	}
	if got := h.decisions(); got != 1 {
		t.Errorf("%d decisions after a week, want 1", got)
	}
	at = nine.Add(DefaultKeep().Decisions + time.Millisecond)
	h.store.Next(dbtest.NotStored)
	if next, err := Prune(t.Context(), h.store, at, Keep{}); !errors.Is(err, dbtest.ErrFault) || !next.Equal(at.Add(pruneEvery)) {
		t.Errorf("a failing database: next %s, %v", next, err)
	}
	prune(at, at.Add(pruneEvery))
	if got := h.decisions(); got != 0 {
		t.Errorf("%d decisions after their time, want 0", got)
	}
	h.wantRows("acme 1001 reply answer v0 pending")
}
