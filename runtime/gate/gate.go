// Package gate stands between what a bot would like to say and what it may
// say. It builds the rules' input from state and is the only caller of
// rules.Decide: for dispatch, for the sender's second look, for approvals and
// for replay alike.
//
// What it owns: the way from state to input, the obligations (what must be
// added to a draft), the form of a decision record. What it refuses: to store,
// to send, to read a clock, to allow anything by itself.
//
//   - G1 everything that is not an allow of both rule layers is not sent: a bot
//     without rules, an unknown bot and a failed obligation are denials.
//   - G2 an allow has nothing left to apply: each obligation that fired is in
//     the text or the flags already.
//   - G3 an obligation never truncates: what does not fit is a denial with its
//     own reason.
//   - G4 an action never counts against itself: the second look sees the state
//     without the action's own reservation.
//   - G5 no sequence of events leads to a call that breaks a promise: no answer
//     after a STOP, one reply an act, no DM first, and the others that Explore
//     holds against every call, over every sequence that it plays.
//   - G6 a decision holds what is known of its bot from start to end: rules,
//     texts and what is declared are of one moment, whatever changes meanwhile.
//   - G7 a candidate decides nothing: whatever it says, or fails at, the verdict
//     is that of the bot's rules.
//   - G8 rules that change while a draft waits are asked about what is known: a
//     feature that nobody looked for while the text was at hand fails closed.
package gate

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Gate decides for the bots of one host. What it knows of them can change
// while it decides (Update); it is safe for concurrent use.
type Gate struct {
	// bots is never written to: a change stores another map, so that a reader
	// needs no lock and holds what it read (G6).
	bots atomic.Pointer[map[string]Bot]
	mu   sync.Mutex // one change at a time
}

// New returns a gate for the bots.
func New(bots []Bot) *Gate {
	known := make(map[string]Bot, len(bots))
	for _, b := range bots {
		known[b.Name] = b
	}
	g := &Gate{}
	g.bots.Store(&known)
	return g
}

// Bot returns what is known now of the bot of that configured name.
func (g *Gate) Bot(name string) (Bot, bool) {
	b, ok := (*g.bots.Load())[name]
	return b, ok
}

// Update changes what the gate knows of a bot, for every decision that begins
// after it returns. change must not call the gate, nor change the name. It
// reports false where there is no such bot; then change is not called.
func (g *Gate) Update(name string, change func(*Bot)) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	old := *g.bots.Load()
	b, ok := old[name]
	if !ok {
		return false
	}
	change(&b)
	b.Name = name
	bots := maps.Clone(old)
	bots[name] = b
	g.bots.Store(&bots)
	return true
}

// Case is one question to the gate.
type Case struct {
	Bot    string
	State  conversation.State // without the action's own reservation (G4)
	Facts  Facts
	Text   string // the draft's text as far as it is written
	Paused bool   // a kill switch is on
	// OptedIn: the user agreed to hear about what the draft is about.
	OptedIn bool
	Repeats
	Budget Budget
	Lifted []string
	// Approval is none, approved or rejected; "" reads as none.
	Approval string
	Now      time.Time
}

// Budget is what rules may know of money and of the account's own posts.
// Amounts are millionths of a US dollar. The zero value has nothing left.
type Budget struct {
	Cost, CostWithURL  int64 // of the draft, without and with a link in its text
	DayLeft, MonthLeft int64
	Posts1h, Posts24h  int64
}

// Of is what the draft costs.
func (b Budget) Of(url bool) int64 {
	if url {
		return b.CostWithURL
	}
	return b.Cost
}

// Verdict is the gate's answer.
type Verdict struct {
	Decision rules.Decision
	Facts    Facts // with what obligations added
	Text     string
	Input    rules.Input
	Set      *rules.Set // that decided; nil if the bot has none

	// Candidate is what the candidate would have decided; nil: there is none.
	Candidate *Candidate

	handsOff          string   // why a rule gives the user to a person
	features, unknown []string // of the text, as Set can know them
}

// Allowed reports whether the draft may go out as it is now.
func (v Verdict) Allowed() bool { return v.Decision.Effect == rules.Allow }

