package action

import (
	"errors"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/runtime/event"
)

// end is where an action stands when everything has come to rest, and how
// often X has it.
type end struct {
	state event.State
	posts int
}

var sentOnce = end{event.Sent, 1}

// The fault table: each external write on the way of an action, each way in
// which it can go wrong. Whoever is told of a failure does it again, and so
// does whoever is told of nothing because the process ended: X delivers the
// event again, the operator repeats the command. Then I1 to I8 hold.
func TestFaultTable(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		before func(*desk, event.Event)
		// do is the write. It returns nil where it was done before.
		do       func(*desk, event.Event) error
		on       event.State // the fault waits for a write into this state; "": the next write
		again    bool        // somebody does it again after the process has ended
		want     end
		survived map[dbtest.Fault]end // where it differs
	}{
		{
			name: "insert", do: propose, again: true, want: sentOnce,
		},
		{
			name: "claim", before: waits, do: step, on: event.Attempting, want: sentOnce,
			// Nobody knows that no call was made: looked at by a person, never sent again.
			survived: map[dbtest.Fault]end{dbtest.KilledAfter: {event.Unsettled, 0}},
		},
		{
			name: "settle as sent", before: waits, do: step, on: event.Sent, want: sentOnce,
			survived: map[dbtest.Fault]end{dbtest.KilledBefore: {event.Unsettled, 1}},
		},
		{
			name: "settle as failed", before: answers(reaction{class: event.Refused}), do: step, on: event.Failed, want: end{event.Failed, 0},
			survived: map[dbtest.Fault]end{dbtest.KilledBefore: {event.Unsettled, 0}},
		},
		{
			name: "settle as unknown", before: answers(reaction{class: event.UnknownOutcome, made: true}), do: step, on: event.Unsettled,
			want: end{event.Unsettled, 1},
		},
		{
			name: "settle as pending again", before: answers(reaction{class: event.RateLimited, wait: time.Minute}), do: step, on: event.Pending,
			want: sentOnce, survived: map[dbtest.Fault]end{dbtest.KilledBefore: {event.Unsettled, 0}},
		},
		{
			name: "start-up rule", before: leftAttempting, do: start, on: event.Unsettled, again: true, want: end{event.Unsettled, 1},
		},
		{
			name: "echo settlement", before: lostAnswer, do: echoOfFirst, on: event.Sent, again: true, want: sentOnce,
		},
		{
			name: "approve", before: held, do: approve, on: event.Pending, again: true, want: sentOnce,
		},
		{
			name: "edit", before: held, do: anotherText, on: event.Hold, again: true, want: end{event.Hold, 0},
		},
		{
			name: "reject", before: held, do: reject, on: event.Denied, again: true, want: end{event.Denied, 0},
		},
		{
			name: "opt-out", before: waits, do: optOut, on: event.Cancelled, again: true, want: end{event.Cancelled, 0},
		},
		{
			name: "STOP in an event", before: waits, do: saysStop, on: event.Cancelled, again: true, want: end{event.Cancelled, 0},
		},
		{
			name: "pause", before: waits, do: pause, again: true, want: end{event.Pending, 0},
		},
		{
			name: "park", before: waitsPaused, do: step, want: end{event.Pending, 0},
		},
		{
			name: "resume", before: parked, do: resume, on: event.Pending, again: true, want: sentOnce,
		},
		{
			name: "expire", before: expired, do: step, on: event.Cancelled, want: end{event.Cancelled, 0},
		},
		{
			name: "a person spoke", before: waits, do: personSpoke, on: event.Cancelled, again: true, want: end{event.Cancelled, 0},
		},
		{
			name: "hold at claim", before: untilEvening, do: step, on: event.Hold, want: end{event.Hold, 0},
		},
	}
	for _, tt := range tests {
		for name, fault := range dbtest.Table() {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				d := newDesk(t)
				e := d.mention("u1", "p1", "hello")
				id := event.ActionID("acme", "p1", event.Reply, event.Answer, 0, 0)
				if tt.before != nil {
					tt.before(d, e)
				}
				if tt.on == "" {
					d.store.Next(fault)
				} else {
					d.store.On(tt.on, fault)
				}
				err := tt.do(d, e)
				if !errors.Is(err, dbtest.ErrFault) && !errors.Is(err, dbtest.ErrKilled) {
					t.Fatalf("the faulty write: got error %v", err)
				}
				if d.store.Struck() != 1 {
					t.Fatalf("%d faults struck, want 1", d.store.Struck())
				}
				d.check()
				killed := errors.Is(err, dbtest.ErrKilled)
				if killed {
					d.restart()
				}
				if !killed || tt.again {
					if err := tt.do(d, e); err != nil {
						t.Fatalf("done again: %v", err)
					}
				}
				d.check()
				want, ok := tt.survived[fault]
				if !ok {
					want = tt.want
				}
				d.now = d.now.Add(2 * time.Minute) // what waits to be tried again is due
				d.want(id, want.state, want.posts)

				d.restart() // and once more: nothing moves that came to rest
				d.want(id, want.state, want.posts)
			})
		}
	}
}

