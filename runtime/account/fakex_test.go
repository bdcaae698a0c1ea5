package account

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"
	"time"
)

// fault is what goes wrong with one request to the fake X.
type fault string

const (
	noDial     fault = "no connection"
	lostBefore fault = "lost before the effect"
	lostAfter  fault = "lost after the effect"
	slow       fault = "answers too late"
	status500  fault = "500 after the effect"
	status503  fault = "503 without effect"
	html       fault = "a page of HTML, 200, after the effect"
	cut        fault = "an answer cut in the middle"
	rate       fault = "429"
	badClient  fault = "401 invalid_client"
	forbidden  fault = "403"
)

// fakeX is X's token endpoint as practice knows it: a refresh token works once,
// and whoever shows a spent one ends the login. It is a RoundTripper, so that it
// runs on fake time, and it judges: two refreshes at a time are a failure.
type fakeX struct {
	t   *testing.T
	now func() time.Time

	mu        sync.Mutex
	n         int
	life      any                 // expires_in; nil: 7200
	live      map[string]string   // access token to user id
	refresh   map[string]string   // refresh token to user id
	spent     map[string]bool     // refresh tokens
	scope     string              // granted
	codes     map[string]string   // code to user id
	faults    map[string][]fault  // by path
	calls     map[string]int      // by path
	shown     map[string][]string // by path: what was shown: refresh token, code or token
	inside    int
	noRefresh bool
}

func newFakeX(t *testing.T) *fakeX {
	return &fakeX{
		t: t, now: time.Now, live: map[string]string{}, refresh: map[string]string{}, spent: map[string]bool{}, scope: "tweet.read offline.access",
		codes: map[string]string{}, faults: map[string][]fault{}, calls: map[string]int{}, shown: map[string][]string{},
	}
}

const tokenPath, revokePath, mePath, appPath = "/2/oauth2/token", "/2/oauth2/revoke", "/2/users/me", "/oauth2/token"

// fail makes the next requests to the path go wrong, one after the other.
func (x *fakeX) fail(path string, f ...fault) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.faults[path] = append(x.faults[path], f...)
}

func (x *fakeX) called(path string) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.calls[path]
}

// grant is a login as X sees it.
func (x *fakeX) grant(user string) (access, refresh string) {
	x.n++
	access, refresh = fmt.Sprintf("access-%d-very-private", x.n), fmt.Sprintf("refresh-%d-very-private", x.n)
	x.live[access], x.refresh[refresh] = user, user
	return access, refresh
}

// withdraw ends the login of a user, as the account's owner can on X.
func (x *fakeX) withdraw(user string) {
	for _, m := range []map[string]string{x.live, x.refresh} {
		for k, v := range m {
			if v == user {
				delete(m, k)
			}
		}
	}
}

func (x *fakeX) RoundTrip(r *http.Request) (*http.Response, error) {
	path := r.URL.Path
	x.mu.Lock()
	x.calls[path]++
	var f fault
	if q := x.faults[path]; len(q) > 0 {
		f, x.faults[path] = q[0], q[1:]
	}
	if path == tokenPath {
		if x.inside++; x.inside > 1 {
			x.t.Error("two requests to the token endpoint at a time")
		}
	}
	x.mu.Unlock()
	defer func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		if path == tokenPath {
			x.inside--
		}
	}()
	if f == noDial {
		return nil, errors.New("dial: no route; it quotes " + r.URL.String())
	}
	if tr := httptrace.ContextClientTrace(r.Context()); tr != nil && tr.GotConn != nil {
		tr.GotConn(httptrace.GotConnInfo{})
	}
	switch f {
	case lostBefore:
		return nil, io.ErrUnexpectedEOF
	case slow:
		<-r.Context().Done()
		return nil, r.Context().Err()
	case status503:
		return respond(r, 503, "busy"), nil
	case rate:
		resp := respond(r, 429, `{"title":"Too Many Requests"}`)
		resp.Header.Set("x-rate-limit-reset", fmt.Sprint(x.now().Add(7*time.Minute).Unix()))
		return resp, nil
	case badClient:
		return respond(r, 401, `{"error":"invalid_client","error_description":"Invalid client"}`), nil
	case forbidden:
		return respond(r, 403, `{"title":"Forbidden"}`), nil
	}
	select { // an answer takes a moment, so that others can come in between
	case <-time.After(100 * time.Millisecond):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	w := httptest.NewRecorder()
	x.serve(w, r)
	resp := w.Result()
	switch f {
	case lostAfter:
		return nil, io.ErrUnexpectedEOF
	case status500:
		return respond(r, 500, "<html>oops</html>"), nil
	case html:
		return respond(r, 200, "<html>maintenance</html>"), nil
	case cut:
		b := w.Body.String()
		return respond(r, 200, b[:len(b)/2]), nil
	}
	return resp, nil
}

