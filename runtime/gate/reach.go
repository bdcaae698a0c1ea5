package gate

import (
	"errors"
	"slices"
	"time"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Reach is what exploring found.
type Reach struct {
	States      int `json:"states"`      // told apart by what rules and the state machine read
	Transitions int `json:"transitions"` // steps taken, back to known states too
	Depth       int `json:"depth"`       // steps of the longest sequence
	// Exhaustive is true where no state was left to go on from: then every
	// sequence of the steps, of any length, is covered.
	Exhaustive bool    `json:"exhaustive"`
	Parts      []Part  `json:"parts"`
	Claims     []Claim `json:"claims"`
}

// Claim is something that never happens when a message leaves.
type Claim struct {
	ID       string `json:"id"`
	Never    string `json:"never"`
	Timeline string `json:"timeline,omitempty"` // a shortest way to it, as a file of tests that expects it not to happen; "" where there is none
}

// claim is a Claim with its test of a send.
type claim struct {
	id, never string
	broken    func(w *world, a *act, bot Bot) bool
}

// promises are what must hold of every call to X.
func promises() []claim {
	answers := func(a *act) bool { return a.row.purpose != event.OptOutConfirmation }
	return []claim{
		{"nothing-after-stop", "an answer leaves after the user's last word was STOP", func(w *world, a *act, _ Bot) bool { return answers(a) && w.stopped }},
		{"one-confirmation-a-day", "a confirmation without a STOP, or a second one within 24 hours", func(w *world, a *act, _ Bot) bool {
			return !answers(a) && (!w.stopped || !w.confirmed.IsZero() && epoch().Sub(w.confirmed) < 24*time.Hour)
		}},
		{"one-reply-an-act", "a second reply to one act", func(_ *world, a *act, _ Bot) bool { return a.row.kind == event.Reply && a.posts > 0 }},
		{"no-dm-first", "a DM to a user who sent none", func(w *world, a *act, _ Bot) bool { return a.row.kind == event.DM && !w.wrote }},
		{"no-reply-unasked", "a reply to a post that did not turn to us", func(_ *world, a *act, _ Bot) bool {
			return a.row.kind == event.Reply && !a.event.Addresses()
		}},
		{"no-unsummoned-reply", "an unsummoned reply on a self-serve tier", func(_ *world, a *act, bot Bot) bool {
			return a.row.kind == event.Reply && bot.Tier != "enterprise" && !a.event.Summoned
		}},
		{"silent-beside-a-person", "an answer while a person has taken over, or spoke within a day", func(w *world, a *act, _ Bot) bool {
			return answers(a) && (w.person || epoch().Before(w.spokeUntil))
		}},
		{"silent-after-unreadable", "an answer after a message that nobody could read, or that perhaps said stop", func(w *world, a *act, _ Bot) bool {
			return answers(a) && a.row.line != event.StopQuestion && w.unreadable
		}},
		{"asked-once", "the question whether they said stop, twice in one hold or without one", func(w *world, a *act, _ Bot) bool {
			return a.row.line == event.StopQuestion && (w.asked || !w.unreadable)
		}},
		{"silent-when-blocked", "a message to a user who blocked the bot", func(w *world, _ *act, _ Bot) bool { return w.blocked }},
		{"nothing-late", "an answer a day after the event", func(_ *world, a *act, _ Bot) bool { return epoch().Sub(a.event.At) >= 24*time.Hour }},
	}
}

// node is how a state was first reached.
type node struct {
	from int32 // index of the node before
	step int16 // index of the step from there
}

type explorer struct {
	bot    Bot
	gate   *Gate
	steps  []step
	claims []claim
	broken []bool // by the step under way
	nodes  []node

	facts     Facts // of the one text that is ever drafted
	decisions map[asked]rules.Decision
}

// Explore plays every sequence of the ordinary steps and those of some parts,
// of one user, the people and X toward a bot, with the production reducer and
// the bot's rules, breadth first. It stops at a depth or a number of states (0:
// no bound) and says so.
func Explore(bot Bot, depth, states int, parts ...Part) (Reach, error) {
	if bot.Rules == nil {
		return Reach{}, errors.New("the bot has no rules")
	}
	e := newExplorer(bot, parts)
	out := Reach{Parts: parts}
	for _, c := range e.claims {
		out.Claims = append(out.Claims, Claim{ID: c.id, Never: c.never})
	}
	e.explore(&out, depth, states)
	return out, nil
}

func newExplorer(bot Bot, parts []Part) *explorer {
	e := &explorer{bot: bot, gate: New([]Bot{bot}), claims: promises(), decisions: map[asked]rules.Decision{}}
	e.facts = e.gate.FactsOf(bot, event.Event{}, event.Draft{Text: "An answer."}, epoch())
	e.broken = make([]bool, len(e.claims))
	e.steps = append(e.steps, step{do: func(_ *explorer, w *world) bool { return w.later() }})
	for _, s := range steps() {
		if s.part == Ordinary || slices.Contains(parts, s.part) {
			e.steps = append(e.steps, s)
		}
	}
	return e
}

// explore goes level by level: only the worlds of the last level are kept.
func (e *explorer) explore(out *Reach, depth, states int) {
	first := world{}
	known := map[string]bool{first.key(): true}
	e.nodes = []node{{}}
	level, from := []world{first}, int32(0)
	out.Exhaustive = true
	for len(level) > 0 {
		if depth > 0 && out.Depth == depth {
			out.Exhaustive = false
			break
		}
		var next []world
		begins := int32(len(e.nodes))
		for i, was := range level {
			for s := range e.steps {
				clear(e.broken)
				w := was
				if !e.steps[s].do(e, &w) {
					continue
				}
				out.Transitions++
				here := node{from + int32(i), int16(s)}
				for c, broken := range e.broken {
					if broken && out.Claims[c].Timeline == "" {
						out.Claims[c].Timeline = e.timeline(here, e.claims[c])
					}
				}
				w.settle()
				k := w.key()
				if known[k] {
					continue
				}
				if states > 0 && len(e.nodes) >= states {
					out.Exhaustive = false
					continue
				}
				known[k] = true
				e.nodes = append(e.nodes, here)
				next = append(next, w)
			}
		}
		level, from = next, begins
		if len(next) > 0 {
			out.Depth++
		}
	}
	out.States = len(e.nodes)
}

// sends holds a call to X against the claims, then counts it.
func (e *explorer) sends(w *world, a *act) {
	for i, c := range e.claims {
		if c.broken(w, a, e.bot) {
			e.broken[i] = true
		}
	}
	if a.row.kind == event.Reply {
		a.posts++
	}
	if a.row.purpose == event.OptOutConfirmation {
		w.confirmed = epoch()
	}
	w.asked = w.asked || a.row.line == event.StopQuestion
}
