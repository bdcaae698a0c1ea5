package bottest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// clock is the time of the scenario's day, with the days since before it.
func clock(t time.Time) string {
	days := int(t.Sub(midnight()) / (24 * time.Hour))
	if days == 0 {
		return t.UTC().Format(time.TimeOnly)
	}
	return fmt.Sprintf("+%dd %s", days, t.UTC().Format(time.TimeOnly))
}

// ledger is everything that the database and X hold at one moment.
type ledger struct {
	Actions   []db.Action   // as they came about
	Records   []gate.Record // as they were made
	Letters   []db.DeadLetter
	Switches  []db.Switch
	Duties    []db.Duty
	Calls     []xsim.Call
	Posts     []xsim.Post
	DMs       []xsim.DM
	AfterStop int64 // the host's own count
}

// ledger reads it all.
func (r *run) ledger() (l ledger, err error) {
	h := r.host()
	err = h.store.Read(context.Background(), func(tx db.Tx) (err error) {
		if l.Actions, err = tx.ListActions(db.ActionFilter{Max: 10_000}); err != nil {
			return err
		}
		decisions, err := tx.ListDecisions(10_000)
		if err != nil {
			return err
		}
		for _, d := range slices.Backward(decisions) {
			var rec gate.Record
			if err := json.Unmarshal(d.Record, &rec); err != nil {
				return fmt.Errorf("decision %s: %w", d.ID, err)
			}
			l.Records = append(l.Records, rec)
		}
		if l.Letters, err = tx.ListDeadLetters(10_000); err != nil {
			return err
		}
		if l.Switches, err = tx.ListSwitches(); err != nil {
			return err
		}
		l.Duties, err = tx.ListDuties(10_000)
		slices.Reverse(l.Duties)
		return err
	})
	slices.SortFunc(l.Actions, func(a, b db.Action) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.Bot, b.Bot), cmp.Compare(a.Interaction, b.Interaction),
			cmp.Compare(a.Version, b.Version), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Purpose, b.Purpose))
	})
	l.Calls = slices.DeleteFunc(r.sim.Seen(), func(c xsim.Call) bool { // reading changes nothing on X
		switch c.Op {
		case xsim.OpTweets, xsim.OpConversation, xsim.OpStream, xsim.OpCompliance, xsim.OpComplianceJob, xsim.OpComplianceJobs:
			return true
		}
		return false
	})
	l.Posts, l.DMs = r.sim.Posts(), r.sim.DMs()
	l.AfterStop = h.sent.AfterStop.Load()
	return l, err
}

// show writes down what came of the scenario.
func (r *run) show() map[string]string {
	l, err := r.ledger()
	if err != nil {
		r.t.Fatal(err)
	}
	states, err := r.showStates()
	if err != nil {
		r.t.Fatal(err)
	}
	return map[string]string{
		wantLog:       r.showActions(l) + states + r.showSwitches(l) + r.alarms.show() + r.showDuties(l),
		wantDecisions: r.showDecisions(l),
		wantX:         r.showCalls(l),
	}
}

// name is what the script calls an id.
func (r *run) name(id string) string {
	if id == "" {
		return "-"
	}
	return cmp.Or(r.names[id], "?")
}

