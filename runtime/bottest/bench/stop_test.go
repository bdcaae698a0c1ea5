package bench

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/dispatch"
)

// BenchmarkStop is the time from the arrival of a STOP at the bus to the
// commit of the suppression, at 1,000 events a second of which one in twenty
// is a STOP. Late ones count from when they should have arrived.
func BenchmarkStop(b *testing.B) {
	const (
		events = 5000
		every  = time.Millisecond
	)
	d := newDesk(b)
	msgs := d.messages(0, events)
	for i := 0; i < events; i += 20 {
		msgs[i] = d.door.Message(d.dm(i, "STOP"))
	}
	q, s := backlog(b, nil), copied(b, populated(b))
	defer func() { must(b, s.Close()) }()
	defer func() { must(b, q.Close()) }()

	arrived := map[string]time.Time{} // by event id; guarded by mu
	var mu sync.Mutex
	var took []time.Duration
	left := events
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	p := d.dispatcher(s)
	done := make(chan error)
	go func() {
		done <- p.Run(ctx, dispatch.Loop{Bus: q, Now: func() time.Time { return day }, Commit: func(hs []dispatch.Handled) {
			now := time.Now()
			mu.Lock()
			defer mu.Unlock()
			for _, h := range hs {
				if at, ok := arrived[h.Event.ID]; ok {
					took = append(took, now.Sub(at))
				}
			}
			if left -= len(hs); left == 0 {
				cancel()
			}
		}})
	}()
	var wg sync.WaitGroup
	tick := time.NewTicker(every)
	defer tick.Stop()
	begin := time.Now()
	for sent := 0; sent < events; {
		<-tick.C
		for ; sent < events && time.Since(begin) >= time.Duration(sent)*every; sent++ {
			if sent%20 == 0 {
				mu.Lock()
				arrived[msgs[sent].ID] = begin.Add(time.Duration(sent) * every)
				mu.Unlock()
			}
			m := msgs[sent]
			wg.Go(func() { publish(b, q, m) })
		}
	}
	wg.Wait()
	must(b, <-done)
	if want := fmt.Sprint(events / 20); fmt.Sprint(p.Metrics.OptOuts.Load()) != want || fmt.Sprint(len(took)) != want {
		b.Fatalf("%d opt-outs and %d times, want %s", p.Metrics.OptOuts.Load(), len(took), want)
	}
	slices.Sort(took)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(milliseconds(took[len(took)/2]), "p50-ms")
	b.ReportMetric(milliseconds(took[len(took)*99/100]), "p99-ms")
}

func publish(b *testing.B, q *bus.JetStream, m bus.Message) {
	if err := q.Publish(context.Background(), m); err != nil {
		b.Error(err)
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }
