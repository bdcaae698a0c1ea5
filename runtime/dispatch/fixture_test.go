package dispatch

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// nine is the time at which a test begins: a Monday morning.
var nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

const acmeRules = `schema: beckon.rules/v1
pack: acme
layer: account
version: 1.4.0
features:
  asks_refund: {field: event.text, any_of: [refund]}
  law: {field: event.text, any_of: [lawyer]}
rules:
  - id: acme.all
    effect: permit
    actions: [reply, dm]
    because: We send what X permits.
  - id: acme.refund
    effect: hold
    actions: [reply, dm]
    because: Money is promised by a person.
    when:
      refund: feature.asks_refund
  - id: acme.law-to-a-person
    effect: require
    actions: [reply, dm]
    because: Talk of lawyers goes to a person.
    when:
      law: feature.law
    obligations: [hand_off]
`

var (
	acme   = xsim.User{ID: "900", Username: "acme_help", Automated: true}
	globex = xsim.User{ID: "901", Username: "globex_help"} // its label is off
	alice  = xsim.User{ID: "7", Username: "alice"}
	bob    = xsim.User{ID: "8", Username: "bob"}
)

// scripted is a handler that does what the message says.
type scripted struct{ asked []string }

func (*scripted) Name() string { return "scripted" }

func (s *scripted) Handle(in handlers.In) handlers.Out {
	s.asked = append(s.asked, in.Event.ID)
	say := func(text string) handlers.Out { return handlers.Say(in, event.Answer, text) }
	with := func(change func(*handlers.Out)) handlers.Out {
		out := say("Answer to " + in.Event.Message + ".")
		change(&out)
		return out
	}
	has := func(word string) bool { return strings.Contains(in.Event.Text, word) }
	switch {
	case has("panic-index"):
		var none []int
		return say(fmt.Sprint(none[len(in.Event.Text)]))
	case has("panic-text"):
		panic("cannot answer " + in.Event.Text)
	case has("silence"):
		return handlers.Out{}
	case has("two"):
		return with(func(out *handlers.Out) { out.Drafts = append(out.Drafts, out.Drafts[0]) })
	case has("scheduled"):
		return with(func(out *handlers.Out) { out.Drafts[0].Purpose = event.Scheduled })
	case has("notice"):
		return with(func(out *handlers.Out) { out.Drafts[0].Purpose = event.Notice })
	case has("open"):
		return with(func(out *handlers.Out) { out.Slots, out.Flow = map[string]string{"order": "42"}, new("order/number") })
	case has("remind"):
		return with(func(out *handlers.Out) {
			out.Slots, out.Flow = map[string]string{"order": "42"}, new("order/number")
			out.Remind = []handlers.Reminder{
				{After: 10 * time.Minute, Text: "Are you still there?"}, {After: time.Hour, Text: "I close this now.", Close: true},
			}
			if has("later") {
				out.Remind[1].Text = ""
			}
			if has("never") {
				out.Flow = new("")
			}
			if has("badly") {
				out.Remind[0].After = 0
			}
		})
	case has("ill"):
		return with(func(out *handlers.Out) {
			out.Slots, out.Flow = map[string]string{"order": "42", "note": "she has cancer", "religion": "x"}, new("order/number")
		})
	case has("unclear"):
		return with(func(out *handlers.Out) { out.Missed = true })
	case has("person"):
		return with(func(out *handlers.Out) { out.Handoff = true })
	}
	return say("Answer to " + in.Event.Message + in.Slots["order"] + ".")
}

// host is a dispatcher of two bots over a database.
type host struct {
	t       testing.TB
	below   *sqlite.Store
	store   *dbtest.Faults
	d       *Dispatcher
	met     *Metrics
	handler *scripted
	now     time.Time
	seq     uint64
}

