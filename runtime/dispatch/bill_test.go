package dispatch

import (
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// billed is how many events of the price the bot was billed for, on each day.
func (h *host) billed(price string) (n []int64) {
	h.read(func(tx db.Tx) error {
		from, to := budget.Month(h.now)
		rows, err := tx.Spending("acme", from, to)
		for _, r := range rows {
			if r.Price == price && r.SettledN > 0 {
				n = append(n, r.SettledN)
			}
		}
		return err
	})
	return n
}

// X bills a resource once a day, however many events tell of it.
func TestEventsAreBilled(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	want := func(what, price string, n ...int64) {
		t.Helper()
		got := h.billed(price)
		if len(got) != len(n) {
			t.Errorf("%s: billed %v, want %v", what, got, n)
			return
		}
		for i := range n {
			if got[i] != n[i] {
				t.Errorf("%s: billed %v, want %v", what, got, n)
			}
		}
	}
	p := xsim.Post{ID: "1001", Author: alice.ID, Text: "@acme_help hello", ReplyTo: "500", ReplyToUser: acme.ID}
	h.batch(h.post(event.PostMention, p), h.post(event.PostReply, p))
	h.batch(h.post(event.PostMention, p)) // delivered again
	want("one post, told of twice", budget.PricePostEvent, 1)
	p.ID, p.History = "1002", []string{"1001", "1002"}
	h.batch(h.post(event.PostMention, p))
	want("its next version", budget.PricePostEvent, 2)
	h.batch(h.dm(alice, "2001", "hello"), h.dm(alice, "2001", "hello"), h.dm(alice, "2002", "hello"))
	want("two DMs", budget.PriceDMReceived, 2)
	h.now = h.now.Add(24 * time.Hour)
	h.batch(h.dm(alice, "2003", "hello"))
	want("the next day", budget.PriceDMReceived, 2, 1)
	polled := h.dm(alice, "2004", "hello")
	polled.Source = event.PollSource
	h.batch(polled)
	want("what was polled, and billed as a read", budget.PriceDMReceived, 2, 1)
	if got := h.billed(budget.PriceFreeEvent); len(got) != 0 {
		t.Errorf("what costs nothing has a record: %v", got)
	}
}
