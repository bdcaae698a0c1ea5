package conversation

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/event"
)

var day = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// at is a time of the test's day, in minutes.
func at(minutes int) time.Time { return day.Add(time.Duration(minutes) * time.Minute) }

func dm(id string, minute int, tier Tier) Received {
	return Received{
		Event: event.Event{
			ID: id, Kind: event.KindDM, User: "u1", At: at(minute), Readable: true,
			Interaction: "dm-" + id, Message: "dm-" + id,
		},
		Tier: tier, TextHash: "h-" + id,
	}
}

func mention(id string, minute int, tier Tier) Received {
	return Received{
		Event: event.Event{
			ID: id, Kind: event.KindPost, User: "u1", At: at(minute), Readable: true,
			Interaction: "post-" + id, Message: "post-" + id, Mentioned: true, Summoned: true,
		},
		Tier: tier, TextHash: "h-" + id,
	}
}

func chat(id string, minute int) Received {
	return Received{Event: event.Event{ID: id, Kind: event.KindChat, User: "u1", At: at(minute)}}
}

func with(in Received, change func(*Received)) Received {
	change(&in)
	return in
}

// desk applies inputs as a store would: one conversation and suppression, the
// interaction by its key.
type desk struct {
	State
	before  State // of the last input
	acts    map[string]Interaction
	effects []Effect // of the last input
}

func (d *desk) apply(inputs ...Input) *desk {
	if d.acts == nil {
		d.acts = map[string]Interaction{}
	}
	for _, in := range inputs {
		key := d.Interaction.Key
		if r, ok := in.(Received); ok {
			key = r.Event.Interaction
		}
		d.Interaction = d.acts[key]
		d.Interaction.Key = key
		d.before = d.State
		d.State, d.effects = Reduce(d.before, in)
		if key != "" {
			d.acts[key] = d.Interaction
		}
	}
	return d
}

var (
	cancelled = CancelOpen{Reason: reasonOptedOut}
	confirmDM = ConfirmOptOut{Kind: event.DM}
)

