// Package hostkey rotates the key that a host seals with: logins, and the keys of
// texts.
//
// What it owns: the order of steps in which a key comes, takes over, and goes.
// What it refuses: to touch the key behind keyed hashes (host.key). That one
// finds opt-outs, and who said stop could not be found under another; it is never
// rotated.
//
// A rotation, and where a crash leaves it:
//
//	1  the file holds a new key that seals, and all before; durably   (K41)
//	2  the host seals with it
//	3  what older keys sealed is sealed again, part by part
//	4  an old key that nothing needs leaves the file                   (K43)
//
// A crash before 1 has changed nothing. After it the file opens everything, under
// whichever key it is (K42), and Finish does what is left of 3.
//
//   - K41 nothing is sealed with a key that the file does not hold.
//   - K42 wherever a rotation is cut off, the file opens what it opened before.
//   - K43 no key leaves the file while anything that is kept was sealed with it.
package hostkey

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/seal"
)

var (
	// ErrFixed: the key is not this host's to change.
	ErrFixed = errors.New("the key of this host cannot be rotated here")
	// ErrOther: somebody changed the file since the host started.
	ErrOther = errors.New("holds other keys than this host runs with: restart the host, then try again")
	// ErrNeeded: something was sealed with the key that should go.
	ErrNeeded = errors.New("is still needed")
	// ErrNoKey: there is no key of that id, or it is the one that seals.
	ErrNoKey = errors.New("is no old key of this host")
)

// File is where the keyset lies.
type File interface {
	Read() (*seal.Keyset, error)
	// Write replaces the keyset, whole or not at all. A nil error means synced.
	Write(*seal.Keyset) error
}

// Keeper owns the key of a host. One process has it: that which holds the data
// directory. It is safe for concurrent use.
type Keeper struct {
	Live  *seal.Live // what the host seals with
	File  File       // nil: the key comes from elsewhere, and Fixed says what to do
	Where string     // the file, for people
	Fixed string

	mu sync.Mutex // a step at a time
}

// Key is one key, and what needs it.
type Key struct {
	ID     uint32
	Seals  bool
	Logins int
	Texts  int // keys of texts
}

// Listing is every key of the host.
type Listing struct {
	Keys []Key // the one that seals first
	// Lost counts what none of them sealed: it can be read no more.
	Lost int
}

// List counts what each key sealed.
func (k *Keeper) List(ctx context.Context, store db.Store) (l Listing, err error) {
	err = store.Read(ctx, func(tx db.Tx) error {
		l, err = list(tx, k.Live.Keyset())
		return err
	})
	return l, err
}

// chunk is how many keys of texts are looked at in one transaction.
const chunk = 500

func list(tx db.Tx, set *seal.Keyset) (l Listing, err error) {
	at := map[uint32]*Key{}
	for _, k := range set.Keys() {
		l.Keys = append(l.Keys, Key{ID: k.ID, Seals: k.Seals})
	}
	for i := range l.Keys {
		at[l.Keys[i].ID] = &l.Keys[i]
	}
	logins, err := tx.ListTokens()
	if err != nil {
		return l, err
	}
	for _, t := range logins {
		if len(t.Sealed) == 0 {
			continue
		}
		if k := of(at, t.Sealed); k != nil {
			k.Logins++
		} else {
			l.Lost++
		}
	}
	for after := ""; ; {
		rows, err := tx.WalkTextKeys(after, chunk)
		if err != nil {
			return l, err
		}
		for _, r := range rows {
			if k := of(at, r.Sealed); k != nil {
				k.Texts++
			} else {
				l.Lost++
			}
		}
		if len(rows) < chunk {
			return l, nil
		}
		after = rows[len(rows)-1].ID
	}
}

func of(at map[uint32]*Key, sealed []byte) *Key {
	id, _ := seal.SealedBy(sealed) // 0 is no key's id
	return at[id]
}

