package config

import (
	"net/url"
	"strings"

	"github.com/beckon-bot/beckon/runtime/match"
)

// desk checks where handoffs are told.
func (c check) desk(d *Desk, listen string) {
	d.Secret, d.Token = c.secret("desk.secret", d.Secret), c.secret("desk.token", d.Token)
	if *d == (Desk{}) {
		return
	}
	switch {
	case d.URL == "" && d.Token == "":
		c.fail("desk", "want url for a webhook, token for a program that speaks NATS, or both")
	case d.URL != "" && d.Secret == "":
		c.fail("desk.secret", "missing: what is posted to desk.url is signed with it")
	case d.URL == "" && d.Secret != "":
		c.fail("desk.secret", "signs what is posted to desk.url; set that, or leave it out")
	case d.Token != "" && listen == "":
		c.fail("desk.token", "bus.listen says where the program reaches the host; set it")
	}
	c.purposes("desk.matches", d.Matches)
	if d.Matches != "" && d.URL == "" {
		c.fail("desk.matches", "references go to desk.url alone, since the bus keeps what it has on disk; set that, or leave it out")
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

// purposes checks the names of what matches with references outside of X are for.
func (c check) purposes(at, names string) {
	for _, name := range strings.Fields(names) {
		if err := match.Purpose(name); err != nil {
			c.fail(at, "%v", err)
		}
	}
}
