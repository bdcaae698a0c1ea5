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
	if k != conversation.ConsentDMStorage && k != conversation.ConsentMatching {
		return "", fmt.Errorf("kind: dm_storage or matching, not %q", s)
	}
	return k, nil
}

// Consent records what a user agreed to, toward one bot, with the wording that
// they saw. A later one of the same kind takes its place.
func (u *Unit) Consent(c db.Consent) error {
	if _, err := ConsentKind(string(c.Kind)); err != nil {
		return err
	}
	switch {
	case c.Bot == "" || c.User == "" || c.Event == "":
		return errors.New("a consent names its bot, its user and the event by which it was given")
	case strings.TrimSpace(c.Wording) == "":
		return errors.New("a consent keeps the wording that the user saw")
	}
	c.At, c.WithdrawnAt, c.WithdrawnBy = u.Now.UTC(), time.Time{}, ""
	if err := u.Tx.PutConsent(c); err != nil {
		return err
	}
	_, _, err := u.Reduce(c.Bot, c.User, "", conversation.Consented{Kind: c.Kind, Given: true})
	return err
}

// WithdrawConsent ends a consent; the record of it stays. by is the event or
// command that withdrew it. It returns ErrNoConsent where none stands.
func (u *Unit) WithdrawConsent(bot, user string, kind conversation.ConsentKind, by string) error {
	all, err := u.Tx.ConsentsOf(bot, user)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(c db.Consent) bool { return c.Kind == kind && c.WithdrawnAt.IsZero() })
	if i < 0 {
		return fmt.Errorf("%s of user %s to %s: %w", kind, user, bot, ErrNoConsent)
	}
	c := all[i]
	c.WithdrawnAt, c.WithdrawnBy = u.Now.UTC(), by
	if err := u.Tx.PutConsent(c); err != nil {
		return err
	}
	_, _, err = u.Reduce(bot, user, "", conversation.Consented{Kind: kind})
	return err
}

// Consent records a consent that reached an operator.
func (d Desk) Consent(ctx context.Context, now time.Time, c db.Consent) error {
	return d.transact(ctx, now, func(u *Unit) error { return u.Consent(c) })
}

// WithdrawConsent records that a user withdrew a consent.
func (d Desk) WithdrawConsent(ctx context.Context, now time.Time, bot, user string, kind conversation.ConsentKind, by string) error {
	return d.transact(ctx, now, func(u *Unit) error { return u.WithdrawConsent(bot, user, kind, by) })
}
