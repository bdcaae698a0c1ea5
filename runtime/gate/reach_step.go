package gate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// step is one thing that can happen in a world. do changes the world and
// reports false where it cannot happen there; then the world is of no more use.
type step struct {
	part Part
	show string // as a step of a timeline, without its time; see tale.write
	late time.Duration
	do   func(e *explorer, w *world) bool
}

// Part is a part of the alphabet. Everything together has too many states to
// end; each part with the ordinary steps has not.
type Part string

// Parts of the alphabet. The ordinary steps are in each of them.
const (
	Ordinary Part = ""         // a post that names us, a DM, their answers, time
	Words    Part = "words"    // STOP and START, by post, DM, edit, late, and by an operator
	People   Part = "people"   // somebody takes over, speaks, releases; what nobody can read
	Posts    Part = "posts"    // posts that do not summon or address us, twins, edits
	Failures Part = "failures" // how a send can end
	Anything Part = "anything" // any kind of draft for any act
)

// Parts are all parts with steps of their own.
func Parts() []Part { return []Part{Words, People, Posts, Failures, Anything} }

// steps is the alphabet: what users, people, X and the handlers can do. Any
// handler may draft at any time, which is more than the host lets it.
func steps() []step {
	mention := func(ev *event.Event) { ev.Mentioned, ev.Summoned = true, true }
	reply := func(ev *event.Event) { ev.Replied = true }
	none, stop, start := conversation.TierNone, conversation.TierHard, conversation.TierStart
	out := []step{
		{Ordinary, "event: post.mention.create, from: alice, text: my order is broken", 0, says(0, none, 0, mention)},
		{Ordinary, "event: dm.received, from: alice, text: hello", 0, says(1, none, 0, nil)},
		{Words, "event: post.mention.create, from: alice, text: stop", 0, says(0, stop, 0, mention)},
		{Words, "event: post.mention.create, from: alice, text: start", 0, says(0, start, 0, mention)},
		{Words, "event: dm.received, from: alice, text: stop", 0, says(1, stop, 0, nil)},
		{Words, "event: dm.received, from: alice, text: start", 0, says(1, start, 0, nil)},
		{Words, "event: dm.received, from: alice, text: stop", tick, says(1, stop, tick, nil)},
		{Words, "event: dm.received, from: alice, text: start", tick, says(1, start, tick, nil)},
		{Words, "event: TYPE, edits: POST, text: stop", 0, edit(stop)},
		{Words, "opt_out: alice", 0, operatorStop},
		{People, "event: dm.received, from: alice, text: can you stop please now", 0, says(1, conversation.TierDoubt, 0, nil)},
		{Posts, "event: post.reply.create, from: alice, text: my order is broken", 0, says(0, none, 0, reply)},
		{Posts, "event: post.create, from: alice, text: nobody is addressed", 0, says(0, none, 0, func(*event.Event) {})},
		{Posts, "event: post.mention.create, same: POST", 0, repeats},
		{Posts, "event: TYPE, edits: POST, text: my order is here", 0, edit(none)},
		{People, "event: chat.received, from: alice", 0, chat},
		{People, "spoke: alice", 0, spoke},
		{People, "hand_off: alice", 0, handsOff},
		{People, "release: alice", 0, releases},
	}
	for i, name := range slots() {
		for j, kind := range []event.ActionKind{event.Reply, event.DM} {
			part := Ordinary
			if i != j {
				part = Anything
			}
			out = append(out, step{part, fmt.Sprintf("draft: %s, to: alice, answers: %s", kind, name), 0, drafts(i, kind)})
		}
		out = append(out,
			step{Ordinary, "send: DRAFT " + name, 0, claims(i)},
			step{Ordinary, "outcome: sent " + name, 0, moves(i, event.Attempting, event.Sent)},
			step{People, "approve: DRAFT " + name, 0, approves(i)},
			step{People, "reject: DRAFT " + name, 0, moves(i, event.Hold, event.Denied)},
			step{Failures, "outcome: unknown_outcome " + name, 0, moves(i, event.Attempting, event.Unsettled)},
			step{Failures, "outcome: refused " + name, 0, unsent(i, event.Failed)},
			step{Failures, "outcome: rate_limited " + name, 0, unsent(i, event.Pending)},
			step{Failures, "outcome: blocked " + name, 0, blocks(i)},
		)
	}
	return out
}

