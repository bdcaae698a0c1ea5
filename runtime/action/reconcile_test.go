package action

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// shows is an X that is read back: what it has, and whether it says all.
type shows struct {
	own   []event.Own
	out   event.Outcome
	asked []event.Lookup
}

func (x *shows) ReadBack(_ context.Context, l event.Lookup) ([]event.Own, event.Outcome) {
	x.asked = append(x.asked, l)
	return x.own, x.out
}

// look takes the steps of a reconciler that are due now.
func (d *desk) look(x *shows) {
	d.t.Helper()
	r := Reconciler{Store: d.store, X: x, Key: d.key, Metrics: d.met}
	for range 10 {
		next, err := r.Step(d.t.Context(), d.now)
		if err != nil {
			d.t.Fatal(err)
		}
		if next.IsZero() || next.After(d.now) {
			return
		}
	}
	d.t.Fatal("the reconciler does not come to rest")
}

func (d *desk) lookup(id string) (l db.Lookup) {
	d.t.Helper()
	d.read(func(tx db.Tx) (err error) { l, err = tx.Lookup(id); return err })
	return l
}

// lose drafts an answer to a post and loses X's answer to the call; made says
// whether X has it.
func (d *desk) lose(user, post string, made bool) db.Action {
	d.t.Helper()
	d.x.script = append(d.x.script, reaction{class: event.UnknownOutcome, made: made})
	a := d.drafted(d.mention(user, post, "hello"), event.Pending)
	d.run()
	d.want(a.ID, event.Unsettled, d.x.posts(a.ID))
	return d.row(a.ID)
}

func (d *desk) replied(id, to string) event.Own {
	return event.Own{ID: id, Kind: event.Reply, About: to, Text: "@somebody Answer to " + to + ". See https://t.co/Xyz", At: d.now}
}

// What X has decides; nothing is ever sent again (I3).
func TestI3LostAnswerIsLookedFor(t *testing.T) {
	t.Parallel()
	limited := event.Outcome{Class: event.RateLimited, RetryAt: nine.Add(2 * time.Hour), Detail: "slow down"}
	for name, tc := range map[string]struct {
		x     func(d *desk) *shows
		after time.Duration // looked at each minute until then
		want  event.State
		looks int // so far, where it stays unknown
	}{
		"X has it": {func(d *desk) *shows { return &shows{own: []event.Own{d.replied("77", "p1")}} }, time.Minute, event.Sent, 0},
		"X has it, in an answer that is not whole": {func(d *desk) *shows {
			return &shows{own: []event.Own{d.replied("77", "p1")}, out: event.Outcome{Class: event.UnknownOutcome}}
		}, time.Minute, event.Sent, 0},
		"not shown yet":             {func(*desk) *shows { return &shows{} }, 5 * time.Minute, event.Unsettled, 1},
		"not shown twice":           {func(*desk) *shows { return &shows{} }, 11 * time.Minute, event.Failed, 0},
		"X cannot be asked":         {func(*desk) *shows { return &shows{out: event.Outcome{Class: event.Auth}} }, time.Hour, event.Unsettled, 4},
		"X has a limit":             {func(*desk) *shows { return &shows{out: limited} }, time.Hour, event.Unsettled, 1},
		"an answer to another post": {func(d *desk) *shows { return &shows{own: []event.Own{d.replied("77", "p2")}} }, time.Minute, event.Unsettled, 1},
		"other words": {func(d *desk) *shows {
			return &shows{own: []event.Own{{ID: "77", Kind: event.Reply, About: "p1", Text: "I will look into it.", At: d.now}}}
		}, time.Minute, event.Unsettled, 1},
		"the same words, long before": {func(d *desk) *shows {
			o := d.replied("77", "p1")
			o.At = nine.Add(-time.Hour)
			return &shows{own: []event.Own{o}}
		}, time.Minute, event.Unsettled, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			made := tc.want == event.Sent
			a := d.lose("u1", "p1", made)
			x := tc.x(d)
			for d.now = nine.Add(time.Minute); !d.now.After(nine.Add(tc.after)); d.now = d.now.Add(time.Minute) {
				d.look(x)
			}
			d.want(a.ID, tc.want, d.x.posts(a.ID))
			got := d.row(a.ID)
			if (got.RemoteID == "77") != made {
				t.Errorf("its id is %q", got.RemoteID)
			}
			l := d.lookup(a.ID)
			if l.Looks != tc.looks {
				t.Errorf("%d looks are noted, want %d: %+v", l.Looks, tc.looks, l)
			}
			for _, q := range x.asked {
				if q.Bot != "acme" || q.User != "" || q.Since.After(nine) {
					t.Errorf("asked %+v", q)
				}
			}
		})
	}
}

