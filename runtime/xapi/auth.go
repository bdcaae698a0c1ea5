package xapi

import (
	"context"
	"net/http"
	"strings"
)

// As says in whose name a call is made: a bot's, or, with Bot empty, that of
// the app itself (its app-only Bearer token). It also keys what is learnt about
// limits.
type As struct{ Bot string }

// Authorizer puts credentials on a request. It is go-twitter's, so a signer of
// another library fits too. Add is called once a request, when its URL is
// final; where it sets no Authorization header, nothing is sent and the call
// ends as auth.
type Authorizer interface {
	Add(req *http.Request)
}

// Auth finds the credentials for a call. Its error ends the call as auth, or
// with the class of an *Error in its chain: a refresh that failed by the network
// is transient.
type Auth func(ctx context.Context, as As) (Authorizer, error)

// Bearer is an OAuth 2.0 access token, a user's or the app's. One that is empty
// or cannot stand in a header sends nothing.
func Bearer(token string) Authorizer { return bearer(token) }

type bearer string

func (b bearer) Add(req *http.Request) {
	if headerSafe(string(b)) {
		req.Header.Set("Authorization", "Bearer "+string(b))
	}
}

// Format keeps the token from every printer.
func (bearer) String() string { return "[secret]" }

// GoString keeps the token from %#v.
func (bearer) GoString() string { return "[secret]" }

// headerSafe reports whether the token can stand in a header.
func headerSafe(token string) bool {
	return token != "" && !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}

// unsigned is what go-twitter gets: it asks for credentials before it adds the
// query, which OAuth 1.0a signs. The exchange puts them on when the URL is
// final.
type unsigned struct{}

func (unsigned) Add(*http.Request) {}
