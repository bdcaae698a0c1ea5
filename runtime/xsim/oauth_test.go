package xsim

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const verifier = "a-verifier-of-at-least-forty-three-characters"

// tokens is an answer of the token URL.
type tokens struct {
	Access    string `json:"access_token"`
	Refresh   string `json:"refresh_token"`
	Scope     string `json:"scope"`
	ExpiresIn int    `json:"expires_in"`
	Error     string `json:"error"`
}

func oauthWorld(t *testing.T) *world {
	return newWorld(t, func(o *Options) { o.ClientID, o.ClientSecret = "client", "key" })
}

// authorize asks for a code, and returns the address that X redirects to.
func (w *world) authorize(change url.Values) url.Values {
	w.t.Helper()
	h := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"response_type": {"code"}, "client_id": {"client"}, "redirect_uri": {"http://127.0.0.1:9/back"}, "state": {"s1"},
		"scope":          {"tweet.read tweet.write users.read offline.access"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(h[:])}, "code_challenge_method": {"S256"},
	}
	for k := range change {
		q.Set(k, change.Get(k))
	}
	status, header, body := w.call("GET", "/i/oauth2/authorize?"+q.Encode(), "", "")
	to, err := url.Parse(header.Get("Location"))
	if status != 302 || err != nil || !strings.HasPrefix(to.String(), "http://127.0.0.1:9/back?") || to.Query().Get("state") != "s1" {
		w.t.Fatalf("authorize: %d %s %s", status, to, body)
	}
	return to.Query()
}

// form posts to the token or the revoke URL.
func (w *world) form(path, id, key string, f url.Values) (int, tokens, string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), "POST", "http://x.test"+path, strings.NewReader(f.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id != "" {
		req.SetBasicAuth(id, key)
	}
	resp, err := w.api.RoundTrip(req)
	if err != nil {
		return 0, tokens{}, err.Error()
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	var out tokens
	if err := json.Unmarshal(b, &out); err != nil {
		w.t.Fatalf("%s: %s", err, b)
	}
	return resp.StatusCode, out, string(b)
}

func (w *world) exchange(code string) (int, tokens) {
	status, out, _ := w.form("/2/oauth2/token", "client", "key", url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {"http://127.0.0.1:9/back"}, "code_verifier": {verifier},
	})
	return status, out
}

func (w *world) refresh(token string) (int, tokens) {
	status, out, _ := w.form("/2/oauth2/token", "client", "key", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
	return status, out
}

func (w *world) meStatus(token string) int {
	status, _, _ := w.call("GET", "/2/users/me", token, "")
	return status
}

// TestX6SpentTokenKillsFamily: refresh tokens rotate, and one that is spent a
// second time ends all tokens of its authorization, of no other.
func TestX6SpentTokenKillsFamily(t *testing.T) {
	t.Parallel()
	w := oauthWorld(t)
	status, first := w.exchange(w.authorize(nil).Get("code"))
	if status != 200 || first.ExpiresIn != 7200 || first.Refresh == "" || first.Scope != "tweet.read tweet.write users.read offline.access" {
		t.Fatalf("%d %+v", status, first)
	}
	_, other := w.exchange(w.authorize(nil).Get("code"))
	status, second := w.refresh(first.Refresh)
	if status != 200 || second.Refresh == first.Refresh || second.Access == first.Access {
		t.Fatalf("refresh: %d %+v", status, second)
	}
	if got := w.meStatus(first.Access); got != 401 {
		t.Errorf("the access token before: %d", got)
	}
	if got := w.meStatus(second.Access); got != 200 {
		t.Errorf("the access token after: %d", got)
	}
	if status, out := w.refresh(first.Refresh); status != 400 || out.Error != "invalid_request" {
		t.Errorf("spent twice: %d %+v", status, out)
	}
	if got := w.meStatus(second.Access); got != 401 {
		t.Errorf("the family lives: %d", got)
	}
	if status, _ := w.refresh(second.Refresh); status != 400 {
		t.Errorf("the family lives: %d", status)
	}
	if got := w.meStatus(other.Access); got != 200 {
		t.Errorf("another family: %d", got)
	}
}

// TestLostRefresh: the answer is lost after the token was spent, so the client
// tries the spent one and has to be authorized again.
func TestLostRefresh(t *testing.T) {
	t.Parallel()
	w := oauthWorld(t)
	_, first := w.exchange(w.authorize(nil).Get("code"))
	for _, kind := range []FaultKind{FaultDrop, FaultStatus} { // nothing was done
		if err := w.Fault(Fault{Op: OpToken, Kind: kind}); err != nil {
			t.Fatal(err)
		}
		if kind == FaultDrop {
			if status, _, says := w.form("/2/oauth2/token", "client", "key", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.Refresh}}); status != 0 {
				t.Errorf("want no answer, got %d %s", status, says)
			}
		} else if status, _ := w.refresh(first.Refresh); status != 503 {
			t.Errorf("want 503, got %d", status)
		}
	}
	if got := w.meStatus(first.Access); got != 200 {
		t.Errorf("still the first: %d", got)
	}
	if err := w.Fault(Fault{Op: OpToken, Kind: FaultLost}); err != nil {
		t.Fatal(err)
	}
	w.form("/2/oauth2/token", "client", "key", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.Refresh}})
	if status, _ := w.refresh(first.Refresh); status != 400 {
		t.Errorf("spent in a lost answer: %d", status)
	}
}

