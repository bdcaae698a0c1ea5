package dispatch

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// One post that mentions, answers and quotes the bot arrives three times under
// three ids, in any order: one row.
func TestTwins(t *testing.T) {
	t.Parallel()
	p := xsim.Post{ID: "1001", Author: alice.ID, Text: "@acme_help hello", ReplyTo: "500", ReplyToUser: acme.ID, Quotes: "500"}
	types := []event.Type{event.PostMention, event.PostReply, event.PostQuote}
	for i := range types {
		t.Run(string(types[i]), func(t *testing.T) {
			t.Parallel()
			h := newHost(t, true)
			h.want(h.batch(h.post(types[i], p)), gate.Allow, "")
			h.want(h.batch(h.post(types[(i+1)%3], p), h.post(types[(i+2)%3], p)), gate.Deny, "x.one-per-interaction")
			h.wantRows("acme 1001 reply answer v0 pending")
		})
	}
}

// A denied draft leaves no row, and a later event of its interaction is
// decided again.
func TestTwinOfADeniedDraft(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	p := xsim.Post{ID: "1001", Author: alice.ID, Text: "thanks for that", ReplyTo: "500", ReplyToUser: acme.ID}
	h.want(h.batch(h.post(event.PostReply, p)), gate.Deny, "x.not-summoned")
	h.wantRows()
	p.Quotes = "500"
	h.want(h.batch(h.post(event.PostQuote, p)), gate.Allow, "")
	h.wantRows("acme 1001 reply answer v0 pending")
}

func TestEdits(t *testing.T) {
	t.Parallel()
	edit := func(h *host, id, text string, history ...string) []Handled {
		h.now = h.now.Add(time.Minute)
		return h.batch(h.post(event.PostMention, xsim.Post{ID: id, Author: alice.ID, Text: "@acme_help " + text, History: history}))
	}
	t.Run("another text", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, true)
		h.batch(h.mention(alice, "1001", "hello"))
		h.want(edit(h, "1002", "goodbye", "1001", "1002"), gate.Allow, "")
		h.wantRows("acme 1001 reply answer v0 cancelled", "acme 1001 reply answer v1 pending")
		if got := h.actions()[0].ReplyTo; got != "1002" {
			t.Errorf("reply to %s, want 1002", got)
		}
	})
	t.Run("another text of what got a notice", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, true)
		h.batch(h.mention(alice, "1001", "notice"))
		edit(h, "1002", "hello", "1001", "1002")
		h.wantRows("acme 1001 reply notice v0 cancelled", "acme 1001 reply answer v1 pending")
	})
	t.Run("another text of what waits for a person", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, true)
		h.want(h.batch(h.mention(alice, "1001", "a refund")), gate.Hold, "acme.refund")
		edit(h, "1002", "hello", "1001", "1002")
		h.wantRows("acme 1001 reply answer v0 cancelled", "acme 1001 reply answer v1 pending")
	})
	t.Run("the same text", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, true)
		h.batch(h.mention(alice, "1001", "hello"))
		h.want(edit(h, "1002", "hello", "1001", "1002"), gate.Deny, "x.one-per-interaction")
		h.wantRows("acme 1001 reply answer v0 pending")
	})
	t.Run("the edit first, the post late", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, true)
		h.want(edit(h, "1002", "goodbye", "1001", "1002"), gate.Allow, "")
		h.want(h.batch(h.mention(alice, "1001", "hello")), gate.None, "A later version")
		h.wantRows("acme 1001 reply answer v1 pending")
	})
	t.Run("an edit that says stop", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, true)
		h.batch(h.mention(alice, "1001", "hello"))
		// Not confirmed: the interaction had its answer, which might have been out.
		h.want(edit(h, "1002", "stop", "1001", "1002"), gate.None, "one waiting answer is cancelled; no confirmation is due")
		h.want(edit(h, "1003", "hello again", "1001", "1002", "1003"), gate.Deny, "x.opted-out")
		h.wantRows("acme 1001 reply answer v0 cancelled")
	})
	t.Run("an edit of a day before yesterday", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, true)
		h.batch(h.mention(alice, "1001", "hello"))
		stale := h.post(event.PostMention, xsim.Post{ID: "1002", Author: alice.ID, At: nine.Add(-48 * time.Hour), Text: "@acme_help goodbye", History: []string{"1001", "1002"}})
		h.want(h.batch(stale), gate.None, "older than 24h")
		h.wantRows("acme 1001 reply answer v0 cancelled")
	})
}

