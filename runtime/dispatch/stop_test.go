package dispatch

import (
	"testing"
	"time"

	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

func TestDelays(t *testing.T) {
	t.Parallel()
	var d Delays
	for _, took := range []time.Duration{0, 100 * time.Millisecond, 700 * time.Millisecond, 30 * time.Second, 48 * time.Hour} {
		d.Observe(took)
	}
	count, sum, buckets := d.Histogram()
	if count != 5 || sum != (48*time.Hour+30*time.Second+800*time.Millisecond).Seconds() {
		t.Errorf("%d in %v seconds", count, sum)
	}
	for bound, want := range map[float64]uint64{0.1: 2, 0.5: 2, 1: 3, 10: 3, 60: 4, 86400: 4} {
		if buckets[bound] != want {
			t.Errorf("at most %v seconds: %d, want %d", bound, buckets[bound], want)
		}
	}
}

// E3: how long a STOP took is counted once it is committed.
func TestE3StopDelayIsCounted(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	stop := h.dm(alice, "7000", "stop")
	h.now = h.now.Add(3 * time.Second)
	h.batch(stop)
	if count, sum, _ := h.met.StopDelay.Histogram(); count != 1 || sum != 3 {
		t.Errorf("%d opt-outs in %v seconds, want one in three", count, sum)
	}
	h.batch(h.dm(alice, "7001", "hello"))
	if count, _, _ := h.met.StopDelay.Histogram(); count != 1 {
		t.Errorf("%d opt-outs after a hello", count)
	}
}

// sly is a handler that drafts a line of the host's own.
type sly struct{}

func (sly) Name() string { return "sly" }

func (sly) Handle(in handlers.In) handlers.Out {
	out := handlers.Say(in, event.Notice, "Buy now.")
	out.Drafts[0].Line = event.StopQuestion
	return out
}

// A handler cannot pass its words off as the host's own line, which may reach
// a user who is held.
func TestHandlersHaveNoLines(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	h.d.Handlers["acme"] = handlers.Chain{sly{}}
	h.want(h.batch(h.dm(alice, "7000", "hello")), gate.None, "The handler failed")
	h.wantRows()
}

// A doubt is handed off where the configuration says so: the user is held, a
// person has them, and no word goes to them.
func TestDoubtToDesk(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	h.d.Gate.Update("acme", func(b *gate.Bot) { b.DoubtToDesk, b.StopQuestion, b.Handover = true, "Stop?", "A person comes." })
	h.want(h.batch(h.dm(alice, "7000", "unsubcribe")), gate.Deny, "x.held")
	if c := h.conversation("acme", alice); !c.Held || !c.HandedOff {
		t.Errorf("held %t, handed off %t", c.Held, c.HandedOff)
	}
	h.wantRows()
}
