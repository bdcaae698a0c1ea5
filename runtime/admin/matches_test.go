package admin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/admin"
)

const ref = "CUSTOMER-4711"

// O3, O5: a reference leaves only in the answer about one user, to who may read
// it; what is set, refused and read is recorded, and names neither.
func TestO3Matches(t *testing.T) {
	t.Parallel()
	d := open(t)
	now := start.Add(time.Minute)
	d.opt.Now = func() time.Time { return now }
	d.Handler = admin.New(d.opt)
	maria, vic := d.added("maria", db.RoleAgent, ""), d.added("vic", db.RoleViewer, "")
	d.receive("77", "my order is O-1, I want a refund")
	body := func(more string) string {
		return `{"bot":"acme","user":"` + ann + `"` + strings.TrimSuffix(","+more, ",") + `}`
	}
	set := func(more string) string { return body(`"purpose":"order_status","ref":"` + ref + `",` + more) }
	for _, tt := range []struct {
		path, body, token, want string
		status                  int
	}{
		{"/v1/matches", set(`"basis":"provided_by_user","event":"77"`), vic, "needs agent", 403},
		{"/v1/matches", set(`"basis":"third_party"`), maria, "records of third parties are never a basis", 400},
		{"/v1/matches", set(`"basis":""`), maria, "a match needs one", 400},
		{"/v1/matches", set(`"basis":"opt_in"`), maria, "no consent to matching is on record", 409},
		{"/v1/matches", set(`"basis":"provided_by_user","event":"78"`), maria, "received no post or DM 78 of this user", 409},
		{"/v1/matches", set(`"basis":"provided_by_user","event":"77","keep":"soon"`), maria, "keep: a time", 400},
		{"/v1/matches", strings.Replace(set(`"basis":"opt_in"`), "acme", "nobody", 1), maria, "bot: one of", 400},
		{"/v1/matches", strings.Replace(set(`"basis":"opt_in"`), ann, "@ann", 1), maria, "user: X's user id", 400},
		{"/v1/matches", strings.Replace(set(`"basis":"opt_in"`), "order_status", "health", 1), maria, "X forbids", 400},
		{"/v1/matches/remove", body(`"purpose":"order_status"`), maria, "not matched", 404},
		{"/v1/matches/withdraw", body(`"purpose":"order_status"`), maria, "every purpose", 400},
	} {
		if r := d.do("POST", tt.path, tt.body, as(tt.token)); r.status != tt.status || !strings.Contains(r.body, tt.want) || strings.Contains(r.body, ref) {
			t.Errorf("%s of %s: %d %s, want %d with %q", tt.path, tt.body, r.status, r.body, tt.status, tt.want)
		}
	}
	post := func(path, body string) admin.Matches {
		t.Helper()
		return get[admin.Matches](d, "POST", path, strings.Replace(body, "{", `{"by":"olga",`, 1))
	}
	ask := "/v1/matches?bot=acme&user=" + ann
	one := post("/v1/matches", set(`"basis":"provided_by_user","event":"77"`)).Matches
	if len(one) != 1 || one[0].Ref != ref || one[0].Source != "dm" || one[0].Event != "77" || !one[0].Until.Equal(start.AddDate(0, 0, 7)) {
		t.Fatalf("got %+v", one)
	}
	if r := d.do("GET", ask, "", as(vic)); r.status != http.StatusForbidden {
		t.Errorf("a viewer reads %s", r.body)
	}
	if r := d.do("GET", ask, "", as(maria)); !strings.Contains(r.body, ref) {
		t.Errorf("an agent reads %s", r.body)
	}
	for _, q := range []string{"", "?bot=acme", "?user=" + ann} { // nobody is looked for
		if r := d.do("GET", "/v1/matches"+q, "", as(maria)); r.status != 400 {
			t.Errorf("GET /v1/matches%s: %d %s", q, r.status, r.body)
		}
	}
	now = now.Add(8 * 24 * time.Hour)
	if got := get[admin.Matches](d, "GET", ask, "").Matches; len(got) != 1 || got[0].Ref != "" {
		t.Errorf("its time is over, and it shows %+v", got)
	}
	now = start.Add(time.Hour)
	if got := post("/v1/matches/remove", body(`"purpose":"order_status"`)); got.Ended != 1 || got.Matches[0].Ref != "" || got.Matches[0].EndedBy != "operator olga" {
		t.Errorf("removed: %+v", got)
	}
	get[admin.Consents](d, "POST", "/v1/consents", `{"by":"olga","bot":"acme","user":"`+ann+`","kind":"matching","wording":"May we?","event":"79"}`)
	post("/v1/matches", set(`"basis":"opt_in"`))
	if got := post("/v1/matches/withdraw", body(`"event":"80"`)); got.Ended != 1 || got.Matches[0].EndedBy != "80" {
		t.Errorf("withdrawn: %+v", got)
	}

	acts := d.do("GET", "/v1/acts?max=100", "").body
	for _, want := range []string{`"did":"read matches"`, `"did":"match"`, `"did":"remove a match"`, `"did":"withdraw matching"`, `purpose order_status`, "third parties"} {
		if !strings.Contains(acts, want) {
			t.Errorf("no %s among the acts", want)
		}
	}
	for name, text := range map[string]string{"acts": acts, "log": d.log.String()} {
		if strings.Contains(text, ref) || name == "acts" && strings.Contains(text, ann) {
			t.Errorf("the %s tell of the user:\n%s", name, text)
		}
	}
}