// slots name the two acts of a world in the steps above.
func slots() []string { return []string{"POST", "MESSAGE"} }

func operatorStop(_ *explorer, w *world) bool {
	w.reduce(0, conversation.OptOutRecorded{At: epoch(), ID: "operator"})
	w.word(true, epoch())
	return true
}

func spoke(_ *explorer, w *world) bool {
	until := epoch().Add(24 * time.Hour)
	w.reduce(0, conversation.Spoke{Until: until})
	w.spokeUntil = until
	return true
}

func handsOff(_ *explorer, w *world) bool {
	w.reduce(0, conversation.HandedOff{})
	w.person = true
	return true
}

func releases(_ *explorer, w *world) bool {
	w.reduce(0, conversation.Released{})
	w.person, w.spokeUntil, w.unreadable, w.asked = false, time.Time{}, false, false
	return true
}

// says is a new post (0) or DM (1) of the user. What is under way for the one
// before has to end first: the explorer knows one of each.
func says(i int, tier conversation.Tier, ago time.Duration, facts func(*event.Event)) func(*explorer, *world) bool {
	return func(e *explorer, w *world) bool {
		if w.acts[i].row.live() {
			return false
		}
		ev := event.Event{ID: "e", Kind: event.KindPost, User: "u", At: epoch().Add(-ago), Interaction: "i", Message: "m", Readable: true, Automated: event.No}
		if i == 1 {
			ev.Kind, w.wrote = event.KindDM, true
		} else {
			facts(&ev)
		}
		w.acts[i] = act{event: ev}
		return e.received(w, i, tier, "text")
	}
}

// repeats is another event of the same post, which names the bot too.
func repeats(e *explorer, w *world) bool {
	a := &w.acts[0]
	if a.event.Kind == "" || a.event.Mentioned || a.event.Version > 0 || a.event.At != epoch() {
		return false
	}
	a.event.Mentioned, a.event.Summoned = true, true
	return e.received(w, 0, conversation.TierNone, a.told.TextHash)
}

// edit gives the post another text.
func edit(tier conversation.Tier) func(*explorer, *world) bool {
	return func(e *explorer, w *world) bool {
		a := &w.acts[0]
		if a.event.Kind == "" || a.event.Version > 0 {
			return false
		}
		a.event.Version, a.event.At = 1, epoch()
		return e.received(w, 0, tier, "other")
	}
}

// received applies an event, and drafts the confirmation that it asks for.
func (e *explorer) received(w *world, i int, tier conversation.Tier, text string) bool {
	ev := w.acts[i].event
	confirm, ask := w.reduce(i, conversation.Received{Event: ev, Tier: tier, TextHash: text})
	if ev.Addresses() {
		switch tier {
		case conversation.TierHard:
			w.word(true, ev.At)
		case conversation.TierStart:
			w.word(false, ev.At)
			w.blocked = w.blocked && w.stopped
		}
	}
	switch {
	case tier == conversation.TierDoubt:
		w.unreadable = true
	case i == 1 && !ev.At.Before(w.conv.LastEventAt):
		w.unreadable, w.asked = false, false
	}
	if confirm != "" {
		e.propose(w, i, confirm, event.OptOutConfirmation, event.NoLine)
	}
	if ask != "" {
		e.propose(w, i, ask, event.Notice, event.StopQuestion)
	}
	return true
}

func chat(_ *explorer, w *world) bool {
	w.reduce(1, conversation.Received{Event: event.Event{ID: "c", Kind: event.KindChat, User: "u", At: epoch()}, Tier: conversation.TierNone})
	w.unreadable = true
	return true
}

// drafts is a handler with an answer. A second DM for one act meets a unique
// key of the action log; a second reply is for the rules to deny.
func drafts(i int, kind event.ActionKind) func(*explorer, *world) bool {
	return func(e *explorer, w *world) bool {
		a := &w.acts[i]
		if a.event.Kind == "" || a.row.live() || kind == event.DM && a.told.DMsSent > 0 {
			return false
		}
		return e.propose(w, i, kind, event.Answer, event.NoLine)
	}
}

