// Package vault seals what people write, on the bus and in the database, with
// keys that can be destroyed.
//
// A key is one bot's for one user and one UTC day, or for one DM; it is kept in
// the database, sealed with the host's. Where the row of a key is gone, what was
// sealed with it cannot be read by anybody, in no copy.
//
// What it owns: which key a text is sealed with, the form of a sealed text, and
// the keys that are held in memory. What it refuses: to decide how long anything
// is kept, and to take a destroyed key for a fault.
//
//   - K4 a key is committed before anything that was sealed with it leaves.
//   - K5 what was sealed with a destroyed key is erased: ErrErased on the bus, and
//     not found in the database; never an error that is tried again.
//   - K6 a DM has a key of its own on the bus. Unless the user agreed to the storage
//     of DMs it is destroyed with the commit that took the DM in, or, where an
//     answer is open then, with the end of the last answer to the user: who
//     approves one can read what it answers, and nobody afterwards. On a host that
//     keeps no texts (Brief) the same holds of every message, whatever was agreed.
//   - K7 no key is held in memory once the transaction that destroyed it is
//     committed.
//   - K8 the reference of a match has a key of its own, which goes in the
//     transaction that ends or replaces the match, and not before.
package vault

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/seal"
)

// form begins a sealed text: then the key's id in bytes, then what seal makes.
const form = 0x01

const (
	idBytes = 8
	most    = 8192 // keys in memory, of each kind
)

// Ring seals and opens. It is safe for concurrent use.
type Ring struct {
	// Brief gives every message a key of its own, so that it can be destroyed once
	// the message was taken in. It is set before anything is sealed.
	Brief bool

	store db.Store // that holds the keys
	host  Host
	now   func() time.Time

	mu   sync.Mutex
	byID map[string]*seal.Keyset
	of   map[owner]string // committed keys of a day, by whose they are
}

// Host is the key that keys are sealed with: a *seal.Keyset, or a *seal.Live
// whose keyset is rotated meanwhile. What was sealed before still opens.
type Host interface {
	Seal(plain []byte, name string) ([]byte, error)
	Open(sealed []byte, name string) ([]byte, error)
}

// owner is whose words a key is for, and when.
type owner struct {
	bot, user string
	day       int64  // Unix days
	message   string // "": all of the day
}

// New returns a ring whose keys are kept in store, sealed with host.
func New(store db.Store, host Host, now func() time.Time) *Ring {
	return &Ring{store: store, host: host, now: now, byID: map[string]*seal.Keyset{}, of: map[owner]string{}}
}

func (r *Ring) owner(bot, user, message string) owner {
	if user == "" {
		user = bus.NoUser
	}
	if bot == "" {
		bot = bus.NoBot
	}
	return owner{bot, user, r.now().UTC().Unix() / 86400, message}
}

func (o owner) date() time.Time { return time.Unix(o.day*86400, 0).UTC() }

