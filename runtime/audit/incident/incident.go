// Package incident gathers what was done with a host and its data in a period,
// and writes what X has to be told, for the day on which somebody got at what
// they should not.
//
// What it owns: which records are evidence, the form of the folder, the text to
// X and the list of what to do. What it refuses: texts, ids and handles of users
// (their keyed hash stands for them), what is confidential to X, and to decide
// anything: what a person has to judge is marked, and left to them.
//
//   - V31 no text, no id and no handle of a user is in any file; the same user has
//     the same hash in all of them, and in the record of operators' acts.
//   - V32 every file of the evidence has its checksum, and Sum, which stands for all
//     checksums, is what the audit chain keeps.
//   - V33 whatever a person has to fill in is marked "[FILL IN: …]", and Gaps finds
//     each.
//
// Only what went through the host is told of. Who has a token of the account can
// act past it: that is seen on X alone, and the text says so.
package incident

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sort"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/audit/bundle"
	"github.com/beckon-bot/beckon/runtime/event"
)

// MostEntries of the audit chain are evidence at once.
const MostEntries = 200_000

// ErrPeriod: the period cannot be gathered as it is.
var ErrPeriod = errors.New("the period")

// Setup is what the configuration says of the host.
type Setup struct {
	App      string // its id on X; "": not configured
	Accounts []Account
	Handlers []string // outside of the host, with a token on the bus
	Models   []string // with a key
	Desk     bool     // a desk has a secret or a token
	Bearer   bool     // the app's own token is configured
	Login    bool     // the app has a client secret
}

// Account is one that the host speaks for.
type Account struct {
	Bot      string `json:"bot"`
	UserID   string `json:"user_id"`
	Username string `json:"username"`
	Operator string `json:"operator_account"`
	By       string `json:"by"` // login, token or oauth1
}

// Options of Collect.
type Options struct {
	From, To time.Time // To exclusive
	Now      time.Time
	By       string
	Bot      string // "": all
	Setup    Setup
	Key      event.Key
}

// Evidence is everything that the folder tells.
type Evidence struct {
	Options
	Report    bundle.Report // of the whole days around the period
	Since     time.Time     // first entry of the audit chain
	Given     []Given
	Acts      []Act
	Operators []Operator
	Logins    []Login
	Switches  []Switch
	Actions   []Action
	OptOuts   []OptOut
	Handouts  []Handout
	Entries   []Entry
	Duties    int // open ones
}

// Mark is what stands for a user.
func Mark(key event.Key, user string) string { return key.User(user)[:16] }

