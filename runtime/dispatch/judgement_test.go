package dispatch

import (
	"errors"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// word is kim's word on an action, on the bus.
func (h *host) word(id string, a db.Action, w event.Word) bus.Delivery {
	h.t.Helper()
	m, err := JudgementMessage(event.Judgement{ID: id, Bot: a.Bot, User: a.User, Action: a.ID, Of: a.TextHash, At: h.now, By: "kim", Word: w, Text: "Another text."})
	if err != nil {
		h.t.Fatal(err)
	}
	return h.message(m)
}

// A person's word on a draft is an event: in order with what users write, once,
// and about the text that they read.
func TestE2Judgements(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	said := map[string]error{}
	h.d.Judged = func(id string, _ db.Action, err error) { said[id] = err }
	h.batch(h.dm(alice, "2001", "I want a refund"), h.dm(bob, "2002", "a refund, please"))
	rows := h.actions()
	if len(rows) != 2 || rows[0].State != event.Hold || rows[1].State != event.Hold {
		t.Fatalf("held: %+v", rows)
	}
	h.now = h.now.Add(time.Minute)
	first, second := rows[0], rows[1]

	yes := h.word("j-1", first, event.Approve)
	h.want(h.batch(yes), gate.Allow, "")
	if again := h.batch(h.message(yes.Message)); !again[0].Duplicate {
		t.Error("a word counts twice")
	}
	h.want(h.batch(h.word("j-2", first, event.Approve)), gate.None, "")
	h.want(h.batch(h.word("j-3", second, event.Edit)), gate.Hold, "")
	h.want(h.batch(h.word("j-4", second, event.Approve)), gate.None, "") // of the text before
	for _, a := range h.actions() {
		if a.ID == second.ID {
			second = a
		}
	}
	h.want(h.batch(h.word("j-5", second, event.Reject)), gate.None, "")
	for id, want := range map[string]error{"j-1": nil, "j-2": action.ErrNotHeld, "j-3": nil, "j-4": action.ErrOtherText, "j-5": nil} {
		if err, ok := said[id]; !ok || !errors.Is(err, want) {
			t.Errorf("%s: told %v (%t), want %v", id, err, ok, want)
		}
	}
	for _, a := range h.actions() {
		want := event.Pending
		if a.ID == second.ID {
			want = event.Denied
		}
		if a.State != want {
			t.Errorf("action %s is %s: %s", a.ID, a.State, a.Reason)
		}
	}

	// A word is one by where it comes from.
	forged := h.word("j-6", first, event.Approve)
	forged.Source = "/x/webhook"
	h.want(h.batch(forged), gate.None, "")
	if len(h.letters()) != 1 {
		t.Errorf("%d dead letters, want the forged word", len(h.letters()))
	}
}

// A STOP that was taken in before the word beats it.
func TestE2StopBeforeTheWord(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	h.batch(h.dm(alice, "2001", "I want a refund"))
	held := h.actions()[0]
	h.batch(h.dm(alice, "2002", "STOP"), h.word("j-1", held, event.Approve))
	for _, a := range h.actions() {
		if a.ID == held.ID && a.State != event.Cancelled {
			t.Errorf("action %s is %s: %s", a.ID, a.State, a.Reason)
		}
	}
}
