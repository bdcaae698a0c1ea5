package action

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// DecisionID derives a record's id from its cause, so that the same log gives
// the same ids.
func DecisionID(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return "d-" + hex.EncodeToString(h.Sum(nil)[:8])
}

// Paused reports whether the kill switch of the bot, or of all, is on.
func (u *Unit) Paused(bot string) (bool, string, error) {
	for _, name := range []string{db.AllBots, bot} {
		k, err := read(u.switches, name, func() (db.Switch, error) { return u.Tx.Switch(name) })
		if err != nil {
			return false, "", fmt.Errorf("read kill switch %s: %w", name, err)
		}
		if s := k.value; s.Paused {
			return true, fmt.Sprintf("%s is paused by %s: %s", name, s.By, s.Reason), nil
		}
	}
	return false, "", nil
}

// SetSwitch turns a kill switch on or off.
func (u *Unit) SetSwitch(s db.Switch) error {
	if err := u.Tx.PutSwitch(s); err != nil {
		return fmt.Errorf("set kill switch of %s: %w", s.Bot, err)
	}
	u.switches[s.Bot] = &kept[db.Switch]{value: s}
	return nil
}

// ErrTextGone is returned where the text of an open action cannot be read any
// more: its key was destroyed, or did not come with a backup.
var ErrTextGone = errors.New("its text is erased")

// redecide decides again on an action that has a row: at claim, or when a
// person approves it. It stores the new decision with the row (I6), and its
// text where obligations changed it, but not the row's new state.
func (u *Unit) redecide(g *gate.Gate, a *db.Action, stage string) (gate.Verdict, gate.Record, error) {
	var v gate.Verdict
	var r gate.Record
	facts, err := gate.ParseFacts(a.Draft)
	if err != nil {
		return v, r, fmt.Errorf("decide on action %s again: %w", a.ID, err)
	}
	sealed, err := u.Tx.ActionText(a.ID)
	if errors.Is(err, db.ErrNotFound) {
		return v, r, fmt.Errorf("action %s: %w", a.ID, ErrTextGone)
	}
	if err != nil {
		return v, r, fmt.Errorf("read text of action %s: %w", a.ID, err)
	}
	text, err := event.Open(sealed)
	if err != nil {
		return v, r, fmt.Errorf("open text of action %s: %w", a.ID, err)
	}
	s, err := u.State(a.Bot, a.User, a.Interaction)
	if err != nil {
		return v, r, err
	}
	paused, _, err := u.Paused(a.Bot)
	if err != nil {
		return v, r, err
	}
	first, err := u.first(*a)
	if err != nil {
		return v, r, err
	}
	repeats, err := u.Repeats(a.Bot, a.ID, facts.Print)
	if err != nil {
		return v, r, err
	}
	money, err := u.Quote(a.Bot, a.Kind, s.Interaction.Summoned, a.Cost)
	if err != nil {
		return v, r, err
	}
	agreed, err := u.OptedIn(a.Bot, a.User, facts.Draft.About)
	if err != nil {
		return v, r, err
	}
	c := gate.Case{
		OptedIn: agreed,

		Budget: money,
		Bot:    a.Bot,
		State:  conversation.WithoutAction(s, a.Kind, facts.Aside(), first.State, first.CreatedAt),
		Facts:  facts,
		Text:   string(text),
		Paused: paused,
		Now:    u.Now,

		Repeats: repeats,
	}
	approvals := []*db.Approval{first.Approval, a.Approval} // of the answer, and of this part
	for _, yes := range approvals {
		if yes != nil {
			c.Lifted, c.Approval = append(slices.Clone(c.Lifted), yes.Rules...), "approved"
		}
	}
	slices.Sort(c.Lifted)
	c.Lifted = slices.Compact(c.Lifted)
	v = g.Decide(c)
	wall(&v, money)
	asked := first.CreatedAt
	if slices.Contains(heldBy(*a), ruleRestored) {
		asked = time.Time{} // another text does not make it newer
	}
	if err := u.doubt(&v, *a, asked, approvals...); err != nil {
		return v, r, err
	}
	record := gate.Record{
		ID: DecisionID(stage, a.ID, strconv.Itoa(a.Attempts), strconv.FormatInt(u.Now.UnixMilli(), 10)),
		At: u.Now.UTC(), Bot: a.Bot, User: a.User, Event: a.Event, Interaction: a.Interaction,
		Action: &gate.ActionRef{Kind: a.Kind, Purpose: a.Purpose, ID: a.ID, Stage: stage, Handler: facts.Draft.Handler, Lang: facts.Lang, Parts: facts.Parts},
	}
	if facts.Parts > 1 {
		record.Action.Part = a.Part + 1
	}
	if r, err = u.decided(a, v, record, c.State, c.Lifted); err != nil {
		return v, r, err
	}
	if v.Text != string(text) {
		if err := u.Tx.PutActionText(a.ID, event.Seal([]byte(v.Text))); err != nil {
			return v, r, fmt.Errorf("store text of action %s: %w", a.ID, err)
		}
	}
	return v, r, nil
}

// decided writes the record of a verdict, appends it, and gives the action what
// it keeps of its decision (I6).
func (u *Unit) decided(a *db.Action, v gate.Verdict, r gate.Record, s conversation.State, lifted []string) (gate.Record, error) {
	r, err := u.record(a, v, r, s, lifted)
	if err != nil {
		return r, err
	}
	return r, u.append(r, a.Decision)
}

