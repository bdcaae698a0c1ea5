// Package account owns the right to speak in an account's name: its secrets, its
// tokens, and their refresh.
//
// What it refuses: to print a secret, to take one from the configuration file
// itself, and to guess what became of a token.
//
// Manager gives out credentials: a static token, the four values of OAuth 1.0a,
// the app's own Bearer, or a token from `beckon login`, which it refreshes. X
// gives a new refresh token with every refresh, and takes a spent one for
// stolen: it then ends the whole login (facts.md, read 2026-11-25). So everything
// here is about spending each one once. The states of a login:
//
//		login ──▶ live ──lease──▶ refreshing ──granted──▶ live
//		            ▲                 │ │ └──refused──▶ ended ──login──▶ live
//		  no effect └─────────────────┘ └──answer lost──▶ unknown ──lease──▶ refreshing
//
//	  - S1 a Secret prints as "[secret]" whatever prints it; only Reveal gives it
//	    out.
//	  - S2 no error of this package holds a secret, nor a part of one; and nothing
//	    that this package logs, lists or stores in the clear does.
//	  - T1 a new access token is used only once the refresh token that came with it
//	    is stored.
//	  - T2 a refresh token goes to X only under a lease that was stored before: one
//	    request at a time, over all processes of one database.
//	  - T3 after a lost answer, or the death of who asked, the login is unknown: the
//	    old refresh token is tried again, and a refusal then ends the login.
//	  - T4 a login that ends turns the kill switch on before that is stored; it is
//	    told once, and says what to do.
//	  - T5 a 401 to a token in use leads to one refresh, however many were refused.
//	  - T6 a login for another account than the configured one is revoked, not kept.
//	  - T7 a token is never lost to a busy, broken or unreachable X, or to app
//	    credentials that X does not take: it is tried again, later and later.
//	  - T8 tokens are stored sealed, under the name of their bot.
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
