package action

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// nine is the time at which a test begins: a Monday morning.
var nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// Holds and forbids that come and go with the clock show what a second look
// sees that the first did not.
const acmeRules = `schema: beckon.rules/v1
pack: acme
layer: account
version: 1.4.0
features:
  asks_refund: {field: event.text, any_of: [refund]}
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
  - id: acme.evening
    effect: hold
    actions: [reply, dm]
    because: In the evening a person looks.
    when:
      evening: bot.local_minute >= 1200 and bot.local_minute < 1320
  - id: acme.night
    effect: forbid
    actions: [reply, dm]
    because: At night we are closed.
    when:
      night: bot.local_minute >= 1320
`

// desk is a host with two bots: a database, a sender, an operator, and an X
// that watches them.
type desk struct {
	t      *testing.T
	below  *sqlite.Store
	store  *dbtest.Faults // what this process sees of it
	gate   *gate.Gate
	key    event.Key
	x      *fakeX
	now    time.Time
	send   map[string]bool
	sender *Sender
	book   *budget.Book
	met    *Metrics
	ended  map[string]event.State // terminal states seen (I5)
	app    string                 // id of our app, as the configuration says
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	set, err := rules.Load([]rules.Source{{Name: "acme.yaml", Data: []byte(acmeRules)}}, rules.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "beckon.db"), Temporary: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	var bots []gate.Bot
	for _, name := range []string{"acme", "globex"} {
		bots = append(bots, gate.Bot{
			Name: name, UserID: "9" + name, Username: name, Tier: "self_serve", OptOutHint: "Say STOP.",
			OptOutConfirmation: "You will hear no more.", LabelOn: true, BioDiscloses: true, OperatorLinked: true, Rules: set,
		})
	}
	d := &desk{
		t: t, below: store, gate: gate.New(bots), key: event.Key("a key for tests, 32 bytes long..."), now: nine,
		book: budget.New(budget.Options{}),
		send: map[string]bool{"acme": true, "globex": true}, ended: map[string]event.State{},
	}
	d.x = &fakeX{desk: d}
	d.restart()
	return d
}

// restart is a new process on the same database.
func (d *desk) restart() {
	d.t.Helper()
	d.boot()
	if _, err := d.sender.Start(d.t.Context(), d.now); err != nil {
		d.t.Fatal(err)
	}
}

// boot is a process before its start-up rule.
func (d *desk) boot() {
	d.store, d.met = dbtest.Faulty(d.below), &Metrics{}
	d.sender = New(Options{Store: d.store, Gate: d.gate, X: d.x, Key: d.key, Book: d.book, Send: d.send, Metrics: d.met})
}

func (d *desk) operator() Desk { return Desk{Store: d.store, Gate: d.gate, Key: d.key, Book: d.book} }

// mention is a post of a user that names the bot; its id is its interaction.
func (d *desk) mention(user, post, text string) event.Event {
	return event.Event{
		ID: "e-" + post, Kind: event.KindPost, Bot: "acme", User: user, At: d.now, Interaction: post, Message: post,
		Text: text, Readable: true, Mentioned: true, Summoned: true, Automated: event.No,
	}
}

func (d *desk) dm(user, id, text string) event.Event {
	return event.Event{
		ID: "e-" + id, Kind: event.KindDM, Bot: "acme", User: user, At: d.now, Interaction: id, Message: id,
		Text: text, Readable: true, Automated: event.No,
	}
}

// unit is one transaction.
func (d *desk) unit(do func(*Unit) error) error {
	return d.store.Write(d.t.Context(), func(tx db.Tx) error {
		u := NewUnit(tx, d.key, d.book, d.now)
		if err := do(u); err != nil {
			return err
		}
		return u.Flush()
	})
}