// Draft answers a case for a draft that was just made in answer to e. taken is
// the time of an event that has none.
func (g *Gate) Draft(e event.Event, d event.Draft, taken time.Time, c Case) Verdict {
	bot, ok := g.Bot(c.Bot)
	d = inParts(d)
	c.Facts, c.Text = g.FactsOf(bot, e, d, taken), d.Text
	c.Facts.Lang = c.State.Conversation.Lang
	if !ok {
		return unknown(c)
	}
	return bot.Decide(c)
}

// Decide answers a case with what is known of its bot now.
func (g *Gate) Decide(c Case) Verdict {
	bot, ok := g.Bot(c.Bot)
	if !ok {
		return unknown(c)
	}
	return bot.Decide(c)
}

func unknown(c Case) Verdict {
	return Verdict{Facts: c.Facts, Text: c.Text,
		Decision: deny("gate.unknown-bot", "", fmt.Sprintf("No bot %q is configured on this host.", c.Bot))}
}

// Decide answers a case with what was known of the bot when it was asked for:
// where the facts were made with the same value, both are of one moment. It
// applies the obligations that fired and decides once more on the draft that
// results. Then the candidate is asked, if there is one.
func (bot Bot) Decide(c Case) Verdict {
	v := bot.by(bot.Rules, c)
	if bot.Candidate != nil {
		v.Candidate = bot.beside(c, v)
	}
	return v
}

// by answers a case with one of the bot's rule sets.
func (bot Bot) by(set *rules.Set, c Case) Verdict {
	v := Verdict{Facts: c.Facts, Text: c.Text, Set: set}
	v.decide(bot, c)
	left := v.left()
	if v.Decision.Effect == rules.Deny || len(left) == 0 {
		return v
	}
	speaks := bot.In(v.Facts.Lang)
	for _, o := range left {
		if why := v.apply(speaks, o); why != "" {
			v.Decision = deny("gate.obligation", string(o), why)
			return v
		}
	}
	v.decide(bot, c)
	if v.Decision.Effect == rules.Deny {
		return v
	}
	if left := v.left(); len(left) > 0 {
		v.Decision = deny("gate.obligation", string(left[0]),
			fmt.Sprintf("Applying the obligations of this draft raised another one, %s.", left[0]))
		return v
	}
	return v
}

func (v *Verdict) decide(bot Bot, c Case) {
	v.Input = input(bot, c, v.Facts)
	v.features, v.unknown = v.Facts.reading(v.Set)
	v.rules(c.Lifted)
}

// rules asks the rules. All that they read stands in the decision record.
func (v *Verdict) rules(lifted []string) {
	v.Decision = v.Set.Decide(rules.Query{Input: v.Input, Features: v.features, Lifted: lifted, Unknown: v.unknown})
	if v.Decision.Effect == rules.Deny {
		return
	}
	// What the draft carries stays due, though its rule may no longer fire.
	all := slices.Concat(v.Decision.Obligations, v.Facts.Applied)
	slices.Sort(all)
	v.Decision.Obligations = slices.Compact(all)
}

// left is what fired and is not applied yet.
func (v *Verdict) left() []rules.Obligation {
	var out []rules.Obligation
	for _, o := range v.Decision.Obligations {
		if !slices.Contains(v.Facts.Applied, o) {
			out = append(out, o)
		}
	}
	return out
}

// Record writes the verdict down in r, which holds its identity.
func (v Verdict) Record(r Record, state conversation.State, lifted []string) Record {
	r.Decision = v.Decision.Effect
	r.By = v.Decision.By
	r.Say = v.Decision.Say
	r.Obligations = v.Decision.Obligations
	r.Outcomes = v.Decision.Outcomes
	r.Shadow = v.Decision.Shadow
	if v.Set != nil {
		platform, account := v.Set.Packs()
		r.Rules = &RulesRef{Set: v.Set.Hash(), Platform: platform, Account: account}
	}
	r.StateVersion = state.Conversation.Version
	r.Input = &InputRef{
		Tree: rules.InputHash(), Values: v.Input, Features: v.features, Unknown: v.unknown, Lifted: lifted, Applied: v.Facts.Applied,
	}
	r.Candidate = v.Candidate
	return r
}

func deny(rule, condition, say string) rules.Decision {
	by := rules.By{Rule: rule}
	if condition != "" {
		by.Conditions = []string{condition}
	}
	return rules.Decision{Effect: rules.Deny, By: []rules.By{by}, Say: say}
}
