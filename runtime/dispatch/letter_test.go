package dispatch

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// E3, E4: a handler that panics loses no STOP, not its own user's nor
// another's in the same batch, and no answer of anybody else.
func TestE3PanicLosesNoStop(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	h.batch(h.mention(alice, "1001", "hello"), h.mention(bob, "1002", "hello"))
	h.now = h.now.Add(time.Minute)
	done := h.batch(
		h.dm(alice, "2001", "panic-text my secret"),
		h.dm(bob, "2002", "STOP"),
		h.dm(alice, "2003", "panic-index"),
		h.dm(alice, "2004", "STOP"),
		h.mention(xsim.User{ID: "11", Username: "fan"}, "1003", "hello"),
	)
	h.want(done[:1], gate.None, "kept as a dead letter")
	h.want(done[:2], gate.Allow, "")
	h.want(done, gate.Allow, "")
	if !h.stopped(alice) || !h.stopped(bob) {
		t.Errorf("opted out: alice %t, bob %t; want both", h.stopped(alice), h.stopped(bob))
	}
	h.wantRows("acme 1001 reply answer v0 cancelled", "acme 1002 reply answer v0 cancelled",
		"acme 2002 dm opt_out_confirmation v0 pending", "acme 2004 dm opt_out_confirmation v0 pending", "acme 1003 reply answer v0 pending")
	if c := h.conversation("acme", alice); c.DMsReceived != 3 {
		t.Errorf("%d DMs of alice, want 3: the state of a failed event commits", c.DMsReceived)
	}
	letters := h.letters()
	if len(letters) != 2 || h.met.Panics.Load() != 2 || h.met.DeadLetters.Load() != 2 || h.store.Writes() != 2 {
		t.Fatalf("%d letters, metrics %d and %d, %d writes; want 2 each", len(letters), h.met.Panics.Load(), h.met.DeadLetters.Load(), h.store.Writes())
	}
	for _, l := range letters {
		if l.Stage != stageHandle || !strings.Contains(l.Reason, "(*scripted).Handle, line ") || strings.Contains(l.Reason, "secret") {
			t.Errorf("letter %s: %s; want the handler's line and no text", l.Stage, l.Reason)
		}
	}
}

// E4: what a handler may not draft is its fault, not the event's.
func TestE4HandlersMayNot(t *testing.T) {
	t.Parallel()
	for text, why := range map[string]string{"two": "2 drafts", "scheduled": "the purpose scheduled"} {
		h := newHost(t, true)
		h.want(h.batch(h.dm(alice, "2001", text)), gate.None, "The handler failed")
		h.wantRows()
		if l := h.letters(); len(l) != 1 || !strings.Contains(l[0].Reason, why) {
			t.Errorf("%s: letters %+v, want one that says %q", text, l, why)
		}
	}
}

// E3: an event that cannot be reduced still opts out, and takes no other with
// it.
func TestE3ReducerPanics(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	h.batch(h.mention(bob, "1002", "hello"))
	h.now = h.now.Add(time.Minute)
	h.d.reduce = func(s conversation.State, in conversation.Input) (conversation.State, []conversation.Effect) {
		if r, ok := in.(conversation.Received); ok && r.Event.User == bob.ID {
			panic("a fault on purpose")
		}
		return conversation.Reduce(s, in)
	}
	done := h.batch(h.mention(alice, "1001", "hello"), h.dm(bob, "2001", "STOP"), h.dm(bob, "2002", "hello"))
	h.want(done[:1], gate.Allow, "")
	h.want(done, gate.None, "could not be applied")
	if !h.stopped(bob) {
		t.Error("the STOP is lost")
	}
	h.wantRows("acme 1002 reply answer v0 cancelled", "acme 1001 reply answer v0 pending")
	letters := h.letters()
	if len(letters) != 2 || letters[0].Stage != stageReduce {
		t.Fatalf("letters: %+v, want two of stage reduce", letters)
	}

	h.d.reduce = conversation.Reduce // the next version of the program
	h.now = h.now.Add(time.Minute)
	for _, l := range letters {
		h.batch(h.retry(l))
	}
	if c := h.conversation("acme", bob); c.DMsReceived != 2 {
		t.Errorf("%d DMs counted after the retries, want 2", c.DMsReceived)
	}
}

// repaired is the handler of the next version.
type repaired struct{}

func (repaired) Name() string { return "repaired" }

func (repaired) Handle(in handlers.In) handlers.Out { return handlers.Say(in, event.Answer, "Hello.") }

// retry brings a letter back as an operator's command does.
func (h *host) retry(l db.DeadLetter) bus.Delivery {
	h.t.Helper()
	m := h.message(bus.Message{ID: l.Event, Type: "unknown", Source: RetrySource(l), Time: l.At, Bot: l.Bot, User: bus.NoUser, Data: l.Raw})
	if head, err := event.Scan(l.Raw); err == nil {
		m.Type, m.User = string(head.Type), head.User
	}
	return m
}

