package config

import "net/url"

// desk checks where handoffs are told.
func (c check) desk(d *Desk) {
	d.Secret = c.secret("desk.secret", d.Secret)
	if *d == (Desk{}) {
		return
	}
	u, err := url.Parse(d.URL)
	switch {
	case d.URL == "":
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "":
		c.fail("desk.url", "want an address such as https://desk.acme.example/beckon")
	case u.Scheme != "https" && !(u.Scheme == "http" && d.Inside):
		c.fail("desk.url", "want https; http only with inside: true")
	}
}