func TestC6C7StopEffects(t *testing.T) {
	t.Parallel()
	stale := func(r *Received) { r.Stale = true }
	group := func(r *Received) { r.Event.Group = true }
	tests := []struct {
		name   string
		before []Input
		in     Input
		out    bool
		want   []Effect
	}{
		{"a STOP by DM is confirmed by DM", nil, dm("1", 0, TierHard), true, []Effect{cancelled, confirmDM}},
		{"a STOP in a post is confirmed by reply", nil, mention("1", 0, TierHard), true, []Effect{cancelled, ConfirmOptOut{Kind: event.Reply}}},
		{"a phrase is an opt-out", nil, dm("1", 0, TierPhrase), true, []Effect{cancelled, confirmDM}},
		{"a second STOP is not confirmed", []Input{dm("1", 0, TierHard)}, dm("2", 5, TierHard), true, []Effect{cancelled}},
		{"nor is one after START on the same day", []Input{dm("1", 0, TierHard), dm("2", 5, TierStart)}, dm("3", 9, TierHard), true, []Effect{cancelled}},
		{"a day later it is", []Input{dm("1", 0, TierHard)}, dm("2", 24*60, TierHard), true, []Effect{cancelled, confirmDM}},
		{
			"unless the confirmation itself is younger",
			[]Input{dm("1", 0, TierHard), Drafted{Kind: event.DM, Purpose: event.OptOutConfirmation, State: event.Pending, At: at(60)}},
			dm("2", 24*60, TierHard), true, []Effect{cancelled},
		},
		{
			"an answered interaction gets no second answer",
			[]Input{mention("1", 0, TierNone), Drafted{Kind: event.Reply, Purpose: event.Answer, State: event.Pending, At: at(1)}},
			with(mention("1", 2, TierHard), func(r *Received) { r.Event.Version = 1 }), true, []Effect{cancelled},
		},
		{"a stale STOP counts and is not confirmed", nil, with(dm("1", 0, TierHard), stale), true, []Effect{cancelled}},
		{"a STOP in a group DM counts and is not confirmed", nil, with(dm("1", 0, TierHard), group), true, []Effect{cancelled}},
		{
			"a STOP without a time counts and is not confirmed", []Input{dm("0", 0, TierStart)},
			with(dm("1", 0, TierHard), func(r *Received) { r.Event.At = time.Time{} }), true, []Effect{cancelled},
		},
		{
			"nor is one that comes after it",
			[]Input{with(dm("1", 0, TierHard), func(r *Received) { r.Event.At = time.Time{} })}, dm("2", 0, TierHard), true, []Effect{cancelled},
		},
		{
			"an edit that drops the mention still speaks to us", []Input{mention("1", 0, TierNone)},
			with(mention("1", 1, TierHard), func(r *Received) { r.Event.Mentioned, r.Event.Version = false, 1 }),
			true, []Effect{cancelled, ConfirmOptOut{Kind: event.Reply}},
		},
		{
			"a keyword post says STOP to somebody else", nil,
			with(mention("1", 0, TierHard), func(r *Received) { r.Event.Mentioned = false }), false, nil,
		},
		{"an operator's record is not confirmed", nil, OptOutRecorded{At: at(0), ID: "c1"}, true, []Effect{CancelOpen{Reason: reasonRecorded}}},
		{"and stands though the START came from a clock ahead", []Input{dm("1", 1, TierStart)}, OptOutRecorded{At: at(0)}, true, []Effect{CancelOpen{Reason: reasonRecorded}}},
		{"HELP changes nothing", nil, dm("1", 0, TierHelp), false, nil},
		{"an own post changes nothing", nil, with(mention("1", 0, TierHard), func(r *Received) { r.Event.Kind = event.KindOwnPost }), false, nil},
		{"nor does an event without a user", nil, with(mention("1", 0, TierHard), func(r *Received) { r.Event.User = "" }), false, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := new(desk).apply(tt.before...).apply(tt.in)
			if d.Suppression.OptedOut != tt.out {
				t.Errorf("opted out: got %t, want %t", d.Suppression.OptedOut, tt.out)
			}
			if diff := cmp.Diff(tt.want, d.effects); diff != "" {
				t.Errorf("effects (-want +got):\n%s", diff)
			}
		})
	}
}

func TestC5WhatEndsAnOptOut(t *testing.T) {
	t.Parallel()
	stop := dm("1", 0, TierHard)
	tests := []struct {
		name string
		in   Input
		out  bool
	}{
		{"a later START", dm("2", 1, TierStart), false},
		{"a later START in a post", mention("2", 1, TierStart), false},
		{"a stale START is old, and is one", with(dm("2", 1, TierStart), func(r *Received) { r.Stale = true }), false},
		{"a START of the same time", dm("2", 0, TierStart), true},
		{"an earlier START", dm("2", -1, TierStart), true},
		{"a START without a time", with(dm("2", 1, TierStart), func(r *Received) { r.Event.At = time.Time{} }), true},
		{"a START in a group DM", with(dm("2", 1, TierStart), func(r *Received) { r.Event.Group = true }), true},
		{"a START in a post to somebody else", with(mention("2", 1, TierStart), func(r *Received) { r.Event.Mentioned = false }), true},
		{"another message", dm("2", 1, TierNone), true},
		{"HELP", dm("2", 1, TierHelp), true},
		{"a release by an operator", Released{}, true},
		{"an edit that takes STOP away", with(stop, func(r *Received) { r.Event.ID, r.Event.Version, r.Tier = "2", 1, TierNone }), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := new(desk).apply(stop, tt.in).Suppression.OptedOut; got != tt.out {
				t.Errorf("opted out: got %t, want %t", got, tt.out)
			}
		})
	}
}

