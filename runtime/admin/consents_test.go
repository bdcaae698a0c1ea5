package admin_test

import (
	"strings"
	"testing"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/admin"
)

// O2: a consent names its operator, its bot and one user, and keeps what the
// user saw.
func TestO2Consents(t *testing.T) {
	t.Parallel()
	d := open(t)
	bot := d.opt.Bots[0]
	body := func(more string) string { return `{"by":"olga","bot":"` + bot + `","user":"` + ann + `",` + more + `}` }
	for _, tt := range []struct {
		path, body, want string
		status           int
	}{
		{"/v1/consents", strings.Replace(body(`"kind":"matching","wording":"May we?"`), "olga", "", 1), "by: say who", 400},
		{"/v1/consents", strings.Replace(body(`"kind":"matching","wording":"May we?"`), bot, "nobody", 1), "bot: one of", 400},
		{"/v1/consents", strings.Replace(body(`"kind":"matching","wording":"May we?"`), ann, "@ann", 1), "user: X's user id", 400},
		{"/v1/consents", body(`"kind":"newsletter","wording":"May we?"`), "kind: dm_storage, matching or opt_in", 400},
		{"/v1/consents", body(`"kind":"matching"`), "wording: what the user saw", 400},
		{"/v1/consents", body(`"kind":"matching","wording":"May we?","event":"a\nb"`), "event: an id", 400},
		{"/v1/consents/withdraw", body(`"kind":"matching"`), "has given no such consent", 404},
	} {
		if r := d.do("POST", tt.path, tt.body); r.status != tt.status || !strings.Contains(r.body, tt.want) {
			t.Errorf("%s of %s: %d %s, want %d with %q", tt.path, tt.body, r.status, r.body, tt.status, tt.want)
		}
	}
	ask := "/v1/consents?bot=" + bot + "&user=" + ann
	if got := get[admin.Consents](d, "GET", ask, ""); len(got.Consents) != 0 {
		t.Fatalf("%+v after what was refused", got)
	}

	get[admin.Consents](d, "POST", "/v1/consents", body(`"kind":"matching","wording":"May we look up your order?","event":"-77"`))
	get[admin.Consents](d, "POST", "/v1/consents", body(`"kind":"dm_storage","wording":"May we keep this?"`))
	after := get[admin.Consents](d, "POST", "/v1/consents/withdraw", body(`"kind":"matching"`))
	if len(after.Consents) != 2 || after.Consents[0].Event != "operator olga" || !after.Consents[0].WithdrawnAt.IsZero() ||
		after.Consents[1].Event != "-77" || after.Consents[1].WithdrawnBy != "operator olga" {
		t.Errorf("got %+v", after)
	}
	err := d.opt.Store.Read(t.Context(), func(tx db.Tx) error {
		c, err := tx.Conversation(bot, ann)
		if !c.ConsentDMStorage || c.ConsentMatching {
			t.Errorf("rules would read storage %t, matching %t", c.ConsentDMStorage, c.ConsentMatching)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(d.log.String(), `by=olga did="record consent"`) || strings.Contains(d.log.String(), "May we") {
		t.Errorf("the log:\n%s", d.log.String())
	}
	// Nobody is looked for: a question without a user has no answer.
	for _, q := range []string{"", "?bot=" + bot, "?user=" + ann, "?bot=" + bot + "&kind=matching"} {
		if r := d.do("GET", "/v1/consents"+q, ""); r.status != 400 {
			t.Errorf("GET /v1/consents%s: %d %s", q, r.status, r.body)
		}
	}
}
