package bus_test

import (
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/beckon-bot/beckon/runtime/bus"
)

// BenchmarkOpen is a start on an empty directory and the clean stop after it;
// KiB/open is the heap that an idle bus holds.
func BenchmarkOpen(b *testing.B) {
	var held uint64
	for b.Loop() {
		b.StopTimer()
		dir, before := b.TempDir(), heap()
		b.StartTimer()
		bus, err := bus.Open(b.Context(), bus.Options{Dir: dir})
		b.StopTimer()
		if err != nil {
			b.Fatal(err)
		}
		held += heap() - min(before, heap())
		if err := bus.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(held)/float64(b.N)/1024, "KiB/open")
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkPublish is durable: the limit is the disk's sync, one a Publish.
func BenchmarkPublish(b *testing.B) {
	for _, inFlight := range []int{1, 64} {
		b.Run("inflight="+strconv.Itoa(inFlight), func(b *testing.B) {
			q := open(b, bus.Options{Dir: b.TempDir()})
			work := make(chan int)
			var wg sync.WaitGroup
			for range inFlight {
				wg.Go(func() {
					for n := range work {
						if err := q.Publish(b.Context(), msg(n)); err != nil {
							b.Error(err)
						}
					}
				})
			}
			n := 0
			for b.Loop() {
				work <- n
				n++
			}
			close(work)
			wg.Wait()
		})
	}
	b.Run("batch=256", func(b *testing.B) {
		q := open(b, bus.Options{Dir: b.TempDir()})
		batch := msgs(0, 256)
		for b.Loop() {
			if err := q.Publish(b.Context(), batch...); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(batch)), "ns/msg")
	})
}

// BenchmarkNextAck drains a backlog, 256 deliveries at most an op.
func BenchmarkNextAck(b *testing.B) {
	q := open(b, bus.Options{Dir: b.TempDir()})
	left, taken := 0, 0
	for b.Loop() {
		if left == 0 {
			b.StopTimer()
			for range 10 {
				if err := q.Publish(b.Context(), msgs(0, 1000)...); err != nil {
					b.Fatal(err)
				}
			}
			left = 10_000
			b.StartTimer()
		}
		ds, err := q.Next(b.Context(), 256)
		if err != nil {
			b.Fatal(err)
		}
		if err := q.Ack(ds); err != nil {
			b.Fatal(err)
		}
		left -= len(ds)
		taken += len(ds)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(taken), "ns/msg")
	b.ReportMetric(float64(taken)/float64(b.N), "msgs/op")
}
