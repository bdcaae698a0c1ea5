package action

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// sentence is 60 characters long, and begins with its number.
func sentence(n int) string { return fmt.Sprintf("%d ", n) + strings.Repeat("word ", 11) + "ok." }

// long is an answer of n sentences, each of which is a part.
func long(n int) string {
	var all []string
	for i := range n {
		all = append(all, sentence(i+1)+" "+sentence(i+1))
	}
	return strings.Join(all, "\n\n")
}

// inParts proposes a long answer to a DM.
func (d *desk) inParts(e event.Event, text string) (rows []db.Action) {
	d.t.Helper()
	if err := d.proposeParts(e, text); err != nil {
		d.t.Fatal(err)
	}
	return d.parts(e)
}

func (d *desk) proposeParts(e event.Event, text string) error {
	return d.unit(func(u *Unit) error {
		if _, _, err := u.Reduce(e.Bot, e.User, e.Interaction, conversation.Received{Event: e, TextHash: d.key.Text(e.Text)}); err != nil {
			return err
		}
		st, err := u.State(e.Bot, e.User, e.Interaction)
		if err != nil {
			return err
		}
		money, err := u.Quote(e.Bot, event.DM, false, db.Cost{})
		if err != nil {
			return err
		}
		draft := event.Draft{Kind: event.DM, Purpose: event.Answer, Text: text, SplitAt: 130, Handler: "test"}
		v := d.gate.Draft(e, draft, d.now, gate.Case{Bot: e.Bot, Budget: money, State: st, Now: d.now})
		_, err = u.Propose(Proposal{Action: db.Action{
			ID:  event.ActionID(e.Bot, e.Interaction, event.DM, event.Answer, 0, 0),
			Bot: e.Bot, Interaction: e.Interaction, Kind: event.DM, Purpose: event.Answer,
			User: e.User, Event: e.ID, DueAt: d.now, ExpiresAt: d.now.Add(24 * time.Hour),
		}, Verdict: v, Budget: money, State: st, Record: gate.Record{
			ID: DecisionID(gate.StageDraft, e.ID), At: d.now, Bot: e.Bot, User: e.User, Event: e.ID, Interaction: e.Interaction,
			Action: &gate.ActionRef{Kind: event.DM, Purpose: event.Answer, Stage: gate.StageDraft},
		}})
		return err
	})
}

// parts reads the rows of the answer to e, in order.
func (d *desk) parts(e event.Event) (rows []db.Action) {
	d.t.Helper()
	d.read(func(tx db.Tx) (err error) {
		first, err := tx.Action(event.ActionID(e.Bot, e.Interaction, event.DM, event.Answer, 0, 0))
		if errors.Is(err, db.ErrNotFound) {
			return nil
		}
		if err == nil {
			rows, err = Parts(tx, first)
		}
		return err
	})
	return rows
}

// states is "sent pending cancelled".
func (d *desk) states(e event.Event) string {
	d.t.Helper()
	var all []string
	for _, a := range d.parts(e) {
		all = append(all, string(a.State))
	}
	return strings.Join(all, " ")
}

func (d *desk) wantStates(e event.Event, want string) {
	d.t.Helper()
	d.run()
	d.check()
	if got := d.states(e); got != want {
		d.t.Errorf("parts are %s, want %s", got, want)
	}
}

// sentTexts are the texts that X made DMs of, in order.
func (d *desk) sentTexts() (all []string) {
	for _, c := range d.x.calls {
		if c.id != "" {
			all = append(all, c.Text)
		}
	}
	return all
}

func TestI13PartsInOrderAndOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	e := d.dm("u1", "m1", "tell me everything")
	rows := d.inParts(e, long(3))
	if got := d.states(e); got != "pending pending pending" {
		t.Fatalf("drafted: %s", got)
	}
	if err := d.proposeParts(e, long(3)); err != nil { // the event comes again
		t.Fatal(err)
	}
	other := d.drafted(d.dm("u2", "m2", "hello"), event.Pending)
	d.wantStates(e, "sent sent sent")
	d.want(other.ID, event.Sent, 1)
	want := []string{
		sentence(1) + " " + sentence(1) + "\n\nSay STOP.", "Answer to m2. See acme.example/a.\n\nSay STOP.",
		sentence(2) + " " + sentence(2), sentence(3) + " " + sentence(3),
	}
	if diff := cmp.Diff(want, d.sentTexts()); diff != "" {
		t.Errorf("X has (-want +got):\n%s", diff)
	}
	ids := map[string]bool{}
	for _, a := range rows {
		ids[a.ID] = true
	}
	if len(ids) != 3 {
		t.Errorf("ids of the parts: %v", ids)
	}
}

