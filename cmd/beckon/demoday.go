package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// demoLine is one line of the day.
type demoLine struct {
	Note string `json:"note"` // a heading
	At   string `json:"at"`   // UTC, HH:MM
	As   string `json:"as"`   // name for the post or DM that is made
	By   string `json:"by"`   // operator

	xsim.Act
	Fault   *xsim.Fault `json:"fault"`
	Wait    string      `json:"wait"`    // time passes; why
	Approve string      `json:"approve"` // name of the act whose answer is on hold
	Reject  string      `json:"reject"`
	Forge   string      `json:"forge"` // name of an act whose body comes again with a wrong signature
	Raw     string      `json:"raw"`   // a body, rightly signed

	// EditedReply names a reply that arrives in a later version. X lets nobody
	// edit a reply to others; should one come all the same, it is one act.
	EditedReply string `json:"edited_reply"`
}

// day plays the whole day and checks it.
func (d *demo) day(ctx context.Context) error {
	script, err := demoFiles.ReadFile("demo/day.jsonl")
	if err != nil {
		return err
	}
	d.out.header(d)
	in := bufio.NewScanner(bytes.NewReader(script))
	for n := 1; in.Scan(); n++ {
		var l demoLine
		dec := json.NewDecoder(bytes.NewReader(in.Bytes()))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&l); err != nil {
			return fmt.Errorf("demo/day.jsonl:%d: %w", n, err)
		}
		if err := d.play(ctx, l); err != nil {
			return fmt.Errorf("demo/day.jsonl:%d: %w", n, err)
		}
	}
	if err := d.again(ctx); err != nil {
		return err
	}
	checks, err := d.check(ctx)
	if err != nil {
		return err
	}
	return d.out.summary(d, checks)
}

// play does what one line says and lets the host work until it is idle.
func (d *demo) play(ctx context.Context, l demoLine) error {
	if l.Note != "" {
		d.out.note(l.Note)
		return nil
	}
	if err := d.until(ctx, l.At); err != nil {
		return err
	}
	switch {
	case l.Fault != nil:
		return d.sim.Fault(*l.Fault)
	case l.Wait != "":
		d.out.say(d.now(), l.Wait)
		return nil
	case l.Approve != "":
		return d.judge(ctx, l.Approve, l.By, true)
	case l.Reject != "":
		return d.judge(ctx, l.Reject, l.By, false)
	case l.Forge != "":
		return d.forge(ctx)
	case l.EditedReply != "":
		return d.deliver(ctx, l.Text, d.editedReply(d.ids[l.EditedReply], l.Text))
	case l.Raw != "":
		return d.deliver(ctx, "", [][]byte{[]byte(l.Raw)})
	}
	act := l.Act
	if id, ok := d.ids[act.Post]; ok {
		act.Post = id
	}
	if id, ok := d.ids[act.Quote]; ok {
		act.Quote = id
	}
	done, err := d.sim.Do(act)
	if err != nil {
		return err
	}
	if l.As != "" {
		d.ids[l.As] = done.ID
	}
	return d.deliver(ctx, act.Text, done.Bodies)
}

// editedReply is what X would send if a reply could be edited: mention, reply
// and quote of its second version.
func (d *demo) editedReply(id, text string) [][]byte {
	p, _ := d.sim.Post(id)
	first, _ := d.sim.Post(p.ReplyTo)
	people := make([]xsim.User, 0, 2)
	for _, user := range []string{p.Author, first.Author} {
		if u, ok := d.sim.User(user); ok {
			people = append(people, u)
		}
	}
	n, _ := strconv.ParseInt(id, 10, 64)
	p.ID = strconv.FormatInt(n+1, 10) // no other id of the day is that close
	p.History, p.Text, p.At = []string{id, p.ID}, "@"+people[1].Username+" "+text, d.now()
	var bodies [][]byte
	for _, t := range []event.Type{event.PostMention, event.PostReply, event.PostQuote} {
		h := xsim.Head{EventID: xsim.EventID(0, string(t), p.ID), Bot: first.Author}
		bodies = append(bodies, xsim.PostBody(h, t, p, people...))
	}
	return bodies
}

// until moves the clock, stopping wherever the sender has something due.
func (d *demo) until(ctx context.Context, at string) error {
	hm, err := time.Parse("15:04", at)
	if err != nil {
		return fmt.Errorf("time %q: %w", at, err)
	}
	day := demoStart().Truncate(24 * time.Hour)
	to := day.Add(time.Duration(hm.Hour())*time.Hour + time.Duration(hm.Minute())*time.Minute)
	for {
		next, err := d.sender.Step(ctx, d.now())
		if err != nil {
			return err
		}
		if err := d.echoes(ctx); err != nil {
			return err
		}
		if next.IsZero() || next.After(to) {
			d.clock.set(to)
			return nil
		}
		if next.After(d.now()) {
			d.clock.set(next)
		}
	}
}

