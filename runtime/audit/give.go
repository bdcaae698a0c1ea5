package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
)

// Caps on what one recipient may be given.
const (
	// MostIDs of posts, users and DMs in 30 days.
	// X rule: at most 1.5 million ids to one entity in 30 days (facts.md, read 2026-11-25).
	MostIDs = 1_500_000
	// MostHydrated whole posts and users in one UTC day.
	// X rule: at most 500 a day a person, never by automated means; another page
	// of X says 50,000, the smaller counts (facts.md, read 2026-11-25).
	MostHydrated = 500

	idsWindow = 30 * 24 * time.Hour
)

var (
	// ErrCap: the recipient would have more than X allows.
	ErrCap = errors.New("more than X lets one recipient have")
	// ErrAutomated: whole posts or users are given by people only.
	ErrAutomated = errors.New("whole posts and users may not be given by automated means; give their ids")
	// ErrUnnamed: nobody can be given anything without a name.
	ErrUnnamed = errors.New("say to whom it goes and who gives it")
)

// Give records that something of X's is given to somebody, or refuses it (V5).
// Every path by which ids, posts or users leave the host for others asks it
// first, in a transaction of its own, and writes nothing where it refuses: what
// was recorded and not written then is counted, which errs on the safe side. r's
// ID and At are filled in. marks are the keyed hashes of whom and what it holds:
// by them it is recalled when that has to be deleted.
func Give(ctx context.Context, store db.Store, now time.Time, r db.Redistribution, marks ...string) (id string, err error) {
	r.At = now.UTC().Truncate(time.Millisecond)
	r.Recipient = strings.TrimSpace(r.Recipient)
	switch {
	case r.Recipient == "" || strings.TrimSpace(r.By) == "" || r.What == "":
		return "", ErrUnnamed
	case r.IDs < 0 || r.Hydrated < 0:
		return "", fmt.Errorf("%d ids and %d objects: neither can be less than nothing", r.IDs, r.Hydrated)
	case r.Automated && r.Hydrated > 0:
		return "", ErrAutomated
	}
	err = store.Write(ctx, func(tx db.Tx) error {
		had, err := tx.ListRedistributions(r.At.Add(-idsWindow), r.At.Add(time.Millisecond))
		if err != nil {
			return err
		}
		ids, hydrated, today := r.IDs, r.Hydrated, r.At.Truncate(24*time.Hour)
		for _, h := range had {
			if !strings.EqualFold(h.Recipient, r.Recipient) {
				continue
			}
			ids += h.IDs
			if !h.At.Before(today) {
				hydrated += h.Hydrated
			}
		}
		if ids > MostIDs && r.IDs > 0 {
			return fmt.Errorf("%s would have %d ids in 30 days, at most %d: %w; wait, or give fewer", r.Recipient, ids, MostIDs, ErrCap)
		}
		if hydrated > MostHydrated && r.Hydrated > 0 {
			return fmt.Errorf("%s would have %d whole posts and users today, at most %d: %w; give their ids, or wait until tomorrow (UTC)", r.Recipient, hydrated, MostHydrated, ErrCap)
		}
		h := sha256.Sum256(fmt.Appendf(nil, "%d\n%q\n%q\n%q\n%d", r.At.UnixMilli(), r.Recipient, r.What, r.By, len(had)))
		r.ID = "x-" + hex.EncodeToString(h[:8])
		if err := tx.PutRedistribution(r); err != nil {
			return err
		}
		return tx.PutExportMarks(r.ID, marks)
	})
	if err != nil {
		return "", err
	}
	return r.ID, nil
}
