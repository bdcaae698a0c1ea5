package event

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// Key is the host key: 32 bytes made at first start, behind every hash that
// must not be guessed from the outside.
type Key []byte

// User is the keyed hash under which an opt-out is kept: it survives the
// erasure of the user without naming them.
func (k Key) User(userID string) string { return k.sum("user", userID) }

// Text is the keyed hash of a text, to see whether two are the same without
// keeping either.
func (k Key) Text(text string) string { return k.sum("text", text) }

// Check is a value that tells whether a database was made with this key.
func (k Key) Check() string { return k.sum("check", "beckon") }

func (k Key) sum(scope, s string) string {
	m := hmac.New(sha256.New, k)
	m.Write([]byte(scope))
	m.Write([]byte{0})
	m.Write([]byte(s))
	return hex.EncodeToString(m.Sum(nil)[:16])
}
