package dispatch

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/schedule"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// voice is a bot's own handler: what it says and keeps carries the bot's name,
// and what is not its own shows.
type voice struct {
	bot    string
	t      testing.TB
	script scripted
}

func (*voice) Name() string { return "voice" }

func (v *voice) Handle(in handlers.In) handlers.Out {
	if in.Bot.Name != v.bot || in.Conversation.Bot != v.bot || in.Interaction.Bot != v.bot {
		v.t.Errorf("the handler of %s is asked about %s, conversation of %s, act toward %s", v.bot, in.Bot.Name, in.Conversation.Bot, in.Interaction.Bot)
	}
	for name, value := range in.Slots {
		if value != "" && !strings.HasPrefix(value, v.bot) {
			v.t.Errorf("the handler of %s sees slot %s of another: %q", v.bot, name, value)
		}
	}
	out := v.script.Handle(in)
	for name := range out.Slots {
		out.Slots[name] = v.bot + " " + in.Event.Message
	}
	for i := range out.Drafts {
		out.Drafts[i].Text = v.bot + ": " + out.Drafts[i].Text
	}
	return out
}

// ownRules differ in what they hold, and in what they forbid.
const globexRules = `schema: beckon.rules/v1
pack: globex
layer: account
version: 2.0.0
rules:
  - id: globex.all
    effect: permit
    actions: [reply, dm, post]
    because: We send what X permits.
  - id: globex.once
    effect: forbid
    actions: [dm]
    because: Three DMs are enough.
    when:
      many: user.dms_sent >= 3
`

// twoBots is a host of two bots that have nothing in common but the host.
func twoBots(t *testing.T) *host {
	t.Helper()
	h := newHost(t, true)
	var bots []gate.Bot
	chains := map[string]handlers.Chain{}
	for _, b := range []struct {
		name, rules string
		user        xsim.User
	}{{"acme", acmeRules, acme}, {"globex", globexRules, globex}} {
		set, err := rules.Load([]rules.Source{{Name: b.name + ".yaml", Data: []byte(b.rules)}}, rules.Options{})
		if err != nil {
			t.Fatal(err)
		}
		bots = append(bots, gate.Bot{
			Name: b.name, UserID: b.user.ID, Username: b.user.Username, Operator: b.name + "_people", Tier: "enterprise",
			OptOutHint: b.name + " hint.", OptOutConfirmation: b.name + " is silent.", LabelOn: true, BioDiscloses: true, OperatorLinked: true,
			PrivacyURL: "https://" + b.name + ".example/privacy", Rules: set,
		})
		chains[b.name] = handlers.Chain{&voice{bot: b.name, t: t}}
	}
	h.d = New(Options{
		Store: h.store, Gate: gate.New(bots), Handlers: chains, Key: h.d.Key, Metrics: h.met,
		Book: budget.New(budget.Options{Budgets: map[string]budget.Limits{"acme": {Day: 150_000}}}),
	})
	return h
}

// trace is all that the host knows of a bot.
func (h *host) trace(bot string) map[string]any {
	h.t.Helper()
	out := map[string]any{}
	h.read(func(tx db.Tx) error {
		all, err := tx.ListDecisions(10_000)
		if err != nil {
			return err
		}
		var decisions []string
		for _, d := range all {
			if d.Bot == bot {
				decisions = append(decisions, string(d.Record))
			}
		}
		out["decisions"] = decisions
		actions, err := tx.ListActions(db.ActionFilter{Bot: bot, Max: 10_000})
		if err != nil {
			return err
		}
		out["actions"] = actions
		for _, a := range actions {
			text, err := tx.ActionText(a.ID)
			if err == nil {
				out["text/"+a.ID] = string(text)
			}
			i, err := tx.Interaction(bot, a.Interaction)
			if err != nil {
				return err
			}
			out["act/"+a.Interaction] = i
		}
		for _, u := range []xsim.User{alice, bob} {
			c, err := tx.Conversation(bot, u.ID)
			if err != nil {
				return err
			}
			slots, err := tx.Slots(bot, u.ID)
			if err != nil {
				return err
			}
			out["user/"+u.ID], out["slots/"+u.ID] = c, slots
		}
		due, err := tx.DueReminders(h.now.AddDate(0, 0, 30), 1000)
		var mine []db.Reminder
		for _, r := range due {
			if r.Bot == bot {
				mine = append(mine, r)
			}
		}
		out["reminders"] = mine
		if err != nil {
			return err
		}
		out["spent"], err = tx.Spending(bot, nine.Truncate(24*time.Hour), nine.AddDate(0, 0, 2))
		return err
	})
	return out
}

