package dispatch

import (
	"log/slog"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/erasure"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// TestAskedByMessage: the note goes out, then the erasure runs; who was opted out
// or said more than that gets no note, or no erasure.
func TestAskedByMessage(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		before, text string
		erasures     int
		note         bool
	}{
		"asks":              {"hello", "Please delete my data!", 1, true},
		"first message":     {"", "delete my data", 1, true},
		"after a stop":      {"STOP", "delete my data", 1, false},
		"says more":         {"hello", "how do I delete my data plan", 0, false},
		"asks for the stop": {"hello", "STOP", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, true)
			if tt.before != "" {
				h.batch(h.dm(alice, "3001", tt.before))
			}
			h.now = nine.Add(time.Minute)
			h.batch(h.dm(alice, "3002", tt.text))
			open := h.erasures()
			if len(open) != tt.erasures {
				t.Fatalf("%d erasures, want %d", len(open), tt.erasures)
			}
			var note *db.Action
			for _, a := range h.actions() {
				if a.Purpose == event.Notice && a.State == event.Pending {
					note = &a
				}
			}
			if (note != nil) != tt.note {
				t.Fatalf("a note is on its way: %t, want %t", note != nil, tt.note)
			}
			if tt.erasures == 0 {
				return
			}
			e := &erasure.Eraser{Store: h.below, Bus: bus.NewMemory(bus.MemoryOptions{}), Scrub: h.below.Scrub, Key: h.d.Key, Log: slog.New(slog.DiscardHandler)}
			run := func(at time.Time) db.EraseStep {
				t.Helper()
				if err := e.All(t.Context(), at); err != nil {
					t.Fatal(err)
				}
				return h.erasures()[0].Step
			}
			if note != nil {
				if got := run(h.now.Add(time.Second)); got != db.EraseAsked {
					t.Fatalf("at step %s before the note went out", got)
				}
				a := *note
				for _, next := range []event.State{event.Attempting, event.Sent} {
					from := a.State
					a.State = next
					err := h.below.Write(t.Context(), func(tx db.Tx) error { return tx.UpdateAction(a, from) })
					if err != nil {
						t.Fatal(err)
					}
				}
			}
			if got := run(h.now.Add(2 * time.Second)); got != db.EraseDone {
				t.Errorf("at step %s after the note", got)
			}
			if c := h.conversation("acme", alice); c.Version != 0 {
				t.Errorf("still known: %+v", c)
			}
			if got := h.stopped(alice); got != (tt.before == "STOP") {
				t.Errorf("opted out: %t", got)
			}
			h.now = nine.Add(time.Hour)
			if r := h.batch(h.dm(alice, "3003", "hello again"))[0].Records[0]; (r.Decision == gate.Allow) == (tt.before == "STOP") {
				t.Errorf("a new message: %+v", r)
			}
		})
	}
}

func (h *host) erasures() (all []db.Erasure) {
	h.t.Helper()
	h.read(func(tx db.Tx) (err error) {
		all, err = tx.ListErasures(10)
		return err
	})
	return all
}
