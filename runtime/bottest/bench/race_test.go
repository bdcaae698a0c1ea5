// Package bench measures the way of an event beside the limits of the machine
// it runs on. Contestants of one benchmark take turns, and the median of their
// rounds is told, so that a slow minute slows all of them: the ratios hold
// where the figures do not. README.md has the command and a table.
package bench

import (
	"slices"
	"testing"
	"time"
)

// rounds each contestant runs, taking turns.
const rounds = 5

// contestant does n things and says how long they took.
type contestant struct {
	name string
	n    int
	run  func(b *testing.B, n int) time.Duration
}

// race lets all take turns and reports for each the median: events a second,
// microseconds an event, and how that compares with the first one's.
func race(b *testing.B, all ...contestant) {
	took := make([][]time.Duration, len(all))
	for range rounds {
		for i, c := range all {
			took[i] = append(took[i], c.run(b, c.n)/time.Duration(c.n))
		}
	}
	var first time.Duration
	for i, c := range all {
		one := median(took[i])
		if i == 0 {
			first = one
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportMetric(0, "ns/op") // the time of this function, which does nothing
			b.ReportMetric(float64(one.Nanoseconds())/1e3, "µs/event")
			b.ReportMetric(float64(time.Second)/float64(one), "events/s")
			b.ReportMetric(float64(first)/float64(one), "of-first")
		})
	}
}

func median(ds []time.Duration) time.Duration {
	slices.Sort(ds)
	return ds[len(ds)/2]
}

// each is a contestant that does one thing n times.
func each(name string, n int, one func(i int)) contestant {
	return contestant{name, n, func(_ *testing.B, n int) time.Duration {
		begin := time.Now()
		for i := range n {
			one(i)
		}
		return time.Since(begin)
	}}
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
