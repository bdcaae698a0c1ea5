// Package bundle makes what X is shown at its yearly audit: a report of a
// period, as JSON lines for machines, one page for people, and checksums.
//
// What it owns: what the report tells, and its form. What it refuses: ids and
// handles of users, texts, and what is confidential to X: limits that were
// learnt, contract figures, how fast and how often X takes what is sent to it.
// Nothing here is read from the tables that hold those.
package bundle

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/audit"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Report is everything that the bundle tells.
type Report struct {
	From time.Time `json:"from"` // 00:00 UTC of the first day
	To   time.Time `json:"to"`   // end of the last day
	Made time.Time `json:"made"`
	By   string    `json:"by"` // who made it
	For  string    `json:"for"`

	Use       []Line        `json:"use"`
	Rules     []Period      `json:"rules"`
	Decisions []Decisions   `json:"decisions"`
	OptOuts   OptOuts       `json:"optouts"`
	Deletions []Deletion    `json:"deletions"`
	Given     []Given       `json:"given"`
	Handlers  []Handler     `json:"handlers"`
	Config    []Config      `json:"config"`
	Chain     audit.Checked `json:"chain"`
	Note      string        `json:"checkpoint"` // the last signed one
}

// Line says one thing of how data is used.
type Line struct {
	What string `json:"what"`
	Is   string `json:"is"`
}

// Period is how long a bot had a rule set.
type Period struct {
	Bot       string    `json:"bot"`
	Candidate bool      `json:"candidate,omitempty"` // it was on trial and decided nothing
	Set       string    `json:"set"`
	Packs     string    `json:"packs"`
	From      time.Time `json:"from"`
	To        time.Time `json:"to"` // the zero time: it is in force
	Why       string    `json:"why"`
}

// Decisions counts those of a day that came out alike.
type Decisions struct {
	Day      string `json:"day"`
	Bot      string `json:"bot"`
	Stage    string `json:"stage"` // draft, claim, approve, or - where nothing was drafted
	Decision string `json:"decision"`
	Rule     string `json:"rule"`
	Reason   string `json:"reason"` // the conditions of the rule that were true
	N        int64  `json:"n"`
}

// OptOuts counts them, and how soon each was in force.
type OptOuts struct {
	Standing int64    `json:"standing"` // now, over all bots
	Within   []Within `json:"within"`
}

// Within counts the opt-outs that were in force so soon after they had reached
// the host.
type Within struct {
	Within string `json:"within"`
	N      int64  `json:"n"`
}

// Deletion is a removal and its deadline.
type Deletion struct {
	Receipt string    `json:"receipt"`
	Cause   string    `json:"cause"`
	Began   time.Time `json:"began"`
	Due     time.Time `json:"due"`
	Done    time.Time `json:"done"`
	InTime  bool      `json:"in_time"`
	Counts  string    `json:"counts"` // JSON
}

// Given is what one recipient got in the period, against the caps.
type Given struct {
	Recipient   string   `json:"recipient"`
	What        []string `json:"what"`
	Times       int64    `json:"times"`
	IDs         int64    `json:"ids"`
	Hydrated    int64    `json:"hydrated"`
	MostIDs     int64    `json:"most_ids_in_30_days"`
	MostObjects int64    `json:"most_hydrated_in_a_day"`
	CapIDs      int64    `json:"cap_ids_in_30_days"`
	CapObjects  int64    `json:"cap_hydrated_in_a_day"`
}

// Handler is who was asked about posts and DMs outside of the host.
type Handler struct {
	At        string `json:"at"` // its host name
	What      string `json:"what"`
	N         int64  `json:"n"`
	MostInDay int64  `json:"most_in_a_day"`
}

// Config is a configuration that the host started with.
type Config struct {
	At      time.Time `json:"at"`
	Hash    string    `json:"hash"`
	Changed string    `json:"changed"` // keys; never values
}

// Options of Collect.
type Options struct {
	From, To time.Time // whole UTC days, To exclusive
	Now      time.Time
	By, For  string
	Use      []Line
	Key      event.Key
}

