package action

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// check compares what X saw with what the database says, number by number.
// fakeX has checked I1 and I4 at each call.
func (d *desk) check() {
	d.t.Helper()
	d.read(func(tx db.Tx) error {
		rows, err := tx.ListActions(db.ActionFilter{Max: everyRow})
		if err != nil {
			return err
		}
		live := map[string]string{}
		for _, a := range rows {
			d.checkCalls(a)
			d.checkRecord(a)
			d.checkText(tx, a)
			if a.Kind == event.Reply && a.State != event.Denied && a.State != event.Cancelled {
				k := a.Bot + " " + a.Interaction
				if live[k] != "" {
					d.t.Errorf("I2: %s and %s answer one interaction", live[k], a.ID)
				}
				live[k] = a.ID
			}
			if was, ok := d.ended[a.ID]; ok && was != a.State {
				d.t.Errorf("I5: action %s was %s and is %s", a.ID, was, a.State)
			}
			if a.State.Terminal() {
				d.ended[a.ID] = a.State
			}
		}
		replies := map[string]int{}
		for _, c := range d.x.calls {
			a, err := tx.Action(c.Action)
			if err != nil {
				return fmt.Errorf("I1: a call without a row: %w", err)
			}
			if c.id != "" && c.Kind == event.Reply {
				replies[a.Bot+" "+a.Interaction]++
			}
		}
		for k, n := range replies {
			if n > 1 {
				d.t.Errorf("X has %d replies to interaction %s, want one at most", n, k)
			}
		}
		d.checkMoney(tx, rows)
		return d.checkCounts(tx, rows)
	})
}

// checkMoney holds I11 and I12: what the books say is what the rows hold, day
// by day, and no more than the budget.
func (d *desk) checkMoney(tx db.Tx, rows []db.Action) {
	d.t.Helper()
	type sum struct{ Reserved, ReservedN, Settled, SettledN int64 }
	want := map[string]sum{}
	for _, a := range rows {
		key := a.Bot + " " + a.Cost.Day.Format(time.DateOnly) + " " + a.Cost.Price
		s := want[key]
		switch a.State {
		case event.Hold, event.Pending, event.Attempting, event.Unsettled:
			s.Reserved, s.ReservedN = s.Reserved+a.Cost.Micro, s.ReservedN+1
		case event.Sent:
			s.Settled, s.SettledN = s.Settled+a.Cost.Micro, s.SettledN+1
		default:
			if a.Cost != (db.Cost{}) {
				d.t.Errorf("I11: action %s is %s and still holds %+v", a.ID, a.State, a.Cost)
			}
			continue
		}
		if a.Cost.Price == "" {
			d.t.Errorf("I11: action %s is %s and holds nothing", a.ID, a.State)
		}
		want[key] = s
	}
	got := map[string]sum{}
	for bot := range d.send {
		from, to := budget.Month(d.now)
		all, err := tx.Spending(bot, from.AddDate(0, -1, 0), to)
		if err != nil {
			d.t.Fatal(err)
		}
		month := budget.Sum(all, d.now)
		if l := d.book.Limits(bot); l.Day > 0 && month.Day > l.Day || l.Month > 0 && month.Month > l.Month {
			d.t.Errorf("I12: %s spent %s today and %s this month, of %s and %s", bot, month.Day, month.Month, l.Day, l.Month)
		}
		for _, s := range all {
			if v := (sum{s.Reserved, s.ReservedN, s.Settled, s.SettledN}); v != (sum{}) {
				got[bot+" "+s.Day.Format(time.DateOnly)+" "+s.Price] = v
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		d.t.Errorf("I11: what the rows hold and the books say (-rows +books):\n%s", diff)
	}
}

// checkCalls: one call for a key, unless its class says that X did nothing.
func (d *desk) checkCalls(a db.Action) {
	d.t.Helper()
	var calls []call
	for _, c := range d.x.calls {
		if c.Action == a.ID {
			calls = append(calls, c)
		}
	}
	for i, c := range calls {
		again := i < len(calls)-1
		if again && (c.id != "" || NextFor(c.Kind, c.Outcome, 1).State != event.Pending) {
			d.t.Errorf("I3: action %s is sent again after %q", a.ID, c.Class)
		}
	}
	made := d.x.posts(a.ID)
	switch a.State {
	case event.Sent:
		if made != 1 {
			d.t.Errorf("action %s is sent, and X made %d of it", a.ID, made)
		}
	case event.Failed, event.Hold, event.Pending, event.Denied, event.Cancelled:
		if made != 0 {
			d.t.Errorf("action %s is %s, and X made %d of it", a.ID, a.State, made)
		}
	}
}

// checkRecord: I6.
func (d *desk) checkRecord(a db.Action) {
	d.t.Helper()
	var r gate.Record
	if err := json.Unmarshal(a.Decision, &r); err != nil {
		d.t.Errorf("I6: decision of %s: %v", a.ID, err)
		return
	}
	if r.Rules == nil || r.Rules.Set != a.RuleSet || a.RuleSet == "" || r.ID != a.DecisionID || r.Input == nil {
		d.t.Errorf("I6: action %s: rule set %q, decision %q; its record has %+v and input %v", a.ID, a.RuleSet, a.DecisionID, r.Rules, r.Input)
	}
	if a.Attempts > 0 && a.State != event.Hold && a.State != event.Cancelled && r.Decision != gate.Allow {
		d.t.Errorf("I6: action %s went out by a decision that says %s", a.ID, r.Decision)
	}
}

// checkText: text is there as long as it may be needed, and no longer.
func (d *desk) checkText(tx db.Tx, a db.Action) {
	d.t.Helper()
	_, err := tx.ActionText(a.ID)
	if gone := errors.Is(err, db.ErrNotFound); gone != a.State.Terminal() {
		d.t.Errorf("text of action %s, which is %s: %v", a.ID, a.State, err)
	}
}

// checkCounts: what the rules count is what the rows are.
func (d *desk) checkCounts(tx db.Tx, rows []db.Action) error {
	d.t.Helper()
	type counts struct{ replies, dms, waiting int64 }
	users, acts := map[[2]string]counts{}, map[[2]string]counts{}
	for _, a := range rows {
		var n counts
		switch {
		case a.Part > 0: // counted by the first
		case a.State == event.Hold:
			n.waiting = 1
		case a.State == event.Failed, a.State == event.Denied, a.State == event.Cancelled:
		case a.Kind == event.DM:
			n.dms = 1
		default:
			n.replies = 1
		}
		for m, k := range map[*map[[2]string]counts][2]string{&users: {a.Bot, a.User}, &acts: {a.Bot, a.Interaction}} {
			c := (*m)[k]
			(*m)[k] = counts{c.replies + n.replies, c.dms + n.dms, c.waiting + n.waiting}
		}
	}
	for k, want := range users {
		c, err := tx.Conversation(k[0], k[1])
		if err != nil {
			return err
		}
		if c.RepliesSent != want.replies || c.DMsSent != want.dms || int64(len(c.Sends)) != want.replies+want.dms {
			d.t.Errorf("conversation %v counts %d replies, %d DMs, a ring of %d; the rows say %+v", k, c.RepliesSent, c.DMsSent, len(c.Sends), want)
		}
	}
	for k, want := range acts {
		i, err := tx.Interaction(k[0], k[1])
		if err != nil {
			return err
		}
		if got := (counts{i.RepliesSent, i.DMsSent, i.DraftsWaiting}); got != want {
			d.t.Errorf("interaction %v counts %+v; the rows say %+v", k, got, want)
		}
	}
	return nil
}
