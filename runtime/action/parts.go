package action

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// An answer by DM may go out in several messages (I13). It is one decision, one
// approval and one answer in the counts, all by its first part; each part is a
// row, so that each is sent once, costs what it costs and takes its call from
// X's windows.

// PartReason begins the reason of a part that waits for the one before it.
const PartReason = "part "

// ErrPart is returned where a part is to go before the one before it has.
var ErrPart = errors.New("it goes once the part before it is sent")

// later are the rows of the parts after a first one, to be inserted after it.
func later(a db.Action, parts int) []db.Action {
	var rows []db.Action
	for n := 1; n < parts; n++ {
		b := partOf(a, n)
		b.State = event.Pending
		park(&b, n+1, parts)
		rows = append(rows, b)
	}
	return rows
}

// partOf is a under the key of another part.
func partOf(a db.Action, part int) db.Action {
	a.Part = part
	a.ID = event.ActionID(a.Bot, a.Interaction, a.Kind, a.Purpose, part, a.Version)
	return a
}

// park makes a part wait until it is freed: never by time.
func park(a *db.Action, n, parts int) {
	a.DueAt = a.ExpiresAt
	a.Reason = fmt.Sprintf("%s%d of %d: waits until part %d is sent", PartReason, n, parts, n-1)
}

// waitsForPart reports whether a waits for the part before it.
func waitsForPart(a db.Action) bool {
	return a.Part > 0 && a.State == event.Pending && strings.HasPrefix(a.Reason, PartReason)
}

// inParts reports whether the action is, or may be, one of several.
func inParts(a db.Action) (bool, error) {
	if a.Part > 0 {
		return true, nil
	}
	if a.Kind != event.DM || a.Purpose != event.Answer {
		return false, nil
	}
	f, err := gate.ParseFacts(a.Draft)
	return f.Draft.SplitAt > 0, err
}

// Parts lists the rows of the answer that a is of, in order; only a, where it is
// the whole answer.
func Parts(tx db.Tx, a db.Action) ([]db.Action, error) {
	several, err := inParts(a)
	if err != nil || !several {
		return []db.Action{a}, err
	}
	rows, err := tx.ActionsOf(a.Bot, a.Interaction)
	if err != nil {
		return nil, fmt.Errorf("find the parts of action %s: %w", a.ID, err)
	}
	rows = slices.DeleteFunc(rows, func(b db.Action) bool {
		return b.Kind != a.Kind || b.Purpose != a.Purpose || b.Version != a.Version
	})
	slices.SortFunc(rows, func(a, b db.Action) int { return cmp.Compare(a.Part, b.Part) })
	return rows, nil
}

// follow does what the end of a part means for those after it: the next one is
// due once it is sent, and they are cancelled where it surely was not. While
// nobody knows, they wait.
func (u *Unit) follow(a db.Action) error {
	if !a.State.Terminal() {
		return nil
	}
	rows, err := Parts(u.Tx, a)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(rows, func(b db.Action) bool { return b.Part > a.Part && b.State.Open() })
	if i < 0 {
		return nil
	}
	next := rows[i]
	if a.State != event.Sent {
		why := a.Reason
		if !strings.HasPrefix(why, PartReason) {
			why = fmt.Sprintf("%s%d is %s: %s", PartReason, a.Part+1, a.State, a.Reason)
		}
		return u.Cancel(next, why) // and so on with the one after
	}
	if !waitsForPart(next) {
		return nil
	}
	next.DueAt, next.Reason = u.Now, "the part before it is sent; waits for the sender"
	return u.Move(next, event.Pending)
}

// cutAnew gives the parts of an edited answer, which was decided whole, their
// texts and rows. A part that is needed no more is cancelled; one that is needed
// besides gets a new row after all others.
func (u *Unit) cutAnew(a *db.Action, v gate.Verdict) error {
	had, err := Parts(u.Tx, *a)
	if err != nil {
		return err
	}
	last := had[len(had)-1].Part
	had = slices.DeleteFunc(had, func(b db.Action) bool { return b.Part <= a.Part || !b.State.Open() })
	texts := v.InParts()
	if len(texts) == 1 && len(had) == 0 {
		return nil
	}
	if a.Draft, err = v.Facts.Marshal(); err != nil {
		return fmt.Errorf("write facts of action %s: %w", a.ID, err)
	}
	a.TextHash = u.Key.Text(event.EchoText(texts[0]))
	if err := u.Tx.PutActionText(a.ID, event.Seal([]byte(texts[0]))); err != nil {
		return fmt.Errorf("store text of action %s: %w", a.ID, err)
	}
	for i, b := range later(*a, len(texts)) {
		text := texts[i+1]
		b.TextHash, b.Approval = u.Key.Text(event.EchoText(text)), nil
		if i >= len(had) {
			last++
			b = partOf(b, last)
			if err := u.Insert(b, text); err != nil {
				return err
			}
			continue
		}
		kept := had[i]
		kept.TextHash, kept.Reason, kept.DueAt = b.TextHash, b.Reason, b.DueAt
		kept.Draft, kept.Decision, kept.DecisionID, kept.RuleSet = a.Draft, a.Decision, a.DecisionID, a.RuleSet
		if err := u.Tx.PutActionText(kept.ID, event.Seal([]byte(text))); err != nil {
			return fmt.Errorf("store text of action %s: %w", kept.ID, err)
		}
		if err := u.Move(kept, event.Pending); err != nil {
			return err
		}
	}
	if len(had) >= len(texts) {
		return u.Cancel(had[len(texts)-1], "edited: the answer has no such part any more") // and those after it
	}
	return nil
}

// early reports whether a part would go before the one before it is known to be
// on X. The log keeps them apart already: it is the wall behind.
func (u *Unit) early(a db.Action) (bool, error) {
	if a.Part == 0 {
		return false, nil
	}
	rows, err := Parts(u.Tx, a)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(rows, func(b db.Action) bool {
		given := b.State == event.Sent || b.State == event.Cancelled || b.State == event.Denied // an edit took the part away
		return b.Part < a.Part && !given
	}) || !slices.ContainsFunc(rows, func(b db.Action) bool { return b.Part < a.Part && b.State == event.Sent }), nil
}

// first is the row that stands for the whole answer in counts and approvals.
func (u *Unit) first(a db.Action) (db.Action, error) {
	if a.Part == 0 {
		return a, nil
	}
	f, err := u.Tx.Action(partOf(a, 0).ID)
	if err != nil {
		return a, fmt.Errorf("read the first part of action %s: %w", a.ID, err)
	}
	return f, nil
}

// ended reports whether a later part has ended since it was read, with one
// before it.
func (u *Unit) ended(a db.Action) (bool, error) {
	if a.Part == 0 {
		return false, nil
	}
	now, err := u.Tx.Action(a.ID)
	if err != nil {
		return false, fmt.Errorf("read action %s: %w", a.ID, err)
	}
	return now.State == event.Cancelled, nil
}

// countAnswers counts actions, the parts of one answer as one.
func countAnswers(rows []db.Action) int {
	ids := map[string]bool{}
	for _, a := range rows {
		ids[partOf(a, 0).ID] = true
	}
	return len(ids)
}