// propose asks the gate, as dispatch does, and keeps a row unless it is denied.
func (e *explorer) propose(w *world, i int, kind event.ActionKind, purpose event.Purpose, line event.Line) bool {
	r := row{kind: kind, purpose: purpose, line: line, drafted: epoch()}
	d := e.decide(w, i, r)
	switch d.Effect {
	case rules.Allow:
		r.state = event.Pending
	case rules.Hold:
		r.state, r.heldBy = event.Hold, names(d.By)
	default:
		return false
	}
	w.acts[i].row = r
	w.reduce(i, conversation.Drafted{Kind: kind, Purpose: purpose, Aside: r.aside(), State: r.state, At: r.drafted})
	return true
}

func names(by []rules.By) []string {
	out := make([]string, len(by))
	for i, b := range by {
		out[i] = b.Rule
	}
	return out
}

// decide is the gate's decision on a row at this moment. The same input is
// asked once.
func (e *explorer) decide(w *world, i int, r row) rules.Decision {
	d := event.Draft{Kind: r.kind, Purpose: r.purpose, Text: "An answer."}
	s := w.state(i)
	if r.state != "" {
		s = conversation.WithoutAction(s, r.kind, r.aside(), r.state, r.drafted)
	}
	ev := w.acts[i].event
	f := e.facts
	f.Event = EventFacts{Kind: ev.Kind, At: ev.At, Automated: ev.Automated, Edited: ev.Edited(), Readable: ev.Readable}
	f.Draft = event.Draft{Kind: d.Kind, Purpose: d.Purpose, Line: r.line}
	c := Case{Bot: e.bot.Name, State: s, Facts: f, Text: d.Text, Now: epoch()}
	if len(r.lifted) > 0 {
		c.Lifted, c.Approval = r.lifted, "approved"
	}
	k := asked{input(e.bot, c, f), strings.Join(r.lifted, " ")}
	was, ok := e.decisions[k]
	if !ok {
		was = e.gate.Decide(c).Decision
		e.decisions[k] = was
	}
	return was
}

// asked is what a decision depends on.
type asked struct {
	input  rules.Input
	lifted string
}

// claims is the sender: it decides again, and calls X.
func claims(i int) func(*explorer, *world) bool {
	return func(e *explorer, w *world) bool {
		a := &w.acts[i]
		if a.row.state != event.Pending {
			return false
		}
		d := e.decide(w, i, a.row)
		switch d.Effect {
		case rules.Allow:
			w.move(i, event.Attempting)
			e.sends(w, a)
		case rules.Hold:
			a.row.heldBy = names(d.By)
			w.move(i, event.Hold)
		default:
			w.move(i, event.Cancelled)
		}
		return true
	}
}

func approves(i int) func(*explorer, *world) bool {
	return func(e *explorer, w *world) bool {
		r := &w.acts[i].row
		if r.state != event.Hold {
			return false
		}
		r.lifted = append(slices.Clone(r.lifted), r.heldBy...)
		slices.Sort(r.lifted)
		r.lifted = slices.Compact(r.lifted)
		d := e.decide(w, i, *r)
		switch d.Effect {
		case rules.Allow:
			w.move(i, event.Pending)
		case rules.Hold:
			r.heldBy = names(d.By)
		default:
			w.move(i, event.Cancelled)
		}
		return true
	}
}

func moves(i int, from, to event.State) func(*explorer, *world) bool {
	return func(_ *explorer, w *world) bool {
		if w.acts[i].row.state != from {
			return false
		}
		w.move(i, to)
		return true
	}
}

// unsent is X refusing without having done anything.
func unsent(i int, to event.State) func(*explorer, *world) bool {
	return func(_ *explorer, w *world) bool {
		a := &w.acts[i]
		if a.row.state != event.Attempting {
			return false
		}
		if a.row.kind == event.Reply {
			a.posts--
		}
		if a.row.purpose == event.OptOutConfirmation {
			w.confirmed = time.Time{}
		}
		if a.row.line == event.StopQuestion {
			w.asked = false
		}
		w.move(i, to)
		return true
	}
}

// blocks is X refusing because the user blocks the bot.
func blocks(i int) func(*explorer, *world) bool {
	return func(e *explorer, w *world) bool {
		if !unsent(i, event.Failed)(e, w) {
			return false
		}
		for range 2 { // what one refusal means, nobody can tell
			w.reduce(i, conversation.Moved{Kind: w.acts[i].row.kind, From: event.Failed, To: event.Failed, Refused: true, At: epoch()})
		}
		w.conv.Refusals = 0
		w.blocked = true
		return true
	}
}
