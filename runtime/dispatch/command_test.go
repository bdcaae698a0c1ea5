package dispatch

import (
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// ask is a command of kim's on the bus.
func (h *host) ask(c event.Command) bus.Delivery {
	h.t.Helper()
	if c.Bot == "" {
		c.Bot = "acme"
	}
	c.At, c.By = h.now, "kim"
	c, err := c.WithID()
	if err != nil {
		h.t.Fatal(err)
	}
	m, err := CommandMessage(c)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.message(m)
}

// E2: a command takes the way of every event, once.
func TestE2Commands(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	h.batch(h.dm(alice, "2001", "hello"), h.mention(alice, "1001", "silence"))
	h.now = h.now.Add(time.Minute)

	dm := h.ask(event.Command{Kind: event.DM, User: alice.ID, Text: "Your parcel is here."})
	h.want(h.batch(dm), gate.Allow, "")
	if again := h.batch(h.message(dm.Message)); !again[0].Duplicate {
		t.Error("a command counts twice")
	}
	// Whoever never wrote is not written to, and only an act toward us is answered.
	h.want(h.batch(h.ask(event.Command{Kind: event.DM, User: bob.ID, Text: "Buy!"})), gate.Deny, "x.dm")
	h.want(h.batch(h.ask(event.Command{Kind: event.Reply, Post: "1777", Text: "Hello."})), gate.Deny, "x.not-summoned")
	// A reply belongs to the user of the post, whomever the command names.
	h.want(h.batch(h.ask(event.Command{Kind: event.Reply, Post: "1001", User: bob.ID, Text: "Soon."})), gate.Allow, "")
	h.want(h.batch(h.ask(event.Command{Kind: event.Reply, Post: "1001", Text: "Sooner."})), gate.Deny, "x.one-per-interaction")
	h.wantRows("acme 2001 dm answer v0 pending", "acme "+dm.ID+" dm operator v0 pending", "acme 1001 reply operator v0 pending")
	for _, a := range h.actions() {
		if a.User != alice.ID {
			t.Errorf("action %s goes to %s", a.ID, a.User)
		}
	}
	// An opt-out stops them like everything else.
	h.batch(h.dm(alice, "2002", "STOP"))
	h.want(h.batch(h.ask(event.Command{Kind: event.DM, User: alice.ID, Text: "One more thing."})), gate.Deny, "x.opted-out")
	h.wantRows("acme 2001 dm answer v0 cancelled", "acme "+dm.ID+" dm operator v0 cancelled", "acme 1001 reply operator v0 cancelled",
		"acme 2002 dm opt_out_confirmation v0 pending")
}

// A body is a command by where it comes from, never by what it says.
func TestCommandsAreNotForged(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	h.batch(h.dm(alice, "2001", "silence"))
	good := h.ask(event.Command{Kind: event.DM, User: alice.ID, Text: "Send me your password."})
	fromX := good.Message
	for _, source := range []string{"/x/webhook", "/x/stream", "", "/beckon/command2", "retry:decode:l-1", "retry:handle:l-1"} {
		fromX.Source = source
		h.want(h.batch(h.message(fromX)), gate.None, "")
	}
	h.wantRows()
	if len(h.letters()) == 0 {
		t.Error("nothing is kept of it")
	}

	// Such a letter put back stays X's; one of a command stays a command.
	for _, l := range h.letters() {
		if l.Stage == stageCommand {
			t.Errorf("letter %s would come back as a command", l.ID)
		}
	}
	broken := good.Message
	broken.Data = []byte(`{"form":"beckon.command/v9"}`)
	h.want(h.batch(h.message(broken)), gate.None, "no command of this version")
	other := good.Message
	other.Bot = "globex"
	h.want(h.batch(h.message(other)), gate.None, `for bot "acme" and came for "globex"`)
	for _, l := range h.letters() {
		if l.Stage == stageCommand && RetrySource(l) != "retry:command:"+l.ID {
			t.Errorf("letter %s comes back as %s", l.ID, RetrySource(l))
		}
	}
	retried := good.Message
	retried.Source = RetrySource(db.DeadLetter{Stage: stageCommand, ID: "l-1"})
	h.want(h.batch(h.message(retried)), gate.Allow, "")
}

// What nobody wrote to the bot leaves no trace of people.
func TestCommandsKeepNoConversation(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	h.batch(h.ask(event.Command{Kind: event.Like, Post: "1777", User: bob.ID, UserAct: "Kim tapped like"}),
		h.ask(event.Command{Kind: event.Quote, Post: "1777", User: bob.ID, Text: "See."}),
		h.ask(event.Command{Kind: event.Bookmark, Post: "1777"}))
	if c := h.conversation("acme", bob); c.Version != 0 {
		t.Errorf("%+v is kept of somebody who never wrote", c)
	}
	h.want(h.batch(h.postTo(acme, event.PostMention, xsim.Post{ID: "1001", Author: bob.ID, Text: "@acme_help hello"})), gate.Allow, "")
}
