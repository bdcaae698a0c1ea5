package suppression

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
)

const (
	retry = 5 * time.Second // after a copy that could not be written
	calm  = time.Minute     // between looks for what nobody told of
	hush  = time.Minute     // between two warnings
)

// Run keeps the copy current until ctx ends. wake tells that something was
// stored: see Watch.
func (k *Keeper) Run(ctx context.Context, now func() time.Time, wake <-chan struct{}) error {
	for {
		next := calm
		if err := k.Carry(ctx, now()); err != nil && ctx.Err() == nil {
			next = retry
			if t := now(); t.Sub(k.warned) >= hush {
				k.warned = t
				k.Log.WarnContext(ctx, "the copy of the opt-outs on the bus is behind; the database has them, and they are honoured", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-time.After(next):
		}
	}
}

// Carry writes everything that the copy does not have. A part of it may be
// written when it fails; the rest stays owed.
func (k *Keeper) Carry(ctx context.Context, now time.Time) error {
	end, err := k.turn.Take(ctx)
	if err != nil {
		return err
	}
	defer end()
	if err = k.carry(ctx, now); err != nil {
		k.Metrics.Failures.Add(1)
		err = fmt.Errorf("write opt-outs to their copy on the bus: %w", err)
	}
	return errors.Join(err, k.note(ctx, now, err != nil))
}

func (k *Keeper) carry(ctx context.Context, now time.Time) error {
	for len(k.lacking) > 0 {
		if err := k.put(ctx, now, k.lacking[0]); err != nil {
			return err
		}
		k.lacking = k.lacking[1:]
	}
	for {
		var owed []db.OwedSuppression
		err := k.Store.Read(ctx, func(tx db.Tx) (err error) {
			owed, err = tx.OwedSuppressions(chunk)
			return err
		})
		if err != nil {
			return err
		}
		if len(owed) == 0 {
			break
		}
		var failed error
		done := 0
		for _, o := range owed {
			if failed = k.put(ctx, now, o.Suppression); failed != nil {
				break
			}
			done++
		}
		if done > 0 {
			// 1 put, 2 on disk, 3 settle; a crash after 2 puts the same again (S12).
			err = k.Store.Write(ctx, func(tx db.Tx) error {
				for _, o := range owed[:done] {
					if err := tx.SettleSuppression(o.UserHash, o.Rev); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err := errors.Join(failed, err); err != nil {
			return err
		}
	}
	if err := k.carryWithdrawn(ctx); err != nil {
		return err
	}
	if k.whole || !k.merged {
		return nil
	}
	_, err := k.claim(ctx, now, true)
	k.whole = err == nil
	return err
}

// put joins a suppression to its entry (S13).
func (k *Keeper) put(ctx context.Context, now time.Time, s conversation.Suppression) error {
	for {
		e, err := k.Bucket.Get(ctx, s.UserHash)
		if err != nil {
			return err
		}
		was, damaged := decode(e)
		if errors.Is(damaged, db.ErrNewer) {
			return damaged
		}
		is := dated(was.Recall(s), now)
		if damaged == nil && same(is, was) {
			return nil
		}
		if e.Value, err = encode(is); err != nil {
			return err
		}
		switch err := k.Bucket.Put(ctx, e); {
		case err == nil:
			k.Metrics.Written.Add(1)
			return nil
		case !errors.Is(err, bus.ErrChanged):
			return err
		}
	}
}

// behindSince is where the database keeps since when the copy has been behind.
const behindSince = "suppressions.behind_since"

// State is how far the copy is.
type State struct {
	Owed  int64     // what the copy does not have
	Since time.Time // from when on it could not be written; zero: it is current, or about to be
}

// Look reads how far the copy is, also where no host runs.
func Look(ctx context.Context, store db.Store) (s State, err error) {
	err = store.Read(ctx, func(tx db.Tx) (err error) {
		if s.Owed, err = tx.CountOwedSuppressions(); err != nil {
			return err
		}
		at, err := tx.Meta(behindSince)
		if err != nil || at == "" {
			return err
		}
		s.Since, err = time.Parse(time.RFC3339Nano, at)
		return err
	})
	if err != nil {
		return State{}, fmt.Errorf("see how far the copy of the opt-outs is: %w", err)
	}
	return s, nil
}

// note counts how far behind the copy is, and stores since when (S14). What was
// put while it was brought up to date is not behind yet.
func (k *Keeper) note(ctx context.Context, now time.Time, failed bool) error {
	s, err := Look(ctx, k.Store)
	if err != nil {
		return err
	}
	s.Owed += int64(len(k.lacking))
	was := s.Since
	switch {
	case !failed:
		s.Since = time.Time{}
	case s.Since.IsZero():
		s.Since = now.UTC()
	}
	if !s.Since.Equal(was) {
		at := ""
		if !s.Since.IsZero() {
			at = s.Since.Format(time.RFC3339Nano)
		}
		err = k.Store.Write(ctx, func(tx db.Tx) error { return tx.SetMeta(behindSince, at) })
	}
	k.Metrics.Owed.Store(s.Owed)
	age := time.Duration(0)
	if !s.Since.IsZero() {
		age = max(now.Sub(s.Since), 0)
	}
	k.Metrics.Behind.Store(int64(age))
	return err
}
