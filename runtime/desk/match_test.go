package desk

import (
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/match"
)

// TestT25Desk: the webhook is told the references that it is configured for, as
// they stand at each attempt; the bus, which keeps its events, never is.
func TestT25Desk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.teller.o.Publish, w.teller.o.Purposes, w.status = w.publish, []string{"support"}, 500
	m := db.Match{Bot: "acme", User: "7", Purpose: "support", Basis: db.BasisOptIn, Sealed: event.Seal([]byte("CUSTOMER-1")), At: nine}
	other := m
	other.Purpose, other.Sealed = "shop", event.Seal([]byte("SHOP-1"))
	for _, x := range []db.Match{m, other} {
		if err := w.below.Write(t.Context(), func(tx db.Tx) error { return tx.PutMatch(x) }); err != nil {
			t.Fatal(err)
		}
	}
	w.put(handed("h-1", "7", "42"))
	next := w.step(nine.Add(time.Second))
	if err := w.below.Write(t.Context(), func(tx db.Tx) error { return tx.PutMatch(match.Ended(m, nine, "the user")) }); err != nil {
		t.Fatal(err)
	}
	w.step(next)
	if len(w.bodies) != 2 || len(w.onBus) != 1 {
		t.Fatalf("posted %d times, %d on the bus", len(w.bodies), len(w.onBus))
	}
	if !strings.Contains(w.bodies[0], `"matches":[{"purpose":"support","ref":"CUSTOMER-1","basis":"opt_in"}]`) || strings.Contains(w.bodies[0], "SHOP-1") {
		t.Errorf("the first attempt: %s", w.bodies[0])
	}
	for what, text := range map[string]string{"the attempt after its end": w.bodies[1], "the bus": string(w.onBus[0].Body)} {
		if strings.Contains(text, "CUSTOMER-1") || strings.Contains(text, "matches") {
			t.Errorf("%s: %s", what, text)
		}
	}
}
