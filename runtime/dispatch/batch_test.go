package dispatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// E5: one transaction for all events or one for each, the end is the same.
func TestE5BatchEqualsSingles(t *testing.T) {
	t.Parallel()
	together, single := newHost(t, true), newHost(t, true)
	day := together.day()
	done := together.batch(day...)
	if got := together.store.Writes(); got != 1 {
		t.Errorf("%d transactions for a batch, want 1", got)
	}
	single.now = together.now
	for i, m := range day {
		if diff := cmp.Diff(unversioned(done[i].Records), unversioned(single.batch(m)[0].Records)); diff != "" {
			t.Errorf("records of %s (-batch +single):\n%s", m.ID, diff)
		}
	}
	if diff := cmp.Diff(together.snapshot(), single.snapshot()); diff != "" {
		t.Errorf("database (-batch +singles):\n%s", diff)
	}
}

// unversioned leaves out how often a state was written: once a transaction.
func unversioned(records []gate.Record) []gate.Record {
	records = slices.Clone(records)
	for i := range records {
		records[i].StateVersion = 0
	}
	return records
}

func TestE2DuplicatesChangeNothing(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	day := h.day()
	h.batch(day...)
	before := h.snapshot()
	again := append(day, h.deliver(day[0].Data)) // also twice in one batch, under another sequence number
	h.now = h.now.Add(time.Minute)
	for _, x := range h.batch(again...) {
		if !x.Duplicate {
			t.Errorf("event %s (%s): not known to be a duplicate: %s", x.Event.ID, x.Event.Type, x.Records[0].Say)
		}
	}
	if diff := cmp.Diff(before, h.snapshot()); diff != "" {
		t.Errorf("database (-before +after):\n%s", diff)
	}
	if got := h.met.Duplicates.Load(); got != int64(len(again)) {
		t.Errorf("metric duplicates: got %d, want %d", got, len(again))
	}
}

// E4: a batch whose commit fails is redone singly, with every fault of the
// table; after it the database is as if nothing had happened.
func TestE4BatchIsRedoneSingly(t *testing.T) {
	t.Parallel()
	undisturbed := newHost(t, true)
	undisturbed.batch(undisturbed.day()...)
	for name, fault := range dbtest.Table() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, true)
			day := h.day()
			h.store.Next(fault)
			done, err := h.d.Batch(t.Context(), h.now, day)
			switch fault {
			case dbtest.NotStored, dbtest.ReportedFailed:
				if err != nil || len(done) != len(day) || h.met.Redone.Load() != 1 {
					t.Fatalf("%d of %d handled, redone %d times, %v; want all", len(done), len(day), h.met.Redone.Load(), err)
				}
			default:
				if !errors.Is(err, dbtest.ErrKilled) || len(done) != 0 {
					t.Fatalf("%d handled, %v; want none", len(done), err)
				}
				h.d.Store = h.below // the next process gets them again
				h.batch(day...)
			}
			if diff := cmp.Diff(undisturbed.snapshot(), h.snapshot()); diff != "" {
				t.Errorf("database (-undisturbed +this):\n%s", diff)
			}
			if fault == dbtest.NotStored {
				if got := h.met.Events.Load(); got != int64(len(day)) {
					t.Errorf("metric events: got %d, want %d: what was not stored does not count", got, len(day))
				}
				if got := h.met.Panics.Load(); got != 1 {
					t.Errorf("metric panics: got %d, want 1", got)
				}
			}
		})
	}
}

// E4: the database fails in the middle of the single events: what was
// committed is returned, the rest is not.
func TestE4DatabaseFailsHalfWay(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	ds := []bus.Delivery{h.mention(alice, "1001", "hello"), h.mention(bob, "1002", "hello"), h.dm(bob, "2001", "STOP")}
	h.store.At(1, dbtest.NotStored)
	h.store.At(3, dbtest.NotStored)
	done, err := h.d.Batch(t.Context(), h.now, ds)
	if !errors.Is(err, dbtest.ErrFault) || len(done) != 1 || done[0].Seq != ds[0].Seq {
		t.Fatalf("%d handled, %v; want the first and the fault", len(done), err)
	}
	if n := committed(ds, done); n != 1 {
		t.Errorf("committed: got %d, want 1", n)
	}
	h.batch(ds[1:]...)
	h.wantRows("acme 1001 reply answer v0 pending", "acme 1002 reply answer v0 cancelled", "acme 2001 dm opt_out_confirmation v0 pending")
}

func TestE4PanicOfTheStore(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	h.d.Key = nil
	h.d.Gate = nil // a nil gate panics outside of what is guarded
	m := h.mention(alice, "1001", "hello")
	if done, err := h.d.Batch(t.Context(), h.now, []bus.Delivery{m}); err == nil || len(done) != 0 {
		t.Errorf("got %d handled, %v; want an error that stops consuming", len(done), err)
	}
	h.wantRows()
}

func TestBatchEnds(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	if done, err := h.d.Batch(t.Context(), h.now, nil); done != nil || err != nil {
		t.Errorf("no deliveries: got %v, %v", done, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := h.d.Batch(ctx, h.now, []bus.Delivery{h.mention(alice, "1", "hi"), h.mention(bob, "2", "hi")}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want canceled", err)
	}
	if got := h.met.Redone.Load(); got != 0 {
		t.Errorf("redone %d times after the end", got)
	}
}

// E5: later events of a batch see what the earlier ones left.
func TestE5OrderWithinABatch(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	first, second := h.dm(alice, "2001", "hello"), h.dm(alice, "2002", "and")
	h.now = h.now.Add(time.Second)
	stop := h.dm(alice, "2003", "STOP")
	late := h.dm(alice, "2004", "hello?")
	done := h.batch(first, second, stop, late)
	for i, want := range []int{1, 0} { // only the first DM carries the hint
		if got := len(done[i].Records[0].Obligations); got != want {
			t.Errorf("DM %d: %d obligations, want %d", i+1, got, want)
		}
	}
	h.want(done, gate.Deny, "x.opted-out")
	h.wantRows("acme 2001 dm answer v0 cancelled", "acme 2002 dm answer v0 cancelled", "acme 2003 dm opt_out_confirmation v0 pending")
	if c := h.conversation("acme", alice); c.DMsReceived != 4 || c.DMsSent != 1 {
		t.Errorf("conversation: %d received, %d sent; want 4 and the confirmation", c.DMsReceived, c.DMsSent)
	}
}

func BenchmarkDispatchBatch(b *testing.B) {
	for _, size := range []int{1, 16, 256} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			h := newHost(b, false)
			n := 0
			for b.Loop() {
				b.StopTimer()
				ds := make([]bus.Delivery, size)
				for i := range ds {
					n++
					ds[i] = h.mention(xsim.User{ID: fmt.Sprint(10_000 + n), Username: "u"}, fmt.Sprint(1_000_000+n), "hello")
				}
				b.StartTimer()
				h.batch(ds...)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
