package event

import (
	"errors"
	"fmt"
)

// ErrSeal is returned by Open for bytes in a form that this version does not
// know.
var ErrSeal = errors.New("sealed in a form this version cannot open")

// Sealed forms start with one of the bytes 0x00 to 0x07, which no JSON and no
// customer's text needs to start with. The identity form adds 0x00 only where
// the plain bytes would be mistaken for a sealed form.
const sealedBelow = 0x08

// Seal prepares payloads and text for storage, on the bus and in the database.
// It is the identity today; encryption by user takes the forms 0x01 to 0x07,
// so that what is stored now can still be opened then.
func Seal(plain []byte) []byte {
	if len(plain) == 0 || plain[0] >= sealedBelow {
		return plain
	}
	return append([]byte{0x00}, plain...)
}

// Open undoes Seal. It returns ErrSeal for a form that it does not know.
func Open(sealed []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] >= sealedBelow {
		return sealed, nil
	}
	if sealed[0] != 0x00 {
		return nil, fmt.Errorf("%w: form %#02x", ErrSeal, sealed[0])
	}
	return sealed[1:], nil
}
