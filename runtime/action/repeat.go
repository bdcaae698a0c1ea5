package action

import (
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// KeepFingerprints is how long a fingerprint is compared with.
const KeepFingerprints = gate.ElsewhereWithin

// mostFingerprints bounds one look. A host that posts more than this in three
// days compares with the newest.
const mostFingerprints = 10_000

// Repeats looks for what this host said before a draft and the draft says
// again. id is the draft's action: one that has a row is compared with what
// was there before it, so that of two drafts of one text the earlier stands.
func (u *Unit) Repeats(bot, id string, draft gate.Print) (r gate.Repeats, err error) {
	if draft.Words == 0 {
		return r, nil
	}
	prints, err := u.Tx.FingerprintsSince(u.Now.Add(-KeepFingerprints), id, mostFingerprints)
	if err != nil {
		return r, fmt.Errorf("look for what action %s repeats: %w", id, err)
	}
	for _, p := range prints {
		earlier := gate.Print{Public: gate.Public(p.Kind), Words: p.Words, Numbers: p.Numbers}
		r = r.With(draft, earlier, u.Now.Sub(p.At), p.Bot == bot)
	}
	return r, nil
}

// remember keeps the fingerprint of a new action.
func (u *Unit) remember(a db.Action, p gate.Print) error {
	if p.Words == 0 {
		return nil
	}
	err := u.Tx.PutFingerprint(db.Fingerprint{Action: a.ID, Bot: a.Bot, Kind: a.Kind, At: u.Now, Words: p.Words, Numbers: p.Numbers})
	if err != nil {
		return fmt.Errorf("keep fingerprint of action %s: %w", a.ID, err)
	}
	return nil
}

// forget drops the fingerprint of an action that X never had: its text may be
// tried again.
func (u *Unit) forget(a db.Action) error {
	if !a.State.Terminal() || a.State == event.Sent || !gate.Fingerprinted(a.Kind, a.Purpose) {
		return nil
	}
	if err := u.Tx.DropFingerprint(a.ID); err != nil {
		return fmt.Errorf("drop fingerprint of action %s: %w", a.ID, err)
	}
	return nil
}

// PruneFingerprints forgets up to max that nothing is compared with any more.
func PruneFingerprints(tx db.Tx, now time.Time, max int) (int, error) {
	n, err := tx.PruneFingerprints(now.Add(-KeepFingerprints), max)
	if err != nil {
		return 0, fmt.Errorf("prune fingerprints: %w", err)
	}
	return n, nil
}
