package sqlite

import (
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite/gen"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

func (t tx) PutFingerprint(f db.Fingerprint) error {
	err := t.q.PutFingerprint(background(), gen.PutFingerprintParams{
		ActionID: f.Action, Bot: f.Bot, Kind: string(f.Kind), At: millis(f.At),
		Words: int64(f.Words), Numbers: int64(f.Numbers),
	})
	if err != nil {
		return fmt.Errorf("put fingerprint of action %s: %w", f.Action, err)
	}
	return nil
}

func (t tx) FingerprintsSince(since time.Time, action string, max int) ([]db.Fingerprint, error) {
	rows, err := t.q.FingerprintsSince(background(), millis(since), action, int64(max))
	if err != nil {
		return nil, fmt.Errorf("fingerprints since %s: %w", since, err)
	}
	return each(rows, func(r gen.Fingerprint) db.Fingerprint {
		return db.Fingerprint{
			Action: r.ActionID, Bot: r.Bot, Kind: event.ActionKind(r.Kind), At: timeOf(r.At),
			Words: uint64(r.Words), Numbers: uint64(r.Numbers),
		}
	}), nil
}

func (t tx) DropFingerprint(action string) error {
	if err := t.q.DropFingerprint(background(), action); err != nil {
		return fmt.Errorf("drop fingerprint of action %s: %w", action, err)
	}
	return nil
}

func (t tx) PruneFingerprints(before time.Time, max int) (int, error) {
	n, err := t.q.PruneFingerprints(background(), millis(before), int64(max))
	if err != nil {
		return 0, fmt.Errorf("prune fingerprints: %w", err)
	}
	return int(n), nil
}

func (t tx) PutConsent(c db.Consent) error {
	err := t.q.PutConsent(background(), gen.PutConsentParams{
		Bot: c.Bot, UserID: c.User, Kind: string(c.Kind), Covers: c.Covers, Wording: c.Wording, At: millis(c.At), EventID: c.Event,
		WithdrawnAt: millis(c.WithdrawnAt), WithdrawnBy: c.WithdrawnBy,
	})
	if err != nil {
		return fmt.Errorf("put consent %s of user %s to %s: %w", c.Kind, c.User, c.Bot, err)
	}
	return nil
}

func (t tx) ConsentsOf(bot, user string) ([]db.Consent, error) {
	rows, err := t.q.ConsentsOf(background(), bot, user)
	if err != nil {
		return nil, fmt.Errorf("consents of user %s to %s: %w", user, bot, err)
	}
	return each(rows, consentOf), nil
}

func (t tx) StandingConsents(user string) ([]db.Consent, error) {
	rows, err := t.q.StandingConsents(background(), user)
	if err != nil {
		return nil, fmt.Errorf("standing consents of user %s: %w", user, err)
	}
	return each(rows, consentOf), nil
}

func (t tx) OptIns(user string) ([]db.Consent, error) {
	rows, err := t.q.OptIns(background(), user)
	if err != nil {
		return nil, fmt.Errorf("opt-ins of user %s: %w", user, err)
	}
	return each(rows, consentOf), nil
}

func consentOf(r gen.Consent) db.Consent {
	return db.Consent{
		Bot: r.Bot, User: r.UserID, Kind: conversation.ConsentKind(r.Kind), Covers: r.Covers, Wording: r.Wording, At: timeOf(r.At), Event: r.EventID,
		WithdrawnAt: timeOf(r.WithdrawnAt), WithdrawnBy: r.WithdrawnBy,
	}
}
