package dispatch

import (
	"fmt"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/schedule"
)

// reminders are those due until a time, as a scheduler puts them on the bus.
func (h *host) reminders(until time.Duration) (out []bus.Delivery) {
	h.t.Helper()
	h.read(func(tx db.Tx) error {
		due, err := tx.DueReminders(h.now.Add(until), 100)
		for _, r := range due {
			m, err := CommandMessage(schedule.ReminderDue(r))
			if err != nil {
				return err
			}
			out = append(out, h.message(m))
		}
		return err
	})
	return out
}

func (h *host) wantReminders(n int) []bus.Delivery {
	h.t.Helper()
	got := h.reminders(24 * time.Hour)
	if len(got) != n {
		h.t.Fatalf("%d reminders are armed, want %d", len(got), n)
	}
	return got
}

func (h *host) slots() (n int) {
	h.t.Helper()
	h.read(func(tx db.Tx) error {
		all, err := tx.Slots("acme", alice.ID)
		n = len(all)
		return err
	})
	return n
}

func TestReminders(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	armed := 0
	h.d.Armed = func() { armed++ }
	h.batch(h.dm(alice, "2000", "hello"))
	h.batch(h.dm(alice, "2001", "remind me"))
	if armed != 1 {
		t.Errorf("told %d times that reminders are armed", armed)
	}
	due := h.wantReminders(2)
	h.now = nine.Add(10 * time.Minute)
	h.want(h.batch(due[0]), gate.Allow, "")
	if again := h.batch(h.message(due[0].Message)); !again[0].Duplicate {
		t.Error("a due time counts twice")
	}
	h.wantReminders(1)
	h.now = nine.Add(time.Hour)
	h.want(h.batch(due[1]), gate.Allow, "")
	if c := h.conversation("acme", alice); c.Flow != "" || h.slots() != 0 {
		t.Errorf("the flow is at %q with %d slots, and not closed", c.Flow, h.slots())
	}
	h.wantReminders(0)
	h.wantRows("acme 2000 dm answer v0 pending", "acme 2001 dm answer v0 pending", "acme "+due[0].ID+" dm reminder v0 pending", "acme "+due[1].ID+" dm reminder v0 pending")
}

func TestReminderIsPutOff(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	h.batch(h.dm(alice, "2001", "remind me later"))
	due := h.wantReminders(2)

	// Another handler answers: the flow stays open, silence begins anew.
	h.now = nine.Add(9 * time.Minute)
	h.batch(h.dm(alice, "2002", "hello"))
	h.now = nine.Add(10 * time.Minute)
	h.want(h.batch(due[0]), gate.None, "put off") // it was on the bus already
	due = h.wantReminders(2)
	h.now = nine.Add(19 * time.Minute)
	h.want(h.batch(due[0]), gate.Allow, "")

	// Whoever writes before it leaves is not reminded.
	h.batch(h.dm(alice, "2003", "silence"))
	h.wantRows("acme 2001 dm answer v0 pending", "acme 2002 dm answer v0 pending", "acme "+due[0].ID+" dm reminder v0 cancelled")
	// An end without a word.
	h.now = nine.Add(79 * time.Minute)
	h.want(h.batch(h.wantReminders(1)[0]), gate.None, "their flow is closed")
	if c := h.conversation("acme", alice); c.Flow != "" {
		t.Error("the flow is open")
	}
}

// What makes a reminder void, or forbids it.
func TestReminderIsNotSent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first    string
		then     func(h *host)
		late     time.Duration
		decision gate.Effect
		why      string
	}{
		"opt-out":     {then: func(h *host) { h.batch(h.dm(alice, "2002", "STOP")) }, decision: gate.None, why: "void"},
		"kill switch": {then: func(h *host) { h.pause("acme") }, decision: gate.Deny, why: "x.paused"},
		"a person took over": {then: func(h *host) { h.batch(h.dm(alice, "2002", "a person please")) },
			decision: gate.Deny, why: "x.handed-off"},
		"another step": {then: func(h *host) { h.batch(h.dm(alice, "2002", "remind me")) }, decision: gate.None, why: "void"},
		"late":         {late: schedule.RemindWithin, decision: gate.None, why: "too late"},
		"in public":    {first: "mention", decision: gate.Deny, why: "x.dm"}, // who never wrote by DM gets none
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, true)
			if c.first == "" {
				h.batch(h.dm(alice, "2001", "remind me"))
			} else {
				h.batch(h.mention(alice, "1001", "remind me"))
			}
			due := h.wantReminders(2)[0]
			if c.then != nil {
				c.then(h)
				for _, d := range h.reminders(10 * time.Minute) {
					if name == "a person took over" || name == "kill switch" {
						due = d
					}
				}
			}
			h.now = nine.Add(10*time.Minute + c.late)
			h.want(h.batch(due), c.decision, c.why)
			for _, a := range h.actions() {
				if a.Purpose == event.Reminder && a.State != event.Denied {
					t.Errorf("a reminder is %s", a.State)
				}
			}
		})
	}
}

// A reminder belongs to an open flow, and to the bot and user that it was armed for.
func TestRemindersBelong(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	h.batch(h.dm(alice, "2001", "remind never"))
	h.wantReminders(0)
	h.want(h.batch(h.dm(alice, "2002", "remind badly")), gate.None, "failed")
	h.wantReminders(0)

	h.batch(h.dm(alice, "2003", "remind"))
	due := h.wantReminders(2)[0]
	c, err := event.ReadCommand(due.Data)
	if err != nil {
		t.Fatal(err)
	}
	h.now = nine.Add(10 * time.Minute)
	for i, change := range []func(){func() { c.User = bob.ID }, func() { c.User, c.Bot = alice.ID, "globex" }} {
		change()
		c.ID = fmt.Sprint("other-", i)
		m, err := CommandMessage(c)
		if err != nil {
			t.Fatal(err)
		}
		h.want(h.batch(h.message(m)), gate.None, "void")
	}
	h.wantReminders(2)
}

// pause turns the bot's kill switch on.
func (h *host) pause(bot string) {
	h.t.Helper()
	err := h.below.Write(h.t.Context(), func(tx db.Tx) error {
		return tx.PutSwitch(db.Switch{Bot: bot, Paused: true, By: "kim", At: h.now})
	})
	if err != nil {
		h.t.Fatal(err)
	}
}
