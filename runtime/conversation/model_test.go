package conversation

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/event"
)

func TestC4StopLastWins(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(4, 4))
	for round := range 300 {
		var inputs []Input
		last, tier := -1, TierNone
		for i, minute := range rng.Perm(1 + rng.IntN(8)) {
			say, word := dm, TierStart
			if rng.IntN(2) == 0 {
				say = mention
			}
			if rng.IntN(2) == 0 {
				word = TierHard
			}
			inputs = append(inputs, say(fmt.Sprint(i), minute, word))
			if minute > last {
				last, tier = minute, word
			}
		}
		got := new(desk).apply(inputs...).Suppression
		if got.OptedOut != (tier == TierHard) || !got.At.Equal(at(last)) {
			t.Fatalf("round %d: opted out %t at %v, want the last word %s at %v", round, got.OptedOut, got.At, tier, at(last))
		}
	}
}

// The three events of one act, an edit of it and duplicates, in any order.
func TestC2OrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	act := func(id string, change func(*event.Event)) Received {
		return with(mention("1", 0, TierHard), func(r *Received) {
			r.Event.ID, r.Event.Mentioned, r.Event.Summoned = id, false, false
			change(&r.Event)
		})
	}
	events := []Received{
		act("7", func(e *event.Event) { e.Mentioned, e.Summoned = true, true }),
		act("5", func(e *event.Event) { e.Replied = true }),
		act("3", func(e *event.Event) { e.Quoted = true }),
		act("5", func(e *event.Event) { e.Replied = true }),
		act("8", func(e *event.Event) { e.Mentioned = true }),
		with(act("9", func(e *event.Event) {
			e.Mentioned, e.Version, e.Message, e.At = true, 1, "post-v1", at(3)
		}), func(r *Received) { r.Tier, r.TextHash = TierNone, "h-v1" }),
	}
	var want *State
	rng := rand.New(rand.NewPCG(2, 2))
	for range 200 {
		d := new(desk)
		for _, i := range rng.Perm(len(events)) {
			d.apply(events[i])
		}
		if want == nil {
			want = &d.State
		}
		if diff := cmp.Diff(*want, d.State); diff != "" {
			t.Fatalf("another order gives another state (-first +this):\n%s", diff)
		}
	}
	i, c := want.Interaction, want.Conversation
	if !i.Mentioned || !i.Replied || !i.Quoted || !i.Summoned || i.Message != "post-v1" {
		t.Errorf("facts got lost: %+v", i)
	}
	if id := want.Suppression.EventID; id != "3" {
		t.Errorf("the opt-out is kept under event %s, want 3, the least", id)
	}
	if c.Initiated != InitiatedMention || c.InitiatedBy != "7" {
		t.Errorf("initiated: got %q by %q, want mention by 7", c.Initiated, c.InitiatedBy)
	}
}

// row is a row of the action log, as the model keeps it.
type row struct {
	act   string
	kind  event.ActionKind
	state event.State
	at    time.Time
}

func TestC8CountsEqualRows(t *testing.T) {
	t.Parallel()
	states := []event.State{event.Hold, event.Pending, event.Attempting, event.Sent, event.Failed, event.Unsettled, event.Denied, event.Cancelled}
	kinds := []event.ActionKind{event.Reply, event.DM, event.Like}
	rng := rand.New(rand.NewPCG(8, 8))
	for range 200 {
		d := new(desk).apply(mention("a", 0, TierNone), mention("b", 0, TierNone))
		var rows []row
		for range 40 {
			if len(rows) == 0 || rng.IntN(3) == 0 {
				r := row{[]string{"post-a", "post-b"}[rng.IntN(2)], kinds[rng.IntN(3)], states[rng.IntN(2)], at(rng.IntN(99))}
				rows = append(rows, r)
				d.Interaction.Key = r.act
				d.apply(Drafted{Kind: r.kind, State: r.state, At: r.at})
			} else {
				r := &rows[rng.IntN(len(rows))]
				to := states[rng.IntN(len(states))]
				d.Interaction.Key = r.act
				d.apply(Moved{Kind: r.kind, From: r.state, To: to, DraftedAt: r.at})
				r.state = to
			}
			compare(t, d, rows)
		}
	}
}

