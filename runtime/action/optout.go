package action

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// OptOut records an opt-out that reached the operator by another way than X,
// and cancels what waits for the user, of every bot. Only the user's own START
// ends it. It returns how many actions were cancelled.
func (d Desk) OptOut(ctx context.Context, now time.Time, user, by string) (cancelled int, err error) {
	err = d.transact(ctx, now, func(u *Unit) error {
		s, err := u.State("", user, "")
		if err != nil {
			return err
		}
		s, effects := conversation.Reduce(s, conversation.OptOutRecorded{At: now, ID: "operator:" + by})
		u.Keep(conversation.State{Suppression: s.Suppression}) // it is no bot's conversation
		cancelled, err = u.CarryOut(user, effects)
		return err
	})
	return cancelled, err
}

// reasonImported is why an action was cancelled, for the operator.
const reasonImported = "the user opted out on another host"

// KeptOptOut is an opt-out as a host keeps it.
type KeptOptOut struct {
	UserHash string    // keyed hash of the X user id
	At       time.Time // the user's own time
	Tier     string    // hard, phrase, operator or blocked
	Event    string    // id of the event, or who recorded it
}

// Check says what is wrong with an opt-out that comes from outside.
func (k KeptOptOut) Check() error {
	hash, err := hex.DecodeString(k.UserHash)
	switch {
	case err != nil || len(hash) != 16 || k.UserHash != strings.ToLower(k.UserHash):
		return fmt.Errorf("user_hash: a keyed hash is 32 hex digits, not %q", k.UserHash)
	case k.At.IsZero():
		return errors.New("at: say when the user opted out")
	case !conversation.Tier(k.Tier).OptsOut():
		return fmt.Errorf("tier: hard, phrase, operator or blocked, not %q; an import never ends an opt-out", k.Tier)
	case len(k.Event) > maxEventID || strings.ContainsFunc(k.Event, unicode.IsControl):
		return fmt.Errorf("event: an id of one line and at most %d bytes", maxEventID)
	}
	return nil
}

// maxEventID is far beyond the ids of X and of operators.
const maxEventID = 500

// Import takes in opt-outs that another host with the same key kept, and
// cancels what waits for those users, of every bot. It never ends an opt-out. It
// returns how many changed what stood here.
func (d Desk) Import(ctx context.Context, now time.Time, told []KeptOptOut) (changed, cancelled int, err error) {
	kept := make([]conversation.Suppression, len(told))
	for i, k := range told {
		if k.At.After(now) { // else no START could end it
			k.At = now
		}
		kept[i] = conversation.Suppression{UserHash: k.UserHash, OptedOut: true, At: k.At, EventID: k.Event, Tier: conversation.Tier(k.Tier)}
	}
	return d.takeIn(ctx, now, kept, conversation.Suppression.Merge, reasonImported)
}

// reasonRecalled is why an action was cancelled, for the operator.
const reasonRecalled = "the user opted out, which the database did not know: it is older"

// Recall takes in what this host itself kept outside of its database, which may
// have been restored since: opt-outs, their ends, and when users were erased. It
// cancels what waits for who is opted out now, and returns how many changed.
func (d Desk) Recall(ctx context.Context, now time.Time, kept []conversation.Suppression) (changed, cancelled int, err error) {
	return d.takeIn(ctx, now, kept, conversation.Suppression.Recall, reasonRecalled)
}

// takeIn joins each to what stands here, in one transaction, so that what a user
// does meanwhile is not lost.
func (d Desk) takeIn(ctx context.Context, now time.Time, told []conversation.Suppression, join func(have, told conversation.Suppression) conversation.Suppression, reason string) (changed, cancelled int, err error) {
	err = d.transact(ctx, now, func(u *Unit) error {
		changed, cancelled = 0, 0
		stands := map[string]bool{}
		for _, k := range told {
			have, err := u.Tx.Suppression(k.UserHash)
			if err != nil {
				return err
			}
			s := join(have, k)
			stands[s.UserHash] = s.OptedOut
			if s == have {
				continue
			}
			changed++
			if err := u.Tx.PutSuppression(s); err != nil {
				return err
			}
		}
		users, err := touched(u.Tx)
		if err != nil {
			return err
		}
		for _, user := range users {
			if !stands[u.hash(user)] {
				continue
			}
			n, err := u.CarryOut(user, []conversation.Effect{conversation.CancelOpen{Reason: reason}})
			if err != nil {
				return err
			}
			cancelled += n
		}
		return nil
	})
	return changed, cancelled, err
}

// touched lists the users of whom a stop ends something: whom actions on hold and
// pending ones would reach, who are asked about, have agreed to something, or are
// matched.
func touched(tx db.Tx) (users []string, err error) {
	for _, state := range []event.State{event.Hold, event.Pending} {
		open, err := tx.InState(state, everyRow)
		if err != nil {
			return nil, fmt.Errorf("find what waits: %w", err)
		}
		for _, a := range open {
			users = append(users, a.User)
		}
	}
	asked, err := tx.DueQuestions(ever, everyRow)
	if err != nil {
		return nil, fmt.Errorf("find what is asked: %w", err)
	}
	for _, q := range asked {
		users = append(users, q.User)
	}
	agreed, err := tx.AllConsents()
	if err != nil {
		return nil, fmt.Errorf("find what was agreed to: %w", err)
	}
	for _, c := range agreed {
		if c.WithdrawnAt.IsZero() {
			users = append(users, c.User)
		}
	}
	matched, err := tx.AllMatches()
	if err != nil {
		return nil, fmt.Errorf("find who is matched: %w", err)
	}
	for _, m := range matched {
		if m.EndedAt.IsZero() {
			users = append(users, m.User)
		}
	}
	slices.Sort(users)
	return slices.Compact(users), nil
}

// ever is later than whatever waits.
var ever = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// CarryOut does what the reducer's effects ask of the action log, and returns
// how many waiting actions it cancelled.
func (u *Unit) CarryOut(user string, effects []conversation.Effect) (cancelled int, err error) {
	for _, f := range effects {
		stop, ok := f.(conversation.CancelOpen)
		if !ok {
			continue
		}
		gone, err := u.CancelOpenTo(user, stop.Reason, func(a db.Action) bool {
			return a.Purpose != event.OptOutConfirmation
		})
		if err != nil {
			return cancelled, fmt.Errorf("apply the opt-out of user %s: %w", user, err)
		}
		cancelled += countAnswers(gone)
		if err := u.hush(user, stop.Reason); err != nil {
			return cancelled, err
		}
		if err := u.endAgreed(user, stop.Reason); err != nil {
			return cancelled, fmt.Errorf("end what user %s agreed to: %w", user, err)
		}
	}
	return cancelled, nil
}

// hush stops what is asked about the user: nothing that they wrote leaves the
// host any more. The question stays open until its deadline, so that an answer
// that is under way is decided, and denied, on the record.
func (u *Unit) hush(user, reason string) error {
	open, err := u.Tx.OpenQuestionsTo(user)
	if err != nil {
		return fmt.Errorf("find what is asked about user %s: %w", user, err)
	}
	for _, q := range open {
		q.NextAt, q.Reason = q.Deadline, reason
		if err := u.Tx.PutQuestion(q); err != nil {
			return fmt.Errorf("stop what is asked about user %s: %w", user, err)
		}
	}
	return nil
}