// A search that finds nothing out ends, and the action is a person's.
func TestI3SearchEnds(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a := d.lose("u1", "p1", true)
	x := &shows{out: event.Outcome{Class: event.Auth, Detail: "token"}}
	for ; d.now.Before(nine.Add(100 * time.Hour)); d.now = d.now.Add(10 * time.Minute) {
		d.look(x)
	}
	l := d.lookup(a.ID)
	if !l.NextAt.IsZero() || len(x.asked) < 10 || len(x.asked) > 30 {
		t.Errorf("asked %d times, next %s", len(x.asked), l.NextAt)
	}
	d.want(a.ID, event.Unsettled, 1)

	if _, err := d.operator().Settle(t.Context(), d.now, a.ID, "joe", Found{Sent: true, RemoteID: "77"}); err != nil {
		t.Fatal(err)
	}
	d.want(a.ID, event.Sent, 1)
	if _, err := d.operator().Settle(t.Context(), d.now, a.ID, "joe", Found{}); !errors.Is(err, ErrNotUnknown) {
		t.Errorf("settled twice: %v", err)
	}
}

// One answer of X settles all that it tells of; two actions that say the same
// do not share one post.
func TestI3OneAnswerForAll(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a, b := d.lose("u1", "p1", true), d.lose("u2", "p2", true)
	d.now = nine.Add(time.Minute)
	x := &shows{own: []event.Own{d.replied("78", "p2"), d.replied("77", "p1")}}
	d.look(x)
	if len(x.asked) != 1 {
		t.Errorf("X was asked %d times, want once", len(x.asked))
	}
	if d.row(a.ID).RemoteID != "77" || d.row(b.ID).RemoteID != "78" {
		t.Errorf("ids %q and %q", d.row(a.ID).RemoteID, d.row(b.ID).RemoteID)
	}

	same := newDesk(t)
	same.x.script = []reaction{{class: event.UnknownOutcome}, {class: event.UnknownOutcome, made: true}}
	var dms []db.Action
	for _, id := range []string{"m1", "m2"} {
		e := same.dm("u1", id, "hello")
		e.Message = "m" // the draft says the same
		dms = append(dms, same.drafted(e, event.Pending))
		same.run()
	}
	text := ""
	for _, c := range same.x.calls {
		text = c.Text
	}
	same.now = nine.Add(time.Minute)
	one := &shows{own: []event.Own{{ID: "90", Kind: event.DM, Text: text, At: same.now}}}
	for ; same.now.Before(nine.Add(time.Hour)); same.now = same.now.Add(time.Minute) {
		same.look(one)
	}
	states := map[event.State]int{}
	for _, a := range dms {
		states[same.row(a.ID).State]++
	}
	if states[event.Sent]+states[event.Failed] != 2 || states[event.Sent] > 1 {
		t.Errorf("two DMs of one text, one on X: %v", states)
	}
}

// X refuses what it has already: a refusal on a second try is no end before X
// was asked, and one of the same words elsewhere has a lost one looked for at
// once.
func TestI3DuplicateRefusalIsATrace(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.x.script = []reaction{{class: event.RateLimited, wait: time.Minute}, {class: event.Refused, status: 403}}
	a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
	d.run()
	d.now = nine.Add(2 * time.Minute)
	d.want(a.ID, event.Unsettled, 0)
	for range 20 {
		d.now = d.now.Add(time.Minute)
		d.look(&shows{})
	}
	d.want(a.ID, event.Failed, 0)
	if c := d.conversation("u1"); c.Refusals != 1 {
		t.Errorf("%d refusals counted, want 1", c.Refusals)
	}

	first := newDesk(t)
	lost := first.lose("u1", "p1", true)
	if at := first.lookup(lost.ID).NextAt; !at.Equal(nine.Add(firstLook)) {
		t.Fatalf("first look at %s", at)
	}
	err := first.unit(func(u *Unit) error { return u.hasten(lost) })
	if err != nil {
		t.Fatal(err)
	}
	if at := first.lookup(lost.ID).NextAt; !at.Equal(nine) {
		t.Errorf("after the refusal the look is at %s, want now", at)
	}
}