// same holds the file to what the host runs with: an older host, or a person,
// may have written it.
func (k *Keeper) same() (*seal.Keyset, error) {
	if k.File == nil {
		return nil, fmt.Errorf("%w: %s", ErrFixed, k.Fixed)
	}
	there, err := k.File.Read()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", k.Where, err)
	}
	set := k.Live.Keyset()
	if !slices.Equal(there.Keys(), set.Keys()) {
		return nil, fmt.Errorf("%s %w", k.Where, ErrOther)
	}
	return set, nil
}

// replace writes the keyset and has the host use it (K41). It is called inside a
// transaction of store, which told learns the key's id in: so an act that is
// recorded there is one that was done.
func (k *Keeper) replace(ctx context.Context, store db.Store, make func(db.Tx) (*seal.Keyset, error)) error {
	var wrote *seal.Keyset
	err := store.Write(ctx, func(tx db.Tx) error {
		next, err := make(tx)
		if err != nil {
			return err
		}
		if err := k.File.Write(next); err != nil {
			return fmt.Errorf("write %s: %w; nothing was changed", k.Where, err)
		}
		wrote = next
		return nil
	})
	if wrote != nil { // also where the commit failed: the file is what counts
		k.Live.Replace(wrote)
	}
	return err
}

// Rotate adds a key, has the host seal with it, and seals again what older ones
// sealed. told, if not nil, learns the new key's id inside the transaction in
// which the file is written.
func (k *Keeper) Rotate(ctx context.Context, store db.Store, told func(id uint32)) (Resealed, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	set, err := k.same()
	if err != nil {
		return Resealed{}, err
	}
	err = k.replace(ctx, store, func(db.Tx) (*seal.Keyset, error) {
		next, err := set.Rotate()
		if err == nil && told != nil {
			told(next.Keys()[0].ID)
		}
		return next, err
	})
	if err != nil {
		return Resealed{}, err
	}
	return k.reseal(ctx, store)
}

// Finish does what a rotation that was cut off has left: it adds no key.
func (k *Keeper) Finish(ctx context.Context, store db.Store) (Resealed, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, err := k.same(); err != nil {
		return Resealed{}, err
	}
	return k.reseal(ctx, store)
}

// Drop takes old keys out of the file, all of them or none; without ids, every
// key but the one that seals. It refuses while anything needs one (K43).
func (k *Keeper) Drop(ctx context.Context, store db.Store, ids ...uint32) (dropped []uint32, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	set, err := k.same()
	if err != nil {
		return nil, err
	}
	err = k.replace(ctx, store, func(tx db.Tx) (*seal.Keyset, error) {
		l, err := list(tx, set)
		if err != nil {
			return nil, err
		}
		dropped, err = l.old(ids)
		if err != nil {
			return nil, err
		}
		next := set
		for _, id := range dropped {
			if next, err = next.Without(id); err != nil {
				return nil, err
			}
		}
		return next, nil
	})
	if err != nil {
		return nil, err
	}
	return dropped, nil
}

// old are the keys that may go; all reasons why one may not come at once.
func (l Listing) old(ids []uint32) ([]uint32, error) {
	var errs []error
	if len(ids) == 0 {
		for _, k := range l.Keys[1:] {
			ids = append(ids, k.ID)
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("there is no old key: the only one %w", ErrNeeded)
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	for _, id := range ids {
		i := slices.IndexFunc(l.Keys, func(k Key) bool { return k.ID == id && !k.Seals })
		if i < 0 {
			errs = append(errs, fmt.Errorf("%d %w", id, ErrNoKey))
			continue
		}
		if why := l.Keys[i].Needs(); why != "" {
			errs = append(errs, fmt.Errorf("key %d %w, for %s", id, ErrNeeded, why))
		}
	}
	return ids, errors.Join(errs...)
}

// Needs says what was sealed with the key, "" where nothing was.
func (k Key) Needs() string {
	var what []string
	for _, n := range []struct {
		n         int
		one, many string
	}{{k.Logins, "login", "logins"}, {k.Texts, "key of texts", "keys of texts"}} {
		switch n.n {
		case 0:
		case 1:
			what = append(what, "1 "+n.one)
		default:
			what = append(what, fmt.Sprint(n.n, " ", n.many))
		}
	}
	return strings.Join(what, " and ")
}