// Collect reads the evidence, and checks the audit chain that stands behind it.
func Collect(ctx context.Context, store db.Store, o Options) (Evidence, error) {
	e := Evidence{Options: o}
	e.From, e.To, e.Now = o.From.UTC(), o.To.UTC(), o.Now.UTC().Truncate(time.Second)
	if !e.From.Before(e.To) {
		return e, fmt.Errorf("%w is empty: from %s to before %s", ErrPeriod, e.From.Format(time.RFC3339), e.To.Format(time.RFC3339))
	}
	if e.From.After(e.Now) {
		return e, fmt.Errorf("%w begins at %s, which is yet to come", ErrPeriod, e.From.Format(time.RFC3339))
	}
	day := 24 * time.Hour
	var err error
	e.Report, err = bundle.Collect(ctx, store, bundle.Options{
		From: e.From.Truncate(day), To: e.To.Add(day - 1).Truncate(day), Now: e.Now, By: o.By, Key: o.Key,
	})
	if err != nil {
		return e, err
	}
	e.Since = e.Report.Chain.Since
	err = store.Read(ctx, func(tx db.Tx) error {
		for _, step := range []func(db.Tx) error{e.given, e.acts, e.operators, e.logins, e.switches, e.actions, e.optOuts, e.handouts, e.duties, e.entries} {
			if err := step(tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return e, fmt.Errorf("collect the evidence: %w", err)
	}
	e.only()
	return e, nil
}

// in reports whether something happened in the period.
func (e *Evidence) in(t time.Time) bool { return !t.Before(e.From) && t.Before(e.To) }

// of reports whether something of a bot is asked for. What is of no bot in
// particular always is.
func (e *Evidence) of(bot string) bool {
	return e.Bot == "" || bot == "" || bot == e.Bot || bot == db.AllBots
}

// only cuts the report, which is made of whole days and all bots, down to what is
// asked for. Decisions are counted by the day, and stay so.
func (e *Evidence) only() {
	r := &e.Report
	r.Decisions = keep(r.Decisions, func(d bundle.Decisions) bool { return e.of(d.Bot) })
	r.Rules = keep(r.Rules, func(p bundle.Period) bool {
		return e.of(p.Bot) && p.From.Before(e.To) && (p.To.IsZero() || p.To.After(e.From))
	})
	r.Deletions = keep(r.Deletions, func(d bundle.Deletion) bool { return e.in(d.Done) })
	r.Config = keep(r.Config, func(c bundle.Config) bool { return e.in(c.At) })
	if e.Bot != "" {
		e.Setup.Accounts = keep(e.Setup.Accounts, func(a Account) bool { return a.Bot == e.Bot })
	}
}

func keep[T any](all []T, fn func(T) bool) []T {
	out := make([]T, 0, len(all))
	for _, v := range all {
		if fn(v) {
			out = append(out, v)
		}
	}
	return out
}

// Given is something that left the host for somebody.
type Given struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	Recipient string    `json:"recipient"`
	What      string    `json:"what"`
	File      string    `json:"file,omitempty"` // as whoever made it named it
	IDs       int64     `json:"ids"`
	Hydrated  int64     `json:"hydrated"`
	Automated bool      `json:"automated"`
	By        string    `json:"by"`
}

func (e *Evidence) given(tx db.Tx) error {
	list, err := tx.ListRedistributions(e.From, e.To)
	for _, g := range list {
		e.Given = append(e.Given, Given(g))
	}
	return err
}

// Act is something that an operator did, or was refused.
type Act struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Role    db.Role   `json:"role"`
	Did     string    `json:"did"`
	On      string    `json:"on,omitempty"`
	Refused string    `json:"refused,omitempty"`
}

// reads reports whether the act showed what people wrote.
func (a Act) reads() bool { return strings.HasPrefix(a.Did, "read ") && a.Refused == "" }

func (e *Evidence) acts(tx db.Tx) error {
	list, err := tx.ListOperatorActs("", e.From, math.MaxInt32)
	for _, a := range list {
		if e.in(a.At) && e.of(botOn(a.On)) {
			e.Acts = append(e.Acts, Act(a))
		}
	}
	sort.SliceStable(e.Acts, func(i, j int) bool { return e.Acts[i].At.Before(e.Acts[j].At) })
	return err
}

// botOn is the bot that an act was about, "" if it names none.
func botOn(on string) string {
	words := strings.Fields(on)
	for i := 0; i+1 < len(words); i++ {
		if words[i] == "bot" {
			return words[i+1]
		}
	}
	return ""
}

// Operator is who can act, or could in the period, and since when by which token.
type Operator struct {
	Name      string    `json:"name"`
	Role      db.Role   `json:"role"`
	CreatedAt time.Time `json:"created_at"`
	TokenAt   time.Time `json:"token_at"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	RemovedAt time.Time `json:"removed_at,omitzero"`
}

func (e *Evidence) operators(tx db.Tx) error {
	list, err := tx.ListOperators()
	for _, o := range list {
		if o.RemovedAt.IsZero() || o.RemovedAt.After(e.From) {
			e.Operators = append(e.Operators, Operator{o.Name, o.Role, o.CreatedAt, o.TokenAt, o.ExpiresAt, o.RemovedAt})
		}
	}
	return err
}

// Login is how a bot's login stands now: who had the database and the key had its
// tokens.
type Login struct {
	Bot         string        `json:"bot"`
	State       db.TokenState `json:"state"`
	Reason      string        `json:"reason,omitempty"`
	Scopes      string        `json:"scopes"`
	LoginAt     time.Time     `json:"login_at"`
	RefreshedAt time.Time     `json:"refreshed_at,omitzero"`
	ExpiresAt   time.Time     `json:"expires_at,omitzero"`
}

func (e *Evidence) logins(tx db.Tx) error {
	list, err := tx.ListTokens()
	for _, t := range list {
		if e.of(t.Bot) {
			e.Logins = append(e.Logins, Login{t.Bot, t.State, t.Reason, t.Scopes, t.LoginAt, t.RefreshedAt, t.ExpiresAt})
		}
	}
	return err
}

// Switch is a kill switch as it stands now.
type Switch struct {
	Bot    string    `json:"bot"` // * is all
	Paused bool      `json:"paused"`
	By     string    `json:"by,omitempty"`
	At     time.Time `json:"at,omitzero"`
}

func (e *Evidence) switches(tx db.Tx) error {
	names := []string{db.AllBots}
	for _, a := range e.Setup.Accounts {
		if e.of(a.Bot) {
			names = append(names, a.Bot)
		}
	}
	for _, name := range names {
		w, err := tx.Switch(name)
		if err != nil {
			return err
		}
		e.Switches = append(e.Switches, Switch{name, w.Paused, w.By, w.At})
	}
	return nil
}

func (e *Evidence) duties(tx db.Tx) error {
	open, err := tx.OpenDuties(math.MaxInt32)
	e.Duties = len(open)
	return err
}