func TestAuthorizationCode(t *testing.T) {
	t.Parallel()
	w := oauthWorld(t)
	good := url.Values{"grant_type": {"authorization_code"}, "redirect_uri": {"http://127.0.0.1:9/back"}, "code_verifier": {verifier}}
	for name, tc := range map[string]struct {
		id, key, field, value string
		wait                  time.Duration
		want                  int
	}{
		"right":             {"client", "key", "", "", 0, 200},
		"late":              {"client", "key", "", "", 30 * time.Second, 400},
		"another redirect":  {"client", "key", "redirect_uri", "http://localhost:9/back", 0, 400},
		"another verifier":  {"client", "key", "code_verifier", "guess", 0, 400},
		"no verifier":       {"client", "key", "code_verifier", "", 0, 400},
		"a code of nobody":  {"client", "key", "code", "guess", 0, 400},
		"another grant":     {"client", "key", "grant_type", "password", 0, 400},
		"a wrong secret":    {"client", "guess", "", "", 0, 401},
		"no client":         {"", "", "", "", 0, 401},
		"a public one here": {"", "", "client_id", "client", 0, 401},
	} {
		f := url.Values{"code": {w.authorize(nil).Get("code")}}
		for k := range good {
			f.Set(k, good.Get(k))
		}
		if tc.field != "" {
			f.Set(tc.field, tc.value)
		}
		w.wait(tc.wait)
		if status, _, body := w.form("/2/oauth2/token", tc.id, tc.key, f); status != tc.want {
			t.Errorf("%s: want %d, got %d %s", name, tc.want, status, body)
		} else if status == 200 {
			if status, _, _ := w.form("/2/oauth2/token", tc.id, tc.key, f); status != 400 {
				t.Errorf("a code is good twice: %d", status)
			}
		}
	}
	for what, change := range map[string]url.Values{
		"access_denied":   nil,
		"invalid_scope":   {"scope": {"tweet.read everything"}},
		"invalid_request": {"code_challenge": {""}},
	} {
		if err := w.Consent("HelpTwin", what == "access_denied"); err != nil {
			t.Fatal(err)
		}
		if got := w.authorize(change).Get("error"); got != what {
			t.Errorf("want %s, got %s", what, got)
		}
	}
	if err := w.Consent("HelpTwin", false); err != nil {
		t.Fatal(err)
	}
	_, twin := w.exchange(w.authorize(url.Values{"scope": {"tweet.read users.read"}}).Get("code"))
	if twin.Refresh != "" {
		t.Error("a refresh token without offline.access")
	}
	if _, _, body := w.call("GET", "/2/users/me", twin.Access, ""); !strings.Contains(body, "HelpTwin") {
		t.Errorf("who agreed: %s", body)
	}
	if status, _, body := w.call("POST", "/2/tweets", twin.Access, `{"text":"hi"}`); status != 403 || !strings.Contains(body, "scope tweet.write") {
		t.Errorf("without the scope: %d %s", status, body)
	}
	w.wait(2 * time.Hour)
	if got := w.meStatus(twin.Access); got != 401 {
		t.Errorf("after two hours: %d", got)
	}
	if w.Consent("ann", false) == nil {
		t.Error("a user who is no bot agreed")
	}
}

func TestRevoked(t *testing.T) {
	t.Parallel()
	w := oauthWorld(t)
	_, a := w.exchange(w.authorize(nil).Get("code"))
	if status, _, body := w.form("/2/oauth2/revoke", "client", "key", url.Values{"token": {a.Refresh}}); status != 200 || body != `{"revoked":true}` {
		t.Errorf("revoke: %d %s", status, body)
	}
	if got := w.meStatus(a.Access); got != 401 {
		t.Errorf("revoked: %d", got)
	}
	_, b := w.exchange(w.authorize(nil).Get("code"))
	w.do(Act{Kind: ActRevoke, From: "HelpDesk"})
	if got := w.meStatus(b.Access); got != 401 {
		t.Errorf("withdrawn by the account: %d", got)
	}
	if status, _ := w.refresh(b.Refresh); status != 400 {
		t.Errorf("refresh after that: %d", status)
	}
	_, c := w.exchange(w.authorize(nil).Get("code"))
	if got := w.meStatus(c.Access); got != 200 {
		t.Errorf("authorized again: %d", got)
	}
	if status, out, _ := w.form("/2/oauth2/token", "client", "key", url.Values{"grant_type": {"client_credentials"}}); status != 200 || out.Access != "t-app" {
		t.Errorf("app-only: %d %+v", status, out)
	}
}

// TestOAuth1 signs as RFC 5849 says, on its own.
func TestOAuth1(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.ConsumerKey, o.Accounts[0].Secret = "ck", "token-secret" })
	sign := func(key string) string {
		params := "max_results=5&oauth_consumer_key=ck&oauth_nonce=n&oauth_signature_method=HMAC-SHA1&oauth_timestamp=1&oauth_token=t-desk&oauth_version=1.0"
		m := hmac.New(sha1.New, []byte(secret+"&"+key))
		m.Write([]byte("GET&" + url.QueryEscape("http://x.test/2/dm_events") + "&" + url.QueryEscape(params)))
		return `OAuth oauth_consumer_key="ck", oauth_nonce="n", oauth_signature="` + url.QueryEscape(base64.StdEncoding.EncodeToString(m.Sum(nil))) +
			`", oauth_signature_method="HMAC-SHA1", oauth_timestamp="1", oauth_token="t-desk", oauth_version="1.0"`
	}
	for key, want := range map[string]int{"token-secret": 200, "guess": 401} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", "http://x.test/2/dm_events?max_results=5", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", sign(key))
		resp, err := w.api.RoundTrip(req)
		if err != nil || resp.StatusCode != want {
			t.Errorf("%s: want %d, got %d, %v", key, want, resp.StatusCode, err)
		}
	}
}