// E3: a STOP in a body that cannot be decoded counts; it comes again and no
// longer does: the START since then stands.
func TestE3StopInAnUnreadableBody(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	h.batch(h.mention(alice, "1001", "hello"))
	h.now = h.now.Add(time.Minute)
	stop := h.unreadable(alice.ID, "stop")
	h.want(h.batch(stop), gate.None, "Kept as a dead letter: unreadable")
	if !h.stopped(alice) {
		t.Fatal("the STOP is lost")
	}
	h.wantRows("acme 1001 reply answer v0 cancelled")
	h.now = h.now.Add(time.Minute)
	h.want(h.batch(h.dm(alice, "2001", "START")), gate.Allow, "")
	h.now = h.now.Add(time.Minute)
	stop.Time = h.now
	if done := h.batch(stop); !done[0].Duplicate || h.stopped(alice) {
		t.Errorf("the same body again: duplicate %t, opted out %t", done[0].Duplicate, h.stopped(alice))
	}
	// Another body of the same id is another body.
	other := h.unreadable(alice.ID, "STOP")
	other.ID = stop.ID
	if h.batch(other); !h.stopped(alice) {
		t.Error("a STOP is lost behind another body's id")
	}
	if got := len(h.letters()); got != 2 {
		t.Errorf("%d letters, want 2", got)
	}
}

func TestE3NoStopInAnUnreadableBody(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	fromBot := h.unreadable(acme.ID, "stop")
	foreign := h.unreadable(bob.ID, "stop")
	foreign.Bot, foreign.Dead = bus.NoBot, "for no bot of this host"
	empty := h.message(bus.Message{ID: "x", Type: "unknown", Source: "/x/webhook", Time: h.now, Bot: "acme", Dead: "empty"})
	h.batch(h.unreadable(alice.ID, "do not stop now, my friends"), fromBot, foreign, empty)
	if h.stopped(alice) || h.stopped(acme) || h.stopped(bob) {
		t.Error("opted out by what is no STOP to us")
	}
	letters := h.letters()
	if len(letters) != 4 {
		t.Fatalf("%d letters, want 4", len(letters))
	}
	for _, l := range letters {
		if l.Stage != stageIngest || l.Bot == bus.NoBot {
			t.Errorf("letter of stage %s, bot %q", l.Stage, l.Bot)
		}
	}
}

// A body that ingest took for good and that does not decode.
func TestE4UndecodableBody(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	bad := h.message(bus.Message{ID: "e1", Type: "dm.received", Source: "/x/webhook", Time: h.now, Bot: "acme", User: "7", Data: []byte(
		`{"data":{"filter":{"user_id":"900"},"payload":{"sender_id":"7","text":"stop"`)})
	done := h.batch(h.mention(bob, "1001", "hello"), bad, h.mention(bob, "1002", "hello"))
	if len(done) != 3 || !h.stopped(alice) {
		t.Errorf("%d handled, opted out %t", len(done), h.stopped(alice))
	}
	letters := h.letters()
	if len(letters) != 1 || letters[0].Stage != stageDecode || cmp.Diff(string(bad.Data), string(letters[0].Raw)) != "" {
		t.Fatalf("letters: %+v", letters)
	}
	// It is still unreadable when an operator tries again, after a START.
	h.now = h.now.Add(time.Minute)
	h.batch(h.dm(alice, "2001", "START"))
	if done := h.batch(h.retry(letters[0])); done[0].Duplicate || h.stopped(alice) {
		t.Errorf("retry: duplicate %t, opted out %t; want the letter kept and no more", done[0].Duplicate, h.stopped(alice))
	}
	if got := len(h.letters()); got != 1 {
		t.Errorf("%d letters, want 1", got)
	}
}

// The retry of each stage, once what was wrong is right.
func TestRetryOfDeadLetters(t *testing.T) {
	t.Parallel()
	t.Run("ingest: the bot was not configured", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, true)
		m := h.dm(alice, "2001", "hello")
		m.Bot, m.Dead = bus.NoBot, "for no bot of this host"
		h.batch(m)
		l := h.letters()[0]
		l.Bot = "acme"
		h.want(h.batch(h.retry(l)), gate.Allow, "")
		h.want(h.batch(h.retry(l)), gate.Deny, "action.one-per-key") // a crash brought it twice
		h.wantRows("acme 2001 dm answer v0 pending")
		if c := h.conversation("acme", alice); c.DMsReceived != 1 {
			t.Errorf("%d DMs counted, want 1", c.DMsReceived)
		}
	})
	t.Run("handle: the handler was repaired", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, true)
		h.batch(h.dm(alice, "2001", "panic-index"))
		l := h.letters()[0]
		h.want(h.batch(h.retry(l)), gate.None, "The handler failed") // not yet
		h.d.Handlers["acme"][0] = repaired{}
		h.want(h.batch(h.retry(l)), gate.Allow, "")
		h.wantRows("acme 2001 dm answer v0 pending")
		if c := h.conversation("acme", alice); c.DMsReceived != 1 {
			t.Errorf("%d DMs counted, want 1: the first time counts", c.DMsReceived)
		}
	})
	t.Run("handle: too late", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, true)
		h.batch(h.dm(alice, "2001", "panic-index"))
		h.d.Handlers["acme"][0] = repaired{}
		h.now = h.now.Add(25 * time.Hour)
		h.want(h.batch(h.retry(h.letters()[0])), gate.None, "older than 24h")
	})
	t.Run("handle: the user said stop since", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, true)
		h.batch(h.dm(alice, "2001", "panic-index"))
		h.now = h.now.Add(time.Minute)
		h.batch(h.dm(alice, "2002", "stop"))
		h.d.Handlers["acme"][0] = repaired{}
		h.want(h.batch(h.retry(h.letters()[0])), gate.Deny, "x.opted-out")
	})
}