// Seal implements bus.Sealer: what several publish at once costs one commit.
func (r *Ring) Seal(ctx context.Context, msgs []bus.Message) ([][]byte, error) {
	owners := make([]owner, len(msgs))
	missing := false
	for i, m := range msgs {
		message := ""
		if r.Brief || m.Private() {
			message = m.ID
		}
		owners[i] = r.owner(m.Bot, m.User, message)
		missing = missing || r.known(owners[i]) == ""
	}
	if missing {
		if err := r.commit(ctx, owners); err != nil {
			return nil, fmt.Errorf("keep the keys of %d messages: %w", len(msgs), err)
		}
	}
	out := make([][]byte, len(msgs))
	for i, m := range msgs {
		id := r.known(owners[i])
		k := r.held(id)
		if k == nil { // destroyed between the two: make another
			if err := r.commit(ctx, owners[i:i+1]); err != nil {
				return nil, err
			}
			if id = r.known(owners[i]); r.held(id) == nil {
				return nil, errors.New("a key was destroyed while it was made")
			}
			k = r.held(id)
		}
		var err error
		if out[i], err = sealed(k, id, m.Data); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// commit makes the keys that are missing, and holds all of them once they are
// stored (K4).
func (r *Ring) commit(ctx context.Context, owners []owner) error {
	var made fresh
	err := r.store.Write(ctx, func(tx db.Tx) error {
		made = fresh{}
		for _, o := range owners {
			if r.known(o) != "" {
				continue
			}
			if _, _, err := r.keyFor(tx, o, &made); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		r.hold(made)
	}
	return err
}

// fresh are keys that a transaction found or made: they count once it is
// committed.
type fresh struct {
	of   map[owner]string
	byID map[string]*seal.Keyset
}

// keyFor finds or makes the key of an owner inside a transaction.
func (r *Ring) keyFor(tx db.Tx, o owner, made *fresh) (id string, k *seal.Keyset, err error) {
	if id = made.of[o]; id != "" {
		return id, made.byID[id], nil
	}
	row, err := tx.TextKeyFor(o.bot, o.user, o.date(), o.message)
	switch {
	case errors.Is(err, db.ErrNotFound):
		raw := make([]byte, idBytes)
		rand.Read(raw) // never fails
		id = hex.EncodeToString(raw)
		if k, err = seal.New(); err != nil {
			return "", nil, err
		}
		text, err := k.Text()
		if err != nil {
			return "", nil, err
		}
		under, err := r.host.Seal([]byte(text), SealedAs(id))
		if err != nil {
			return "", nil, err
		}
		if err := tx.PutTextKey(db.TextKey{ID: id, Bot: o.bot, User: o.user, Day: o.date(), Of: o.message, Sealed: under}); err != nil {
			return "", nil, err
		}
	case err != nil:
		return "", nil, err
	default:
		id = row.ID
		if k, err = r.unwrap(row); err != nil {
			return "", nil, err
		}
	}
	if made.of == nil {
		made.of, made.byID = map[owner]string{}, map[string]*seal.Keyset{}
	}
	made.of[o], made.byID[id] = id, k
	return id, k, nil
}

// ErrHostKey: the keys in the database were sealed with another key of the
// host's.
var ErrHostKey = errors.New("the key of the host does not open the keys of texts: put the right token key back")

func (r *Ring) unwrap(k db.TextKey) (*seal.Keyset, error) {
	text, err := r.host.Open(k.Sealed, SealedAs(k.ID))
	if err != nil {
		return nil, ErrHostKey
	}
	return seal.Parse(string(text))
}

// SealedAs is the name that a key is sealed under, with the host's.
func SealedAs(id string) string { return "text key " + id }

// Open implements bus.Sealer. It returns the key's id too, and bus.ErrErased
// where that was destroyed (K5).
func (r *Ring) Open(ctx context.Context, text []byte) (plain []byte, key string, err error) {
	id, body, ok := parse(text)
	if !ok {
		plain, err = event.Open(text)
		return plain, "", err
	}
	if k := r.held(id); k != nil {
		plain, err = opened(k, id, body)
		return plain, id, err
	}
	err = r.store.Read(ctx, func(tx db.Tx) error {
		plain, err = r.open(tx, text)
		return err
	})
	return plain, id, err
}

// open is Open inside a transaction.
func (r *Ring) open(tx db.Tx, text []byte) ([]byte, error) {
	id, body, ok := parse(text)
	if !ok {
		return event.Open(text)
	}
	if k := r.held(id); k != nil {
		return opened(k, id, body)
	}
	row, err := tx.TextKey(id)
	if errors.Is(err, db.ErrNotFound) {
		return nil, bus.ErrErased
	}
	if err != nil {
		return nil, err
	}
	k, err := r.unwrap(row)
	if err != nil {
		return nil, err
	}
	r.hold(fresh{byID: map[string]*seal.Keyset{id: k}})
	return opened(k, id, body)
}

func sealed(k *seal.Keyset, id string, plain []byte) ([]byte, error) {
	raw, err := hex.DecodeString(id)
	if err != nil || len(raw) != idBytes {
		return nil, fmt.Errorf("text key %q: no id that this host made", id)
	}
	body, err := k.Seal(plain, SealedAs(id))
	if err != nil {
		return nil, err
	}
	return append(append([]byte{form}, raw...), body...), nil
}

func opened(k *seal.Keyset, id string, body []byte) ([]byte, error) {
	return k.Open(body, SealedAs(id))
}

func parse(text []byte) (id string, body []byte, ok bool) {
	if len(text) <= 1+idBytes || text[0] != form {
		return "", nil, false
	}
	return hex.EncodeToString(text[1 : 1+idBytes]), text[1+idBytes:], true
}

func (r *Ring) held(id string) *seal.Keyset {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byID[id]
}

func (r *Ring) known(o owner) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if id := r.of[o]; r.byID[id] != nil {
		return id
	}
	return ""
}

func (r *Ring) hold(f fresh) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.byID) > most || len(r.of) > most {
		clear(r.byID)
		clear(r.of)
	}
	for id, k := range f.byID {
		r.byID[id] = k
	}
	for o, id := range f.of {
		r.of[o] = id
	}
}

// drop forgets one key.
func (r *Ring) drop(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byID, id)
}

// forget drops all keys from memory; they are read again where they still are.
func (r *Ring) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.byID)
	clear(r.of)
}