func respond(r *http.Request, code int, body string) *http.Response {
	return &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}

func (x *fakeX) serve(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if r.URL.Path == mePath {
		user, ok := x.live[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
		if !ok {
			answerJSON(w, 401, map[string]any{"title": "Unauthorized"})
			return
		}
		answerJSON(w, 200, map[string]any{"data": map[string]any{"id": user, "username": "user_" + user, "name": "x"}})
		return
	}
	id, secret, ok := r.BasicAuth()
	wantID, wantSecret := "client", "client-secret-very-private"
	if r.URL.Path == appPath {
		wantID, wantSecret = "consumer-key", "consumer-secret-very-private"
	}
	if !ok || id != wantID || secret != wantSecret || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		x.t.Errorf("%s: wrong client authentication", r.URL.Path)
	}
	switch r.URL.Path {
	case tokenPath:
		x.serveToken(w, r)
	case revokePath:
		tok := r.FormValue("token")
		x.shown[revokePath] = append(x.shown[revokePath], tok)
		delete(x.live, tok)
		delete(x.refresh, tok)
		answerJSON(w, 200, map[string]any{"revoked": true})
	case appPath:
		x.n++
		access := fmt.Sprintf("app-%d-very-private", x.n)
		x.live[access] = "app"
		answerJSON(w, 200, map[string]any{"token_type": "bearer", "access_token": access})
	default:
		answerJSON(w, 404, nil)
	}
}

func (x *fakeX) serveToken(w http.ResponseWriter, r *http.Request) {
	var user string
	var ok bool
	switch r.FormValue("grant_type") {
	case "refresh_token":
		tok := r.FormValue("refresh_token")
		x.shown[tokenPath] = append(x.shown[tokenPath], tok)
		if user, ok = x.refresh[tok]; ok {
			delete(x.refresh, tok)
			x.spent[tok] = true
			break
		}
		if x.spent[tok] { // taken for stolen: everything of this login ends
			clear(x.refresh)
			clear(x.live)
		}
		answerJSON(w, 400, map[string]any{"error": "invalid_request", "error_description": "Value passed for the token was invalid. " + tok})
		return
	case "authorization_code":
		code := r.FormValue("code")
		if user, ok = x.codes[code]; !ok || r.FormValue("code_verifier") == "" || r.FormValue("redirect_uri") == "" {
			answerJSON(w, 400, map[string]any{"error": "invalid_grant"})
			return
		}
		delete(x.codes, code)
	}
	access, refresh := x.grant(user)
	body := map[string]any{"token_type": "bearer", "access_token": access, "refresh_token": refresh, "scope": x.scope, "expires_in": 7200}
	if x.life != nil {
		body["expires_in"] = x.life
	}
	if x.noRefresh {
		delete(body, "refresh_token")
		delete(x.refresh, refresh)
	}
	answerJSON(w, 200, body)
}

func answerJSON(w http.ResponseWriter, code int, v any) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v)
}
