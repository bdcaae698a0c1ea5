package dispatch

import (
	"sync/atomic"
	"time"

	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// askStop drafts the question whether the user said stop: the only thing that may
// go to a user whose conversation is held, once a hold, with fixed text.
// Whatever the handlers would say is not asked for.
func (w *work) askStop(m bus.Delivery, e event.Event, kind event.ActionKind, text string) ([]gate.Record, error) {
	held, err := w.nothing(e, "The user may have said stop: their conversation is held; the question whether they did is decided next.")
	if err != nil {
		return nil, err
	}
	d := event.Draft{Kind: kind, Purpose: event.Notice, Line: event.StopQuestion, Text: text, Handler: "opt-out"}
	question, err := w.propose(m, e, d, w.Now, w.Now.Add(lineWithin))
	return append(held, question...), err
}

// suppressed notes, once it is committed, how long an opt-out took from the
// user's act.
func (w *work) suppressed(e event.Event) {
	if e.At.IsZero() {
		return
	}
	took := max(w.Now.Sub(e.At), 0)
	w.after = append(w.after, func() {
		w.Metrics.StopDelay.Observe(took)
		w.Log.Info("opt-out applied", "bot", e.Bot, "user", e.User, "event", e.ID, "dur", took)
	})
}

// Delays counts durations by how long they took at most.
type Delays struct {
	counts [len(delayBounds) + 1]atomic.Int64 // the last: longer than any bound
	sum    atomic.Int64                       // nanoseconds
}

// delayBounds are in seconds. X's own way to us takes most of a second.
var delayBounds = [...]float64{0.1, 0.5, 1, 2, 5, 10, 60, 600, 3600, 86400}

// Observe counts one.
func (d *Delays) Observe(took time.Duration) {
	i := 0
	for i < len(delayBounds) && took.Seconds() > delayBounds[i] {
		i++
	}
	d.counts[i].Add(1)
	d.sum.Add(int64(took))
}

// Histogram is what was counted: how many, their sum in seconds, and how many
// of them took at most each bound.
func (d *Delays) Histogram() (count uint64, sum float64, buckets map[float64]uint64) {
	buckets = make(map[float64]uint64, len(delayBounds))
	for i := range d.counts {
		count += uint64(d.counts[i].Load())
		if i < len(delayBounds) {
			buckets[delayBounds[i]] = count
		}
	}
	return count, time.Duration(d.sum.Load()).Seconds(), buckets
}
