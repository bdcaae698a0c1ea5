package action

import (
	"errors"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// The echo of every way out: before and after X's answer, after a lost one,
// with links rewritten and the mention that X adds.
func TestI3EchoSettles(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		during bool // the echo is faster than the answer
		answer reaction
		want   Echoed
	}{
		{"before the answer", true, reaction{made: true}, EchoSettled},
		{"after the answer", false, reaction{made: true}, EchoOurs},
		{"before the answer, which is lost", true, reaction{class: event.UnknownOutcome, made: true}, EchoSettled},
		{"after the answer was lost", false, reaction{class: event.UnknownOutcome, made: true}, EchoSettled},
		{"before an answer that denies it", true, reaction{class: event.Refused, made: true}, EchoSettled},
	}
	for _, tt := range tests {
		for kind, post := range map[string]func(*desk) event.Event{
			"reply": func(d *desk) event.Event { return d.mention("u1", "p1", "hello") },
			"dm":    func(d *desk) event.Event { return d.dm("u1", "m1", "hello") },
		} {
			t.Run(tt.name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				d := newDesk(t)
				d.x.script = []reaction{tt.answer}
				show := func(c call) {
					e := own(c.id, c.Outgoing)
					e.User = "u1"
					if got, err := d.echo(e); err != nil || got != tt.want {
						t.Errorf("echo: got %s, %v; want %s", got, err, tt.want)
					}
				}
				if tt.during {
					d.x.during = show
				}
				a := d.drafted(post(d), event.Pending)
				d.run()
				if !tt.during {
					show(d.x.calls[0])
				}
				d.want(a.ID, event.Sent, 1)
				if got := d.row(a.ID); got.RemoteID != "x0" {
					t.Errorf("remote id %q, want x0", got.RemoteID)
				}
				if sent, unknown := d.met.Sent.Load(), d.met.Unknown.Load(); tt.during && (sent != 1 || unknown != 0) {
					t.Errorf("metrics: sent %d, unknown %d; want what the row says", sent, unknown)
				}
				// Once more, as after a replay by X: still ours, still nobody paused.
				e := own("x0", d.x.calls[0].Outgoing)
				e.User = "u1"
				if got, err := d.echo(e); err != nil || got != EchoOurs {
					t.Errorf("second echo: got %s, %v", got, err)
				}
				if d.pausedUntil("u1") != (time.Time{}) {
					t.Error("our own echo paused the bot")
				}
			})
		}
	}
}

func (d *desk) pausedUntil(user string) (at time.Time) {
	d.t.Helper()
	d.read(func(tx db.Tx) error {
		c, err := tx.Conversation("acme", user)
		at = c.PausedUntil
		return err
	})
	return at
}

// byHand is what a person says through the account, to the user or to nobody.
func byHand(user, replyTo string) event.Event {
	return event.Event{ID: "e-hand", Kind: event.KindOwnPost, Bot: "acme", User: user, Message: "by-hand", ReplyTo: replyTo, Text: "This is Ann."}
}

func TestPersonPauses(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	mine := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
	held := d.drafted(d.mention("u1", "p2", "a refund"), event.Hold)
	others := d.drafted(d.mention("u2", "p3", "hello"), event.Pending)
	g := d.mention("u1", "p4", "hello")
	g.Bot = "globex"
	otherBot := d.drafted(g, event.Pending)
	confirmation := d.drafted(d.dm("u3", "m9", "stop"), event.Pending)

	for _, user := range []string{"u1", "u3"} {
		if got, err := d.echo(byHand(user, "p0")); err != nil || got != EchoPerson {
			t.Fatalf("got %s, %v; want a person", got, err)
		}
	}
	if want := nine.Add(DefaultPersonQuiet); !d.pausedUntil("u1").Equal(want) {
		t.Errorf("paused until %s, want %s", d.pausedUntil("u1"), want)
	}
	d.want(mine.ID, event.Cancelled, 0)
	d.want(held.ID, event.Cancelled, 0)
	d.want(others.ID, event.Sent, 1)
	d.want(otherBot.ID, event.Sent, 1)
	d.want(confirmation.ID, event.Sent, 1) // an opt-out is confirmed, whoever speaks

	if _, r, err := d.answer(d.mention("u1", "p5", "hello?")); err != nil || r.Decision != gate.Deny {
		t.Errorf("while the person speaks: %s, %v; want a denial", r.Decision, err)
	}
	d.now = d.now.Add(DefaultPersonQuiet)
	d.want(d.drafted(d.mention("u1", "p6", "hello again"), event.Pending).ID, event.Sent, 1)
}

func TestPersonToNobodyPausesNobody(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
	if got, err := d.echo(byHand("", "")); err != nil || got != EchoPerson {
		t.Fatalf("got %s, %v", got, err)
	}
	d.want(a.ID, event.Sent, 1)
}

// While a send to the same target is under way, an own message of another text
// is judged when it has ended, however it ends.
func TestPersonDuringACall(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		class event.Class
		made  bool
		want  event.State
	}{
		{"sent", event.OK, true, event.Sent},
		{"failed", event.Refused, false, event.Failed},
		{"unknown", event.UnknownOutcome, true, event.Unsettled},
		{"to be tried again: the person has answered", event.RateLimited, false, event.Cancelled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.x.script = []reaction{{class: tt.class, made: tt.made}}
			d.x.during = func(call) {
				if got, err := d.echo(byHand("u1", "p1")); err != nil || got != EchoWaits {
					t.Errorf("got %s, %v; want to wait", got, err)
				}
				if !d.pausedUntil("u1").IsZero() {
					t.Error("judged before the call has ended")
				}
			}
			a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
			posts := 0
			if tt.made {
				posts = 1
			}
			d.want(a.ID, tt.want, posts)
			if d.pausedUntil("u1").IsZero() {
				t.Error("the person did not pause the bot")
			}
			d.noEchoWaits("u1")
		})
	}
}

