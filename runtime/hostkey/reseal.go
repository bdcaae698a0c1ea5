package hostkey

import (
	"context"
	"errors"
	"fmt"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/account"
	"github.com/beckon-bot/beckon/runtime/seal"
	"github.com/beckon-bot/beckon/runtime/vault"
)

// Resealed is what a rotation did.
type Resealed struct {
	Key    uint32 // that seals now
	Logins int    // sealed again
	Texts  int    // keys of texts
	// Busy counts logins that are being renewed at this moment. Their new tokens
	// are sealed with the new key; until then they need the old one.
	Busy int
	// Lost counts what no key of the host opens.
	Lost int
}

// reseal seals with the newest key what older ones sealed. What it reads stays
// readable at every moment: a row is replaced whole, in one transaction, and the
// file holds all keys. It can be cut off, and done again.
func (k *Keeper) reseal(ctx context.Context, store db.Store) (Resealed, error) {
	done := Resealed{Key: k.Live.Keyset().Keys()[0].ID}
	if err := k.logins(ctx, store, &done); err != nil {
		return done, fmt.Errorf("seal the logins again: %w", err)
	}
	for after := ""; ; {
		next, err := k.texts(ctx, store, after, &done)
		if err != nil {
			return done, fmt.Errorf("seal the keys of texts again: %w", err)
		}
		if next == "" {
			return done, nil
		}
		after = next
	}
}

// again seals anew what was sealed under a name; nil where the newest key did.
func (k *Keeper) again(sealed []byte, name string, newest uint32) ([]byte, error) {
	if id, ok := seal.SealedBy(sealed); ok && id == newest {
		return nil, nil
	}
	plain, err := k.Live.Open(sealed, name)
	if err != nil {
		return nil, err
	}
	return k.Live.Seal(plain, name)
}

// logins leaves alone the one that is being renewed: its row changes when X has
// answered, by whoever asked, and only if nobody else has touched it.
func (k *Keeper) logins(ctx context.Context, store db.Store, done *Resealed) error {
	var n, busy, lost int
	err := store.Write(ctx, func(tx db.Tx) error {
		n, busy, lost = 0, 0, 0
		all, err := tx.ListTokens()
		if err != nil {
			return err
		}
		for _, t := range all {
			if len(t.Sealed) == 0 {
				continue
			}
			sealed, err := k.again(t.Sealed, account.SealedAs(t.Bot), done.Key)
			switch {
			case errors.Is(err, seal.ErrOpen):
				lost++
			case err != nil:
				return err
			case sealed == nil:
			case t.State == db.TokenRefreshing:
				busy++
			default:
				t.Sealed = sealed
				if err := tx.PutToken(t); err != nil {
					return err
				}
				n++
			}
		}
		return nil
	})
	if err == nil {
		done.Logins, done.Busy, done.Lost = done.Logins+n, done.Busy+busy, done.Lost+lost
	}
	return err
}

// texts does a part of the keys of texts, those after an id. next is where the
// part after it begins, "" at the end.
func (k *Keeper) texts(ctx context.Context, store db.Store, after string, done *Resealed) (next string, err error) {
	var rows []db.TextKey
	err = store.Read(ctx, func(tx db.Tx) error {
		rows, err = tx.WalkTextKeys(after, chunk)
		return err
	})
	if err != nil {
		return "", err
	}
	if len(rows) == chunk {
		next = rows[chunk-1].ID
	}
	sealed := map[string][]byte{}
	for _, r := range rows {
		b, err := k.again(r.Sealed, vault.SealedAs(r.ID), done.Key)
		switch {
		case errors.Is(err, seal.ErrOpen):
			done.Lost++
		case err != nil:
			return "", err
		case b != nil:
			sealed[r.ID] = b
		}
	}
	if len(sealed) == 0 {
		return next, nil
	}
	var n int
	err = store.Write(ctx, func(tx db.Tx) error {
		n = 0
		for id, b := range sealed {
			err := tx.ResealTextKey(id, b)
			if errors.Is(err, db.ErrNotFound) {
				continue // destroyed meanwhile, and stays so
			}
			if err != nil {
				return err
			}
			n++
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	done.Texts += n
	return next, nil
}