// What ends one part decides on those after it.
func TestI13EndOfAPart(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		script []reaction
		during func(*desk, event.Event) // while the first call is under way
		after  func(*desk, event.Event) // when the sender has come to rest
		rested string                   // states before it
		want   string
		sent   int
	}{
		"the first is refused":  {script: []reaction{{class: event.Refused}}, want: "failed cancelled cancelled"},
		"the second is refused": {script: []reaction{{made: true}, {class: event.Refused}}, want: "sent failed cancelled", sent: 1},
		"the first is tried again": {script: []reaction{{class: event.Transient}},
			after: func(d *desk, _ event.Event) { d.now = d.now.Add(time.Minute) }, rested: "pending pending pending", want: "sent sent sent", sent: 3},
		"the answer is lost": {script: []reaction{{class: event.UnknownOutcome, made: true}}, want: "unknown pending pending", sent: 1},
		"the answer is lost, and X shows the DM": {script: []reaction{{class: event.UnknownOutcome, made: true}},
			after: func(d *desk, _ event.Event) {
				if what, err := d.echo(own("x0", d.x.calls[0].Outgoing)); err != nil || what != EchoSettled {
					d.t.Errorf("echo: %s, %v", what, err)
				}
			}, rested: "unknown pending pending", want: "sent sent sent", sent: 3},
		"the answer is lost, and X does not have it": {script: []reaction{{class: event.UnknownOutcome}},
			after: func(d *desk, e event.Event) {
				if _, err := d.operator().Settle(d.t.Context(), d.now, d.parts(e)[0].ID, "ann", Found{}); err != nil {
					d.t.Error(err)
				}
			}, rested: "unknown pending pending", want: "failed cancelled cancelled"},
		"STOP while the first is under way": {during: func(d *desk, e event.Event) {
			if _, err := d.operator().OptOut(d.t.Context(), d.now, e.User, "ann"); err != nil {
				d.t.Error(err)
			}
		}, want: "sent cancelled cancelled", sent: 1},
		"a person speaks while the first is under way": {during: func(d *desk, e event.Event) {
			if err := d.unit(func(u *Unit) error { return u.PersonSpoke(e.Bot, e.User, time.Hour) }); err != nil {
				d.t.Error(err)
			}
		}, want: "sent cancelled cancelled", sent: 1},
		"paused while the first is under way": {during: func(d *desk, e event.Event) {
			if err := d.operator().Pause(d.t.Context(), d.now, e.Bot, "ann", "", true); err != nil {
				d.t.Error(err)
			}
		}, after: func(d *desk, e event.Event) {
			if err := d.operator().Pause(d.t.Context(), d.now, e.Bot, "ann", "", false); err != nil {
				d.t.Error(err)
			}
		}, rested: "sent pending pending", want: "sent sent sent", sent: 3},
		"it waits too long": {script: []reaction{{class: event.UnknownOutcome}},
			after: func(d *desk, _ event.Event) { d.now = d.now.Add(25 * time.Hour) }, rested: "unknown pending pending", want: "unknown cancelled cancelled"},
		"nobody may try a later part before": {script: []reaction{{class: event.UnknownOutcome}},
			after: func(d *desk, e event.Event) {
				if _, err := d.operator().Retry(d.t.Context(), d.now, d.parts(e)[1].ID); !errors.Is(err, ErrPart) {
					d.t.Errorf("retry of the second part: %v", err)
				}
			}, rested: "unknown pending pending", want: "unknown pending pending"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.x.script = tt.script
			e := d.dm("u1", "m1", "tell me everything")
			d.inParts(e, long(3))
			if tt.during != nil {
				d.x.during = func(call) { d.x.during = nil; tt.during(d, e) }
			}
			if tt.after != nil {
				d.wantStates(e, tt.rested)
				tt.after(d, e)
			}
			d.wantStates(e, tt.want)
			if got := len(d.sentTexts()); got != tt.sent {
				t.Errorf("X has %d messages, want %d", got, tt.sent)
			}
		})
	}
}

// All parts expire at one time, and are cancelled in one transaction.
func TestI13PartsExpireTogether(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	e := d.dm("u1", "m1", "tell me everything")
	d.inParts(e, long(4))
	d.now = d.now.Add(25 * time.Hour)
	d.wantStates(e, "cancelled cancelled cancelled cancelled")
}

