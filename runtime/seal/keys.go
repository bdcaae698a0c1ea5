package seal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/tink-crypto/tink-go/v2/keyset"
)

// Key names one key of a keyset. Its id is no secret: it stands in front of
// everything that the key sealed.
type Key struct {
	ID    uint32
	Seals bool // else it only opens what it sealed before
}

// Keys lists those of the keyset, the one that seals first, then by id.
func (k *Keyset) Keys() []Key {
	info := k.handle.KeysetInfo()
	keys := make([]Key, 0, len(info.GetKeyInfo()))
	for _, i := range info.GetKeyInfo() {
		keys = append(keys, Key{i.GetKeyId(), i.GetKeyId() == info.GetPrimaryKeyId()})
	}
	slices.SortFunc(keys, func(a, b Key) int {
		if a.Seals != b.Seals {
			if a.Seals {
				return -1
			}
			return 1
		}
		return int(int64(a.ID) - int64(b.ID))
	})
	return keys
}

// Without returns a keyset that no longer opens what the key of that id sealed.
// The key that seals stays.
func (k *Keyset) Without(id uint32) (*Keyset, error) {
	m := keyset.NewManagerFromHandle(k.handle)
	if err := m.Delete(id); err != nil {
		return nil, fmt.Errorf("drop key %d: it seals, or is none of the keyset's", id)
	}
	h, err := m.Handle()
	if err != nil {
		return nil, fmt.Errorf("drop key %d: %w", id, err)
	}
	return of(h)
}

// SealedBy reads the id of the key that made a sealed value. It is a claim: only
// Open shows that it is true.
func SealedBy(sealed []byte) (id uint32, ok bool) {
	// Tink's wire format: a byte 1, then the id, then what the cipher made.
	if len(sealed) <= 5 || sealed[0] != 1 {
		return 0, false
	}
	return binary.BigEndian.Uint32(sealed[1:5]), true
}

// Live is the keyset that a host seals with now: others hold it, and it can be
// replaced under them. Make one by Use; the zero value seals and opens nothing.
type Live struct{ now atomic.Pointer[Keyset] }

// Use returns a Live that holds k.
func Use(k *Keyset) *Live {
	l := &Live{}
	l.Replace(k)
	return l
}

// Replace has k used from now on.
func (l *Live) Replace(k *Keyset) { l.now.Store(k) }

// Keyset is the one in use, nil if there is none.
func (l *Live) Keyset() *Keyset { return l.now.Load() }

var errNoKey = errors.New("seal: there is no key")

// Seal is Keyset's.
func (l *Live) Seal(plain []byte, name string) ([]byte, error) {
	if k := l.now.Load(); k != nil {
		return k.Seal(plain, name)
	}
	return nil, errNoKey
}

// Open is Keyset's.
func (l *Live) Open(sealed []byte, name string) ([]byte, error) {
	if k := l.now.Load(); k != nil {
		return k.Open(sealed, name)
	}
	return nil, errNoKey
}
