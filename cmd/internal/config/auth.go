package config

import (
	"net"
	"net/url"
)

// SpeaksBy is how a bot comes by the right to speak for its account.
type SpeaksBy string

// The ways; Load has made sure that a bot has exactly one.
const (
	ByToken  SpeaksBy = "token"
	ByOAuth1 SpeaksBy = "oauth1"
	ByLogin  SpeaksBy = "login"
)

// SpeaksBy tells the bot's way.
func (b Bot) SpeaksBy() SpeaksBy {
	switch {
	case b.Token != "":
		return ByToken
	case b.OAuth1 != OAuth1{}:
		return ByOAuth1
	}
	return ByLogin
}

// auth checks what belongs to tokens: the app's keys, and that every bot has
// one way to speak.
func (c check) auth(cfg *Config) {
	a := &cfg.App
	a.ClientSecret = c.secret("app.client_secret", a.ClientSecret)
	a.ConsumerKey = c.secret("app.consumer_key", a.ConsumerKey)
	a.Bearer = c.secret("app.bearer", a.Bearer)
	a.TokenKey = c.secret("app.token_key", a.TokenKey)
	switch {
	case a.ClientID != "" && a.ClientSecret == "":
		c.fail("app.client_secret", "missing; client_id needs it: the app must be of the type that has a secret")
	case a.ClientID == "" && a.ClientSecret != "":
		c.fail("app.client_id", "missing; client_secret needs it")
	}
	c.redirect("app.redirect", a.Redirect)
	for _, name := range cfg.Names() {
		b, at := cfg.Bots[name], "bots."+name
		switch {
		case b.Token != "" && b.OAuth1 != OAuth1{}:
			c.fail(at+".oauth1", "set token or oauth1, not both")
		case b.Token == "" && b.OAuth1 != OAuth1{} && a.ConsumerKey == "":
			c.fail(at+".oauth1", "needs app.consumer_key")
		case b.SpeaksBy() == ByLogin && a.ClientID == "":
			c.fail(at+".token", "missing; set it, or oauth1, or app.client_id and app.client_secret to use beckon login")
		}
	}
}

// redirect takes what beckon login can listen on, or an https address for its
// paste mode.
func (c check) redirect(at, v string) {
	if v == "" {
		return
	}
	u, err := url.Parse(v)
	switch {
	case err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || u.Path == "":
		c.fail(at, "want a whole address without a query, such as http://127.0.0.1:8765/callback")
	case u.Scheme == "https":
	case u.Scheme != "http":
		c.fail(at, "want http on 127.0.0.1, or https")
	case u.Hostname() != "127.0.0.1":
		c.fail(at, "want 127.0.0.1: X refuses localhost, and plain http anywhere else")
	default:
		c.port(at, u)
	}
}

func (c check) port(at string, u *url.URL) {
	if _, _, err := net.SplitHostPort(u.Host); err != nil || u.Port() == "0" {
		c.fail(at, "want a fixed port: X compares the whole address")
	}
}