// answer takes an event in and proposes an answer, as dispatch does.
func (d *desk) answer(e event.Event) (a db.Action, r gate.Record, err error) {
	kind, purpose, text := event.Reply, event.Answer, "Answer to "+e.Message+". See acme.example/a."
	if e.Kind == event.KindDM {
		kind = event.DM
	}
	err = d.unit(func(u *Unit) error {
		tier := conversation.Match(e.Text, false)
		_, effects, err := u.Reduce(e.Bot, e.User, e.Interaction, conversation.Received{Event: e, Tier: tier, TextHash: d.key.Text(e.Text)})
		if err != nil {
			return err
		}
		if _, err := u.CarryOut(e.User, effects); err != nil {
			return err
		}
		if tier.OptsOut() {
			purpose, text = event.OptOutConfirmation, "You will hear no more."
		}
		st, err := u.State(e.Bot, e.User, e.Interaction)
		if err != nil {
			return err
		}
		bot, _ := d.gate.Bot(e.Bot)
		draft := event.Draft{Kind: kind, Purpose: purpose, Text: text, Handler: "test"}
		money, err := u.Quote(e.Bot, kind, st.Interaction.Summoned, db.Cost{})
		if err != nil {
			return err
		}
		v := d.gate.Decide(gate.Case{
			Bot: e.Bot, Budget: money, State: st, Facts: d.gate.FactsOf(bot, e, draft, d.now), Text: text, Now: d.now,
		})
		a = db.Action{
			ID:  event.ActionID(e.Bot, e.Interaction, kind, purpose, 0, e.Version),
			Bot: e.Bot, Interaction: e.Interaction, Kind: kind, Purpose: purpose, Version: e.Version,
			User: e.User, Event: e.ID, ReplyTo: e.Message, DueAt: d.now, ExpiresAt: d.now.Add(24 * time.Hour),
		}
		r, err = u.Propose(Proposal{Action: a, Verdict: v, Asked: e.At, Budget: money, State: st, Record: gate.Record{
			ID: DecisionID(gate.StageDraft, e.ID), At: d.now, Bot: e.Bot, User: e.User, Event: e.ID, Interaction: e.Interaction,
			Action: &gate.ActionRef{Kind: kind, Purpose: purpose, Stage: gate.StageDraft},
		}})
		return err
	})
	return a, r, err
}

// drafted is answer where nothing can go wrong.
func (d *desk) drafted(e event.Event, want event.State) db.Action {
	d.t.Helper()
	a, r, err := d.answer(e)
	if err != nil {
		d.t.Fatal(err)
	}
	if got := d.row(a.ID); got.State != want {
		d.t.Fatalf("draft: %s, want %s (%s)", got.State, want, r.Say)
	}
	return a
}

// echo shows the host an own message, as dispatch does.
func (d *desk) echo(e event.Event) (what Echoed, err error) {
	err = d.unit(func(u *Unit) (err error) {
		what, _, err = u.Echo(e.Bot, e, d.app, DefaultPersonQuiet)
		return err
	})
	return what, err
}

// own is what X shows of a call that it made a post or DM of: its links
// rewritten, its text escaped, a reply with the mention that X adds.
func own(id string, o event.Outgoing) event.Event {
	e := event.Event{ID: "e-" + id, Kind: event.KindOwnPost, Bot: o.Bot, User: o.User, Message: id, ReplyTo: o.ReplyTo}
	e.Text = "@somebody Answer to " + o.ReplyTo + ". See https://t.co/Xyz123"
	if o.Kind == event.DM {
		e.Kind, e.ReplyTo, e.Text = event.KindOwnDM, "", o.Text
	}
	return e
}

// row reads an action; the zero row if there is none.
func (d *desk) row(id string) (a db.Action) {
	d.t.Helper()
	d.read(func(tx db.Tx) error {
		rows, err := tx.ListActions(db.ActionFilter{Max: everyRow})
		for _, r := range rows {
			if r.ID == id {
				a = r
			}
		}
		return err
	})
	return a
}

func (d *desk) read(fn func(db.Tx) error) {
	d.t.Helper()
	if err := d.below.Read(context.Background(), fn); err != nil {
		d.t.Fatal(err)
	}
}

// step is one step of the sender, which must succeed.
func (d *desk) step() time.Time {
	d.t.Helper()
	next, err := d.sender.Step(d.t.Context(), d.now)
	if err != nil {
		d.t.Fatal(err)
	}
	return next
}