func TestI13FivePartsAreTooMany(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	e := d.dm("u1", "m1", "tell me everything")
	if rows := d.inParts(e, long(5)); rows != nil {
		t.Errorf("%d rows of an answer in five parts", len(rows))
	}
	d.run()
	if got := d.sentTexts(); got != nil {
		t.Errorf("X has %q", got)
	}
}

// A person judges the answer, not a part of it.
func TestI13HeldInParts(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		do   func(*desk, string) error
		want string
		sent []string
	}{
		"nobody said anything": {func(*desk, string) error { return nil }, "hold pending pending", nil},
		"approved": {func(d *desk, id string) error {
			_, err := d.operator().Approve(d.t.Context(), d.now, id, "ann")
			return err
		}, "sent sent sent", []string{"1", "2", "3"}},
		"rejected": {func(d *desk, id string) error {
			_, err := d.operator().Reject(d.t.Context(), d.now, id, "ann", "")
			return err
		}, "denied cancelled cancelled", nil},
		"edited to one part": {func(d *desk, id string) error { return edited(d, id, "7 Short.") }, "sent cancelled cancelled", []string{"7"}},
		"edited to four":     {func(d *desk, id string) error { return edited(d, id, long(4)) }, "sent sent sent sent", []string{"1", "2", "3", "4"}},
		"edited to two, then to three": {func(d *desk, id string) error {
			return errors.Join(edited(d, id, long(2)), edited(d, id, long(3)))
		}, "sent sent cancelled sent", []string{"1", "2", "3"}},
		"edited to five": {func(d *desk, id string) error { return edited(d, id, long(5)) }, "cancelled cancelled cancelled", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			e := d.dm("u1", "m1", "I want a refund")
			rows := d.inParts(e, long(3))
			if got := d.states(e); got != "hold pending pending" {
				t.Fatalf("drafted: %s", got)
			}
			if err := tt.do(d, rows[0].ID); err != nil {
				t.Fatal(err)
			}
			d.check()
			if strings.HasPrefix(name, "edited") && d.parts(e)[0].State == event.Hold { // the refund holds it again
				if _, err := d.operator().Approve(t.Context(), d.now, rows[0].ID, "ann"); err != nil {
					t.Fatal(err)
				}
			}
			d.wantStates(e, tt.want)
			var sent []string
			for _, text := range d.sentTexts() {
				n, _, _ := strings.Cut(text, " ")
				sent = append(sent, n)
				if strings.Contains(text, event.PartEnd) {
					t.Errorf("a message holds the mark between parts: %q", text)
				}
			}
			if diff := cmp.Diff(tt.sent, sent); diff != "" {
				t.Errorf("X has (-want +got):\n%s", diff)
			}
		})
	}
}

func edited(d *desk, id, text string) error {
	_, err := d.operator().Edit(d.t.Context(), d.now, id, "ann", Edit{Text: text})
	return err
}

// Whatever write fails, and whenever the process dies, each part is sent once at
// most and none before the one before it.
func TestI13Faults(t *testing.T) {
	t.Parallel()
	for name, fault := range dbtest.Table() {
		for write := 1; write <= 7; write++ { // the draft, three claims and their settlements
			t.Run(fmt.Sprintf("%s/%d", name, write), func(t *testing.T) {
				t.Parallel()
				d := newDesk(t)
				e := d.dm("u1", "m1", "tell me everything")
				d.store.At(d.store.Writes()+write, fault)
				faults := 0
				for range 20 {
					var err error
					if d.parts(e) == nil {
						err = d.proposeParts(e, long(3))
					} else {
						_, err = d.sender.Step(t.Context(), d.now)
					}
					if err != nil {
						faults++
					}
					if errors.Is(err, dbtest.ErrKilled) {
						d.restart()
					}
					d.check()
				}
				if faults == 0 {
					t.Error("no fault struck")
				}
				switch got := d.states(e); got {
				case "sent sent sent", "unknown pending pending", "sent unknown pending", "sent sent unknown":
				default:
					t.Errorf("parts are %s", got)
				}
			})
		}
	}
}

// Whoever ends what waits goes through rows that were read before: the end of one
// part ends those after it, and is no fault.
func TestI13CancelledRowByRow(t *testing.T) {
	t.Parallel()
	for name, order := range map[string][]int{"in order": {0, 1, 2}, "backward": {2, 1, 0}, "the middle first": {1, 0, 2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			e := d.dm("u1", "m1", "tell me everything")
			rows := d.inParts(e, long(3))
			err := d.unit(func(u *Unit) error {
				for _, i := range order {
					if err := u.Cancel(rows[i], "its post is gone"); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			d.wantStates(e, "cancelled cancelled cancelled")
		})
	}
}
