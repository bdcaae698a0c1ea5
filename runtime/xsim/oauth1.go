package xsim

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// oauth1 finds the account of an OAuth 1.0a request whose HMAC-SHA1 signature
// holds (RFC 5849): the consumer's key is Options.ConsumerKey, its secret the
// webhooks' consumer secret, the token's Account.Token and Account.Secret.
func (s *Sim) oauth1(r *http.Request, body []byte) *Account {
	header, ok := strings.CutPrefix(r.Header.Get("Authorization"), "OAuth ")
	if !ok || s.opts.ConsumerKey == "" {
		return nil
	}
	said := url.Values{}
	for pair := range strings.SplitSeq(header, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		text, err := url.PathUnescape(strings.Trim(value, `"`))
		if err != nil {
			return nil
		}
		said.Set(key, text)
	}
	all := url.Values{}
	for k := range said {
		if k != "oauth_signature" && k != "realm" {
			all.Set(k, said.Get(k))
		}
	}
	add := func(v url.Values) {
		for k, list := range v {
			all[k] = append(all[k], list...)
		}
	}
	add(r.URL.Query())
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		if v, err := url.ParseQuery(string(body)); err == nil {
			add(v)
		}
	}
	if said.Get("oauth_consumer_key") != s.opts.ConsumerKey || said.Get("oauth_signature_method") != "HMAC-SHA1" {
		return nil
	}
	var pairs []string
	for k, list := range all {
		for _, v := range list {
			pairs = append(pairs, percent(k)+"="+percent(v))
		}
	}
	slices.Sort(pairs)
	for _, a := range s.accounts {
		if a.Secret == "" || a.Token != said.Get("oauth_token") || s.revoked[a.ID] {
			continue
		}
		for _, scheme := range []string{"https", "http"} { // behind a proxy we do not know
			base := r.Method + "&" + percent(scheme+"://"+strings.ToLower(r.Host)+r.URL.EscapedPath()) + "&" + percent(strings.Join(pairs, "&"))
			m := hmac.New(sha1.New, []byte(percent(string(s.secrets[0]))+"&"+percent(a.Secret)))
			m.Write([]byte(base))
			if hmac.Equal([]byte(said.Get("oauth_signature")), []byte(base64.StdEncoding.EncodeToString(m.Sum(nil)))) {
				return a
			}
		}
	}
	return nil
}

// percent is RFC 3986's encoding, which leaves letters, digits, - . _ ~ alone.
func percent(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}