func compare(t *testing.T, d *desk, rows []row) {
	t.Helper()
	var want Conversation
	acts := map[string]Interaction{"post-a": {}, "post-b": {}}
	for _, r := range rows {
		i := acts[r.act]
		if r.state == event.Hold {
			i.DraftsWaiting++
		}
		switch r.state {
		case event.Pending, event.Attempting, event.Sent, event.Unsettled:
			switch r.kind {
			case event.Reply:
				i.RepliesSent++
				want.RepliesSent++
			case event.DM:
				i.DMsSent++
				want.DMsSent++
			}
			if r.kind != event.Like {
				want.Sends = append(want.Sends, Send{At: r.at, Kind: r.kind})
			}
		}
		acts[r.act] = i
	}
	for key, want := range acts {
		got := d.acts[key]
		if got.RepliesSent != want.RepliesSent || got.DMsSent != want.DMsSent || got.DraftsWaiting != want.DraftsWaiting {
			t.Fatalf("%s: got %d replies, %d DMs, %d waiting; rows have %d, %d, %d", key,
				got.RepliesSent, got.DMsSent, got.DraftsWaiting, want.RepliesSent, want.DMsSent, want.DraftsWaiting)
		}
	}
	got := d.Conversation
	if got.RepliesSent != want.RepliesSent || got.DMsSent != want.DMsSent {
		t.Fatalf("conversation: got %d replies, %d DMs; rows have %d, %d", got.RepliesSent, got.DMsSent, want.RepliesSent, want.DMsSent)
	}
	slices.SortFunc(want.Sends, compareSends)
	if diff := cmp.Diff(want.Sends, got.Sends); diff != "" && len(want.Sends) <= RingSize {
		t.Fatalf("C9 ring (-rows +got):\n%s", diff)
	}
}

func TestC9Ring(t *testing.T) {
	t.Parallel()
	d := new(desk)
	for i := range RingSize + 4 {
		d.apply(Drafted{Kind: event.Reply, State: event.Pending, At: at(i)})
	}
	d.apply(Drafted{Kind: event.DM, State: event.Pending, At: at(20)}, Drafted{Kind: event.DM, State: event.Hold, At: at(20)})
	if n := len(d.Conversation.Sends); n != RingSize || !d.Conversation.Sends[0].At.Equal(at(5)) {
		t.Errorf("ring: %d sends from %v, want %d from %v", n, d.Conversation.Sends[0].At, RingSize, at(5))
	}
	now := at(21)
	for _, tt := range []struct {
		d            time.Duration
		replies, dms int64
	}{{time.Minute, 0, 0}, {2 * time.Minute, 0, 1}, {5 * time.Minute, 3, 1}, {time.Hour, 15, 1}} {
		if r, m := d.Conversation.RepliesWithin(tt.d, now), d.Conversation.DMsWithin(tt.d, now); r != tt.replies || m != tt.dms {
			t.Errorf("within %v: got %d replies, %d DMs, want %d, %d", tt.d, r, m, tt.replies, tt.dms)
		}
	}
	before := d.State
	without := WithoutAction(d.State, event.DM, false, event.Pending, at(20).Add(300*time.Microsecond))
	if without.Conversation.DMsSent != 0 || without.Conversation.DMsWithin(time.Hour, now) != 0 || without.Interaction.DMsSent != 0 {
		t.Errorf("WithoutAction still counts the action: %+v", without.Conversation)
	}
	if diff := cmp.Diff(before, d.State); diff != "" {
		t.Errorf("C1: WithoutAction changed what it was given (-want +got):\n%s", diff)
	}
}