// act is one thing that happens to one bot at a time.
type act struct {
	bot  string
	at   time.Time
	make func(h *host) []bus.Delivery
}

// life is a sequence of acts of two users toward two bots.
func life(r *rand.Rand) (acts []act) {
	words := []string{"hello", "open a case", "a refund please", "a person please", "remind me", "remind me later", "silence", "panic-index", "thanks", "help"}
	now := nine
	for i := range 40 {
		now = now.Add(time.Duration(r.IntN(900)) * time.Second)
		b := []xsim.User{acme, globex}[r.IntN(2)]
		name := map[string]string{acme.ID: "acme", globex.ID: "globex"}[b.ID]
		u, word, id := []xsim.User{alice, bob}[r.IntN(2)], words[r.IntN(len(words))], fmt.Sprint(100_000+i)
		a := act{bot: name, at: now}
		switch r.IntN(5) {
		case 0:
			a.make = func(h *host) []bus.Delivery {
				p := xsim.Post{ID: id, Author: u.ID, Text: "@" + b.Username + " " + word, At: h.now}
				return []bus.Delivery{h.postTo(b, event.PostMention, p)}
			}
		case 1:
			a.make = func(h *host) (due []bus.Delivery) {
				h.read(func(tx db.Tx) error {
					all, err := tx.DueReminders(h.now, 100)
					for _, x := range all {
						if m, err := CommandMessage(schedule.ReminderDue(x)); err == nil && x.Bot == name {
							due = append(due, h.message(m))
						}
					}
					return err
				})
				return due
			}
		case 2:
			a.make = func(h *host) []bus.Delivery {
				return []bus.Delivery{h.ask(event.Command{Bot: name, Kind: event.Post, Text: fmt.Sprintf("%s tells of number %d, and of %s.", name, i, strings.Repeat(name, i))})}
			}
		default:
			a.make = func(h *host) []bus.Delivery {
				m := xsim.DM{ID: id, From: u.ID, To: b.ID, At: h.now, Text: word}
				return []bus.Delivery{h.deliver(xsim.DMBody(xsim.Head{EventID: "dm/" + id, Bot: b.ID}, event.DMReceived, m, u, b))}
			}
		}
		acts = append(acts, a)
	}
	return acts
}

// play plays the acts toward the bots named; the others do not happen.
func (h *host) play(acts []act, bots ...string) {
	for _, a := range acts {
		h.now = a.at
		if !strings.Contains(strings.Join(bots, " "), a.bot) {
			continue
		}
		if ds := a.make(h); len(ds) > 0 {
			h.batch(ds...)
		}
	}
}

// Nothing of a bot's leaks to another: what a host does for one, to the byte,
// does not depend on whether another lives beside it with the same users.
// Opt-outs and repeated posts are of the whole host, see below.
func TestBotsAreApart(t *testing.T) {
	t.Parallel()
	busy, lives := 0, 10
	if testing.Short() { // under the race detector one is a minute's work
		lives = 1
	}
	for seed := range uint64(lives) {
		acts := life(rand.New(rand.NewPCG(seed, 11)))
		both := twoBots(t)
		both.play(acts, "acme", "globex")
		for _, name := range []string{"acme", "globex"} {
			alone := twoBots(t)
			alone.play(acts, name)
			got, want := both.trace(name), alone.trace(name)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("seed %d: %s beside another bot (-alone +beside):\n%s", seed, name, diff)
			}
			busy += len(got["actions"].([]db.Action))
		}
	}
	if busy < 10*lives {
		t.Errorf("only %d actions in all: the bots hardly did anything", busy)
	}
}

// What bots of one host have in common on purpose.
func TestBotsShareWhatXAsks(t *testing.T) {
	t.Parallel()
	h := twoBots(t)
	h.batch(h.dm(alice, "2001", "hello"), h.postTo(globex, event.PostMention, xsim.Post{ID: "1001", Author: alice.ID, Text: "@globex_help hello"}))
	h.batch(h.dm(alice, "2002", "STOP"))
	for _, a := range h.actions() {
		if a.User == alice.ID && a.State == event.Pending && a.Purpose != event.OptOutConfirmation {
			t.Errorf("%s of %s still waits for whoever said stop to acme", a.ID, a.Bot)
		}
	}
	// One text, two accounts: only the first may.
	post := event.Command{Kind: event.Post, Text: "The office at the harbour is closed on Friday because of the storm."}
	post.Bot = "globex"
	h.want(h.batch(h.ask(post)), gate.Allow, "")
	post.Bot = "acme"
	h.want(h.batch(h.ask(post)), gate.Deny, "x.same-elsewhere")
}
