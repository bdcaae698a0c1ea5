package action

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
)

// ErrNoConsent is returned where nothing stands that could be withdrawn.
var ErrNoConsent = errors.New("the user has given no such consent, or has withdrawn it")

// ConsentKind reads what a user can agree to.
func ConsentKind(s string) (conversation.ConsentKind, error) {
	k := conversation.ConsentKind(s)
	if k != conversation.ConsentDMStorage && k != conversation.ConsentMatching && k != conversation.ConsentOptIn {
		return "", fmt.Errorf("kind: dm_storage, matching or opt_in, not %q", s)
	}
	return k, nil
}

// ErrOptedOut is returned for an opt-in of a user whose opt-out stands.
var ErrOptedOut = errors.New("the user opted out, and only their own START ends that")

// Consent records what a user agreed to, toward one bot, with the wording that
// they saw. A later one of the same kind takes its place.
func (u *Unit) Consent(c db.Consent) error {
	if _, err := ConsentKind(string(c.Kind)); err != nil {
		return err
	}
	switch {
	case (c.Kind == conversation.ConsentOptIn) != (strings.TrimSpace(c.Covers) != ""):
		return errors.New("covers: an opt-in names what it covers, and no other consent does")
	case c.Bot == "" || c.User == "" || c.Event == "":
		return errors.New("a consent names its bot, its user and the event by which it was given")
	case strings.TrimSpace(c.Wording) == "":
		return errors.New("a consent keeps the wording that the user saw")
	}
	c.At, c.WithdrawnAt, c.WithdrawnBy = u.Now.UTC(), time.Time{}, ""
	if c.Kind == conversation.ConsentMatching {
		if err := u.anew(c); err != nil {
			return err
		}
	}
	if c.Kind == conversation.ConsentOptIn {
		st, err := u.State(c.Bot, c.User, "")
		if err != nil {
			return err
		}
		if st.Suppression.OptedOut { // only their own START ends that
			return ErrOptedOut
		}
	}
	if err := u.Tx.PutConsent(c); err != nil {
		return err
	}
	_, _, err := u.Reduce(c.Bot, c.User, "", conversation.Consented{Kind: c.Kind, Given: true, At: c.At, ID: c.Event})
	return err
}

// OptedIn reports whether the user agreed to hear from the bot about that
// thing, by its name, and has not withdrawn it. It covers nothing else, and is
// no DM of theirs.
func (u *Unit) OptedIn(bot, user, about string) (bool, error) {
	if about == "" {
		return false, nil
	}
	all, err := u.Tx.OptIns(user)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(all, func(c db.Consent) bool { return c.Bot == bot && c.Covers == about }), nil
}

// endAgreed withdraws what the user opted in to, and agreed to in matching, toward
// every bot: a STOP ends it, and no START brings it back. Their matches go too:
// nobody who was told to stop goes on knowing who they are elsewhere.
func (u *Unit) endAgreed(user, by string) error {
	all, err := u.Tx.StandingConsents(user)
	if err != nil {
		return err
	}
	for _, c := range all {
		if c.Kind != conversation.ConsentOptIn && c.Kind != conversation.ConsentMatching {
			continue
		}
		if err := u.withdraw(c, by); err != nil {
			return err
		}
	}
	_, err = u.endMatches(user, by, func(db.Match) bool { return true })
	return err
}

func (u *Unit) withdraw(c db.Consent, by string) error {
	c.WithdrawnAt, c.WithdrawnBy = u.Now.UTC(), by
	if err := u.Tx.PutConsent(c); err != nil {
		return err
	}
	_, _, err := u.Reduce(c.Bot, c.User, "", conversation.Consented{Kind: c.Kind})
	return err
}

// WithdrawConsent ends a consent; the record of it stays. by is the event or
// command that withdrew it. It returns ErrNoConsent where none stands.
func (u *Unit) WithdrawConsent(bot, user string, kind conversation.ConsentKind, covers, by string) error {
	all, err := u.Tx.ConsentsOf(bot, user)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(c db.Consent) bool { return c.Kind == kind && c.Covers == covers && c.WithdrawnAt.IsZero() })
	if i < 0 {
		return fmt.Errorf("%s of user %s to %s: %w", kind, user, bot, ErrNoConsent)
	}
	if kind == conversation.ConsentMatching {
		_, err := u.Unmatch(bot, user, by)
		return err
	}
	return u.withdraw(all[i], by)
}

// TakenBack withdraws what the user had agreed to by a time, toward every bot, and
// ends the matches from before it: a restored database knows that they took
// something back then, and not what. It returns how much that was.
func (d Desk) TakenBack(ctx context.Context, now time.Time, user string, at time.Time, by string) (n int, err error) {
	err = d.transact(ctx, now, func(u *Unit) error {
		n = 0
		all, err := u.Tx.StandingConsents(user)
		if err != nil {
			return err
		}
		for _, c := range all {
			if c.At.After(at) {
				continue
			}
			if err := u.withdraw(c, by); err != nil {
				return err
			}
			n++
		}
		ended, err := u.endMatches(user, by, func(m db.Match) bool { return !m.At.After(at) })
		n += ended
		return err
	})
	return n, err
}

// Consent records a consent that reached an operator.
func (d Desk) Consent(ctx context.Context, now time.Time, c db.Consent) error {
	return d.transact(ctx, now, func(u *Unit) error { return u.Consent(c) })
}

// WithdrawConsent records that a user withdrew a consent.
func (d Desk) WithdrawConsent(ctx context.Context, now time.Time, bot, user string, kind conversation.ConsentKind, covers, by string) error {
	return d.transact(ctx, now, func(u *Unit) error { return u.WithdrawConsent(bot, user, kind, covers, by) })
}
