package suppression

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
)

// This file keeps, beside who said stop, who took something back that they had
// agreed to, and when last (S19). It says not what: after a restore all that they
// agreed to before is withdrawn, and they can be asked again.

// withdrawnKey begins the keys of these entries; a user's hash follows.
const withdrawnKey = "withdrawn."

type withdrawal struct {
	V  int       `json:"v"`
	At time.Time `json:"at"`
}

func withdrawnOf(e bus.Entry) (w withdrawal, err error) {
	if e.Rev == 0 {
		return w, nil
	}
	if err := json.Unmarshal(e.Value, &w); err != nil {
		return w, fmt.Errorf("entry %s of the copy: %w", e.Key, err)
	}
	if w.V > version {
		return w, fmt.Errorf("entry %s of the copy has version %d, this Beckon reads %d, run the newer one: %w", e.Key, w.V, version, db.ErrNewer)
	}
	return w, nil
}

// carryWithdrawn puts what the database knows and the copy does not. It reads all
// consents, and so only where one was withdrawn, and at the start.
func (k *Keeper) carryWithdrawn(ctx context.Context) (err error) {
	some := k.Withdrew == nil || k.Withdrew.Swap(false)
	if k.looked && !some {
		return nil
	}
	defer func() {
		if k.looked = err == nil; !k.looked && k.Withdrew != nil {
			k.Withdrew.Store(true)
		}
	}()
	last := map[string]time.Time{}
	err = k.Store.Read(ctx, func(tx db.Tx) error {
		all, err := tx.AllConsents()
		for _, c := range all {
			if hash := k.Desk.Key.User(c.User); c.WithdrawnAt.After(last[hash]) {
				last[hash] = c.WithdrawnAt
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, hash := range slices.Sorted(maps.Keys(last)) {
		if at := ms(last[hash]); at.After(k.wrote[hash]) {
			if err := k.putWithdrawn(ctx, hash, at); err != nil {
				return err
			}
			if k.wrote == nil {
				k.wrote = map[string]time.Time{}
			}
			k.wrote[hash] = at
		}
	}
	return nil
}

func (k *Keeper) putWithdrawn(ctx context.Context, hash string, at time.Time) error {
	for {
		e, err := k.Bucket.Get(ctx, withdrawnKey+hash)
		if err != nil {
			return err
		}
		was, err := withdrawnOf(e)
		if errors.Is(err, db.ErrNewer) {
			return err
		}
		if err == nil && !at.After(was.At) {
			return nil
		}
		if e.Value, err = json.Marshal(withdrawal{version, at}); err != nil {
			return err
		}
		if err := k.Bucket.Put(ctx, e); !errors.Is(err, bus.ErrChanged) {
			return err
		}
	}
}

// takeBack withdraws in a restored database what users took back since its
// backup. It returns from how many.
func (k *Keeper) takeBack(ctx context.Context, now, since time.Time) (users int, err error) {
	again := map[string]time.Time{}
	err = k.Bucket.All(ctx, func(e bus.Entry) error {
		hash, ok := strings.CutPrefix(e.Key, withdrawnKey)
		if !ok {
			return nil
		}
		w, err := withdrawnOf(e)
		if errors.Is(err, db.ErrNewer) {
			return err
		}
		if err != nil { // something was withdrawn, and it must not be guessed when
			w.At = now
		}
		if w.At.After(since) {
			again[hash] = w.At
		}
		return nil
	})
	if err != nil || len(again) == 0 {
		return 0, err
	}
	named, err := k.named(ctx, again)
	if err != nil {
		return 0, err
	}
	for _, hash := range slices.Sorted(maps.Keys(named)) {
		n, err := k.Desk.TakenBack(ctx, now, named[hash], again[hash], "the user, before the database was restored")
		if err != nil {
			return users, err
		}
		if n > 0 {
			users++
		}
	}
	return users, nil
}