func (d *desk) noEchoWaits(user string) {
	d.t.Helper()
	d.read(func(tx db.Tx) error {
		echoes, err := tx.EchoesTo("acme", user)
		if len(echoes) != 0 {
			d.t.Errorf("%d own messages still wait to be judged", len(echoes))
		}
		return err
	})
}

// X says which app wrote a DM: another, or none, was not us, even with the very
// words of a send whose answer was lost.
func TestEchoOfAnotherApp(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		ours, wrote string
		want        Echoed
	}{
		{"17", "17", EchoSettled},
		{"17", "", EchoSettled},
		{"", "17", EchoSettled}, // not known which is ours: judged by the words
		{"17", "18", EchoPerson},
		{"", event.NoApp, EchoPerson},
	} {
		d := newDesk(t)
		d.app = tt.ours
		d.x.script = []reaction{{class: event.UnknownOutcome, made: true}}
		a := d.drafted(d.dm("u1", "m1", "hello"), event.Pending)
		d.run()
		e := own(d.x.calls[0].id, d.x.calls[0].Outgoing)
		e.User, e.App = "u1", tt.wrote
		if got, err := d.echo(e); err != nil || got != tt.want {
			t.Errorf("app %q, ours %q: got %s, %v; want %s", tt.wrote, tt.ours, got, err, tt.want)
		}
		if want := map[bool]event.State{true: event.Sent, false: event.Unsettled}[tt.want == EchoSettled]; d.row(a.ID).State != want {
			t.Errorf("app %q, ours %q: the action is %s, want %s", tt.wrote, tt.ours, d.row(a.ID).State, want)
		}
	}
}

// What X shows of our own call with a text that we do not recognise is ours by
// its id, once the answer has it.
func TestEchoOfUnknownTextIsJudgedByItsID(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.x.during = func(c call) {
		e := own(c.id, c.Outgoing)
		e.User, e.Text = "u1", "as X never showed it before"
		if got, err := d.echo(e); err != nil || got != EchoWaits {
			t.Errorf("got %s, %v; want to wait", got, err)
		}
	}
	a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
	d.want(a.ID, event.Sent, 1)
	if !d.pausedUntil("u1").IsZero() {
		t.Error("our own post was taken for a person's")
	}
	d.noEchoWaits("u1")
}

// A person spoke while a claim stood that could not be confirmed: no call is
// made, and the person is not forgotten.
func TestPersonDuringAnUnconfirmedClaim(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
	d.store.On(event.Attempting, dbtest.ReportedFailed)
	if _, err := d.sender.Step(t.Context(), d.now); !errors.Is(err, dbtest.ErrFault) {
		t.Fatalf("got error %v, want the fault", err)
	}
	if got, err := d.echo(byHand("u1", "p1")); err != nil || got != EchoWaits {
		t.Fatalf("got %s, %v; want to wait", got, err)
	}
	d.want(a.ID, event.Cancelled, 0)
	if d.pausedUntil("u1").IsZero() {
		t.Error("the person did not pause the bot")
	}
}

// Of two sends of one text the echo belongs to the one under way: the other
// answer was lost long ago.
func TestEchoPrefersTheSendUnderWay(t *testing.T) {
	t.Parallel()
	for _, lost := range []string{"m1", "m2"} { // whichever id comes first
		t.Run(lost, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			say := func(id string) db.Action {
				a := d.drafted(d.dm("u1", id, "hello"), event.Pending)
				if err := d.unit(func(u *Unit) error {
					row, err := u.Tx.Action(a.ID)
					if err != nil {
						return err
					}
					row.TextHash = d.key.Text("same")
					return errors.Join(u.Tx.PutActionText(a.ID, []byte("same")), u.Move(row, event.Pending))
				}); err != nil {
					t.Fatal(err)
				}
				return a
			}
			d.x.script = []reaction{{class: event.UnknownOutcome, made: true}}
			first := say(lost)
			d.want(first.ID, event.Unsettled, 1)
			d.x.during = func(c call) {
				e := own(c.id, c.Outgoing)
				if got, err := d.echo(e); err != nil || got != EchoSettled {
					t.Errorf("got %s, %v", got, err)
				}
			}
			second := say(map[string]string{"m1": "m2", "m2": "m1"}[lost])
			d.want(second.ID, event.Sent, 1)
			d.want(first.ID, event.Unsettled, 1)
			if got := d.row(second.ID).RemoteID; got != "x1" {
				t.Errorf("remote id %q, want x1", got)
			}
		})
	}
}

func TestOtherTargetsAreNotOurs(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.x.script = []reaction{{class: event.UnknownOutcome, made: true}}
	a := d.drafted(d.mention("u1", "p1", "hello"), event.Pending)
	d.run()
	for name, change := range map[string]func(*event.Event){
		"another post": func(e *event.Event) { e.ReplyTo = "p9" },
		"by DM":        func(e *event.Event) { e.Kind, e.ReplyTo = event.KindOwnDM, "" },
		"another user": func(e *event.Event) { e.User = "u9" },
	} {
		e := own("x9", d.x.calls[0].Outgoing)
		e.User, e.Message = "u1", name
		change(&e)
		if got, err := d.echo(e); err != nil || got != EchoPerson {
			t.Errorf("%s: got %s, %v; want a person", name, got, err)
		}
	}
	d.want(a.ID, event.Unsettled, 1)
}