// What is recorded and never answered.
func TestSilence(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		event func(*host) []byte
		why   string
		knows bool // the event is an act of the user that counts
	}{
		{"stale by its own time", func(*host) []byte {
			return xsim.DMBody(xsim.Head{EventID: "1", Bot: acme.ID}, event.DMReceived, xsim.DM{ID: "2001", From: alice.ID, To: acme.ID, At: nine.Add(-25 * time.Hour), Text: "hello"}, alice)
		}, "older than 24h", true},
		{"a keyword post", func(*host) []byte {
			return xsim.PostBody(xsim.Head{EventID: "1", Bot: acme.ID, Keyword: "acme"}, event.PostCreate, xsim.Post{ID: "1001", Author: alice.ID, At: nine, Text: "acme is great"}, alice)
		}, "does not address the bot", false},
		{"a group DM", func(*host) []byte {
			return xsim.DMBody(xsim.Head{EventID: "1", Bot: acme.ID}, event.DMReceived, xsim.DM{ID: "2001", From: alice.ID, To: acme.ID, At: nine, Text: "hello"}, alice, bob, acme)
		}, "group DM", false},
		{"a follower", func(*host) []byte {
			return xsim.FollowBody(xsim.Head{EventID: "1", Bot: acme.ID}, event.Follow, alice, acme)
		}, "follow.follow permits no reply and no DM", false},
		{"a like", func(*host) []byte {
			return xsim.LikeBody(xsim.Head{EventID: "1", Bot: acme.ID}, nine, xsim.Post{ID: "500", Author: acme.ID, At: nine}, alice)
		}, "permits no reply", false},
		{"nothing to say", func(*host) []byte {
			return xsim.DMBody(xsim.Head{EventID: "1", Bot: acme.ID}, event.DMReceived, xsim.DM{ID: "2001", From: alice.ID, To: acme.ID, At: nine, Text: "silence"}, alice)
		}, "No handler has an answer", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, true)
			h.want(h.batch(h.deliver(tt.event(h))), gate.None, tt.why)
			h.wantRows()
			if h.decisions() != 1 {
				t.Errorf("%d decision records, want 1", h.decisions())
			}
			if got := h.conversation("acme", alice).Initiated; (got != "" && got != conversation.NotInitiated) != tt.knows {
				t.Errorf("initiated: %q, want it to count: %t", got, tt.knows)
			}
		})
	}
}

// An encrypted message may say stop: nothing automated goes out until a
// readable one resolves it.
func TestChatHolds(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	chat := fmt.Sprintf(`{"data":{"event_uuid":"c1","filter":{"user_id":"900"},"event_type":"chat.received",
		"payload":{"id":"0b7e","created_at_msec":"%d","sender_id":"7","conversation_id":"7:900","encoded_event":"AAA"}}}`, h.now.UnixMilli())
	h.want(h.batch(h.deliver([]byte(chat))), gate.None, "held for a person")
	h.want(h.batch(h.mention(alice, "1001", "hello")), gate.Deny, "x.held")
	h.now = h.now.Add(time.Minute)
	h.want(h.batch(h.dm(alice, "2001", "hello")), gate.Allow, "")
}

// A revoked authorisation names the bot in its payload only, and pauses it.
func TestRevokePauses(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	revoke := h.deliver(xsim.RevokeBody(xsim.Head{EventID: "r1", Bot: acme.ID}, h.now, "77"))
	if revoke.Bot != "acme" {
		t.Fatalf("routed to %q, want acme", revoke.Bot)
	}
	g := h.postTo(globex, event.PostMention, xsim.Post{ID: "1002", Author: bob.ID, Text: "@globex_help hello"})
	done := h.batch(h.mention(alice, "1000", "hello"), revoke, h.mention(alice, "1001", "hello"), g)
	h.want(done[:1], gate.Allow, "")
	h.want(done[:3], gate.Deny, "x.paused")
	h.want(done, gate.Allow, "")
	h.read(func(tx db.Tx) error {
		s, err := tx.Switch("acme")
		if !s.Paused || s.By != "host" || !strings.Contains(s.Reason, "oauth.revoke") {
			t.Errorf("switch: %+v", s)
		}
		return err
	})
}

// A block is told by the older envelope only: it cancels what waits, and
// nothing goes to the user until they come back.
func TestBlockedIsAStop(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	block := func(from, to string) bus.Delivery {
		return h.deliver(fmt.Appendf(nil, `{"for_user_id":%q,"block_events":[{"type":"block","created_timestamp":"%d","source":{"id":%q},"target":{"id":%q}}]}`,
			acme.ID, h.now.UnixMilli(), from, to))
	}
	h.want(h.batch(h.mention(alice, "1000", "hello")), gate.Allow, "")
	h.want(h.batch(block(acme.ID, alice.ID)), gate.None, "permits no reply") // our own block says nothing of her
	h.wantRows("acme 1000 reply answer v0 pending")
	h.want(h.batch(block(alice.ID, acme.ID)), gate.None, "one waiting answer is cancelled")
	h.wantRows("acme 1000 reply answer v0 cancelled")
	h.want(h.batch(h.mention(alice, "1001", "hello")), gate.Deny, "")
	h.now = h.now.Add(time.Minute)
	h.want(h.batch(h.mention(alice, "1002", "START")), gate.Allow, "")
}