// deliver brings bodies to the webhook as X does, and works until idle.
func (d *demo) deliver(ctx context.Context, text string, bodies [][]byte) error {
	for _, b := range bodies {
		if err := d.bring(ctx, text, b); err != nil {
			return err
		}
	}
	return d.echoes(ctx)
}

// bring delivers one body, lets the host do what follows from it, and shows it.
func (d *demo) bring(ctx context.Context, text string, body []byte) error {
	d.all = append(d.all, body)
	if err := d.sim.Deliver(ctx, body); err != nil {
		return err
	}
	handled, err := d.work(ctx)
	if err != nil {
		return err
	}
	if err := d.send(ctx); err != nil {
		return err
	}
	return d.show(ctx, text, handled)
}

// work dispatches what is on the bus.
func (d *demo) work(ctx context.Context) ([]dispatch.Handled, error) {
	ds, err := d.bus.Next(ctx, dispatch.MaxBatch)
	if err != nil {
		return nil, err
	}
	done, err := d.dispatch.Batch(ctx, d.now(), ds)
	if err != nil {
		return nil, err
	}
	return done, d.bus.Ack(ds)
}

// send steps the sender until nothing is due now.
func (d *demo) send(ctx context.Context) error {
	for {
		next, err := d.sender.Step(ctx, d.now())
		if err != nil || next.IsZero() || next.After(d.now()) {
			return err
		}
	}
}

// echoes brings our own posts and DMs back, as X shows them to the account.
func (d *demo) echoes(ctx context.Context) error {
	for _, b := range d.sim.Take() {
		if err := d.bring(ctx, "", b); err != nil {
			return err
		}
	}
	return nil
}

// show prints events with what became of the action that each led to.
func (d *demo) show(ctx context.Context, text string, handled []dispatch.Handled) error {
	for _, h := range handled {
		d.out.events++
		for _, r := range h.Records {
			var a *db.Action
			if r.Action != nil && r.Action.ID != "" {
				row, err := d.action(ctx, r.Action.ID)
				if err != nil {
					return err
				}
				a = &row
			}
			d.out.event(h, r, a, text)
		}
	}
	return nil
}

func (d *demo) action(ctx context.Context, id string) (a db.Action, err error) {
	err = d.store.Read(ctx, func(tx db.Tx) error {
		a, err = tx.Action(id)
		return err
	})
	return a, err
}

// judge is an operator's word on the held answer to an act.
func (d *demo) judge(ctx context.Context, name, by string, yes bool) error {
	var held db.Action
	err := d.store.Read(ctx, func(tx db.Tx) error {
		for _, bot := range d.cfg.Names() {
			rows, err := tx.ActionsOf(bot, d.ids[name])
			if err != nil {
				return err
			}
			for _, a := range rows {
				held = a
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	before := held.State
	if yes {
		held, err = d.desk.Approve(ctx, d.now(), held.ID, by)
	} else {
		held, err = d.desk.Reject(ctx, d.now(), held.ID, by, "not our tone")
	}
	if err != nil && before == event.Hold {
		return err
	}
	if err := d.send(ctx); err != nil {
		return err
	}
	if held, err = d.action(ctx, held.ID); err != nil {
		return err
	}
	d.out.judged(d.now(), by, yes, before, held)
	return d.echoes(ctx)
}

// forge brings a body whose signature does not belong to it.
func (d *demo) forge(ctx context.Context) error {
	body := d.all[0]
	status, err := d.sim.DeliverAs(ctx, body, d.sim.Sign(append(bytes.Clone(body), ' ')))
	if err != nil {
		return err
	}
	d.forged++
	if status == http.StatusUnauthorized {
		d.refused++
	}
	d.out.say(d.now(), fmt.Sprintf("a body with a forged signature: HTTP %d, nothing is taken in", status))
	return nil
}

// again delivers everything that X sent a second time.
func (d *demo) again(ctx context.Context) error {
	d.out.note("At the end X delivers everything a second time.")
	before, err := d.fingerprint(ctx)
	if err != nil {
		return err
	}
	all := d.all
	for _, b := range all {
		if err := d.sim.Deliver(ctx, b); err != nil {
			return err
		}
		if _, err := d.work(ctx); err != nil {
			return err
		}
		if err := d.send(ctx); err != nil {
			return err
		}
	}
	after, err := d.fingerprint(ctx)
	if err != nil {
		return err
	}
	d.changed = before != after
	d.out.say(d.now(), fmt.Sprintf("%d bodies again; what X has and what the action log says is the same: %t", len(all), !d.changed))
	return nil
}
