package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// check is one promise, held against what the simulated X saw.
type check struct {
	Promise string `json:"promise"`
	Found   string `json:"found"`
	Holds   bool   `json:"holds"`
}

// check compares what X has with the action log and the decisions.
func (d *demo) check(ctx context.Context) ([]check, error) {
	var rows []db.Action
	err := d.store.Read(ctx, func(tx db.Tx) (err error) {
		rows, err = tx.ListActions(db.ActionFilter{Max: 10_000})
		return err
	})
	if err != nil {
		return nil, err
	}
	w := d.world(rows)
	return []check{
		w.oncePerAct(), w.onlyAsked(), w.allAllowed(), w.nothingAfterStop(), w.noBotToBot(),
		{"a body with a forged signature is refused", fmt.Sprintf("%d of %d refused", d.refused, d.forged), d.refused == d.forged && d.forged > 0},
		{"delivering everything twice changes nothing", fmt.Sprintf("%d bodies delivered again", len(d.all)), !d.changed},
	}, nil
}

// world is what X has of ours, beside our own account of it.
type world struct {
	made    []made // posts and DMs made through the API, in X's order
	rows    map[string]db.Action
	turned  map[string]map[string]bool // bot user to the users who turned to it
	replies map[string]int             // by the first id of the edit chain of the post answered
}

// made is one post or DM that X has of one of our bots.
type made struct {
	id, bot, user string
	robot         bool // the other side carries the Automated label
}

func (d *demo) world(rows []db.Action) world {
	w := world{rows: map[string]db.Action{}, turned: map[string]map[string]bool{}, replies: map[string]int{}}
	for _, a := range rows {
		if a.RemoteID != "" {
			w.rows[a.RemoteID] = a
		}
	}
	for _, p := range d.sim.Posts() {
		target, _ := d.sim.Post(p.ReplyTo)
		first := p.ReplyTo
		if len(target.History) > 0 {
			first = target.History[0]
		}
		w.replies[first]++
		w.made = append(w.made, made{p.ID, p.Author, p.ReplyToUser, d.robot(p.ReplyToUser)})
	}
	for _, m := range d.sim.DMs() {
		w.made = append(w.made, made{m.ID, m.From, m.To, d.robot(m.To)})
	}
	for _, body := range d.all {
		events, err := event.Decode(body)
		if err != nil {
			continue
		}
		for _, e := range events {
			if e.Addresses() {
				if w.turned[e.BotUser] == nil {
					w.turned[e.BotUser] = map[string]bool{}
				}
				w.turned[e.BotUser][e.User] = true
			}
		}
	}
	return w
}

func (d *demo) robot(user string) bool {
	u, ok := d.sim.User(user)
	return ok && u.Automated
}

func (w world) oncePerAct() check {
	most := 0
	for _, n := range w.replies {
		most = max(most, n)
	}
	return check{"one act of a user is answered at most once", fmt.Sprintf("%d posts answered, at most %d reply each", len(w.replies), most), most == 1}
}

func (w world) onlyAsked() check {
	unasked := 0
	for _, m := range w.made {
		if !w.turned[m.bot][m.user] {
			unasked++
		}
	}
	return check{"nobody hears from us who did not turn to us", fmt.Sprintf("%d posts and DMs on X, %d unasked", len(w.made), unasked), unasked == 0}
}

func (w world) allAllowed() check {
	without := 0
	for _, m := range w.made {
		var r gate.Record
		if json.Unmarshal(w.rows[m.id].Decision, &r) != nil || r.Decision != gate.Allow {
			without++
		}
	}
	return check{"whatever is on X was allowed by a decision on record", fmt.Sprintf("%d without", without), without == 0}
}

// nothingAfterStop looks at each user's last word: after a STOP only the
// confirmation may have followed.
func (w world) nothingAfterStop() check {
	after, stops := 0, 0
	for _, a := range w.rows {
		if a.Purpose == event.OptOutConfirmation {
			stops++
			for _, b := range w.rows {
				if b.User == a.User && b.Purpose != event.OptOutConfirmation && b.CreatedAt.Before(a.CreatedAt) && b.UpdatedAt.After(a.CreatedAt) {
					after++
				}
			}
		}
	}
	return check{"after a stop nothing goes out but its one confirmation", fmt.Sprintf("%d stops confirmed, %d sends after a stop", stops, after), after == 0 && stops > 0}
}

func (w world) noBotToBot() check {
	n := 0
	for _, m := range w.made {
		if m.robot {
			n++
		}
	}
	return check{"bots do not answer bots", fmt.Sprintf("%d answers to automated accounts", n), n == 0}
}

// fingerprint is all that a second delivery could change: what X has, and the
// action log.
func (d *demo) fingerprint(ctx context.Context) (string, error) {
	var b strings.Builder
	for _, p := range d.sim.Posts() {
		fmt.Fprintf(&b, "post %s to %s\n", p.ID, p.ReplyTo)
	}
	for _, m := range d.sim.DMs() {
		fmt.Fprintf(&b, "dm %s to %s\n", m.ID, m.To)
	}
	fmt.Fprintf(&b, "calls %d\n", len(d.sim.Seen()))
	err := d.store.Read(ctx, func(tx db.Tx) error {
		rows, err := tx.ListActions(db.ActionFilter{Max: 10_000})
		for _, a := range rows {
			fmt.Fprintf(&b, "%s %s %s\n", a.ID, a.State, a.RemoteID)
		}
		return err
	})
	return b.String(), err
}
