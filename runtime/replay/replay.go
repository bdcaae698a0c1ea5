// Package replay decides a recorded event log again, with the production path:
// the same dispatcher, gate, action log and sender, on the log's own clock.
//
// What it owns: the two shapes of a log line, the clock, and how a send ends
// in a replay. What it refuses: to reach X, to read the machine's clock, to
// decide anything in another way than the host does.
//
//   - P1 the same log, rules and answers give the same bytes out.
//   - P2 every event of the log leads to at least one decision record.
//   - P3 an own event that the recorder marked as ours is never taken for a
//     person, nor is one that a replayed send explains.
package replay

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// Key is the host key of every replay: fixed, so that hashes are the same.
func Key() event.Key { return event.Key("beckon replay, the same for all!") }

// Options is what a replay needs.
type Options struct {
	Store       db.Store // empty, temporary
	Gate        *gate.Gate
	Handlers    map[string]handlers.Chain
	MaxEventAge time.Duration
	Book        *budget.Book // prices and budgets, without windows; nil: the shipped prices, no budgets

	// Route makes a body ready for the bus, as the webhook does: which bot it
	// is for, and whether it can only be a dead letter.
	Route func(body []byte) bus.Message

	// Emit is told of each event's records, in order.
	Emit func(Step) error
}

// Step is what one event led to.
type Step struct {
	At      time.Time // the replay's clock
	Event   event.Event
	Records []gate.Record
}

// Player replays one log.
type Player struct {
	opts   Options
	bus    *bus.Memory
	disp   *dispatch.Dispatcher
	sender *action.Sender
	x      *outcomes
	now    time.Time
	due    time.Time     // when the sender wants to be called; zero: not by itself
	claims []gate.Record // decisions of the sender since the last event
}

// New returns a player at the beginning of a log. known are the outcomes that
// the log holds, from Outcomes.
func New(o Options, known *Recorded) *Player {
	p := &Player{opts: o, bus: bus.NewMemory(bus.MemoryOptions{}), x: &outcomes{known: known}}
	if o.Book == nil {
		o.Book = budget.New(budget.Options{NoWindows: true}) // nothing reaches X
	}
	send := map[string]bool{}
	for name := range o.Handlers {
		send[name] = true
	}
	p.disp = dispatch.New(dispatch.Options{
		Store: o.Store, Gate: o.Gate, Handlers: o.Handlers, Key: Key(), Book: o.Book, MaxEventAge: o.MaxEventAge,
	})
	p.sender = action.New(action.Options{
		Store: o.Store, Gate: o.Gate, X: p.x, Key: Key(), Book: o.Book, Send: send,
		Decided: func(r gate.Record) { p.claims = append(p.claims, r) },
	})
	return p
}

// Play takes in the next line of the log. The clock is the latest time seen:
// of the line, else of its event, else of the line before.
func (p *Player) Play(ctx context.Context, l Line) error {
	if l.Outcome != nil {
		return nil // read ahead by Recorded
	}
	at := l.Time
	if at.IsZero() && l.Body != nil {
		at = l.bodyTime()
	}
	if at.After(p.now) {
		if err := p.advance(ctx, at); err != nil {
			return err
		}
	}
	before := p.claims
	p.claims = nil
	if l.Activated != nil { // on record as it was there; the replay goes on with its own rules
		r := l.Activated.Record(action.DecisionID(l.Activated.Cause(p.now)...), p.now)
		return p.opts.Emit(Step{At: p.now, Records: append(before, r)})
	}
	if l.Own != "" { // P3
		return p.opts.Emit(Step{At: p.now, Records: append(before, p.marked(l))})
	}
	msg, err := p.route(l)
	if err != nil {
		return err
	}
	msg.Time = p.now
	if err := p.bus.Publish(ctx, msg); err != nil {
		return fmt.Errorf("%s:%d: %w", l.File, l.N, err)
	}
	ds, err := p.bus.Next(ctx, 1)
	if err != nil {
		return fmt.Errorf("%s:%d: %w", l.File, l.N, err)
	}
	done, err := p.disp.Batch(ctx, p.now, ds)
	if err != nil {
		return fmt.Errorf("%s:%d: %w", l.File, l.N, err)
	}
	if err := p.bus.Ack(ds); err != nil {
		return err
	}
	if drafted(done) {
		if err := p.send(ctx); err != nil {
			return err
		}
	}
	return p.emit(before, done)
}