// run steps until nothing is due now.
func (d *desk) run() {
	d.t.Helper()
	for range 100 {
		if next := d.step(); next.IsZero() || next.After(d.now) {
			return
		}
	}
	d.t.Fatal("the sender does not come to rest")
}

// want runs the sender, holds the invariants, and compares a row.
func (d *desk) want(id string, state event.State, posts int) {
	d.t.Helper()
	d.run()
	d.check()
	if a := d.row(id); a.State != state {
		d.t.Errorf("action: %s (%s), want %s", a.State, a.Reason, state)
	}
	if got := d.x.posts(id); got != posts {
		d.t.Errorf("X has it %d times, want %d", got, posts)
	}
}

// call is one call as X saw it.
type call struct {
	event.Outgoing
	event.Outcome
	id string // X made a post or DM of it; "": it did not
}

// fakeX is an X that asserts, at every call, what must hold then.
type fakeX struct {
	*desk
	script []reaction
	during func(call) // while the call is under way, X has it already
	panics bool

	mu    sync.Mutex
	calls []call
}

// reaction is how X takes a call: what it answers, and whether it has made a
// post of it. Without a script it takes it.
type reaction struct {
	class   event.Class
	made    bool
	wait    time.Duration // until RetryAt
	status  int
	problem string
}

func (x *fakeX) Send(ctx context.Context, o event.Outgoing) event.Outcome {
	x.mu.Lock()
	n := len(x.calls)
	x.mu.Unlock()
	if err := ctx.Err(); err != nil {
		x.t.Errorf("call %d of action %s: its context has ended", n, o.Action)
	}
	x.watch(o)
	if x.panics {
		panic("a bug on purpose")
	}
	r := reaction{made: true}
	if n < len(x.script) {
		r = x.script[n]
	}
	c := call{Outgoing: o, Outcome: event.Outcome{Class: r.class, Status: r.status, Problem: r.problem, Detail: "as the script says"}}
	if r.wait > 0 {
		c.RetryAt = x.now.Add(r.wait)
	}
	if r.made {
		c.id = fmt.Sprintf("x%d", n)
	}
	if r.class == event.OK {
		c.RemoteID = c.id
	}
	x.mu.Lock()
	x.calls = append(x.calls, c)
	x.mu.Unlock()
	if x.during != nil {
		x.during(c)
	}
	return c.Outcome
}

// watch holds I1 and I4 at the moment of the call, from what is committed.
func (x *fakeX) watch(o event.Outgoing) {
	err := x.below.Read(context.Background(), func(tx db.Tx) error {
		a, err := tx.Action(o.Action)
		if err != nil {
			return err
		}
		if a.State != event.Attempting {
			x.t.Errorf("I1: a call for action %s, which is %s", a.ID, a.State)
		}
		parts, err := Parts(tx, a)
		if err != nil {
			return err
		}
		for _, p := range parts {
			if p.Part < a.Part && p.State != event.Sent && p.State != event.Cancelled {
				x.t.Errorf("I13: a call for part %d while part %d is %s", a.Part, p.Part, p.State)
			}
		}
		stop, err := tx.Suppression(x.key.User(a.User))
		if err != nil {
			return err
		}
		if stop.OptedOut && stop.At.Before(a.UpdatedAt) && a.Purpose != event.OptOutConfirmation {
			x.t.Errorf("I4: a call for action %s, claimed at %s, to a user who opted out at %s", a.ID, a.UpdatedAt, stop.At)
		}
		for _, name := range []string{db.AllBots, a.Bot} {
			s, err := tx.Switch(name)
			if err != nil {
				return err
			}
			if s.Paused && s.At.Before(a.UpdatedAt) {
				x.t.Errorf("I4: a call for action %s while %s is paused", a.ID, name)
			}
		}
		return nil
	})
	if err != nil {
		x.t.Errorf("I1: a call for action %s: %v", cmp.Or(o.Action, "without id"), err)
	}
}

// posts counts what X made of an action.
func (x *fakeX) posts(action string) (n int) {
	for _, c := range x.calls {
		if c.Action == action && c.id != "" {
			n++
		}
	}
	return n
}