// FuzzC1Reduce plays a random sequence, two bytes an input.
func FuzzC1Reduce(f *testing.F) {
	f.Add([]byte("\x00\x11\x01\x12\x02\x23\x05\x31\x06\x42"))
	f.Add([]byte{9, 0, 0, 200, 1, 100, 2, 17, 3, 33, 4, 61, 5, 7, 6, 7, 7, 7, 8, 7, 10, 10})
	f.Fuzz(func(t *testing.T, script []byte) {
		d := new(desk)
		for ; len(script) > 1; script = script[2:] {
			in := decode(script[0], script[1])
			kept := slices.Clone(d.Conversation.Sends)
			d.apply(in)
			check(t, d.before, in, d)
			if !slices.Equal(kept, d.before.Conversation.Sends) {
				t.Fatalf("C1: %#v changed the ring it was given", in)
			}
			if again, effects := Reduce(d.before, in); !cmp.Equal(again, d.State) || !cmp.Equal(effects, d.effects) {
				t.Fatalf("C1: %#v gives two results", in)
			}
		}
	})
}

// check holds one step against the invariants.
func check(t *testing.T, before State, in Input, d *desk) {
	t.Helper()
	r, _ := in.(Received)
	c, i := d.Conversation, d.Interaction
	if before.Suppression.OptedOut && !d.Suppression.OptedOut && (r.Tier != TierStart || !r.Event.At.After(before.Suppression.At)) {
		t.Fatalf("C5: %#v ended an opt-out", in)
	}
	if before.Conversation.Initiated != "" && c.Initiated == "" {
		t.Fatalf("C3: %#v took the initiation back", in)
	}
	if min(c.DMsReceived, c.DMsSent, c.RepliesSent, i.RepliesSent, i.DMsSent, i.DraftsWaiting) < 0 {
		t.Fatalf("C8: %#v made a count negative: %+v", in, d.State)
	}
	if len(c.Sends) > RingSize || !slices.IsSortedFunc(c.Sends, compareSends) {
		t.Fatalf("C9: %#v broke the ring: %v", in, c.Sends)
	}
	if before.Conversation.Held && !c.Held {
		if _, released := in.(Released); !released && (r.Event.Kind != event.KindDM || !r.Event.Readable || r.Event.Group) {
			t.Fatalf("C10: %#v lifted a hold", in)
		}
	}
	for _, e := range d.effects {
		if _, confirm := e.(ConfirmOptOut); confirm && (r.Stale || r.Event.Group || !d.Suppression.OptedOut) {
			t.Fatalf("C7: %#v is confirmed", in)
		}
	}
}

func decode(op, arg byte) Input {
	kinds := []event.ActionKind{event.Reply, event.DM, event.Post, event.Quote}
	states := []event.State{event.Hold, event.Pending, event.Attempting, event.Sent, event.Failed, event.Unsettled, event.Denied, event.Cancelled}
	when := at(int(arg) % 64)
	switch op % 11 {
	case 0, 1, 2:
		tiers := []Tier{TierNone, TierHard, TierStart, TierHelp, TierDoubt, TierPhrase, "", "odd"}
		in := [](func(string, int, Tier) Received){dm, mention}[op/16%2](fmt.Sprint(arg%8), int(arg)%64, tiers[arg/32])
		in.Stale, in.FromHostBot = op&32 != 0, op&64 != 0
		in.Event.Group = op&128 != 0 && in.Event.Kind == event.KindDM
		in.Event.Readable = arg&1 == 0
		in.Event.Version = int(arg) % 3
		if arg == 77 {
			in.Event.At = time.Time{}
		}
		return in
	case 3:
		return chat(fmt.Sprint(arg), int(arg))
	case 4:
		return Spoke{Until: when}
	case 5:
		return Drafted{Kind: kinds[arg%4], Purpose: event.OptOutConfirmation, State: states[arg/4%2], At: when}
	case 6:
		return Moved{Kind: kinds[arg%4], From: states[arg/4%8], To: states[arg/32], DraftedAt: when}
	case 7:
		return OptOutRecorded{At: when, ID: "c"}
	case 8:
		return Released{}
	case 9:
		return Blocked{}
	}
	return nil
}