// Each write of a search, and each way in which it can go wrong.
func TestI3FaultsOfASearch(t *testing.T) {
	t.Parallel()
	for name, fault := range dbtest.Table() {
		for _, want := range []event.State{event.Sent, event.Failed} {
			t.Run(fmt.Sprintf("%s/%s", want, name), func(t *testing.T) {
				t.Parallel()
				d := newDesk(t)
				a := d.lose("u1", "p1", want == event.Sent)
				posts := d.x.posts(a.ID)
				x := &shows{}
				d.now = nine.Add(time.Minute)
				d.look(x) // not shown, once
				if want == event.Sent {
					x.own = []event.Own{d.replied("77", "p1")}
				}
				d.now = nine.Add(20 * time.Minute)
				d.store.On(want, fault)
				r := Reconciler{Store: d.store, X: x, Key: d.key}
				if _, err := r.Step(t.Context(), d.now); !errors.Is(err, dbtest.ErrFault) && !errors.Is(err, dbtest.ErrKilled) {
					t.Fatalf("the faulty write: got error %v", err)
				}
				d.check()
				d.restart()
				d.look(x)
				d.want(a.ID, want, posts)
				d.restart()
				d.look(x)
				d.want(a.ID, want, posts)
			})
		}
	}
}

// X lets the app make no such call: one alarm, and nothing else is burnt.
func TestForbiddenAppPausesTheBot(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.x.script = []reaction{{class: event.Refused, status: 403, problem: forbiddenClient}}
	a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
	b := d.drafted(d.mention("u2", "p2", "hello"), event.Pending)
	d.want(a.ID, event.Pending, 0)
	d.now = nine.Add(time.Hour)
	d.want(a.ID, event.Pending, 0)
	d.want(b.ID, event.Pending, 0)
	if len(d.x.calls) != 1 {
		t.Errorf("%d calls, want 1", len(d.x.calls))
	}
	if err := d.operator().Pause(t.Context(), d.now, "acme", "joe", "", false); err != nil {
		t.Fatal(err)
	}
	d.want(a.ID, event.Sent, 1)
	d.want(b.ID, event.Sent, 1)
}

// Two refusals in a row toward a user are taken for a block, which ends with
// their START.
func TestTwoRefusalsAreABlock(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	no := reaction{class: event.Refused, status: 403}
	d.x.script = []reaction{no, {made: true}, no, no}
	for i, post := range []string{"p1", "p2", "p3", "p4"} {
		d.drafted(d.mention("u1", post, "hello"), event.Pending)
		d.run()
		if blocked := d.conversation("u1").BlockedUs; blocked != (i == 3) {
			t.Errorf("after %s: blocked %v", post, blocked)
		}
	}
	if _, r, err := d.answer(d.mention("u1", "p5", "hello")); err != nil || r.Decision != "deny" || r.By[0].Rule != "x.blocked" {
		t.Errorf("the next: %s by %v, %v", r.Decision, r.By, err)
	}
	if s := d.suppression("u1"); !s.OptedOut || s.Tier != conversation.TierBlocked {
		t.Errorf("toward the other bots: %+v", s)
	}
	d.now = d.now.Add(time.Minute)
	d.drafted(d.mention("u1", "p6", "START"), event.Pending)
	if s := d.suppression("u1"); s.OptedOut {
		t.Errorf("after START: %+v", s)
	}
}

func (d *desk) suppression(user string) (s conversation.Suppression) {
	d.t.Helper()
	d.read(func(tx db.Tx) (err error) {
		s, err = tx.Suppression(d.key.User(user))
		return err
	})
	return s
}

func (d *desk) conversation(user string) (c struct {
	BlockedUs bool
	Refusals  int64
}) {
	d.t.Helper()
	d.read(func(tx db.Tx) error {
		got, err := tx.Conversation("acme", user)
		c.BlockedUs, c.Refusals = got.BlockedUs, got.Refusals
		return err
	})
	return c
}
