package dispatch

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// notice is what the desk is to be told of alice; the zero value: nothing.
func (h *host) notice() (n db.DeskNotice) {
	h.t.Helper()
	h.read(func(tx db.Tx) (err error) {
		if n, err = tx.DeskNotice("acme", alice.ID); errors.Is(err, db.ErrNotFound) {
			return nil
		}
		return err
	})
	return n
}

// However a user comes to a person, the desk is told, once, in the transaction
// of the handoff, and reads no word of theirs.
func TestDeskIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from func(h *host) bus.Delivery
		want db.DeskNotice
	}{
		"by a word in a post": {func(h *host) bus.Delivery { return h.mention(alice, "1001", "talk to a human") },
			db.DeskNotice{Interaction: "1001", Post: "1001", Why: "the user asked for a person"}},
		"by a word in a DM": {func(h *host) bus.Delivery { return h.dm(alice, "2001", "talk to a human") },
			db.DeskNotice{Interaction: "2001", Why: "the user asked for a person"}},
		"by a doubt": {func(h *host) bus.Delivery { return h.dm(alice, "2001", "unsubcribe") },
			db.DeskNotice{Interaction: "2001", Why: "a message that is perhaps a STOP"}},
		"by a handler": {func(h *host) bus.Delivery { return h.mention(alice, "1001", "it needs a person I think") },
			db.DeskNotice{Interaction: "1001", Post: "1001", Why: "the bot could not go on"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, desk := range []bool{true, false} {
				h := newHost(t, true)
				h.d.Gate.Update("acme", func(b *gate.Bot) { b.DeskTold, b.DoubtToDesk, b.HandoffWords = desk, true, true })
				d := c.from(h)
				h.store.Next(dbtest.NotStored)
				if _, err := h.d.Batch(t.Context(), h.now, []bus.Delivery{d}); err == nil {
					t.Fatal("the fault was not noticed")
				}
				if n := h.notice(); n.ID != "" {
					t.Errorf("told of a handoff that is not stored: %+v", n)
				}
				h.batch(d)
				if !h.conversation("acme", alice).HandedOff {
					t.Fatal("not handed off")
				}
				first := h.notice()
				want := c.want
				want.ID, want.Bot, want.User, want.At, want.NextAt = first.ID, "acme", alice.ID, h.now, h.now
				if !desk {
					want = db.DeskNotice{}
				}
				if diff := cmp.Diff(want, first); diff != "" || desk && first.ID == "" {
					t.Errorf("desk %t (-want +got):\n%s", desk, diff)
				}
				// A person has them: what they write then is no handoff, and no news.
				h.now = h.now.Add(time.Minute)
				h.batch(h.dm(alice, "2009", "talk to a human"))
				if diff := cmp.Diff(first, h.notice()); diff != "" {
					t.Errorf("told again (-first +then):\n%s", diff)
				}
			}
		})
	}
}

// A handler outside of this process, and the fallback where it gives no answer,
// count as any other.
func TestDeskIsToldByAHandlerOutside(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*event.Response){
		"its answer":   func(r *event.Response) { r.Said.Handoff = true },
		"the fallback": func(r *event.Response) { r.Failed = "no answer within 20s" },
	} {
		h := asking(t, func(o *handlers.Outside) { o.Fallback = handlers.Fallback{Handoff: true} })
		h.d.Gate.Update("acme", func(b *gate.Bot) { b.DeskTold = true })
		h.batch(h.mention(alice, "1001", "Where is my parcel?"))
		h.batch(h.says(h.question(), "", change))
		if n := h.notice(); n.Interaction != "1001" || n.Post != "1001" || n.Why != "the bot could not go on" {
			t.Errorf("%s: %+v", name, n)
		}
	}
}
