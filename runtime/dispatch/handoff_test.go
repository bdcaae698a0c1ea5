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
	"github.com/beckon-bot/beckon/runtime/xsim"
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
			db.DeskNotice{Interaction: "1001", Post: "1001", Why: "a handler asked for a person"}},
		"by a rule": {func(h *host) bus.Delivery { return h.dm(alice, "2001", "my lawyer will write") },
			db.DeskNotice{Interaction: "2001", Why: "rule acme.law-to-a-person: Talk of lawyers goes to a person."}},
		"by a rule that holds": {func(h *host) bus.Delivery { return h.mention(alice, "1001", "my lawyer wants a refund") },
			db.DeskNotice{Interaction: "1001", Post: "1001", Why: "rule acme.law-to-a-person: Talk of lawyers goes to a person."}},
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
		"handler orders asked for a person":                   func(r *event.Response) { r.Said.Handoff = true },
		"handler orders gave no answer: no answer within 20s": func(r *event.Response) { r.Failed = "no answer within 20s" },
	} {
		h := asking(t, func(o *handlers.Outside) { o.Fallback = handlers.Fallback{Handoff: true} })
		h.d.Gate.Update("acme", func(b *gate.Bot) { b.DeskTold = true })
		h.batch(h.mention(alice, "1001", "Where is my parcel?"))
		h.batch(h.says(h.question(), "", change))
		if n := h.notice(); n.Interaction != "1001" || n.Post != "1001" || n.Why != name {
			t.Errorf("%s: %+v", name, n)
		}
	}
}

// A rule that hands over makes what may leave the bot's last word: it goes to the
// sender although a person has the user now, or waits for that person; what
// follows is silence. A draft that is denied hands nobody over.
func TestRuleHandsOff(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	h.batch(h.dm(alice, "2001", "hello"))
	h.now = h.now.Add(time.Minute)
	h.want(h.batch(h.dm(alice, "2002", "my lawyer will write")), gate.Allow, "")
	if c := h.conversation("acme", alice); !c.HandedOff || c.HandedOffWhy != "rule acme.law-to-a-person: Talk of lawyers goes to a person." {
		t.Errorf("%+v", c)
	}
	rows := map[string]db.Action{}
	for _, a := range h.actions() {
		rows[a.Interaction] = a
	}
	if rows["2001"].State != event.Cancelled || rows["2002"].State != event.Pending {
		t.Errorf("the answer before: %s, want cancelled; the last word: %s, want pending", rows["2001"].State, rows["2002"].State)
	}
	facts, err := gate.ParseFacts(rows["2002"].Draft)
	if err != nil || facts.Draft.Line != event.Handover {
		t.Errorf("the last word is marked %q, %v", facts.Draft.Line, err)
	}
	h.want(h.batch(h.dm(alice, "2003", "hello?")), gate.None, "A person has taken over")

	h.want(h.batch(h.mention(bob, "1001", "a refund, says my lawyer")), gate.Hold, "acme.refund")
	if c := h.conversation("acme", bob); !c.HandedOff {
		t.Error("a held draft of a rule that hands over leaves the user with the bot")
	}

	if !h.d.Gate.Update("acme", func(b *gate.Bot) { b.LabelOn = false }) {
		t.Fatal("no bot")
	}
	carol := xsim.User{ID: "9", Username: "carol"}
	h.want(h.batch(h.dm(carol, "2009", "my lawyer will write")), gate.Deny, "x.label")
	if c := h.conversation("acme", carol); c.HandedOff {
		t.Error("a denied draft hands over")
	}
}

// A person who has the user already gets no last word of the bot from a handler
// outside that answers late.
func TestNoLastWordToWhomAPersonHas(t *testing.T) {
	t.Parallel()
	h := asking(t, func(*handlers.Outside) {})
	h.batch(h.mention(alice, "1001", "Where is my parcel?"))
	q := h.question()
	h.batch(h.person(alice, "3001", "Hi, Ann here."))
	h.want(h.batch(h.says(q, "I hand you over.", func(r *event.Response) { r.Said.Handoff = true })), gate.Deny, "x.handed-off")
}

// The word by which a person gives the user back counts while a send of ours is
// under way, too, and not where it is of before the handoff that stands.
func TestPersonGivesBack(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	h.d.Gate.Update("acme", func(b *gate.Bot) { b.HandoffWords, b.PersonDone = true, "/bot" })
	h.batch(h.dm(alice, "2001", "hello"))
	early := h.person(alice, "3001", "/bot")
	h.now = h.now.Add(time.Minute)
	h.batch(h.dm(alice, "2002", "agent"))
	h.now = h.now.Add(time.Minute)
	h.want(h.batch(early), gate.None, "before they were handed off")
	if c := h.conversation("acme", alice); !c.HandedOff {
		t.Errorf("after a word of before: %+v", c)
	}

	h.batch(h.dm(bob, "2003", "hello"))
	var under db.Action
	for _, a := range h.actions() {
		if a.Interaction == "2003" {
			under = a
		}
	}
	under.State = event.Attempting
	if err := h.store.Write(t.Context(), func(tx db.Tx) error { return tx.UpdateAction(under, event.Pending) }); err != nil {
		t.Fatal(err)
	}
	h.want(h.batch(h.person(bob, "3002", "Olga here.")), gate.None, "judged when the send")
	h.want(h.batch(h.person(bob, "3003", "/Bot")), gate.None, "gives the user back")
	if c := h.conversation("acme", bob); c.WithPerson(h.now) {
		t.Errorf("after the word: %+v", c)
	}
	h.read(func(tx db.Tx) error {
		left, err := tx.EchoesTo("acme", bob.ID)
		if len(left) != 1 || left[0].RemoteID != "3002" {
			t.Errorf("still to be judged: %+v", left)
		}
		return err
	})
	h.d.Gate.Update("acme", func(b *gate.Bot) { b.PersonDone = "" })
	h.want(h.batch(h.person(alice, "3004", "/bot")), gate.None, "A person speaks")
}