// record is decided without the appending.
func (u *Unit) record(a *db.Action, v gate.Verdict, r gate.Record, s conversation.State, lifted []string) (gate.Record, error) {
	r = v.Record(r, s, lifted)
	a.DecisionID = r.ID
	a.RuleSet = ""
	if r.Rules != nil {
		a.RuleSet = r.Rules.Set
	}
	var err error
	if a.Draft, err = v.Facts.Marshal(); err != nil {
		return r, fmt.Errorf("write facts of decision %s: %w", r.ID, err)
	}
	if a.Decision, err = r.Line(); err != nil {
		return r, fmt.Errorf("write decision %s: %w", r.ID, err)
	}
	a.TextHash = u.Key.Text(event.EchoText(v.Text))
	return r, nil
}

// Append stores a decision record.
func (u *Unit) Append(r gate.Record) error {
	line, err := r.Line()
	if err != nil {
		return fmt.Errorf("write decision %s: %w", r.ID, err)
	}
	return u.append(r, line)
}

// append stores a decision record that is written already.
func (u *Unit) append(r gate.Record, line []byte) error {
	d := db.Decision{ID: r.ID, At: r.At, Bot: r.Bot, Event: r.Event, Record: line}
	if r.Action != nil {
		d.Action = r.Action.ID
	}
	if err := u.Tx.AppendDecision(d); err != nil {
		return fmt.Errorf("append decision %s: %w", r.ID, err)
	}
	u.tallyDecision(r)
	return nil
}

// Proposal is a draft that the gate has looked at, on its way to a row.
type Proposal struct {
	Action     db.Action // its key, addressees and times; the rest is filled in
	Verdict    gate.Verdict
	Asked      time.Time          // when what it answers, or who wants it, asked
	HoldsUntil time.Time          // it expires then, where it is held; zero: as where it is allowed
	Budget     gate.Budget        // that the verdict was made on
	State      conversation.State // that the verdict was made on
	Record     gate.Record        // its identity; the rest is filled in
}

// Propose stores a verdict on a new draft: always its decision record, and a
// row where it was allowed (pending) or held (hold). A denied draft leaves no
// row, and may be decided again by a later event of its interaction. Where the
// key of I2 is taken, the record says so and nothing else is stored.
func (u *Unit) Propose(p Proposal) (gate.Record, error) {
	a := p.Action
	v := p.Verdict
	wall(&v, p.Budget)
	if err := u.doubt(&v, a, p.Asked); err != nil {
		return gate.Record{}, err
	}
	v.Facts.Event.TextHash = p.State.Interaction.TextHash
	if p.Record.Action != nil {
		p.Record.Action.Lang = v.Facts.Lang
	}
	switch v.Decision.Effect {
	case gate.Allow:
		a.State, a.Reason = event.Pending, "allowed; waits for the sender"
	case gate.Hold:
		a.State, a.Reason = event.Hold, v.Decision.Say
		if !p.HoldsUntil.IsZero() {
			a.ExpiresAt = p.HoldsUntil
		}
	default:
		return u.decided(&a, v, p.Record, p.State, nil)
	}
	a.Cost = u.book().Cost(a.Kind, p.State.Interaction.Summoned, v.Facts.Text.HasURL, u.Now)
	p.Record.Action.ID = a.ID
	texts := v.InParts()
	p.Record.Action.Parts = v.Facts.Parts
	r, err := u.record(&a, v, p.Record, p.State, nil)
	if err != nil {
		return r, err
	}
	err = u.Insert(a, texts[0])
	if errors.Is(err, db.ErrConflict) {
		return u.taken(a, p)
	}
	if err != nil {
		return r, err
	}
	for i, b := range later(a, len(texts)) {
		b.TextHash = u.Key.Text(event.EchoText(texts[i+1]))
		if err := u.Insert(b, texts[i+1]); err != nil {
			return r, err
		}
	}
	if err := u.remember(a, v.Facts.Print); err != nil {
		return r, err
	}
	return r, u.append(r, a.Decision)
}

// taken denies a draft because a row holds a key of I2 that it needs. The
// schema found it; here it gets its name.
func (u *Unit) taken(a db.Action, p Proposal) (gate.Record, error) {
	rows, err := u.Tx.ActionsOf(a.Bot, a.Interaction)
	if err != nil {
		return gate.Record{}, fmt.Errorf("read actions of interaction %s: %w", a.Interaction, err)
	}
	i := slices.IndexFunc(rows, func(r db.Action) bool {
		same := r.Kind == a.Kind && r.Purpose == a.Purpose && r.Part == a.Part && r.Version == a.Version
		live := r.Kind == event.Reply && a.Kind == event.Reply && r.State != event.Denied && r.State != event.Cancelled
		return same || live
	})
	if i < 0 {
		return gate.Record{}, fmt.Errorf("action %s: %w", a.ID, db.ErrConflict)
	}
	p.Record.Action.ID = ""
	p.Verdict.Denied("action.one-per-key", fmt.Sprintf("There is an action for this interaction already: %s, %s.", rows[i].ID, rows[i].State))
	return u.decided(&a, p.Verdict, p.Record, p.State, nil)
}