// A post that both of X's envelopes tell of is answered once.
func TestBothEnvelopesOneInteraction(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	older := h.deliver(fmt.Appendf(nil, `{"for_user_id":%q,"tweet_create_events":[{"id_str":"1000","text":"@acme_help hello","user":{"id_str":%q,"screen_name":"alice"},
		"entities":{"user_mentions":[{"id_str":%q,"indices":[0,10]}]},"created_at":%q}]}`, acme.ID, alice.ID, acme.ID, h.now.Format(time.RubyDate)))
	h.want(h.batch(h.mention(alice, "1000", "@acme_help hello"), older), gate.Deny, "x.one-per-interaction")
	h.wantRows("acme 1000 reply answer v0 pending")
	other := newHost(t, true)
	other.want(other.batch(older), gate.Allow, "")
	other.batch(other.mention(alice, "1000", "@acme_help hello"))
	other.wantRows("acme 1000 reply answer v0 pending")
}

// Two bots of a host do not answer each other, whatever their labels say.
func TestTwoBotsOfAHost(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	for _, from := range []xsim.User{acme, globex} {
		to := map[string]xsim.User{acme.ID: globex, globex.ID: acme}[from.ID]
		p := xsim.Post{ID: "10" + from.ID, Author: from.ID, Text: "@" + to.Username + " hello"}
		h.want(h.batch(h.postTo(to, event.PostMention, p)), gate.Deny, "x.bot-to-bot")
	}
	h.wantRows()
}

// One post to two bots of the host is an interaction of each.
func TestOnePostToTwoBots(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	p := xsim.Post{ID: "1001", Author: alice.ID, Text: "@acme_help @globex_help hello"}
	h.batch(h.postTo(acme, event.PostMention, p), h.postTo(globex, event.PostMention, p))
	h.wantRows("acme 1001 reply answer v0 pending", "globex 1001 reply answer v0 pending")
	h.now = h.now.Add(time.Minute)
	h.batch(h.dm(alice, "2001", "stop"))
	h.wantRows("acme 1001 reply answer v0 cancelled", "globex 1001 reply answer v0 cancelled", "acme 2001 dm opt_out_confirmation v0 pending")
}

// Our own posts and DMs, seen from outside.
func TestOwnEvents(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	h.batch(h.mention(alice, "1001", "hello"))
	nobody := h.post(event.PostCreate, xsim.Post{ID: "600", Author: acme.ID, Text: "Good morning!"})
	h.want(h.batch(nobody), gate.None, "answers nobody")
	h.wantRows("acme 1001 reply answer v0 pending")
	person := h.post(event.PostCreate, xsim.Post{ID: "601", Author: acme.ID, Text: "Ann here.", ReplyTo: "1001", ReplyToUser: alice.ID})
	h.want(h.batch(person), gate.None, "A person speaks through the account")
	h.wantRows("acme 1001 reply answer v0 cancelled")
	h.want(h.batch(h.mention(alice, "1002", "thanks")), gate.Deny, "x.handed-off")
	if got := h.met.Persons.Load(); got != 2 {
		t.Errorf("metric persons: got %d, want 2", got)
	}
	sent := xsim.DM{ID: "2009", From: acme.ID, To: bob.ID, At: h.now, Text: "Ann here."}
	h.want(h.batch(h.deliver(xsim.DMBody(xsim.Head{EventID: "s1", Bot: acme.ID}, event.DMSent, sent, acme, bob))), gate.None, "A person speaks")
	if h.conversation("acme", bob).PausedUntil.IsZero() {
		t.Error("a person's DM did not pause the bot")
	}
}

func TestHandlerOutput(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	h.batch(h.dm(alice, "2001", "open"))
	if c := h.conversation("acme", alice); c.Flow != "order/number" {
		t.Errorf("flow %q, want order/number", c.Flow)
	}
	h.batch(h.dm(alice, "2002", "hello"))
	h.read(func(tx db.Tx) error {
		text, err := tx.ActionText(h.actions()[0].ID)
		if string(text) != "Answer to 200242." {
			t.Errorf("text %q, want the slot in it", text)
		}
		return err
	})
	h.batch(h.dm(alice, "2003", "cancel")) // belongs to the open flow
	if h.stopped(alice) {
		t.Error("CANCEL in an open flow: opted out")
	}
	// The line that hands over is the last: nobody is asked after it.
	h.want(h.batch(h.dm(bob, "2004", "person")), gate.Allow, "")
	if !h.conversation("acme", bob).HandedOff {
		t.Error("not handed off")
	}
	asked := len(h.handler.asked)
	h.want(h.batch(h.dm(bob, "2005", "hello?")), gate.None, "A person has taken over")
	if len(h.handler.asked) != asked {
		t.Error("a handler is asked after a person took over")
	}
}

