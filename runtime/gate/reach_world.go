package gate

import (
	"slices"
	"strconv"
	"time"

	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Time in a world is in ticks, and now is always epoch: after a tick all times
// move into the past. Two ticks are more than the 24 hours that the state
// machine and the platform's rules count, one is less.
const (
	tick = 13 * time.Hour
	few  = 1 // of earlier DMs, and of sends at one moment: more are not told apart
)

func epoch() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }

// world is one bot and one user: what the state machine knows of them, the last
// post and the last DM of the user with the row of the action log for each, and
// what is true of them whatever the state machine knows.
type world struct {
	conv conversation.Conversation
	supp conversation.Suppression
	acts [2]act // a post, a DM
	truth
}

// act is the user's latest post or DM; none where its kind is "".
type act struct {
	told  conversation.Interaction
	event event.Event // as the draft's facts have it
	row   row
	posts int // calls to X that would show a reply to this act
}

// row is a row of the action log; none where its state is "".
type row struct {
	kind    event.ActionKind
	purpose event.Purpose
	line    event.Line
	state   event.State
	drafted time.Time
	lifted  []string // by a person's approval
	heldBy  []string
}

func (r row) waits() bool { return r.state == event.Hold || r.state == event.Pending }
func (r row) aside() bool {
	return Facts{Draft: event.Draft{Kind: r.kind, Purpose: r.purpose, Line: r.line}}.Aside()
}
func (r row) live() bool { return r.waits() || r.state == event.Attempting }

func (r row) counts() bool {
	return r.state == event.Pending || r.state == event.Attempting || r.state == event.Sent || r.state == event.Unsettled
}

// truth is kept by the explorer itself, from the steps alone.
type truth struct {
	stopped    bool // the user's last word is STOP
	wordAt     time.Time
	wrote      bool // the user sent a DM
	blocked    bool // X refused a send because of a block, and no START came since
	unreadable bool // a message that nobody could read, or perhaps a STOP, and nothing clear since
	asked      bool // whether that was a STOP
	person     bool // a person has taken over
	spokeUntil time.Time
	confirmed  time.Time // of the last confirmation sent
}

// word records STOP or START at the user's own time; a tie is STOP.
func (t *truth) word(stop bool, at time.Time) {
	if stop && !at.Before(t.wordAt) || !stop && at.After(t.wordAt) {
		t.stopped, t.wordAt = stop, at
	}
}

func (w *world) state(i int) conversation.State {
	return conversation.State{Conversation: w.conv, Interaction: w.acts[i].told, Suppression: w.supp}
}

// reduce is the production reducer on the conversation and one act. It cancels
// what the effects ask for, and returns the others.
func (w *world) reduce(i int, in conversation.Input) (confirm, ask event.ActionKind) {
	s, effects := conversation.Reduce(w.state(i), in)
	w.conv, w.acts[i].told, w.supp = s.Conversation, s.Interaction, s.Suppression
	for _, f := range effects {
		switch f := f.(type) {
		case conversation.CancelOpen:
			for j := range w.acts {
				if w.acts[j].row.purpose != event.OptOutConfirmation {
					w.cancel(j)
				}
			}
		case conversation.TextChanged:
			if w.acts[i].row.purpose != event.OptOutConfirmation {
				w.cancel(i)
			}
		case conversation.ConfirmOptOut:
			confirm = f.Kind
		case conversation.AskStop:
			ask = f.Kind
		}
	}
	return confirm, ask
}

func (w *world) cancel(i int) {
	if w.acts[i].row.waits() {
		w.move(i, event.Cancelled)
	}
}

func (w *world) move(i int, to event.State) {
	r := &w.acts[i].row
	from := r.state
	r.state = to
	w.reduce(i, conversation.Moved{Kind: r.kind, Aside: r.aside(), From: from, To: to, DraftedAt: r.drafted})
}

// later lets a tick pass. A confirmation that waits expires; a call to X does
// not last that long.
func (w *world) later() bool {
	for i := range w.acts {
		if w.acts[i].row.state == event.Attempting {
			return false
		}
		if w.acts[i].row.purpose == event.OptOutConfirmation {
			w.cancel(i)
		}
	}
	for _, t := range w.times() {
		if !t.IsZero() {
			*t = t.Add(-tick)
		}
	}
	sends := slices.Clone(w.conv.Sends)
	for i := range sends {
		sends[i].At = sends[i].At.Add(-tick)
	}
	w.conv.Sends = sends
	return true
}

// times are all times of the world, sends apart.
func (w *world) times() []*time.Time {
	out := []*time.Time{
		&w.conv.InitiatedAt, &w.conv.LastDMAt, &w.conv.PausedUntil, &w.conv.ConfirmedAt, &w.conv.LastEventAt,
		&w.supp.At, &w.wordAt, &w.spokeUntil, &w.confirmed,
	}
	for i := range w.acts {
		a := &w.acts[i]
		out = append(out, &a.told.FirstAt, &a.told.LastAt, &a.event.At, &a.row.drafted)
	}
	return out
}

