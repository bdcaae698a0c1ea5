package config

import (
	"strings"
	"testing"
)

func TestDesk(t *testing.T) {
	t.Parallel()
	base := strings.Replace(withHandlers, ", ask: orders", "", 1)
	for text, want := range map[string]string{
		"": "",
		"desk: {url: 'https://d.example/in', secret: env:S}":                                             "",
		"desk: {url: 'http://127.0.0.1:9/in', secret: file:s.txt, inside: true}":                         "",
		"desk: {url: 'http://d.example/in', secret: env:S}":                                              "desk.url: want https",
		"desk: {url: 'ftp://d.example/in', secret: env:S, inside: true}":                                 "desk.url: want https",
		"desk: {url: 'https://me:pw@d.example/in', secret: env:S}":                                       "desk.url: want an address",
		"desk: {url: 'd.example', secret: env:S}":                                                        "desk.url: want an address",
		"desk: {url: 'https://d.example/in'}":                                                            "desk.secret: missing",
		"desk: {secret: env:S}":                                                                          "desk: want url for a webhook, token",
		"bus: {listen: '127.0.0.1:1'}\ndesk: {token: env:T}":                                             "",
		"bus: {listen: '127.0.0.1:1'}\ndesk: {url: 'https://d.example/in', secret: env:S, token: env:T}": "",
		"desk: {token: env:T}":                                                                           "desk.token: bus.listen says where",
		"desk: {token: env:T, secret: env:S}":                                                            "desk.secret: signs what is posted",
		"desk: {url: 'https://d.example/in', secret: env:S, matches: order_status crm}":                  "",
		"desk: {url: 'https://d.example/in', secret: env:S, matches: Health}":                            "desk.matches: purpose: what the match is for",
		"bus: {listen: '127.0.0.1:1'}\ndesk: {token: env:T, matches: crm}":                               "desk.matches: references go to desk.url alone",
		"desk: {token: hunter2}":                                                                         "want env:NAME or file:PATH",
		"desk: {url: 'https://d.example/in', secret: hunter2}":                                           "want env:NAME or file:PATH",
		"desk: {url: 'https://d.example/in', secret: env:S, retries: 3}":                                 "unknown key",
	} {
		_, err := load(base + text)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
