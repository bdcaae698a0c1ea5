package admin_test

import (
	"context"
	"strings"
	"testing"

	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/event"
)

// O2: a command names its operator, and is checked before it is stored.
func TestO2Commands(t *testing.T) {
	t.Parallel()
	d := open(t)
	var got []event.Command
	d.opt.Publish = func(_ context.Context, c event.Command) error { got = append(got, c); return nil }
	d.Handler = admin.New(d.opt)
	bot := d.opt.Bots[0]
	for body, want := range map[string]string{
		`{"bot":"` + bot + `","kind":"post","text":"Hello."}`:                                              "by: say who does it",
		`{"bot":"` + bot + `","by":"kim","kind":"post"}`:                                                   "text: a post needs it",
		`{"bot":"nobody","by":"kim","kind":"post","text":"Hello."}`:                                        "bot: one of",
		`{"bot":"` + bot + `","by":"kim","kind":"post","text":"x","timer":true}`:                           "no timer",
		`{"bot":"` + bot + `","by":"kim","kind":"like","post":"1","user":"7","user_act":"a\nb"}`:           "user_act",
		`{"bot":"` + bot + `","by":"kim","kind":"post","text":"x","id":"a b"}`:                             "id: one word",
		`{"bot":"` + bot + `","by":"kim","kind":"post","text":"x","approved":true}`:                        "no JSON of this form",
		`{"bot":"` + bot + `","by":"kim","kind":"post","text":"x","id":"` + strings.Repeat("x", 65) + `"}`: "id: one word",
	} {
		if r := d.do("POST", "/v1/commands", body); r.status != 400 || !strings.Contains(r.body, want) {
			t.Errorf("%s: %d %s, want 400 with %q", body, r.status, r.body, want)
		}
	}
	if len(got) > 0 {
		t.Fatalf("stored: %+v", got)
	}
	r := d.do("POST", "/v1/commands", `{"bot":"`+bot+`","by":" kim ","kind":"post","text":"Hello.","at":"2001-01-01T00:00:00Z"}`)
	if r.status != 200 || len(got) != 1 || got[0].By != "kim" || !strings.HasPrefix(got[0].ID, "c-") || !got[0].At.Equal(d.opt.Now()) {
		t.Errorf("%d %s: %+v; the host's own time counts", r.status, r.body, got)
	}
}