// settle forgets what neither rules nor the state machine can tell apart in
// what may still happen, so that the worlds are finitely many. Nothing arrives
// later than a tick after it was said.
func (w *world) settle() {
	now := epoch()
	oldest := func(ticks int, ts ...*time.Time) {
		for _, t := range ts {
			if bound := now.Add(-time.Duration(ticks) * tick); !t.IsZero() && t.Before(bound) {
				*t = bound
			}
		}
	}
	gone := func(t *time.Time, since time.Time) {
		if !t.After(since) {
			*t = time.Time{}
		}
	}
	oldest(1, &w.conv.InitiatedAt)
	oldest(2, &w.conv.LastDMAt)
	oldest(3, &w.supp.At, &w.wordAt)
	gone(&w.conv.LastEventAt, now.Add(-tick))
	gone(&w.conv.ConfirmedAt, now.Add(-3*tick))
	gone(&w.confirmed, now.Add(-3*tick))
	gone(&w.conv.PausedUntil, now)
	gone(&w.spokeUntil, now)
	if !w.supp.OptedOut && !w.stopped {
		gone(&w.supp.At, now.Add(-3*tick))
		gone(&w.wordAt, now.Add(-3*tick))
	}
	w.conv.InitiatedBy, w.conv.HeldReason, w.supp.EventID, w.supp.Tier = "", "", "", ""
	w.conv.DMsReceived = min(w.conv.DMsReceived, few)
	w.conv.RepliesSent = 0 // no rule reads it
	kept, aside := int64(0), int64(0)
	for i := range w.acts {
		a := &w.acts[i]
		oldest(2, &a.event.At, &a.row.drafted)
		if a.row.kind == event.DM && a.row.live() && a.row.counts() {
			if a.row.aside() {
				aside++
			} else {
				kept++
			}
		}
		switch {
		case a.row.live():
		case a.row.counts(): // sent, or perhaps
			a.row = row{kind: a.row.kind, state: event.Sent}
		default:
			a.row = row{}
		}
		a.told.FirstAt, a.told.LastAt = time.Time{}, time.Time{} // nothing reads them here
	}
	introduced := min(w.conv.DMsSent-w.conv.DMsAside, kept+few)
	w.conv.DMsAside = min(w.conv.DMsAside, aside)
	w.conv.DMsSent = w.conv.DMsAside + introduced
	w.conv.Sends = w.recent(now)
}

// recent keeps the sends that a window of the rules counts: of each moment
// those that may still be taken back, and few more.
func (w *world) recent(now time.Time) []conversation.Send {
	var out []conversation.Send
	for _, s := range w.conv.Sends {
		window := map[event.ActionKind]time.Duration{event.Reply: time.Hour, event.DM: 24 * time.Hour}[s.Kind]
		most := few
		for _, a := range w.acts {
			if a.row.live() && a.row.counts() && a.row.kind == s.Kind && a.row.drafted.Equal(s.At) {
				most++
			}
		}
		for _, o := range out {
			if o == s {
				most--
			}
		}
		if most > 0 && s.At.After(now.Add(-window)) {
			out = append(out, s)
		}
	}
	return out
}

// key identifies a settled world.
func (w *world) key() string {
	b := make([]byte, 0, 160)
	flags := func(all ...bool) {
		n := byte(0)
		for i, f := range all {
			if f {
				n |= 1 << i
			}
		}
		b = append(b, 'a'+n%16, 'a'+n/16)
	}
	word := func(s string) { b = append(append(b, s...), '|') }
	number := func(n int64) { b = append(strconv.AppendInt(b, n, 10), '|') }
	for _, t := range w.times() {
		if t.IsZero() {
			b = append(b, '-')
		} else {
			number(int64(epoch().Sub(*t) / time.Hour))
		}
	}
	flags(w.conv.Held, w.conv.HandedOff, w.conv.BlockedUs, w.supp.OptedOut)
	flags(w.stopped, w.wrote, w.blocked, w.unreadable, w.person, w.asked)
	word(string(w.conv.Initiated))
	number(w.conv.DMsReceived)
	number(w.conv.DMsSent)
	number(w.conv.DMsAside)
	for _, s := range w.conv.Sends {
		word(string(s.Kind))
		number(int64(epoch().Sub(s.At) / time.Hour))
	}
	for _, a := range w.acts {
		t := a.told
		word(string(t.Kind))
		flags(t.Mentioned, t.Replied, t.Quoted, t.Summoned, a.event.Readable)
		flags(a.event.Mentioned, a.event.Replied, a.event.Quoted, a.event.Summoned)
		number(int64(t.Version))
		word(t.TextHash)
		number(t.RepliesSent)
		number(t.DMsSent)
		number(t.DraftsWaiting)
		word(string(a.row.state))
		word(string(a.row.kind))
		word(string(a.row.purpose))
		word(string(a.row.line))
		number(int64(a.posts))
		for _, r := range append(slices.Clone(a.row.lifted), a.row.heldBy...) {
			word(r)
		}
	}
	return string(b)
}
