// Package seal encrypts what is kept. It is the one importer of Tink.
//
// What it owns: the form of a key and of a sealed value, and which keyset a host
// seals with now. What it refuses: to
// read a key from anywhere, to print one, and to open a value under another
// name than it was sealed under.
//
// A Keyset holds one key that seals, and any number of older ones that still
// open: rotation adds a key and keeps the rest until nothing is left that they
// sealed. A keyset of its own for each user, sealed by the host's, is how one
// user's data can be destroyed by destroying a key.
//
//   - K1 a sealed value opens only with its keyset, under the name it was sealed
//     under, and unchanged; else there is an error and no part of the value.
//   - K2 after Rotate the new keyset opens what the old one sealed, and the old
//     one does not open what the new one seals.
//   - K3 a Keyset prints as "[keyset]"; no error of this package holds a key or
//     a value.
package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

var (
	// ErrKey: the text is no keyset.
	ErrKey = errors.New("this is no key that Beckon made")
	// ErrOpen: the value was sealed with another key or under another name, or
	// was changed since. Which of them cannot be told.
	ErrOpen = errors.New("sealed with another key, under another name, or changed")
)

// Keyset seals and opens. It is safe for concurrent use. Make one by New or
// Parse.
type Keyset struct {
	handle *keyset.Handle
	aead   tink.AEAD
}

// New makes a keyset with one fresh key.
func New() (*Keyset, error) {
	h, err := keyset.NewHandle(aead.XAES256GCM192BitNonceKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return of(h)
}

// Parse reads what Text wrote.
func Parse(text string) (*Keyset, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) == 0 {
		return nil, ErrKey // the decoder's error would say where a character is wrong
	}
	h, err := insecurecleartextkeyset.Read(keyset.NewBinaryReader(bytes.NewReader(raw)))
	if err != nil {
		return nil, ErrKey
	}
	return of(h)
}

func of(h *keyset.Handle) (*Keyset, error) {
	a, err := aead.New(h)
	if err != nil {
		return nil, ErrKey
	}
	return &Keyset{h, a}, nil
}

// Text is the keyset itself, as one line of ASCII without spaces. It goes into
// a file that only the host can read, or into Seal of another keyset; nowhere
// else.
func (k *Keyset) Text() (string, error) {
	var b bytes.Buffer
	if err := insecurecleartextkeyset.Write(k.handle, keyset.NewBinaryWriter(&b)); err != nil {
		return "", errors.New("write a key down")
	}
	return base64.RawURLEncoding.EncodeToString(b.Bytes()), nil
}

// Rotate returns a keyset that seals with a fresh key and opens with all.
func (k *Keyset) Rotate() (*Keyset, error) {
	m := keyset.NewManagerFromHandle(k.handle)
	id, err := m.Add(aead.XAES256GCM192BitNonceKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("add a key: %w", err)
	}
	if err := m.SetPrimary(id); err != nil {
		return nil, fmt.Errorf("add a key: %w", err)
	}
	h, err := m.Handle()
	if err != nil {
		return nil, fmt.Errorf("add a key: %w", err)
	}
	return of(h)
}

// Seal encrypts plain under a name, such as the table and key of the row that
// will hold it. The name is not kept in the result and is no secret.
func (k *Keyset) Seal(plain []byte, name string) ([]byte, error) {
	b, err := k.aead.Encrypt(plain, []byte(name))
	if err != nil {
		return nil, errors.New("seal: encryption failed")
	}
	return b, nil
}

// Open returns what was sealed under that name, else ErrOpen.
func (k *Keyset) Open(sealed []byte, name string) ([]byte, error) {
	b, err := k.aead.Decrypt(sealed, []byte(name))
	if err != nil {
		return nil, ErrOpen
	}
	return b, nil
}

// mark is what every printer gets.
const mark = "[keyset]"

// Format prints the mark for every verb and flag.
func (*Keyset) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(mark)) }

// MarshalText returns the mark.
func (*Keyset) MarshalText() ([]byte, error) { return []byte(mark), nil }

// LogValue returns the mark.
func (*Keyset) LogValue() slog.Value { return slog.StringValue(mark) }
