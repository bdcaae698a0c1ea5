package account

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// ending is how far a request to the token endpoint got, and what that says of
// the refresh token that stood in it.
type ending int

const (
	lost          ending = iota // no answer that can be read: X may have spent it
	granted                     // X gave a new pair
	untouched                   // nothing reached X
	busy                        // 429: X did nothing
	refused                     // X takes it no more
	misconfigured               // X does not take the app's own credentials; it was not looked at
)

// answer is what came of a request for tokens.
type answer struct {
	ending  ending
	status  int       // 0: none came
	word    string    // X's error code, if it is one of OAuth's
	retryAt time.Time // of busy; zero if X did not say

	access, refresh Secret
	scopes          string
	lifetime        time.Duration
}

const (
	maxAnswer       = 64 << 10
	requestTimeout  = 15 * time.Second
	defaultLifetime = 2 * time.Hour // where X does not say (facts.md, read 2026-11-25)
	longestLifetime = 366 * 24 * time.Hour
)

// endpoint makes the calls that have to do with tokens. golang.org/x/oauth2 is
// not used here: it hands out an access token before the refresh token that came
// with it can be stored, its errors quote the answer's body, and they do not
// tell a request that never left from an answer that was lost.
type endpoint struct {
	base string
	http *http.Client
	now  func() time.Time
}

// newEndpoint takes the transport of c, if any. Redirects are not followed:
// they would carry tokens to another address.
func newEndpoint(base string, c *http.Client, now func() time.Time) endpoint {
	own := &http.Client{
		Timeout:       requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if c != nil {
		own.Transport = c.Transport
	}
	return endpoint{strings.TrimSuffix(base, "/"), own, now}
}

var errNoAnswer = errors.New("no answer from X that can be read")

// post sends a form with the app's own credentials. touched: a connection was
// handed over, so X may have read it. The error says nothing of what was sent.
func (e endpoint) post(ctx context.Context, path string, id string, secret Secret, form url.Values) (resp *http.Response, body []byte, touched bool, err error) {
	var got atomic.Bool
	traced := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { got.Store(true) }}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, traced), http.MethodPost, e.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, nil, false, errors.New("the address of X's token endpoint is wrong")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	// RFC 6749, section 2.3.1: both parts are form-encoded first.
	req.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret.Reveal()))
	resp, err = e.http.Do(req)
	if err != nil {
		return nil, nil, got.Load(), errNoAnswer
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil || len(body) > maxAnswer {
		return resp, nil, true, errNoAnswer
	}
	return resp, body, true, nil
}

// tokens asks the token endpoint. What cannot be read for certain is lost.
func (e endpoint) tokens(ctx context.Context, path, id string, secret Secret, form url.Values) answer {
	resp, body, touched, err := e.post(ctx, path, id, secret, form)
	switch {
	case err != nil && !touched:
		return answer{ending: untouched}
	case err != nil && resp == nil:
		return answer{ending: lost}
	case err != nil:
		return answer{ending: lost, status: resp.StatusCode}
	}
	return readAnswer(resp, body, e.now())
}

// readAnswer says what an answer of the token endpoint means.
func readAnswer(resp *http.Response, body []byte, now time.Time) answer {
	var in struct {
		Access  string          `json:"access_token"`
		Refresh string          `json:"refresh_token"`
		Type    string          `json:"token_type"`
		Scope   string          `json:"scope"`
		Expires json.RawMessage `json:"expires_in"`
		Error   json.RawMessage `json:"error"`
	}
	readable := json.Unmarshal(body, &in) == nil
	a := answer{status: resp.StatusCode}
	var word string
	if json.Unmarshal(in.Error, &word) == nil && word != "" {
		a.word = oauthWord(word)
	}
	switch code := resp.StatusCode; {
	case code == http.StatusOK && readable && headerSafe(in.Access) && (in.Refresh == "" || headerSafe(in.Refresh)) &&
		(in.Type == "" || strings.EqualFold(in.Type, "bearer")):
		a.ending, a.access, a.refresh = granted, NewSecret(in.Access), NewSecret(in.Refresh)
		a.scopes, a.lifetime = in.Scope, lifetime(in.Expires)
	case code == http.StatusTooManyRequests:
		a.ending, a.retryAt = busy, resetOf(resp.Header, now)
	case code == http.StatusUnauthorized, code == http.StatusForbidden,
		code == http.StatusBadRequest && (word == "invalid_client" || word == "unauthorized_client" || word == "unsupported_grant_type"):
		a.ending = misconfigured
	case code == http.StatusBadRequest && (word == "invalid_grant" || word == "invalid_request" || word == "invalid_token"):
		// X says invalid_request too where a refresh token is spent (practice).
		a.ending = refused
	default:
		a.ending = lost // 5xx, a page of HTML, a success without tokens: who knows what stood behind it
	}
	return a
}

// lifetime reads expires_in: seconds, as a number or, from careless servers, a
// string.
func lifetime(raw json.RawMessage) time.Duration {
	n, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	if d := time.Duration(n * float64(time.Second)); err == nil && n > 0 && n <= longestLifetime.Seconds() {
		return d
	}
	return defaultLifetime
}

// resetOf is when X takes calls again; zero if it does not say, or says what
// cannot be.
func resetOf(h http.Header, now time.Time) time.Time {
	n, err := strconv.ParseInt(h.Get("x-rate-limit-reset"), 10, 64)
	at := time.Unix(n, 0).UTC()
	if err != nil || !at.After(now) || at.After(now.Add(25*time.Hour)) {
		return time.Time{}
	}
	return at
}

// headerSafe reports whether a token can stand in a header.
func headerSafe(token string) bool {
	return token != "" && !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}

// revoke tells X to take the token no more. It reports whether X said so.
func (e endpoint) revoke(ctx context.Context, id string, secret, token Secret, hint string) bool {
	form := url.Values{"token": {token.Reveal()}, "token_type_hint": {hint}, "client_id": {id}}
	resp, body, _, err := e.post(ctx, "/2/oauth2/revoke", id, secret, form)
	if err != nil {
		return false
	}
	if resp.StatusCode == http.StatusOK {
		return true
	}
	// A token that X does not know is as good as revoked.
	a := readAnswer(resp, body, e.now())
	return a.ending == refused && a.word != "invalid_request"
}

// whoami asks X whose access token it is.
func (e endpoint) whoami(ctx context.Context, access Secret) (id, username string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.base+"/2/users/me", nil)
	if err != nil {
		return "", "", errNoAnswer
	}
	req.Header.Set("Authorization", "Bearer "+access.Reveal())
	resp, err := e.http.Do(req)
	if err != nil {
		return "", "", errNoAnswer
	}
	defer resp.Body.Close()
	var in struct {
		Data struct {
			ID       string `json:"id"`
			Username string `json:"username"`
		} `json:"data"`
	}
	err = json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&in)
	if resp.StatusCode != http.StatusOK || err != nil || in.Data.ID == "" {
		return "", "", errors.New("X did not say whose token it is: status " + strconv.Itoa(resp.StatusCode))
	}
	return in.Data.ID, in.Data.Username, nil
}
