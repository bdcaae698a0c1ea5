package xapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// published are the keys of X's page "Creating a signature", which anyone may
// read: they open nothing.
func published() *oauth1 {
	return &oauth1{
		key: "xvz1evFS4wEEPTGEFPHBog", secret: "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
		token: "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", tokenSecret: "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
		now:   func() time.Time { return time.Unix(1318622958, 0) },
		nonce: func() string { return "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg" },
	}
}

// TestOAuth1Published holds the signer to the values of X's page, in both of the
// editions that it had.
func TestOAuth1Published(t *testing.T) {
	t.Parallel()
	const query = "?include_entities=true&status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21"
	for target, want := range map[string]string{
		"https://api.twitter.com/1.1/statuses/update.json" + query:     "hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D",
		"https://API.twitter.com:443/1.1/statuses/update.json" + query: "hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D",
		"https://api.twitter.com/1/statuses/update.json" + query:       "tnnArxj06cWHq44gCs1OSKk%2FjLY%3D",
	} {
		req, err := http.NewRequest(http.MethodPost, target, nil)
		if err != nil {
			t.Fatal(err)
		}
		published().Add(req)
		got := req.Header.Get("Authorization")
		if !strings.HasPrefix(got, "OAuth ") || !strings.Contains(got, `oauth_signature="`+want+`"`) {
			t.Errorf("%s: want %s, got %s", target, want, got)
		}
		for _, field := range []string{`oauth_timestamp="1318622958"`, `oauth_signature_method="HMAC-SHA1"`, `oauth_version="1.0"`} {
			if !strings.Contains(got, field) {
				t.Errorf("no %s in %s", field, got)
			}
		}
	}
}

// TestOAuth1Escapes has the cases of RFC 5849 in which net/url differs.
func TestOAuth1Escapes(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "abcXYZ012-._~": "abcXYZ012-._~", "r b": "r%20b", "=%3D": "%3D%253D", "c@": "c%40",
		"+*!'()": "%2B%2A%21%27%28%29", "☃": "%E2%98%83",
	} {
		if got := escape(in); got != want {
			t.Errorf("%q: want %s, got %s", in, want, got)
		}
	}
	req, err := http.NewRequest(http.MethodPost, "http://EXAMPLE.COM:80/r%20v/X?b5=%3D%253D&a3=a", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := escape(baseURI(req)), "http%3A%2F%2Fexample.com%2Fr%2520v%2FX"; got != want {
		t.Errorf("base URI: want %s, got %s", want, got)
	}
}

// TestOAuth1SignsTheQuery: go-twitter asks for credentials before it adds the
// query. What reaches X is signed with it.
func TestOAuth1SignsTheQuery(t *testing.T) {
	t.Parallel()
	var got, again string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("Authorization")
		r.URL.Scheme, r.URL.Host = "http", r.Host
		published().Add(r)
		again = r.Header.Get("Authorization")
		_, _ = w.Write([]byte(`{"data":{"id":"1"}}`))
	}))
	t.Cleanup(srv.Close)
	c := newClient(t, srv.URL, func(o *Options) { o.Auth = auth(published(), nil) })
	err := c.Do(t.Context(), Request{Endpoint: ReadUserPosts, Method: http.MethodGet, Path: "/2/users/1/tweets", Query: map[string][]string{"since_id": {"7"}}}, nil)
	if err != nil || got == "" || got != again {
		t.Errorf("by our own call (%v): got %s, want %s", err, got, again)
	}
}

// TestA4OAuth1Secret: no printer gets at the keys, and a part that is missing
// sends nothing.
func TestA4OAuth1Secret(t *testing.T) {
	t.Parallel()
	whole := OAuth1("a-key", "b-secret", "c-token", "d-secret")
	for _, a := range []Authorizer{whole, Bearer("e-token")} {
		for _, verb := range []string{"%v", "%+v", "%s", "%#v", "%q"} {
			if got := fmt.Sprintf(verb, a); strings.Contains(got, "-secret") || strings.Contains(got, "-token") {
				t.Errorf("%s prints %s", verb, got)
			}
		}
	}
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("X was called") }))
	t.Cleanup(srv.Close)
	for name, a := range map[string]Authorizer{
		"no secret": OAuth1("a", "", "c", "d"), "a broken token": OAuth1("a", "b", "c\n", "d"), "empty": Bearer(""), "none": nil,
	} {
		c := newClient(t, srv.URL, func(o *Options) { o.Auth = auth(a, nil) })
		if got := c.Send(t.Context(), ways["go-twitter"]); got.Class != event.Auth || got.Status != 0 {
			t.Errorf("%s: want auth without a call, got %+v", name, got)
		}
	}
}
