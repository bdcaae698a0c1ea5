package xapi

import (
	"sync/atomic"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// Metrics counts sends by how they ended: each Send in exactly one class.
type Metrics struct {
	OK             atomic.Int64 `metric:"beckon_x_sends_total" labels:"class=ok" help:"Sends to X by class of outcome."`
	Transient      atomic.Int64 `metric:"beckon_x_sends_total" labels:"class=transient" help:"Sends to X by class of outcome."`
	RateLimited    atomic.Int64 `metric:"beckon_x_sends_total" labels:"class=rate_limited" help:"Sends to X by class of outcome."`
	UsageCapped    atomic.Int64 `metric:"beckon_x_sends_total" labels:"class=usage_capped" help:"Sends to X by class of outcome."`
	Refused        atomic.Int64 `metric:"beckon_x_sends_total" labels:"class=refused" help:"Sends to X by class of outcome."`
	Auth           atomic.Int64 `metric:"beckon_x_sends_total" labels:"class=auth" help:"Sends to X by class of outcome."`
	Gone           atomic.Int64 `metric:"beckon_x_sends_total" labels:"class=gone" help:"Sends to X by class of outcome."`
	UnknownOutcome atomic.Int64 `metric:"beckon_x_sends_total" labels:"class=unknown_outcome" help:"Sends to X by class of outcome."`
	Bug            atomic.Int64 `metric:"beckon_x_sends_total" labels:"class=bug" help:"Sends to X by class of outcome."`

	Took atomic.Int64 `metric:"beckon_x_send_seconds_sum" unit:"seconds" help:"Time spent in sends to X, waiting for answers included."`
}

func (m *Metrics) count(c event.Class, took time.Duration) {
	m.Took.Add(int64(took))
	switch c {
	case event.OK:
		m.OK.Add(1)
	case event.Transient:
		m.Transient.Add(1)
	case event.RateLimited:
		m.RateLimited.Add(1)
	case event.UsageCapped:
		m.UsageCapped.Add(1)
	case event.Refused:
		m.Refused.Add(1)
	case event.Auth:
		m.Auth.Add(1)
	case event.Gone:
		m.Gone.Add(1)
	case event.UnknownOutcome:
		m.UnknownOutcome.Add(1)
	default: // event.Bug; a class that is none of the set is one, too
		m.Bug.Add(1)
	}
}
