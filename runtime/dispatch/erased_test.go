package dispatch

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// TestZ4WhatWasBeforeIsNeverAnswered: events from before an erasure reach
// dispatch late. They leave no trace of the user; what comes after is a new
// acquaintance.
func TestZ4WhatWasBeforeIsNeverAnswered(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	before := h.mention(alice, "2001", "@acme_help hello")
	h.now = nine.Add(2 * time.Minute)
	after := h.mention(alice, "2002", "@acme_help hello again")
	err := h.below.Write(context.Background(), func(tx db.Tx) error {
		return tx.PutSuppression(conversation.Suppression{UserHash: h.d.Key.User(alice.ID), ErasedAt: nine.Add(time.Minute)})
	})
	if err != nil {
		t.Fatal(err)
	}
	old := h.batch(before)[0].Records[0]
	if old.Decision != gate.None || old.User != "" || !strings.Contains(old.Say, "erased") {
		t.Errorf("an event from before: %+v, want nothing, and no name", old)
	}
	if c := h.conversation("acme", alice); c.Version != 0 {
		t.Errorf("a conversation was begun again: %+v", c)
	}
	if fresh := h.batch(after)[0].Records[0]; fresh.Decision != gate.Allow || fresh.User != alice.ID {
		t.Errorf("an event from after: %+v, want an answer", fresh)
	}
}