func (r *run) showActions(l ledger) string {
	var b strings.Builder
	for _, a := range l.Actions {
		fmt.Fprintf(&b, "%s %s %s %s", a.Bot, a.Kind, r.name(a.User), r.name(a.Interaction))
		if a.Version > 0 {
			fmt.Fprintf(&b, " edit %d", a.Version)
		}
		if a.Part > 0 {
			fmt.Fprintf(&b, " part %d", a.Part+1)
		}
		fmt.Fprintf(&b, " %s %s", a.Purpose, a.State)
		if a.Attempts > 1 {
			fmt.Fprintf(&b, ", attempts %d", a.Attempts)
		}
		if a.State != event.Sent {
			fmt.Fprintf(&b, ": %s", r.noIDs(a.Reason))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// showStates tells of users toward whom a bot is silent, and why.
func (r *run) showStates() (string, error) {
	var b strings.Builder
	users := map[string]bool{}
	for id := range r.names {
		if u, ok := r.sim.User(id); ok && u.ID == id {
			users[id] = true
		}
	}
	err := r.host().store.Read(context.Background(), func(tx db.Tx) error {
		for _, id := range slices.SortedFunc(maps.Keys(users), func(a, b string) int { return cmp.Compare(r.names[a], r.names[b]) }) {
			p, err := tx.Suppression(hostKey().User(id))
			if err != nil {
				return err
			}
			if p.OptedOut {
				fmt.Fprintf(&b, "opted out: %s (%s)\n", r.names[id], p.Tier)
			}
			for _, bot := range r.s.Bots {
				c, err := tx.Conversation(bot, id)
				if err != nil {
					return err
				}
				if c.Held {
					fmt.Fprintf(&b, "held: %s to %s: %s\n", bot, r.names[id], c.HeldReason)
				}
				if c.HandedOver(time.Now()) {
					fmt.Fprintf(&b, "handed off: %s to %s, because %s\n", bot, r.names[id], c.HandedOffWhy)
				}
				if !c.PausedUntil.IsZero() {
					fmt.Fprintf(&b, "a person spoke: %s is silent to %s until %s\n", bot, r.names[id], clock(c.PausedUntil))
				}
				if err := r.showMatches(&b, tx, bot, id); err != nil {
					return err
				}
				if c.BlockedUs {
					fmt.Fprintf(&b, "blocked: %s by %s\n", bot, r.names[id])
				}
			}
		}
		return nil
	})
	return b.String(), err
}

func (r *run) showSwitches(l ledger) string {
	var b strings.Builder
	for _, s := range l.Switches {
		if s.Paused {
			fmt.Fprintf(&b, "paused: %s by %s: %s\n", s.Bot, s.By, s.Reason)
		}
	}
	for _, d := range l.Letters {
		fmt.Fprintf(&b, "dead letter: %s, %s: %s\n", cmp.Or(d.Bot, "-"), d.Stage, r.noIDs(d.Reason))
	}
	return b.String()
}

// showDecisions tells what dispatch decided before what the sender did at the
// same second: which of them came first is chance. So is whether an echo is
// faster than the settling of the call that it tells of; both are left out.
func (r *run) showDecisions(l ledger) string {
	types := map[string]event.Type{}
	for _, body := range r.accepted {
		if head, err := event.Scan(body); err == nil {
			types[head.ID] = head.Type
		}
	}
	bySender := func(rec gate.Record) bool { return rec.Action != nil && rec.Action.Stage == gate.StageClaim }
	records := slices.Clone(l.Records)
	slices.SortStableFunc(records, func(a, b gate.Record) int {
		if c := a.At.Truncate(1e9).Compare(b.At.Truncate(1e9)); c != 0 || bySender(a) == bySender(b) {
			return c
		}
		if bySender(b) {
			return -1
		}
		return 1
	})
	var b strings.Builder
	for _, rec := range records {
		if strings.HasPrefix(rec.Say, "This is our own") {
			continue
		}
		fmt.Fprintf(&b, "%s %s %s", clock(rec.At), cmp.Or(rec.Bot, "-"), r.name(rec.User))
		if rec.Interaction != "" {
			fmt.Fprintf(&b, " %s", r.name(rec.Interaction))
		}
		if t := types[rec.Event]; t != "" {
			fmt.Fprintf(&b, " %s", t)
		}
		if rec.Action != nil {
			fmt.Fprintf(&b, " %s %s", rec.Action.Kind, rec.Action.Stage)
		}
		fmt.Fprintf(&b, " %s", rec.Decision)
		for _, by := range rec.By {
			fmt.Fprintf(&b, " %s", strings.Join(append([]string{by.Rule}, by.Conditions...), "/"))
		}
		for _, o := range rec.Obligations {
			fmt.Fprintf(&b, " +%s", o)
		}
		if rec.Decision != gate.Allow {
			fmt.Fprintf(&b, ": %s", r.noIDs(rec.Say))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// showCalls tells what X was asked and what it did.
func (r *run) showCalls(l ledger) string {
	var b strings.Builder
	for _, c := range l.Calls {
		fmt.Fprintf(&b, "%s %s %s", clock(c.At), r.name(c.Account), r.aim(c))
		if c.Text != "" {
			fmt.Fprintf(&b, " %q", c.Text)
		}
		b.WriteString(": ")
		switch {
		case c.Status == 0:
			b.WriteString("no answer")
		default:
			fmt.Fprintf(&b, "%d", c.Status)
		}
		if c.Made == "" {
			b.WriteString(", nothing done")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// lineNumber stands in the reason of a panic.
var lineNumber = regexp.MustCompile(`, line \d+`)

// noIDs puts names in the place of ids, and a mark in that of actions.
func (r *run) noIDs(text string) string {
	words := strings.Fields(lineNumber.ReplaceAllString(text, ""))
	for i, w := range words {
		bare := strings.Trim(w, ".,:;")
		switch {
		case (strings.HasPrefix(bare, "a-") || strings.HasPrefix(bare, "d-")) && len(bare) == 18:
			words[i] = strings.Replace(w, bare, "(id)", 1)
		case r.names[bare] != "":
			words[i] = strings.Replace(w, bare, r.names[bare], 1)
		}
	}
	return strings.Join(words, " ")
}
