package account

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Grant is one request to X to authorise the app, until X's answer comes back
// by the browser of the account's owner.
type Grant struct {
	clientID, redirect, scopes string
	state                      string
	verifier                   Secret
}

// NewGrant prepares a request. redirect must be, to the letter, one that the
// app's settings on X name.
func NewGrant(clientID, redirect, scopes string) Grant {
	return Grant{clientID, redirect, scopes, random(), NewSecret(random())}
}

// random is 256 bits as 43 characters, which is a verifier of RFC 7636 too.
func random() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// URL is where the account's owner says yes. It holds no secret: the challenge
// is a hash.
// X rule: the authorise page, with PKCE (facts.md, read 2026-11-25)
func (g Grant) URL(authorise string) string {
	sum := sha256.Sum256([]byte(g.verifier.Reveal()))
	q := url.Values{
		"response_type":         {"code"},
		"client_id":             {g.clientID},
		"redirect_uri":          {g.redirect},
		"scope":                 {g.scopes},
		"state":                 {g.state},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(sum[:])},
		"code_challenge_method": {"S256"},
	}
	return authorise + "?" + q.Encode()
}

var (
	// ErrDenied: the owner said no.
	ErrDenied = errors.New("the account's owner said no on X")
	// ErrState: the answer is to another request than this one.
	ErrState = errors.New("this answer is not to the question that was asked: its state is wrong")
	// ErrNoCode: the address is not one that X sends a browser back to.
	ErrNoCode = errors.New("this holds no answer of X: there is neither a code nor an error in it")
)

// Code is what exchanges for tokens, once and within 30 seconds.
type Code struct {
	Code     Secret
	Verifier Secret
	Redirect string
}

// Answer reads what X appended to the redirect address. The state is looked at
// first: whoever does not know it did not come from our question.
func (g Grant) Answer(q url.Values) (Code, error) {
	if subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(g.state)) != 1 {
		if q.Get("code") == "" && q.Get("error") == "" {
			return Code{}, ErrNoCode
		}
		return Code{}, ErrState
	}
	switch e := q.Get("error"); {
	case e == "access_denied":
		return Code{}, ErrDenied
	case e != "":
		return Code{}, fmt.Errorf("X did not authorise it: %s", oauthWord(e))
	case q.Get("code") == "":
		return Code{}, ErrNoCode
	}
	return Code{Code: NewSecret(q.Get("code")), Verifier: g.verifier, Redirect: g.redirect}, nil
}

// ParseAnswer reads the query of an address that a person has copied from the
// browser, or the query alone. Its error quotes nothing: a code may be in it.
func ParseAnswer(pasted string) (url.Values, error) {
	query := strings.TrimSpace(pasted)
	if _, after, ok := strings.Cut(query, "?"); ok {
		query = after
	}
	query, _, _ = strings.Cut(query, "#")
	q, err := url.ParseQuery(query)
	if err != nil || q.Get("code") == "" && q.Get("error") == "" {
		return nil, ErrNoCode
	}
	return q, nil
}

// oauthWord lets X's error codes into our texts and nothing else: what stands
// in an answer may be anything, a token among it.
func oauthWord(s string) string {
	switch s {
	case "invalid_request", "unauthorized_client", "access_denied", "unsupported_response_type", "invalid_scope",
		"server_error", "temporarily_unavailable", "invalid_client", "invalid_grant", "unsupported_grant_type", "invalid_token":
		return s
	}
	return "an error of another name"
}