func TestC3Initiation(t *testing.T) {
	t.Parallel()
	reply := func(r *Received) { r.Event.Mentioned, r.Event.Summoned, r.Event.Replied = false, false, true }
	quote := func(r *Received) { r.Event.Mentioned, r.Event.Quoted = false, true }
	tests := []struct {
		name   string
		inputs []Input
		want   Initiated
		by     string
	}{
		{"a mention", []Input{mention("1", 0, TierNone)}, InitiatedMention, "1"},
		{"a reply", []Input{with(mention("1", 0, TierNone), reply)}, InitiatedReply, "1"},
		{"a quote", []Input{with(mention("1", 0, TierNone), quote)}, InitiatedQuote, "1"},
		{"a DM", []Input{dm("1", 0, TierNone)}, InitiatedDM, "1"},
		{"the first wins", []Input{mention("1", 0, TierNone), dm("2", 1, TierNone)}, InitiatedMention, "1"},
		{"by the user's time, not ours", []Input{dm("2", 1, TierNone), mention("1", 0, TierNone)}, InitiatedMention, "1"},
		{"a STOP turns to us too", []Input{dm("1", 0, TierHard)}, InitiatedDM, "1"},
		{"so does a stale event", []Input{with(dm("1", 0, TierNone), func(r *Received) { r.Stale = true })}, InitiatedDM, "1"},
		{"a group DM does not", []Input{with(dm("1", 0, TierNone), func(r *Received) { r.Event.Group = true })}, "", ""},
		{"an encrypted message does not", []Input{chat("1", 0)}, "", ""},
		{"a keyword post does not", []Input{with(mention("1", 0, TierNone), func(r *Received) { r.Event.Mentioned = false })}, "", ""},
		{"a like does not", []Input{Received{Event: event.Event{ID: "1", Kind: event.KindOther, User: "u1", At: at(0)}}}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := new(desk).apply(tt.inputs...).Conversation
			if c.Initiated != tt.want || c.InitiatedBy != tt.by {
				t.Errorf("initiated: got %q by %q, want %q by %q", c.Initiated, c.InitiatedBy, tt.want, tt.by)
			}
		})
	}
}

func TestC2DMsAreCountedOnce(t *testing.T) {
	t.Parallel()
	again := with(dm("1", 0, TierNone), func(r *Received) { r.Event.ID = "by-polling" })
	group := with(dm("3", 9, TierNone), func(r *Received) { r.Event.Group = true })
	c := new(desk).apply(dm("1", 0, TierNone), again, dm("2", 5, TierNone), again, group).Conversation
	if c.DMsReceived != 2 || !c.LastDMAt.Equal(at(5)) || !c.LastEventAt.Equal(at(9)) {
		t.Errorf("got %d DMs, last %v, last event %v; want 2, %v, %v", c.DMsReceived, c.LastDMAt, c.LastEventAt, at(5), at(9))
	}
}