// route makes the line's body ready for the bus. A command or an answer is one by
// the line's own source and type; a body of X that says so stays X's.
func (p *Player) route(l Line) (m bus.Message, err error) {
	switch {
	case l.Command:
		var c event.Command
		if c, err = event.ReadCommand(l.Body); err == nil {
			m, err = dispatch.CommandMessage(c)
		}
	case l.Judged:
		var j event.Judgement
		if j, err = event.ReadJudgement(l.Body); err == nil {
			m, err = dispatch.JudgementMessage(j)
		}
	case l.Answer:
		var r event.Response
		if r, err = event.ReadResponse(l.Body); err == nil {
			m, err = dispatch.ResponseMessage(r)
		}
	default:
		return p.opts.Route(l.Body), nil
	}
	if err != nil {
		return m, &LineError{File: l.File, Line: l.N, Err: err}
	}
	return m, nil
}

// marked is the record of an own event that the recorder found in the action
// log.
func (p *Player) marked(l Line) gate.Record {
	r := gate.Record{At: p.now, Decision: gate.None, Say: "This is our own, made by action " + l.Own + " as recorded."}
	if msg := p.opts.Route(l.Body); msg.Bot != bus.NoBot {
		r.Bot = msg.Bot
	}
	if events, err := event.Decode(l.Body); err == nil && len(events) > 0 {
		e := events[0]
		r.ID, r.User, r.Event = action.DecisionID("none", r.Bot, e.ID, "0"), e.User, e.ID
	}
	return r
}

// Close ends the replay. What a retry or an expiry would do after the last
// event stays open, as it does at the end of a recording.
func (p *Player) Close() error { return p.bus.Close() }

// advance moves the clock, stopping at each due time of the sender on the way.
func (p *Player) advance(ctx context.Context, to time.Time) error {
	for !p.due.IsZero() && !p.due.After(to) {
		if p.due.After(p.now) {
			p.now = p.due
		}
		if err := p.send(ctx); err != nil {
			return err
		}
	}
	p.now = to
	return nil
}

// send steps until nothing is due now.
func (p *Player) send(ctx context.Context) (err error) {
	for {
		p.due, err = p.sender.Step(ctx, p.now)
		if err != nil || p.due.IsZero() || p.due.After(p.now) {
			return err
		}
	}
}

// drafted reports whether events made an action, for which the sender must
// look. Whatever else they do to the action log makes nothing due sooner.
func drafted(done []dispatch.Handled) bool {
	return slices.ContainsFunc(done, func(h dispatch.Handled) bool {
		return slices.ContainsFunc(h.Records, func(r gate.Record) bool { return r.Action != nil && r.Action.ID != "" })
	})
}

// emit tells of each event's records: the first has what the sender decided on
// the way to it, the last what it decided after.
func (p *Player) emit(before []gate.Record, done []dispatch.Handled) error {
	for i, h := range done {
		s := Step{At: p.now, Event: h.Event, Records: append(before, h.Records...)}
		before = nil
		if i == len(done)-1 {
			s.Records, p.claims = append(s.Records, p.claims...), nil
		}
		if err := p.opts.Emit(s); err != nil {
			return err
		}
	}
	return nil
}

// bodyTime is the user's own time of the first event in the body, zero if there
// is none.
func (l Line) bodyTime() time.Time {
	if l.Command {
		c, _ := event.ReadCommand(l.Body)
		return c.At
	}
	if l.Judged {
		j, _ := event.ReadJudgement(l.Body)
		return j.At
	}
	if l.Answer {
		r, _ := event.ReadResponse(l.Body)
		return r.At
	}
	events, err := event.Decode(l.Body)
	if err != nil || len(events) == 0 {
		return time.Time{}
	}
	return events[0].At
}