// E3: an opt-out is decided before handlers and rules, and confirmed once, in
// the channel it came by.
func TestE3StopComesFirst(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	h.batch(h.mention(alice, "1001", "hello"), h.mention(alice, "1002", "a refund"))
	asked := len(h.handler.asked)
	h.now = h.now.Add(time.Minute)
	h.want(h.batch(h.mention(alice, "1003", "STOP!")), gate.Allow, "")
	if len(h.handler.asked) != asked {
		t.Error("a handler was asked about a STOP")
	}
	h.now = h.now.Add(time.Minute)
	h.want(h.batch(h.dm(alice, "2001", "unsubscribe")), gate.None, "no confirmation is due")
	h.wantRows("acme 1001 reply answer v0 cancelled", "acme 1002 reply answer v0 cancelled", "acme 1003 reply opt_out_confirmation v0 pending")
	if got := h.met.OptOuts.Load(); got != 2 {
		t.Errorf("metric opt-outs: got %d, want 2", got)
	}
	h.now = h.now.Add(time.Minute)
	h.want(h.batch(h.dm(alice, "2002", "start")), gate.Allow, "")
}

// E4: a time that cannot be stops nobody, and keeps no answer waiting for
// years. A STOP counts with it, a START does not.
func TestE4TimesFarAhead(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"9999-12-31T23:59:59-01:00", "2080-01-01T00:00:00Z", "2026-03-03T09:00:00.001Z"} {
		h := newHost(t, true)
		ahead := func(id, text string) []Handled {
			m := h.mention(alice, id, text)
			body := strings.Replace(string(m.Data), "2026-03-02T09:00:00.000Z", at, 1)
			if body == string(m.Data) {
				t.Fatalf("no created_at to replace in %s", body)
			}
			m.Data = []byte(body)
			return h.batch(m)
		}
		h.want(ahead("1001", "hello"), gate.Allow, "")
		if got, want := h.actions()[0].ExpiresAt, nine.Add(24*time.Hour); !got.Equal(want) {
			t.Errorf("%s: the answer waits until %s, want %s", at, got, want)
		}
		if ahead("1002", "stop"); !h.stopped(alice) {
			t.Errorf("%s: the STOP is lost", at)
		}
		if ahead("1003", "start"); !h.stopped(alice) {
			t.Errorf("%s: a START of no time ends the opt-out", at)
		}
	}
}

// What X forbids to store of a user is not kept, whoever hands it over, and is
// counted.
func TestSlotsThatMayNotBeKept(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	h.want(h.batch(h.dm(alice, "2001", "ill")), gate.Allow, "")
	h.read(func(tx db.Tx) error {
		slots, err := tx.Slots("acme", alice.ID)
		if len(slots) != 1 || string(slots["order"]) != "42" {
			t.Errorf("slots %q, want the order alone", slots)
		}
		return err
	})
	if got := h.met.SlotsDropped.Load(); got != 2 {
		t.Errorf("metric slots dropped: got %d, want 2", got)
	}
}

// Misunderstandings are counted in a row, and a question that nobody hears
// opens no flow.
func TestMissedAndUnheard(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	h.batch(h.dm(alice, "2001", "unclear"), h.dm(alice, "2002", "unclear"))
	if got := h.conversation("acme", alice).Missed; got != 2 {
		t.Errorf("missed %d, want 2", got)
	}
	h.batch(h.dm(alice, "2003", "silence"))
	if got := h.conversation("acme", alice).Missed; got != 2 {
		t.Errorf("after silence: missed %d, want 2", got)
	}
	h.batch(h.dm(alice, "2004", "hello"))
	if got := h.conversation("acme", alice).Missed; got != 0 {
		t.Errorf("after an answer: missed %d, want 0", got)
	}
	if err := h.below.Write(t.Context(), func(tx db.Tx) error {
		return tx.PutSwitch(db.Switch{Bot: "acme", Paused: true, By: "kim", At: h.now})
	}); err != nil {
		t.Fatal(err)
	}
	h.want(h.batch(h.dm(alice, "2005", "open")), gate.Deny, "x.paused")
	if c := h.conversation("acme", alice); c.Flow != "" {
		t.Errorf("a denied question opened the flow %q", c.Flow)
	}
}
