package action

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

const (
	dueBatch = 64            // due rows that one claim looks at for one that may go
	everyRow = math.MaxInt32 // as a limit: none
)

// tally is what a claim did besides claiming. It counts once it is committed.
type tally struct {
	records                   []gate.Record
	cancelled, dry, afterStop int64
	waited                    int64
	waits                     []db.Action // those that did not wait before
	cap                       *db.Cap     // as it stands, where it was read

	handOff []func() error // users to be given to a person, once nothing of theirs is looked at any more
}

func (s *Sender) tell(t tally) {
	s.Metrics.Cancelled.Add(t.cancelled)
	s.Metrics.Dry.Add(t.dry)
	s.Metrics.AfterStop.Add(t.afterStop)
	if t.afterStop > 0 {
		s.Log.Error("an action to a user who said stop came to the sender, and was stopped there: this is a defect, please report it", "actions", t.afterStop)
	}
	s.Metrics.Waited.Add(t.waited)
	for _, a := range t.waits {
		s.Log.Info("an action waits for X", "bot", a.Bot, "action", a.ID, "kind", a.Kind, "until", a.DueAt, "why", a.Reason)
	}
	if t.cap != nil { // an operator may have ended it
		s.Metrics.capped(*t.cap)
	}
	if s.Decided == nil {
		return
	}
	for _, r := range t.records {
		s.Decided(r)
	}
}

// claim finds the first due action that may still go and commits it as
// attempting (I1). Everything that could have changed since the draft is read
// again in the same transaction (I4) and decided again (I6).
func (s *Sender) claim(ctx context.Context, now time.Time) (*db.Action, string, error) {
	var got *db.Action
	var text string
	var did tally
	err := s.transact(ctx, now, func(u *Unit) error {
		got, text, did = nil, "", tally{}
		if err := expire(u, &did); err != nil {
			return err
		}
		due, err := u.Tx.DueActions(now, dueBatch)
		if err != nil {
			return fmt.Errorf("find due actions: %w", err)
		}
		slices.SortStableFunc(due, asked)
		for _, a := range due {
			final, ok, err := s.take(u, &a, &did)
			did.cap = u.cap
			if err != nil {
				return err
			}
			if ok {
				got, text = &a, final
				break
			}
		}
		for _, give := range did.handOff {
			if err := give(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.claimed = got
		return nil, "", fmt.Errorf("claim: %w", err)
	}
	s.tell(did)
	return got, text, nil
}

// asked orders what is due by turn (I10), and of one turn as users asked for
// it: ids of X grow, and a first DM with its opt-out hint goes before a second.
func asked(a, b db.Action) int {
	return cmp.Or(a.Turn.Compare(b.Turn), a.CreatedAt.Compare(b.CreatedAt),
		cmp.Compare(len(a.Interaction), len(b.Interaction)), cmp.Compare(a.Interaction, b.Interaction), cmp.Compare(a.Part, b.Part))
}

// expire cancels what has waited too long.
func expire(u *Unit, did *tally) error {
	rows, err := u.Tx.ExpiredActions(u.Now, dueBatch)
	if err != nil {
		return fmt.Errorf("find expired actions: %w", err)
	}
	for _, a := range rows {
		if err := u.Cancel(a, fmt.Sprintf("expired: it waited since %s", a.CreatedAt.UTC().Format(time.RFC3339))); err != nil {
			return err
		}
		did.cancelled++
	}
	return nil
}

// take decides one due action again and moves it: to attempting (true, with
// the text that goes out), back to hold, to cancelled, or aside until its bot is
// resumed or X's limits let it go (I9).
func (s *Sender) take(u *Unit, a *db.Action, did *tally) (text string, ok bool, err error) {
	paused, why, err := u.Paused(a.Bot)
	if err != nil {
		return "", false, err
	}
	if !paused {
		why, err = u.blind()
		paused = why != ""
		if err != nil {
			return "", false, err
		}
	}
	if paused {
		a.DueAt, a.Reason = a.ExpiresAt, ParkedReason+why
		return "", false, u.Move(*a, event.Pending)
	}
	stopped, err := stopped(u, *a)
	if err != nil {
		return "", false, err
	}
	if stopped { // the wall behind the rule; the opt-out has cancelled it already, so this is a defect
		did.afterStop++
		did.cancelled++
		return "", false, u.Cancel(*a, "the user opted out")
	}
	if early, err := u.early(*a); err != nil {
		return "", false, err
	} else if early { // the log does not let it come here; this is a defect
		park(a, a.Part+1, a.Part+1)
		return "", false, u.Move(*a, event.Pending)
	}
	if s.Send[a.Bot] {
		if until, why, err := u.waits(*a); err != nil {
			return "", false, err
		} else if !until.IsZero() {
			did.waited++
			waited := waitsForX(a.Reason)
			a.DueAt, a.Reason = until, why
			if !waited {
				did.waits = append(did.waits, *a)
			}
			return "", false, u.Move(*a, event.Pending)
		}
	}
	st, err := u.State(a.Bot, a.User, a.Interaction)
	if err != nil {
		return "", false, err
	}
	if a.Kind == event.Reply && st.Interaction.Message != "" {
		a.ReplyTo = st.Interaction.Message // the newest version of the post
	}
	v, r, err := u.redecide(s.Gate, a, gate.StageClaim)
	if errors.Is(err, ErrTextGone) {
		did.cancelled++
		return "", false, u.Cancel(*a, ErrTextGone.Error())
	}
	if err != nil {
		return "", false, err
	}
	did.records = append(did.records, r)
	did.handOff = append(did.handOff, func() error { return u.handOffBy(s.Gate, *a, v) })
	switch {
	case v.Decision.Effect == gate.Hold:
		a.State, a.Reason = event.Hold, v.Decision.Say
		return "", false, u.Move(*a, event.Pending)
	case !v.Allowed():
		did.cancelled++
		return "", false, u.Cancel(*a, "decided again before sending: "+v.Decision.Say)
	case !s.Send[a.Bot]:
		did.dry++
		return "", false, u.Cancel(*a, DryReason)
	}
	if err := u.reprice(a, v.Facts.Text.HasURL); err != nil {
		return "", false, err
	}
	if err := u.passTurn(*a); err != nil {
		return "", false, err
	}
	if err := u.takeCall(*a); err != nil {
		return "", false, err
	}
	a.State, a.Attempts, a.Reason = event.Attempting, a.Attempts+1, "the call to X is under way"
	return v.Text, true, u.Move(*a, event.Pending)
}

// stopped reads, past everything cached, whether the user opted out (I4).
func stopped(u *Unit, a db.Action) (bool, error) {
	if a.Purpose == event.OptOutConfirmation {
		return false, nil
	}
	stop, err := u.Tx.Suppression(u.hash(a.User))
	if err != nil {
		return false, fmt.Errorf("read opt-out of user %s: %w", a.User, err)
	}
	return stop.OptedOut, nil
}

// DryReason is why an allowed action of a dry bot was cancelled.
const DryReason = "dry: allowed, and not sent because send is off for this bot"

// ParkedReason begins the reason of an action that waits for a resume.
const ParkedReason = "parked: "