func newHost(t testing.TB, temporary bool) *host {
	t.Helper()
	set, err := rules.Load([]rules.Source{{Name: "acme.yaml", Data: []byte(acmeRules)}}, rules.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(context.Background(), sqlite.Options{Path: filepath.Join(t.TempDir(), "beckon.db"), Temporary: temporary})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	h := &host{t: t, below: store, store: dbtest.Faulty(store), met: &Metrics{}, handler: &scripted{}, now: nine}
	var bots []gate.Bot
	chains := map[string]handlers.Chain{}
	for name, u := range map[string]xsim.User{"acme": acme, "globex": globex} {
		bots = append(bots, gate.Bot{
			Name: name, UserID: u.ID, Username: u.Username, Tier: "self_serve", OptOutHint: "Say STOP.",
			OptOutConfirmation: "You will hear no more.", ErasureNote: "It is being deleted.", UnlinkNote: "It is no longer linked.", LabelOn: true, BioDiscloses: true, OperatorLinked: true, Rules: set,
		})
		chains[name] = handlers.Chain{h.handler}
	}
	h.d = New(Options{
		Store: h.store, Gate: gate.New(bots), Handlers: chains, Key: event.Key("a key for tests, 32 bytes long..."), Metrics: h.met,
	})
	return h
}

// deliver makes a delivery of a body as ingest would.
func (h *host) deliver(body []byte) bus.Delivery {
	h.t.Helper()
	head, err := event.Scan(body)
	if err != nil {
		h.t.Fatal(err)
	}
	m := bus.Message{ID: head.ID, Type: string(head.Type), Source: "/x/webhook", Time: h.now, User: head.User, Bot: bus.NoBot, Data: body}
	switch head.BotUser {
	case acme.ID:
		m.Bot = "acme"
	case globex.ID:
		m.Bot = "globex"
	}
	return h.message(m)
}

func (h *host) message(m bus.Message) bus.Delivery {
	h.seq++
	return bus.Delivery{Message: m, Seq: h.seq}
}

// unreadable is a body that ingest could only keep.
func (h *host) unreadable(from, text string) bus.Delivery {
	body := fmt.Sprintf(`{"data":{"event_uuid":"1","event_uuid":"2","filter":{"user_id":"900"},"event_type":"dm.received",
		"payload":{"direct_message_events":[{"message_create":{"sender_id":%q,"message_data":{"text":%q}}}]}}}`, from, text)
	return h.message(bus.Message{
		ID: event.BodyID([]byte(body)), Type: "unknown", Source: "/x/webhook", Time: h.now, Bot: "acme", User: from,
		Dead: "unreadable: a field twice", Data: []byte(body),
	})
}

// post is an event of type t that shows p to acme.
func (h *host) post(t event.Type, p xsim.Post) bus.Delivery {
	h.t.Helper()
	return h.postTo(acme, t, p)
}

func (h *host) postTo(bot xsim.User, t event.Type, p xsim.Post) bus.Delivery {
	h.t.Helper()
	if p.At.IsZero() {
		p.At = h.now
	}
	head := xsim.Head{EventID: string(t) + "/" + bot.ID + "/" + p.ID, Bot: bot.ID}
	return h.deliver(xsim.PostBody(head, t, p, acme, globex, alice, bob))
}

func (h *host) mention(from xsim.User, id, text string) bus.Delivery {
	h.t.Helper()
	return h.post(event.PostMention, xsim.Post{ID: id, Author: from.ID, Text: "@acme_help " + text})
}

func (h *host) dm(from xsim.User, id, text string) bus.Delivery {
	h.t.Helper()
	m := xsim.DM{ID: id, From: from.ID, To: acme.ID, At: h.now, Text: text}
	return h.deliver(xsim.DMBody(xsim.Head{EventID: "dm/" + id, Bot: acme.ID}, event.DMReceived, m, from, acme))
}

// person is a DM that somebody wrote through the account itself.
func (h *host) person(to xsim.User, id, text string) bus.Delivery {
	h.t.Helper()
	m := xsim.DM{ID: id, From: acme.ID, To: to.ID, At: h.now, Text: text}
	return h.deliver(xsim.DMBody(xsim.Head{EventID: "own/" + id, Bot: acme.ID}, event.DMSent, m, acme, to))
}

// batch must be committed.
func (h *host) batch(ds ...bus.Delivery) []Handled {
	h.t.Helper()
	done, err := h.d.Batch(h.t.Context(), h.now, ds)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, x := range done {
		if len(x.Records) == 0 {
			h.t.Errorf("event %s led to no record", x.Event.ID)
		}
	}
	return done
}

// want compares the last decision on the last event of a batch, and a part of why.
func (h *host) want(done []Handled, decision gate.Effect, why string) {
	h.t.Helper()
	records := done[len(done)-1].Records
	r := records[len(records)-1]
	rule := ""
	if len(r.By) > 0 {
		rule = r.By[0].Rule
	}
	if r.Decision != decision || !strings.Contains(rule+" "+r.Say, why) {
		h.t.Errorf("got %s by %s: %s; want %s with %q", r.Decision, rule, r.Say, decision, why)
	}
}

func (h *host) read(fn func(db.Tx) error) {
	h.t.Helper()
	if err := h.below.Read(context.Background(), fn); err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) write(fn func(db.Tx) error) {
	h.t.Helper()
	if err := h.below.Write(context.Background(), fn); err != nil {
		h.t.Fatal(err)
	}
}

// rows lists the action log, oldest first: "bot interaction kind purpose vN state".
func (h *host) rows() (out []string) {
	h.t.Helper()
	for _, a := range slices.Backward(h.actions()) {
		out = append(out, fmt.Sprintf("%s %s %s %s v%d %s", a.Bot, a.Interaction, a.Kind, a.Purpose, a.Version, a.State))
	}
	return out
}

func (h *host) actions() (rows []db.Action) {
	h.t.Helper()
	h.read(func(tx db.Tx) (err error) {
		rows, err = tx.ListActions(db.ActionFilter{Max: 10_000})
		return err
	})
	return rows
}

func (h *host) wantRows(want ...string) {
	h.t.Helper()
	if got := h.rows(); !slices.Equal(got, want) {
		h.t.Errorf("action log:\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

func (h *host) letters() (out []db.DeadLetter) {
	h.t.Helper()
	h.read(func(tx db.Tx) (err error) {
		out, err = tx.ListDeadLetters(1000)
		return err
	})
	return out
}

func (h *host) decisions() (n int) {
	h.t.Helper()
	h.read(func(tx db.Tx) error {
		all, err := tx.ListDecisions(10_000)
		n = len(all)
		return err
	})
	return n
}

func (h *host) conversation(bot string, user xsim.User) (c conversation.Conversation) {
	h.t.Helper()
	h.read(func(tx db.Tx) (err error) {
		c, err = tx.Conversation(bot, user.ID)
		return err
	})
	return c
}

func (h *host) stopped(user xsim.User) bool {
	h.t.Helper()
	var s conversation.Suppression
	h.read(func(tx db.Tx) (err error) {
		s, err = tx.Suppression(h.d.Key.User(user.ID))
		return err
	})
	return s.OptedOut
}

// snapshot is all that events leave behind, but how often it was written.
func (h *host) snapshot() map[string]any {
	h.t.Helper()
	out := map[string]any{"rows": h.rows(), "decisions": h.decisions(), "letters": len(h.letters())}
	for _, u := range []xsim.User{acme, globex, alice, bob} {
		for _, bot := range []string{"acme", "globex"} {
			c := h.conversation(bot, u)
			c.Version = 0
			out[bot+"/"+u.ID] = c
		}
		out["stopped/"+u.ID] = h.stopped(u)
	}
	h.read(func(tx db.Tx) error {
		for _, a := range h.actions() {
			i, err := tx.Interaction(a.Bot, a.Interaction)
			if err != nil {
				return err
			}
			out["act/"+a.Bot+"/"+a.Interaction] = i
		}
		return nil
	})
	return out
}

// day is a bit of everything.
func (h *host) day() []bus.Delivery {
	reply := xsim.Post{ID: "1003", Author: bob.ID, Text: "and you?", ReplyTo: "500", ReplyToUser: acme.ID}
	summon := xsim.Post{ID: "1004", Author: bob.ID, Text: "@acme_help and you?", ReplyTo: "500", ReplyToUser: acme.ID}
	ds := []bus.Delivery{
		h.mention(alice, "1001", "hello"),
		h.mention(bob, "1002", "a refund"),
		h.post(event.PostReply, reply),
		h.post(event.PostReply, summon), h.post(event.PostMention, summon),
		h.dm(alice, "2001", "hello"), h.dm(alice, "2002", "panic-index"), h.dm(bob, "2003", "hello"),
		h.unreadable("9", "gibberish"),
		h.dm(alice, "2004", "Stop. Thanks"),
		h.postTo(globex, event.PostMention, xsim.Post{ID: "1005", Author: alice.ID, Text: "@globex_help hello"}),
		h.deliver(xsim.FollowBody(xsim.Head{EventID: "f1", Bot: acme.ID}, event.Follow, bob, acme)),
	}
	h.now = h.now.Add(time.Minute)
	return append(ds, h.dm(alice, "2005", "START"), h.dm(alice, "2006", "hello again"))
}