// Collect reads a report from the database, and checks the audit chain that
// stands behind it.
func Collect(ctx context.Context, store db.Store, o Options) (Report, error) {
	r := Report{
		From: o.From, To: o.To, Made: o.Now.UTC().Truncate(time.Second), By: o.By, For: o.For, Use: o.Use,
		Rules: []Period{}, Decisions: []Decisions{}, Deletions: []Deletion{}, Given: []Given{}, Handlers: []Handler{}, Config: []Config{},
		OptOuts: OptOuts{Within: []Within{}},
	}
	if !o.From.Before(o.To) {
		return r, fmt.Errorf("the period is empty: from %s to before %s", o.From.Format(time.DateOnly), o.To.Format(time.DateOnly))
	}
	err := store.Read(ctx, func(tx db.Tx) error {
		for _, step := range []func(db.Tx) error{r.rules, r.counts, r.standing, r.deletions, r.given, r.handlers, r.config, r.checkpoint} {
			if err := step(tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return r, fmt.Errorf("collect the report: %w", err)
	}
	r.Chain, err = audit.Verify(ctx, store, o.Key)
	return r, err
}

// rules lays out who had which rules when: each until the next of its bot.
func (r *Report) rules(tx db.Tx) error {
	list, err := tx.ListActivations()
	if err != nil {
		return err
	}
	last := map[string]int{}
	var all []Period
	for _, a := range list {
		slot := fmt.Sprint(a.Bot, a.Candidate)
		if i, ok := last[slot]; ok {
			all[i].To = a.At
		}
		last[slot] = len(all)
		all = append(all, Period{Bot: a.Bot, Candidate: a.Candidate, Set: a.Set, Packs: a.Packs, From: a.At, Why: a.Why})
	}
	for _, p := range all {
		if p.From.Before(r.To) && (p.To.IsZero() || p.To.After(r.From)) {
			r.Rules = append(r.Rules, p)
		}
	}
	return nil
}

func (r *Report) counts(tx db.Tx) error {
	list, err := tx.ListCounts(r.From, r.To)
	if err != nil {
		return err
	}
	within := map[string]int64{}
	for _, c := range list {
		switch c.Kind {
		case audit.CountDecision:
			p := strings.SplitN(c.Name, " ", 4)
			if len(p) != 4 {
				return fmt.Errorf("count %q of decisions has %d parts, not 4", c.Name, len(p))
			}
			r.Decisions = append(r.Decisions, Decisions{
				Day: c.Day.Format(time.DateOnly), Bot: c.Bot, Stage: p[0], Decision: p[1], Rule: p[2], Reason: p[3], N: c.N,
			})
		case audit.CountOptOut:
			within[c.Name] += c.N
		}
	}
	for _, name := range audit.OptOutLags() {
		r.OptOuts.Within = append(r.OptOuts.Within, Within{name, within[name]})
	}
	return nil
}

func (r *Report) standing(tx db.Tx) error {
	for after := ""; ; {
		list, err := tx.OptedOut(after, 5000)
		if err != nil {
			return err
		}
		r.OptOuts.Standing += int64(len(list))
		if len(list) < 5000 {
			return nil
		}
		after = list[len(list)-1].UserHash
	}
}

func (r *Report) deletions(tx db.Tx) error {
	list, err := tx.ListReceipts(r.From, r.To)
	for _, d := range list {
		r.Deletions = append(r.Deletions, Deletion{
			Receipt: d.ID, Cause: d.Cause, Began: d.TriggeredAt, Due: d.DueAt, Done: d.At,
			InTime: d.DueAt.IsZero() || !d.At.After(d.DueAt), Counts: d.Counts,
		})
	}
	return err
}

// given sums up what went to each recipient. The 30 days before the period
// count toward the windows that reach into it.
func (r *Report) given(tx db.Tx) error {
	list, err := tx.ListRedistributions(r.From.AddDate(0, 0, -30), r.To)
	if err != nil {
		return err
	}
	of := map[string][]db.Redistribution{}
	for _, g := range list {
		name := strings.ToLower(g.Recipient)
		of[name] = append(of[name], g)
	}
	for _, all := range of {
		g := Given{Recipient: all[len(all)-1].Recipient, CapIDs: audit.MostIDs, CapObjects: audit.MostHydrated}
		for i, x := range all {
			if x.At.Before(r.From) {
				continue
			}
			g.Times, g.IDs, g.Hydrated, g.What = g.Times+1, g.IDs+x.IDs, g.Hydrated+x.Hydrated, append(g.What, x.What)
			var ids, objects int64
			for _, y := range all[:i+1] {
				if y.At.After(x.At.AddDate(0, 0, -30)) {
					ids += y.IDs
				}
				if y.At.Truncate(24 * time.Hour).Equal(x.At.Truncate(24 * time.Hour)) {
					objects += y.Hydrated
				}
			}
			g.MostIDs, g.MostObjects = max(g.MostIDs, ids), max(g.MostObjects, objects)
		}
		if g.Times > 0 {
			slices.Sort(g.What)
			g.What = slices.Compact(g.What)
			r.Given = append(r.Given, g)
		}
	}
	slices.SortFunc(r.Given, func(a, b Given) int { return strings.Compare(a.Recipient, b.Recipient) })
	return nil
}

// handlers counts what left the host for handlers elsewhere.
func (r *Report) handlers(tx db.Tx) error {
	list, err := tx.ListHandouts(math.MaxInt32)
	if err != nil {
		return err
	}
	type who struct{ at, what string }
	days := map[who]map[string]int64{}
	for _, h := range list {
		if h.At.Before(r.From) || !h.At.Before(r.To) {
			continue
		}
		w := who{h.To, h.What}
		if days[w] == nil {
			days[w] = map[string]int64{}
		}
		days[w][h.At.Format(time.DateOnly)]++
	}
	for w, of := range days {
		h := Handler{At: w.at, What: w.what}
		for _, n := range of {
			h.N, h.MostInDay = h.N+n, max(h.MostInDay, n)
		}
		r.Handlers = append(r.Handlers, h)
	}
	slices.SortFunc(r.Handlers, func(a, b Handler) int { return strings.Compare(a.At+" "+a.What, b.At+" "+b.What) })
	return nil
}

func (r *Report) config(tx db.Tx) error {
	list, err := tx.ListConfigVersions()
	for _, c := range list {
		if !c.At.Before(r.From) && c.At.Before(r.To) {
			r.Config = append(r.Config, Config{c.At, c.Hash, c.Changed})
		}
	}
	return err
}

func (r *Report) checkpoint(tx db.Tx) error {
	c, err := tx.LastCheckpoint()
	r.Note = c.Note
	return err
}
