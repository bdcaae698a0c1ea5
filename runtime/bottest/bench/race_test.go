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

// contestant does n things. It times them itself, so that what it sets up does
// not count.
type contestant struct {
	name string
	n    int
	run  func(b *testing.B, n int) spent
}

// spent is what n things took: on the clock, and of all processors.
type spent struct{ wall, cpu time.Duration }

// stopwatch begins to measure and returns how to end it.
func stopwatch() func() spent {
	begin, used := time.Now(), cpu()
	return func() spent { return spent{time.Since(begin), cpu() - used} }
}

// race lets all take turns and reports the median of each: events a second,
// processor time an event, and the rate as a part of the first one's.
func race(b *testing.B, all ...contestant) {
	walls, cpus := make([][]time.Duration, len(all)), make([][]time.Duration, len(all))
	for range rounds {
		for i, c := range all {
			s := c.run(b, c.n)
			walls[i] = append(walls[i], s.wall/time.Duration(c.n))
			cpus[i] = append(cpus[i], s.cpu/time.Duration(c.n))
		}
	}
	first := median(walls[0])
	for i, c := range all {
		one := median(walls[i])
		b.Run(c.name, func(b *testing.B) {
			b.ReportMetric(0, "ns/op") // the time of this function, which does nothing
			b.ReportMetric(float64(time.Second)/float64(one), "events/s")
			b.ReportMetric(float64(median(cpus[i]).Nanoseconds())/1e3, "cpu-µs/event")
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
	return contestant{name, n, func(_ *testing.B, n int) spent {
		done := stopwatch()
		for i := range n {
			one(i)
		}
		return done()
	}}
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
