package ingest

import (
	"errors"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// fault is why there is no stream now.
type fault string

const (
	faultDrop    fault = "drop"    // it delivered, and then it ended
	faultNetwork fault = "network" // no answer, or an end before any data
	faultHTTP    fault = "http"    // X answered with an error
	faultRate    fault = "rate"    // 429
	faultFull    fault = "full"    // the app has as many connections as it may have
)

// X rule: reconnect at once after a drop; then linear +250 ms up to 16 s on
// network errors, exponential 5 s to 320 s on HTTP errors, exponential from
// 1 min on 429 (facts.md, read 2026-11-25)
const (
	networkStep = 250 * time.Millisecond
	networkMost = 16 * time.Second
	httpFirst   = 5 * time.Second
	httpMost    = 320 * time.Second
	rateFirst   = time.Minute
	rateMost    = 16 * time.Minute // X names no end; its common window is 15 min
)

// backoff is how long to wait before the next try. The zero value has seen no
// fault. Each kind of fault counts for itself, from the last data on.
type backoff struct {
	kind fault
	wait time.Duration
}

// data forgets the faults: the stream delivers.
func (b *backoff) data() { *b = backoff{} }

// next takes one more fault and returns how long to wait. reset is when X's
// rate window ends, zero if it did not say.
func (b *backoff) next(now time.Time, kind fault, reset time.Time) time.Duration {
	if kind != b.kind {
		*b = backoff{kind: kind}
	}
	switch kind {
	case faultDrop:
		return 0
	case faultNetwork:
		b.wait = min(b.wait+networkStep, networkMost)
	case faultHTTP:
		b.wait = doubled(b.wait, httpFirst, httpMost)
	default:
		b.wait = doubled(b.wait, rateFirst, rateMost)
	}
	return max(b.wait, reset.Sub(now))
}

func doubled(wait, first, most time.Duration) time.Duration {
	return max(first, min(2*wait, most))
}

// problem is what an error of the X edge says of itself.
type problem interface {
	error
	// Problem returns the HTTP status (0: no answer came), the error's class,
	// X's problem type without its prefix ("" if it gave none), and for
	// rate_limited when the window ends.
	Problem() (status int, class event.Class, kind string, retryAt time.Time)
}

// faultOf says what an error on opening the stream is.
func faultOf(err error) (fault, time.Time) {
	var p problem
	if !errors.As(err, &p) {
		return faultNetwork, time.Time{}
	}
	switch status, class, kind, retryAt := p.Problem(); {
	case kind == "streaming-connection":
		return faultFull, time.Time{}
	case class == event.RateLimited:
		return faultRate, retryAt
	case status == 0 && class != event.Auth && class != event.Bug:
		return faultNetwork, time.Time{}
	default:
		return faultHTTP, time.Time{}
	}
}

// refused reports whether X answered that the request itself will not do.
func refused(err error) bool {
	var p problem
	if !errors.As(err, &p) {
		return false
	}
	status, _, kind, _ := p.Problem()
	return (status == 400 || status == 403) && kind != "streaming-connection"
}