func propose(d *desk, e event.Event) error {
	_, _, err := d.answer(e)
	return err
}

func step(d *desk, _ event.Event) error {
	_, err := d.sender.Step(d.t.Context(), d.now)
	return err
}

func start(d *desk, _ event.Event) error {
	_, err := d.sender.Start(d.t.Context(), d.now)
	return err
}

func waits(d *desk, e event.Event) { d.drafted(e, event.Pending) }

func answers(r reaction) func(*desk, event.Event) {
	return func(d *desk, e event.Event) {
		d.x.script = []reaction{r}
		waits(d, e)
	}
}

func held(d *desk, e event.Event) {
	e.Text = "a refund"
	d.drafted(e, event.Hold)
}

// leftAttempting is a process that ended while X had the call.
func leftAttempting(d *desk, e event.Event) {
	waits(d, e)
	d.store.On(event.Sent, dbtest.KilledBefore)
	if err := step(d, e); !errors.Is(err, dbtest.ErrKilled) {
		d.t.Fatalf("got error %v, want killed", err)
	}
	d.boot()
}

func lostAnswer(d *desk, e event.Event) {
	answers(reaction{class: event.UnknownOutcome, made: true})(d, e)
	d.run()
}

func echoOfFirst(d *desk, e event.Event) error {
	c := d.x.calls[0]
	shown := own(c.id, c.Outgoing)
	shown.User = e.User
	_, err := d.echo(shown)
	return err
}

// done takes it for success that somebody did it before.
func done(err error) error {
	if errors.Is(err, ErrNotHeld) {
		return nil
	}
	return err
}

func approve(d *desk, _ event.Event) error {
	id := event.ActionID("acme", "p1", event.Reply, event.Answer, 0, 0)
	_, err := d.operator().Approve(d.t.Context(), d.now, id, "ann")
	return done(err)
}

func anotherText(d *desk, _ event.Event) error {
	id := event.ActionID("acme", "p1", event.Reply, event.Answer, 0, 0)
	_, err := d.operator().Edit(d.t.Context(), d.now, id, "ann", Edit{Text: "Another text."})
	return done(err)
}

func reject(d *desk, _ event.Event) error {
	id := event.ActionID("acme", "p1", event.Reply, event.Answer, 0, 0)
	_, err := d.operator().Reject(d.t.Context(), d.now, id, "ann", "not this way")
	return done(err)
}

func optOut(d *desk, e event.Event) error {
	_, err := d.operator().OptOut(d.t.Context(), d.now, e.User, "ann")
	return err
}

func saysStop(d *desk, e event.Event) error {
	_, _, err := d.answer(d.mention(e.User, "p2", "STOP"))
	return err
}

func personSpoke(d *desk, e event.Event) error {
	_, err := d.echo(event.Event{Kind: event.KindOwnPost, Bot: "acme", User: e.User, Message: "by-hand", ReplyTo: "p0", Text: "Ann here."})
	return err
}

func pause(d *desk, _ event.Event) error {
	return d.operator().Pause(d.t.Context(), d.now.Add(-time.Second), "acme", "ann", "lunch", true)
}

func resume(d *desk, _ event.Event) error {
	return d.operator().Pause(d.t.Context(), d.now, "acme", "ann", "", false)
}

func waitsPaused(d *desk, e event.Event) {
	waits(d, e)
	if err := pause(d, e); err != nil {
		d.t.Fatal(err)
	}
}

func parked(d *desk, e event.Event) {
	waitsPaused(d, e)
	d.run()
}

func expired(d *desk, e event.Event) {
	waits(d, e)
	d.now = d.now.Add(24 * time.Hour)
}

func untilEvening(d *desk, e event.Event) {
	waits(d, e)
	d.now = d.now.Add(11 * time.Hour)
}
