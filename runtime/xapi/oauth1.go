package xapi

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// OAuth1 signs in a user's name by OAuth 1.0a with HMAC-SHA1 (RFC 5849), for
// accounts that were authorised that way. It signs the method, the URL and the
// query; a body of ours is JSON, which it does not cover. With a part missing
// nothing is sent.
func OAuth1(consumerKey, consumerSecret, token, tokenSecret string) Authorizer {
	return &oauth1{
		key: consumerKey, secret: consumerSecret, token: token, tokenSecret: tokenSecret,
		now: time.Now, nonce: rand.Text,
	}
}

type oauth1 struct {
	key, secret, token, tokenSecret string

	now   func() time.Time
	nonce func() string
}

func (o *oauth1) Add(req *http.Request) {
	for _, s := range []string{o.key, o.secret, o.token, o.tokenSecret} {
		if !headerSafe(s) {
			return
		}
	}
	params := []param{
		{"oauth_consumer_key", o.key},
		{"oauth_nonce", o.nonce()},
		{"oauth_signature_method", "HMAC-SHA1"},
		{"oauth_timestamp", strconv.FormatInt(o.now().Unix(), 10)},
		{"oauth_token", o.token},
		{"oauth_version", "1.0"},
	}
	signed := slices.Clone(params)
	for name, values := range req.URL.Query() {
		for _, v := range values {
			signed = append(signed, param{name, v})
		}
	}
	params = append(params, param{"oauth_signature", o.sign(req, signed)})
	fields := make([]string, len(params))
	for i, p := range params {
		fields[i] = escape(p.name) + `="` + escape(p.value) + `"`
	}
	req.Header.Set("Authorization", "OAuth "+strings.Join(fields, ", "))
}

// sign is the signature over the base string of RFC 5849, section 3.4.1.
func (o *oauth1) sign(req *http.Request, params []param) string {
	pairs := make([]param, len(params))
	for i, p := range params {
		pairs[i] = param{escape(p.name), escape(p.value)}
	}
	slices.SortFunc(pairs, func(a, b param) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	joined := make([]string, len(pairs))
	for i, p := range pairs {
		joined[i] = p.name + "=" + p.value
	}
	base := strings.Join([]string{req.Method, escape(baseURI(req)), escape(strings.Join(joined, "&"))}, "&")
	mac := hmac.New(sha1.New, []byte(escape(o.secret)+"&"+escape(o.tokenSecret)))
	mac.Write([]byte(base))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// baseURI is scheme, host and path in lower case where case means nothing,
// without the scheme's own port.
func baseURI(req *http.Request) string {
	scheme, host := strings.ToLower(req.URL.Scheme), strings.ToLower(req.URL.Host)
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	path := req.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	return scheme + "://" + host + path
}

// String keeps the secrets from printers.
func (*oauth1) String() string { return "[secret]" }

// GoString keeps them from %#v.
func (*oauth1) GoString() string { return "[secret]" }

type param struct{ name, value string }

// escape is the percent-encoding of RFC 5849, section 3.6: stricter than that
// of net/url, which leaves some characters and writes a space as plus.
func escape(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(s) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	return b.String()
}