func TestC10EncryptedMessageHolds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		inputs []Input
		held   bool
	}{
		{"it holds", []Input{dm("1", 0, TierNone), chat("2", 1)}, true},
		{"one that comes late holds too", []Input{dm("1", 2, TierNone), chat("2", 1)}, true},
		{"a later readable DM resolves it", []Input{chat("1", 0), dm("2", 1, TierNone)}, false},
		{"an earlier one that comes late does not", []Input{chat("1", 1), dm("2", 0, TierNone)}, true},
		{"nor an image without text", []Input{chat("1", 0), with(dm("2", 1, TierNone), func(r *Received) { r.Event.Readable = false })}, true},
		{"nor a post", []Input{chat("1", 0), mention("2", 1, TierNone)}, true},
		{"nor a group DM", []Input{chat("1", 0), with(dm("2", 1, TierNone), func(r *Received) { r.Event.Group = true })}, true},
		{"a person resolves it", []Input{chat("1", 0), Released{}}, false},
		{"perhaps a STOP holds", []Input{dm("1", 0, TierDoubt)}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := new(desk).apply(tt.inputs...)
			if c := d.Conversation; c.Held != tt.held || (c.HeldReason != "") != tt.held {
				t.Errorf("held: got %t (%q), want %t", c.Held, c.HeldReason, tt.held)
			}
			if !tt.held {
				if diff := cmp.Diff([]Effect{HoldLifted{Reason: reasonEncrypted}}, d.effects); diff != "" {
					t.Errorf("effects (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestEdits(t *testing.T) {
	t.Parallel()
	edit := func(version, minute int, hash string, tier Tier) Received {
		return with(mention("1", minute, tier), func(r *Received) {
			r.Event.ID, r.Event.Version, r.Event.Message, r.TextHash = "e"+hash, version, "post-v"+hash, hash
		})
	}
	tests := []struct {
		name    string
		inputs  []Input
		message string
		want    []Effect
	}{
		{"another text", []Input{edit(0, 0, "a", TierNone), edit(1, 1, "b", TierNone)}, "post-vb", []Effect{TextChanged{}}},
		{"the same text", []Input{edit(0, 0, "a", TierNone), with(edit(1, 1, "b", TierNone), func(r *Received) { r.TextHash = "a" })}, "post-vb", nil},
		{"an older version that comes late", []Input{edit(2, 2, "c", TierNone), edit(1, 1, "b", TierNone)}, "post-vc", nil},
		{"an edit seen first", []Input{edit(1, 1, "b", TierNone)}, "post-vb", nil},
		{"an edit that adds STOP", []Input{edit(0, 0, "a", TierNone), edit(1, 1, "b", TierHard)}, "post-vb", []Effect{cancelled, ConfirmOptOut{Kind: event.Reply}}},
		{
			"an edit to a STOP that a START overtook",
			[]Input{edit(0, 0, "a", TierNone), dm("9", 5, TierStart), edit(1, 1, "b", TierHard)}, "post-vb", []Effect{TextChanged{}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := new(desk).apply(tt.inputs...)
			if d.Interaction.Message != tt.message {
				t.Errorf("message: got %q, want %q", d.Interaction.Message, tt.message)
			}
			if diff := cmp.Diff(tt.want, d.effects); diff != "" {
				t.Errorf("effects (-want +got):\n%s", diff)
			}
		})
	}
	newest := new(desk).apply(edit(2, 2, "c", TierNone)).Interaction
	if !newest.Superseded(edit(1, 1, "b", TierNone).Event) || newest.Superseded(edit(2, 2, "c", TierNone).Event) {
		t.Error("Superseded: want true for version 1 and false for version 2 when 2 is known")
	}
}

func TestC11ErasedUser(t *testing.T) {
	t.Parallel()
	erased := State{Suppression: Suppression{UserHash: "k", ErasedAt: at(10)}}
	for _, in := range []Input{dm("1", 5, TierNone), mention("1", 5, TierStart), chat("1", 5), with(dm("1", 5, TierNone), func(r *Received) { r.Event.At = time.Time{} })} {
		got, effects := Reduce(erased, in)
		if diff := cmp.Diff(erased, got); diff != "" || effects != nil {
			t.Errorf("%v: effects %v, state (-want +got):\n%s", in, effects, diff)
		}
	}
	got, effects := Reduce(erased, dm("1", 5, TierHard))
	want := erased
	want.Suppression = Suppression{UserHash: "k", ErasedAt: at(10), OptedOut: true, At: at(5), EventID: "1", Tier: TierHard}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("an old STOP (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Effect{cancelled}, effects); diff != "" {
		t.Errorf("effects of an old STOP (-want +got):\n%s", diff)
	}
	if got, _ := Reduce(erased, dm("1", 10, TierNone)); got.Conversation.DMsReceived != 1 {
		t.Error("a DM after the erasure: not recorded")
	}
}

func TestPeople(t *testing.T) {
	t.Parallel()
	d := new(desk).apply(Spoke{Until: at(60)}, Spoke{Until: at(30)}, HandedOff{}, chat("1", 0), FlowMoved{Flow: "order/number"}, Blocked{})
	want := Conversation{
		PausedUntil: at(60), HandedOff: true, Held: true, HeldReason: reasonEncrypted,
		Flow: "order/number", BlockedUs: true, LastEventAt: at(0),
	}
	if diff := cmp.Diff(want, d.Conversation); diff != "" {
		t.Errorf("taken over (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Effect{CancelOpen{Reason: reasonBlocked}}, d.effects); diff != "" {
		t.Errorf("effects of a block (-want +got):\n%s", diff)
	}
	d.apply(Released{})
	want.PausedUntil, want.HandedOff, want.Held, want.HeldReason = time.Time{}, false, false, ""
	if diff := cmp.Diff(want, d.Conversation); diff != "" {
		t.Errorf("released (-want +got):\n%s", diff)
	}
	if d.apply(dm("2", 1, TierHard)); d.Conversation.Flow != "" || !d.Conversation.BlockedUs {
		t.Errorf("STOP: flow %q, blocked %t; want the flow closed and the block kept", d.Conversation.Flow, d.Conversation.BlockedUs)
	}
	d.apply(dm("late", 0, TierStart), OptOutRecorded{At: at(1)}, with(dm("stale", 2, TierStart), func(r *Received) { r.Stale = true }))
	if !d.Conversation.BlockedUs {
		t.Error("a START that does not stand, or is stale: no longer blocked")
	}
	if d.apply(dm("3", 3, TierStart)); d.Conversation.BlockedUs {
		t.Error("START: still blocked")
	}
}

func TestAutomated(t *testing.T) {
	t.Parallel()
	label := func(minute int, is event.Tri) Input {
		return with(mention("1", minute, TierNone), func(r *Received) { r.Event.Automated = is })
	}
	host := with(mention("1", 9, TierNone), func(r *Received) { r.Event.Automated, r.FromHostBot = event.No, true })
	tests := []struct {
		name   string
		inputs []Input
		want   event.Tri
	}{
		{"nothing known", []Input{label(0, ""), label(1, event.Unknown)}, ""},
		{"unknown overwrites nothing", []Input{label(0, event.Yes), label(1, event.Unknown)}, event.Yes},
		{"the latest known wins", []Input{label(0, event.Yes), label(1, event.No)}, event.No},
		{"not the last to arrive", []Input{label(1, event.Yes), label(0, event.No)}, event.Yes},
		{"a bot of this host is one, whatever its label", []Input{host}, event.Yes},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := new(desk).apply(tt.inputs...).Conversation.Automated; got != tt.want {
				t.Errorf("automated: got %q, want %q", got, tt.want)
			}
		})
	}
}

func BenchmarkReduce(b *testing.B) {
	s := new(desk).apply(mention("1", 0, TierNone)).State
	var in Input = mention("1", 1, TierNone)
	b.ReportAllocs()
	for b.Loop() {
		Reduce(s, in)
	}
}

func TestC12TimesAsTheDatabaseKeepsThem(t *testing.T) {
	t.Parallel()
	odd := at(0).Add(1234567 * time.Nanosecond).In(time.FixedZone("", 3600))
	want := at(0).Add(time.Millisecond)
	s := new(desk).apply(
		with(dm("1", 0, TierHard), func(r *Received) { r.Event.At = odd }), Spoke{Until: odd},
		Drafted{Kind: event.DM, Purpose: event.OptOutConfirmation, State: event.Pending, At: odd},
	).State
	c := s.Conversation
	for i, got := range []time.Time{
		s.Suppression.At, s.Interaction.FirstAt, s.Interaction.LastAt, c.InitiatedAt,
		c.LastDMAt, c.LastEventAt, c.PausedUntil, c.ConfirmedAt, c.Sends[0].At,
	} {
		if got != want {
			t.Errorf("time %d: got %v, want %v", i, got, want)
		}
	}
}

// Misunderstandings count in a row; a person who releases the user ends the row.
func TestMissed(t *testing.T) {
	t.Parallel()
	var s State
	for _, step := range []struct {
		in   Input
		want int64
	}{{Missed{}, 1}, {Missed{}, 2}, {Understood{}, 0}, {Missed{}, 1}, {Released{}, 0}} {
		if s, _ = Reduce(s, step.in); s.Conversation.Missed != step.want {
			t.Errorf("after %T: %d, want %d", step.in, s.Conversation.Missed, step.want)
		}
	}
}
