package admin

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/beckon-bot/beckon/runtime/hostkey"
)

// Key is one key that the host has sealed with. The key itself never leaves.
type Key struct {
	ID     uint32 `json:"id"`
	Seals  bool   `json:"seals"` // else it only opens
	Logins int    `json:"logins"`
	Texts  int    `json:"texts"` // keys of texts
}

// Keys are all of them, the one that seals first.
type Keys struct {
	Where string `json:"where"`
	Fixed string `json:"fixed,omitempty"` // why they cannot be rotated here
	Keys  []Key  `json:"keys"`
	Lost  int    `json:"lost,omitempty"` // what none of them opens
}

// RotateKey is the body of a rotation.
type RotateKey struct {
	By     string `json:"by"`
	Finish bool   `json:"finish,omitempty"` // add no key: seal again what an older one sealed
}

// Rotated is the answer to a rotation.
type Rotated struct {
	Key    uint32 `json:"key"` // that seals now
	Logins int    `json:"logins"`
	Texts  int    `json:"texts"`
	Busy   int    `json:"busy,omitempty"` // logins that are being renewed: finish later
	Lost   int    `json:"lost,omitempty"`
}

// DropKeys is the body of a drop.
type DropKeys struct {
	By  string   `json:"by"`
	IDs []uint32 `json:"ids,omitempty"` // none: every old one
}

// Dropped is the answer to a drop.
type Dropped struct {
	IDs []uint32 `json:"ids"`
}

var errNoKeeper = errors.New("this host seals nothing")

func (s *server) listKeys(r *http.Request) (any, error) {
	if s.Key == nil {
		return nil, Refusal{errNoKeeper}
	}
	l, err := s.Key.List(r.Context(), s.Store)
	if err != nil {
		return nil, err
	}
	out := Keys{Where: s.Key.Where, Fixed: s.Key.Fixed, Keys: []Key{}, Lost: l.Lost}
	for _, k := range l.Keys {
		out.Keys = append(out.Keys, Key(k))
	}
	return out, nil
}

// rotateKey answers with what was sealed again. The act is recorded in the
// transaction in which the file is written.
func (s *server) rotateKey(r *http.Request) (any, error) {
	var in RotateKey
	c, err := s.keyChange(r, &in, func() string { return in.By })
	if err != nil {
		return nil, err
	}
	a := actOf(r.Context())
	var done hostkey.Resealed
	if in.Finish {
		a.on = append(a.on, "what is left of it")
		done, err = s.Key.Finish(r.Context(), s.Store)
	} else {
		on := a.on
		done, err = s.Key.Rotate(r.Context(), s.Store, func(id uint32) { a.on = append(on, fmt.Sprint("key ", id)) })
	}
	if err != nil {
		return nil, keyRefusal(err)
	}
	s.did(r.Context(), c.By, "rotate key", "key", done.Key, "logins", done.Logins, "texts", done.Texts)
	return Rotated(done), nil
}

func (s *server) dropKeys(r *http.Request) (any, error) {
	var in DropKeys
	c, err := s.keyChange(r, &in, func() string { return in.By })
	if err != nil {
		return nil, err
	}
	a := actOf(r.Context())
	for _, id := range in.IDs {
		a.on = append(a.on, fmt.Sprint("key ", id))
	}
	if len(in.IDs) == 0 {
		a.on = append(a.on, "every old key")
	}
	ids, err := s.Key.Drop(r.Context(), s.Store, in.IDs...)
	if err != nil {
		return nil, keyRefusal(err)
	}
	s.did(r.Context(), c.By, "drop key", "keys", ids)
	return Dropped{ids}, nil
}

func (s *server) keyChange(r *http.Request, in any, by func() string) (Change, error) {
	if s.Key == nil {
		return Change{}, Refusal{errNoKeeper}
	}
	if err := readBody(r, in); err != nil {
		return Change{}, err
	}
	c := Change{By: by()}
	return c, c.check()
}

// keyRefusal is what the operator can do something about.
func keyRefusal(err error) error {
	for _, e := range []error{hostkey.ErrFixed, hostkey.ErrOther, hostkey.ErrNeeded, hostkey.ErrNoKey} {
		if errors.Is(err, e) {
			return Refusal{err}
		}
	}
	return err
}
