package admin_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/event"
)

func as(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// added is a new operator's token.
func (d *desk) added(name string, role db.Role, more string) string {
	d.t.Helper()
	return get[admin.Operator](d, "POST", "/v1/operators", `{"by":"root","name":"`+name+`","role":"`+string(role)+`"`+more+`}`).Token
}

func (d *desk) acts(t *testing.T) (all []string) {
	t.Helper()
	for _, a := range slices.Backward(get[admin.Acts](d, "GET", "/v1/acts", "").Acts) {
		line := strings.TrimSpace(a.By + " " + string(a.Role) + " " + a.Did + " " + a.On)
		if a.Refused != "" {
			line += " ! " + a.Refused
		}
		all = append(all, line)
	}
	return all
}

// Every endpoint has its least role, and no other role gets past it.
func TestO4Roles(t *testing.T) {
	t.Parallel()
	d := open(t)
	tokens := map[db.Role]string{}
	for _, role := range db.Roles {
		tokens[role] = d.added(string(role), role, "")
	}
	for at, least := range admin.RouteRoles() {
		method, path, _ := strings.Cut(at, " ")
		for i, role := range db.Roles {
			got := d.do(method, path, "", as(tokens[role]))
			below := i < slices.Index(db.Roles, least)
			switch {
			case got.status == http.StatusUnauthorized:
				t.Errorf("%s as %s: its token is not known", at, role)
			case below != (got.status == http.StatusForbidden):
				t.Errorf("%s as %s, needs %s: got %d %s", at, role, least, got.status, got.body)
			case below && !strings.Contains(got.body, string(role)+" is "+string(role)+", and this needs "+string(least)):
				t.Errorf("%s as %s: %s", at, role, got.body)
			}
		}
	}
}

func TestO4Tokens(t *testing.T) {
	t.Parallel()
	d := open(t)
	now := start.Add(time.Minute)
	d.opt.Now = func() time.Time { return now }
	d.Handler = admin.New(d.opt)
	list := func(token string) int { return d.do("GET", "/v1/actions", "", as(token)).status }
	bob := d.added("bob", db.RoleViewer, `,"expires":"1h"`)
	if !strings.HasPrefix(bob, "beckon_") || list(bob) != http.StatusOK {
		t.Fatalf("the new token %q is not let in", bob)
	}
	now = now.Add(time.Hour)
	if got := list(bob); got != http.StatusUnauthorized {
		t.Errorf("an expired token: got %d", got)
	}
	again := get[admin.Operator](d, "POST", "/v1/operators/bob/rotate", `{"by":"root"}`).Token
	if list(bob) != http.StatusUnauthorized || list(again) != http.StatusOK {
		t.Error("rotation leaves the old token, or does not let the new one in")
	}
	get[admin.Operator](d, "POST", "/v1/operators/bob/role", `{"by":"root","role":"agent"}`)
	if all := get[admin.OperatorList](d, "GET", "/v1/operators", "").Operators; len(all) != 1 || all[0].Role != db.RoleAgent || all[0].Token != "" {
		t.Errorf("listed: %+v", all)
	}
	get[admin.Operator](d, "POST", "/v1/operators/bob/remove", `{"by":"root"}`)
	if got := list(again); got != http.StatusUnauthorized {
		t.Errorf("the token of a removed operator: got %d", got)
	}
	for body, want := range map[string]int{
		`{"by":"root","name":"bob","role":"boss"}`:                 http.StatusBadRequest,
		`{"by":"root","name":"Bob B","role":"agent"}`:              http.StatusBadRequest,
		`{"by":"root","name":"x","role":"agent","expires":"soon"}`: http.StatusBadRequest,
		`{"name":"x","role":"agent"}`:                              http.StatusBadRequest,
		`{"by":"root","name":"bob","role":"agent"}`:                http.StatusOK, // once more, after the removal
	} {
		if got := d.do("POST", "/v1/operators", body); got.status != want {
			t.Errorf("%s: got %d %s, want %d", body, got.status, got.body, want)
		}
	}
	if got := d.do("POST", "/v1/operators", `{"by":"root","name":"bob","role":"agent"}`); got.status != http.StatusConflict {
		t.Errorf("added twice: got %d %s", got.status, got.body)
	}
	if got := d.do("POST", "/v1/operators/nobody/rotate", `{"by":"root"}`); got.status != http.StatusNotFound {
		t.Errorf("nobody: got %d %s", got.status, got.body)
	}
}

// What operators do is recorded, under the name that their token has.
func TestO5Acts(t *testing.T) {
	t.Parallel()
	d := open(t)
	maria, vic := d.added("maria", db.RoleAgent, ""), d.added("vic", db.RoleViewer, "")
	id := d.receive("1", "I want a refund")
	if got := d.do("GET", "/v1/actions/"+id, "", as(vic)); got.status != http.StatusOK || strings.Contains(got.body, "FIXEDTEXT") {
		t.Errorf("O3: a viewer reads %d %s", got.status, got.body)
	}
	if got := d.do("GET", "/v1/actions/"+id, "", as(maria)); !strings.Contains(got.body, "FIXEDTEXT") {
		t.Errorf("an agent reads %d %s", got.status, got.body)
	}
	for _, tt := range []struct {
		method, path, body, token string
		want                      int
	}{
		{"POST", "/v1/actions/" + id + "/approve", `{}`, vic, http.StatusForbidden},
		{"POST", "/v1/actions/" + id + "/approve", `{"by":"vic"}`, maria, http.StatusBadRequest},
		{"POST", "/v1/actions/" + id + "/approve", `{}`, maria, http.StatusOK},
		{"POST", "/v1/actions/" + id + "/approve", `{"by":"maria"}`, maria, http.StatusConflict},
		{"POST", "/v1/optouts", `{"user":"` + ann + `"}`, maria, http.StatusOK},
		{"PUT", "/v1/switches/acme", `{"paused":true,"why":"odd answers"}`, maria, http.StatusOK},
		{"PUT", "/v1/switches/acme", `{"paused":false}`, maria, http.StatusForbidden},
	} {
		if got := d.do(tt.method, tt.path, tt.body, as(tt.token)); got.status != tt.want {
			t.Errorf("%s %s %s: got %d %s, want %d", tt.method, tt.path, tt.body, got.status, got.body, tt.want)
		}
	}
	a := get[admin.ActionDetail](d, "GET", "/v1/actions/"+id, "")
	if a.State != event.Cancelled || a.Approval == nil || a.Approval.By != "maria" {
		t.Errorf("the action: %s, approval %+v", a.State, a.Approval)
	}
	mark := event.Key("0123456789abcdef0123456789abcdef").User(ann)[:16]
	want := []string{
		"root admin add an operator name maria role agent",
		"root admin add an operator name vic role viewer",
		"maria agent read the text id " + id,
		"vic viewer approve ! vic is viewer, and this needs agent",
		"maria agent approve ! by: the token is that of maria, not of vic; leave --by out",
		"maria agent approve id " + id,
		"maria agent approve id " + id + " ! action " + id + " is pending: only an action on hold can be approved or rejected, or its text edited",
		"maria agent opt out user " + mark,
		"maria agent kill switch bot acme",
		"maria agent kill switch bot acme ! maria is agent: whoever resumes a bot is an admin",
	}
	got := d.acts(t)
	if !slices.Equal(got, want) {
		t.Errorf("acts:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if strings.Contains(strings.Join(got, " "), ann) {
		t.Error("an act names a user")
	}
}

// An act is stored with its change or not at all.
func TestO5ActWithItsChange(t *testing.T) {
	t.Parallel()
	d := open(t)
	before := len(d.acts(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d.do("PUT", "/v1/switches/acme", `{"by":"root","paused":true}`, func(r *http.Request) { *r = *r.WithContext(ctx) })
	paused := get[admin.Switches](d, "GET", "/v1/switches", "").Switches[1].Paused
	all := d.acts(t)
	if paused || len(all) != before+1 || !strings.Contains(all[before], " ! ") {
		t.Errorf("a change that was not made: paused %t, acts %q", paused, all)
	}
}

// A read that is refused stands among the acts in plain words, not by its route.
func TestO5RefusedReads(t *testing.T) {
	t.Parallel()
	d := open(t)
	token := get[admin.Operator](d, "POST", "/v1/operators", `{"by":"root","name":"vera","role":"viewer"}`).Token
	as := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
	for _, path := range []string{"/v1/operators", "/v1/consents?bot=acme&user=7", "/v1/actions/none"} {
		if got := d.do("GET", path, "", as); got.status == http.StatusOK {
			t.Errorf("%s: got %v, want a refusal", path, got)
		}
	}
	got := d.acts(t)
	for _, want := range []string{
		"vera viewer list operators ! vera is viewer, and this needs admin", "vera viewer list consents ! vera is viewer, and this needs agent", "vera viewer show an action id none ! ",
	} {
		if !slices.ContainsFunc(got, func(a string) bool { return strings.HasPrefix(a, want) }) {
			t.Errorf("no act %q in\n%s", want, strings.Join(got, "\n"))
		}
	}
	names := map[string]string{}
	for pattern, name := range admin.RouteNames() {
		if name == "" || strings.Contains(name, "/") || names[name] != "" {
			t.Errorf("%s is called %q, and so is %q", pattern, name, names[name])
		}
		names[name] = pattern
	}
}

// No answer may be framed, whoever asks.
func TestO1NoFrames(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, path := range []string{"/healthz", "/metrics", "/v1/actions", "/nothing"} {
		for _, host := range []string{"127.0.0.1:8081", "beckon.example"} {
			r := httptest.NewRequest("GET", "http://"+host+path, nil)
			w := httptest.NewRecorder()
			d.ServeHTTP(w, r)
			if h := w.Header(); h.Get("X-Frame-Options") != "DENY" || h.Get("Content-Security-Policy") != "frame-ancestors 'none'" {
				t.Errorf("%s of %s: %v", path, host, h)
			}
		}
	}
}

// What was refused names no user either: the record outlives their data.
func TestO5RefusalNamesNobody(t *testing.T) {
	t.Parallel()
	d := open(t)
	for path, body := range map[string]string{
		"/v1/conversations/acme/" + ann + "/release": `{"by":"root"}`,
		"/v1/optouts": `{"by":"root","user":"` + ann + ` "}`,
	} {
		if got := d.do("POST", path, body); got.status == http.StatusOK {
			t.Errorf("%s %s: got %d %s, want a refusal", path, body, got.status, got.body)
		}
	}
	all := strings.Join(d.acts(t), "\n")
	if strings.Contains(all, ann) || strings.Count(all, " ! ") != 2 {
		t.Errorf("acts:\n%s", all)
	}
}
