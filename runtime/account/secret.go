// Package account owns what a hosted account may do in X's name: its secrets,
// and later its tokens and their refresh.
//
// What it refuses: to print a secret, and to take one from the configuration
// file itself.
//
//   - S1 a Secret prints as "[secret]" whatever prints it; only Reveal gives it
//     out.
//   - S2 no error of this package holds a secret, nor a part of one.
package account

import (
	"fmt"
	"log/slog"
)

// mark is what every printer gets.
const mark = "[secret]"

// Secret is a token or key. The zero value is no secret.
type Secret struct {
	// Behind a pointer because fmt prints unexported fields of a surrounding
	// struct without asking Format: it prints an address, never the value.
	p *string
}

// NewSecret hides s.
func NewSecret(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{&s}
}

// Reveal gives the secret out. Its result goes into a header or a key, never
// into a log, an error or a record.
func (s Secret) Reveal() string {
	if s.p == nil {
		return ""
	}
	return *s.p
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.p == nil }

// Format prints the mark for every verb and flag, %#v among them.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(mark)) }

// String returns the mark.
func (Secret) String() string { return mark }

// GoString returns the mark.
func (Secret) GoString() string { return mark }

// MarshalText returns the mark, for JSON, YAML, XML and map keys alike.
func (Secret) MarshalText() ([]byte, error) { return []byte(mark), nil }

// LogValue returns the mark.
func (Secret) LogValue() slog.Value { return slog.StringValue(mark) }
