package admin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

const (
	botUser = "900100200300400500"
	ann     = "700100200300400500"
	token   = "the-token"

	pack = `
schema: beckon.rules/v1
pack: acme
layer: account
version: 1.0.0
features:
  asks_refund: {field: event.text, any_of: [refund]}
rules:
  - id: acme.dm
    effect: permit
    actions: [dm]
    because: "We answer DMs."
  - id: acme.reply
    effect: permit
    actions: [reply]
    because: "We answer posts."
  - id: acme.refund
    effect: hold
    actions: [dm, reply]
    because: "Money is promised by a person."
    when: {asks-refund: feature.asks_refund}
`
	answers = `
schema: beckon.answers/v1
default: {dm: "Noted: FIXEDTEXT.", reply: "Noted: FIXEDTEXT."}
`
)

var start = time.Date(2026, 3, 2, 9, 10, 0, 0, time.UTC)

// desk is a host without a bus and without a sender, behind the handler.
type desk struct {
	t *testing.T
	http.Handler
	store    *sqlite.Store
	dispatch *dispatch.Dispatcher
	opt      admin.Options

	stirs  int
	back   []db.DeadLetter // republished
	refuse error           // of Republish
	bus    []string        // bodies that were delivered
	log    bytes.Buffer
}

func open(t *testing.T) *desk {
	t.Helper()
	ctx := context.Background()
	store, err := sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(t.TempDir(), "b.db"), Temporary: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() }) // a test closes it before
	set, err := rules.Load([]rules.Source{{Name: "acme.yaml", Data: []byte(pack)}}, rules.Options{})
	if err != nil {
		t.Fatal(err)
	}
	words, err := handlers.LoadAnswers("answers.yaml", []byte(answers))
	if err != nil {
		t.Fatal(err)
	}
	g := gate.New([]gate.Bot{{
		Name: "acme", UserID: botUser, Username: "acmehelp", Operator: "acme", Tier: "self_serve", PrivacyURL: "https://acme.example/privacy",
		OptOutHint: "STOP ends it.", OptOutConfirmation: "Done.", Disclosure: "A bot.",
		LabelOn: true, BioDiscloses: true, OperatorLinked: true, Rules: set,
	}})
	key := event.Key("0123456789abcdef0123456789abcdef")
	d := &desk{t: t, store: store}
	d.dispatch = dispatch.New(dispatch.Options{
		Store: store, Gate: g, Key: key, Handlers: map[string]handlers.Chain{"acme": {words}},
	})
	d.opt = admin.Options{
		Store: store, Desk: action.Desk{Store: store, Gate: g, Key: key},
		Now: func() time.Time { return start.Add(time.Minute) }, Token: token, Bots: []string{"acme", "other"},
		Republish: func(_ context.Context, l db.DeadLetter) error {
			d.back = append(d.back, l)
			return d.refuse
		},
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "beckon_x 1") }),
		Stir:    func() { d.stirs++ },
		Log:     slog.New(slog.NewTextHandler(&d.log, nil)),
	}
	d.Handler = admin.New(d.opt)
	return d
}

// receive dispatches a DM, and returns the id of the action that it led to.
func (d *desk) receive(id, text string) string {
	d.t.Helper()
	body := fmt.Sprintf(`{"data":{"event_uuid":"e-%[1]s","event_type":"dm.received","filter":{"user_id":%[2]q},"payload":{
		"direct_message_events":[{"type":"message_create","id":%[1]q,"created_timestamp":"%[3]d","message_create":{
			"target":{"recipient_id":%[2]q},"sender_id":%[4]q,"message_data":{"text":%[5]q}}}]}}}`,
		id, botUser, start.UnixMilli(), ann, text)
	r := d.deliver(id, body)
	if r.Action.ID == "" {
		d.t.Fatalf("no action for %q: %s by %v: %s", text, r.Decision, r.By, r.Say)
	}
	return r.Action.ID
}

func (d *desk) deliver(id, body string) gate.Record {
	d.t.Helper()
	return d.from("/x/webhook", id, body)
}

func (d *desk) from(source, id, body string) gate.Record {
	d.t.Helper()
	d.bus = append(d.bus, body)
	m := bus.Message{ID: id, Type: "dm.received", Source: source, Time: start, Bot: "acme", User: ann, Data: []byte(body)}
	done, err := d.dispatch.Batch(context.Background(), start, []bus.Delivery{{Message: m, Seq: 1}})
	if err != nil {
		d.t.Fatal(err)
	}
	r := done[0].Records[0]
	if r.Action == nil {
		r.Action = &gate.ActionRef{}
	}
	return r
}

// reply is an answer of the handler.
type reply struct {
	status int
	body   string
}

func (d *desk) do(method, path, body string, edit ...func(*http.Request)) reply {
	d.t.Helper()
	r := httptest.NewRequest(method, "http://127.0.0.1:8081"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	for _, fn := range edit {
		fn(r)
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	b, err := io.ReadAll(w.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return reply{w.Code, string(b)}
}

// get reads an answer of 200 into a value.
func get[T any](d *desk, method, path, body string) T {
	d.t.Helper()
	var v T
	got := d.do(method, path, body)
	if got.status != http.StatusOK {
		d.t.Fatalf("%s %s: got %d %s, want 200", method, path, got.status, got.body)
	}
	if err := json.Unmarshal([]byte(got.body), &v); err != nil {
		d.t.Fatalf("%s %s: %v", method, path, err)
	}
	return v
}

func TestO1WhoMayAsk(t *testing.T) {
	t.Parallel()
	host := func(h string) func(*http.Request) { return func(r *http.Request) { r.Host = h } }
	header := func(k, v string) func(*http.Request) { return func(r *http.Request) { r.Header.Set(k, v) } }
	bare := func(r *http.Request) { r.Header.Del("Authorization") }
	for name, tt := range map[string]struct {
		path string
		edit []func(*http.Request)
		want int
	}{
		"health without token":    {"/healthz", []func(*http.Request){bare}, 200},
		"readiness without token": {"/readyz", []func(*http.Request){bare}, 200},
		"metrics without token":   {"/metrics", []func(*http.Request){bare}, 200},
		"list":                    {"/v1/actions", nil, 200},
		"list by name":            {"/v1/actions", []func(*http.Request){host("localhost:8081")}, 200},
		"list over IPv6":          {"/v1/actions", []func(*http.Request){host("[::1]:8081")}, 200},
		"list without port":       {"/v1/actions", []func(*http.Request){host("[::1]")}, 200},
		"no token":                {"/v1/actions", []func(*http.Request){bare}, 401},
		"wrong token":             {"/v1/actions", []func(*http.Request){header("Authorization", "Bearer the-tokem")}, 401},
		"longer token":            {"/v1/actions", []func(*http.Request){header("Authorization", "Bearer "+token+"x")}, 401},
		"empty token":             {"/v1/actions", []func(*http.Request){header("Authorization", "Bearer ")}, 401},
		"other scheme":            {"/v1/actions", []func(*http.Request){header("Authorization", "Basic "+token)}, 401},
		"no such path, no token":  {"/v1/nothing", []func(*http.Request){bare}, 401},
		"rebound name":            {"/v1/actions", []func(*http.Request){host("evil.example:8081")}, 403},
		"rebound name of health":  {"/healthz", []func(*http.Request){host("evil.example:8081")}, 403},
		"name like loopback":      {"/v1/actions", []func(*http.Request){host("127.0.0.1.evil.example")}, 403},
		"no host":                 {"/v1/actions", []func(*http.Request){host("")}, 403},
		"other address":           {"/v1/actions", []func(*http.Request){host("10.0.0.1:8081")}, 403},
		"web page":                {"/v1/actions", []func(*http.Request){header("Origin", "https://evil.example")}, 403},
		"local web page":          {"/metrics", []func(*http.Request){header("Origin", "http://127.0.0.1:8081")}, 403},
		"page without origin":     {"/healthz", []func(*http.Request){header("Origin", "")}, 403},
		"no such path":            {"/v1/nothing", nil, 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := open(t).do("GET", tt.path, "", tt.edit...); got.status != tt.want {
				t.Errorf("got %d %s, want %d", got.status, got.body, tt.want)
			}
		})
	}
	t.Run("no token configured", func(t *testing.T) {
		t.Parallel()
		d := open(t)
		d.opt.Token = ""
		d.Handler = admin.New(d.opt)
		if got := d.do("GET", "/v1/actions", "", header("Authorization", "Bearer ")); got.status != 401 {
			t.Errorf("got %d, want 401", got.status)
		}
	})
}

func TestHealth(t *testing.T) {
	t.Parallel()
	d := open(t)
	why := errors.New("the database does not answer")
	d.opt.Ready = func() error { return why }
	d.Handler = admin.New(d.opt)
	if got, want := d.do("GET", "/readyz", ""), (reply{503, "the database does not answer\n"}); got != want {
		t.Errorf("readyz: got %v, want %v", got, want)
	}
	if got, want := d.do("GET", "/healthz", ""), (reply{200, "ok\n"}); got != want {
		t.Errorf("healthz: got %v, want %v", got, want)
	}
	if got, want := d.do("GET", "/metrics", ""), (reply{200, "beckon_x 1\n"}); got != want {
		t.Errorf("metrics: got %v, want %v", got, want)
	}
	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := d.do("GET", "/healthz", ""), (reply{503, "read: database is closed\n"}); got != want {
		t.Errorf("healthz without a database: got %v, want %v", got, want)
	}
	if got := d.do("GET", "/v1/actions", ""); got.status != 500 {
		t.Errorf("list without a database: got %v, want 500", got)
	}
}

func TestZeroOptions(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.Handler = admin.New(admin.Options{Store: d.store, Desk: d.opt.Desk, Now: d.opt.Now, Token: token})
	id := d.receive("1", "hello")
	for path, want := range map[string]int{"/readyz": 200, "/metrics": 404, "/v1/switches": 200} {
		if got := d.do("GET", path, ""); got.status != want {
			t.Errorf("%s: got %d, want %d", path, got.status, want)
		}
	}
	if got := d.do("POST", "/v1/actions/"+id+"/retry", `{"by":"ann"}`); got.status != 200 {
		t.Errorf("retry: got %v, want 200", got)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	d := open(t)
	held, waits := d.receive("1", "refund please"), d.receive("2", "hello")
	for query, want := range map[string][]string{
		"":                            {waits, held},
		"?max=1":                      {waits},
		"?bot=acme&user=" + ann:       {waits, held},
		"?bot=other":                  {},
		"?user=1":                     {},
		"?state=hold":                 {held},
		"?state=pending&max=100&bot=": {waits},
		"?state=sent":                 {},
	} {
		ids := []string{}
		for _, a := range get[admin.Actions](d, "GET", "/v1/actions"+query, "").Actions {
			ids = append(ids, a.ID)
		}
		if diff := cmp.Diff(want, ids); diff != "" {
			t.Errorf("%q (-want +got):\n%s", query, diff)
		}
	}
}

func TestO3TextOnlyWhereAskedFor(t *testing.T) {
	t.Parallel()
	d := open(t)
	id := d.receive("1", "refund SECRETWORDS")
	d.deliver("2", `{"data":{"event_type": "SECRETBODY`)
	a := get[admin.ActionDetail](d, "GET", "/v1/actions/"+id, "")
	if want := "Noted: FIXEDTEXT.\n\nSTOP ends it.\n\nhttps://acme.example/privacy"; a.Text != want {
		t.Errorf("text: got %q, want %q", a.Text, want)
	}
	var r gate.Record
	if err := json.Unmarshal(a.Decision, &r); err != nil {
		t.Fatal(err)
	}
	if r.Decision != "hold" || r.By[0].Rule != "acme.refund" || r.By[0].Conditions[0] != "asks-refund" {
		t.Errorf("decision: got %s by %v, want hold by acme.refund for asks-refund", r.Decision, r.By)
	}
	letters := get[admin.Letters](d, "GET", "/v1/dead", "")
	if letters.Total != 1 || len(letters.Letters) != 1 {
		t.Fatalf("dead letters: got %+v, want one", letters)
	}
	l := get[admin.Letter](d, "GET", "/v1/dead/"+letters.Letters[0].ID, "")
	if l.Stage != "decode" || l.Bot != "acme" || l.Body != `{"data":{"event_type": "SECRETBODY` {
		t.Errorf("dead letter: got %+v", l)
	}
	lists := d.do("GET", "/v1/actions", "").body + d.do("GET", "/v1/dead", "").body
	changes := d.do("POST", "/v1/actions/"+id+"/edit", `{"by":"bob","text":"SECRET edit"}`).body +
		d.do("POST", "/v1/actions/"+id+"/approve", `{"by":"bob"}`).body +
		d.do("POST", "/v1/actions/"+id+"/retry", `{"by":"bob"}`).body +
		d.do("POST", "/v1/dead/"+l.ID+"/retry", `{"by":"bob"}`).body
	for _, secret := range []string{"SECRET", "FIXEDTEXT"} {
		if strings.Contains(lists+changes+d.log.String(), secret) {
			t.Errorf("%s left with a list, a change or the log:\n%s%s%s", secret, lists, changes, d.log.String())
		}
	}
	d.do("POST", "/v1/optouts", `{"by":"bob","user":"`+ann+`"}`)
	if a := get[admin.ActionDetail](d, "GET", "/v1/actions/"+id, ""); a.Text != "" || a.State != event.Cancelled {
		t.Errorf("after its end: got %s with text %q, want cancelled and none", a.State, a.Text)
	}
}

func TestO2Changes(t *testing.T) {
	t.Parallel()
	d := open(t)
	first, second := d.receive("1", "refund"), d.receive("2", "refund again")
	a := get[admin.Action](d, "POST", "/v1/actions/"+first+"/edit", `{"by":"bob","text":"Another text."}`)
	if a.State != event.Hold || !strings.HasPrefix(a.Reason, "edited by bob, and held: ") {
		t.Errorf("edit: got %s: %s", a.State, a.Reason)
	}
	if got := get[admin.ActionDetail](d, "GET", "/v1/actions/"+first, ""); !strings.HasPrefix(got.Text, "Another text.") {
		t.Errorf("edit: the text is %q", got.Text)
	}
	a = get[admin.Action](d, "POST", "/v1/actions/"+first+"/approve", `{"by":" bob "}`)
	if a.State != event.Pending || a.Approval == nil || a.Approval.By != "bob" || a.Approval.Rules[0] != "acme.refund" {
		t.Errorf("approve: got %+v", a)
	}
	a = get[admin.Action](d, "POST", "/v1/actions/"+second+"/reject", `{"by":"bob","why":"not ours"}`)
	if a.State != event.Denied || a.Reason != "rejected by bob: not ours" {
		t.Errorf("reject: got %s: %s", a.State, a.Reason)
	}
	a = get[admin.Action](d, "POST", "/v1/actions/"+first+"/retry", `{"by":"bob"}`)
	if !a.DueAt.Equal(d.opt.Now()) {
		t.Errorf("retry: due %s, want %s", a.DueAt, d.opt.Now())
	}
	at := d.opt.Now()
	off := admin.Switch{Bot: "*"}
	on := admin.Switch{Bot: "acme", Paused: true, By: "bob", At: at, Why: "fire"}
	got := get[admin.Switches](d, "PUT", "/v1/switches/acme", `{"by":"bob","paused":true,"why":"fire"}`)
	if diff := cmp.Diff(admin.Switches{Switches: []admin.Switch{off, on, {Bot: "other"}}}, got); diff != "" {
		t.Errorf("pause (-want +got):\n%s", diff)
	}
	get[admin.Switches](d, "PUT", "/v1/switches/*", `{"by":"eve","paused":true}`)
	got = get[admin.Switches](d, "GET", "/v1/switches", "")
	off = admin.Switch{Bot: "*", Paused: true, By: "eve", At: at}
	if diff := cmp.Diff(admin.Switches{Switches: []admin.Switch{off, on, {Bot: "other"}}}, got); diff != "" {
		t.Errorf("pause of all (-want +got):\n%s", diff)
	}
	get[admin.Switches](d, "PUT", "/v1/switches/acme", `{"by":"bob","paused":false}`)
	out := get[admin.OptedOut](d, "POST", "/v1/optouts", `{"by":"bob","user":"`+ann+`"}`)
	if want := (admin.OptedOut{User: ann, Cancelled: 1}); out != want {
		t.Errorf("opt-out: got %+v, want %+v", out, want)
	}
	all := get[admin.OptOuts](d, "GET", "/v1/optouts", "").OptOuts
	want := []admin.OptOut{{UserHash: d.opt.Desk.Key.User(ann), At: at, Tier: "operator", Event: "operator:bob"}}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("opt-outs (-want +got):\n%s", diff)
	}
	if rest := get[admin.OptOuts](d, "GET", "/v1/optouts?after="+all[0].UserHash, "").OptOuts; len(rest) != 0 {
		t.Errorf("opt-outs after the last: got %v, want none", rest)
	}
	if d.stirs != 7 {
		t.Errorf("the sender was woken %d times, want 7: by edit, approve, reject, retry and each switch", d.stirs)
	}
	for _, want := range []string{
		"by=bob did=approve action=" + first, "by=bob did=reject action=" + second, "by=bob did=retry action=" + first,
		"by=bob did=pause bot=acme", "by=eve did=pause bot=*", "by=bob did=resume bot=acme", `by=bob did="opt out" user=` + ann,
	} {
		if !strings.Contains(d.log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, d.log.String())
		}
	}
}

// TestRetryDead: a letter that is put back is dropped in the same transaction,
// and stays where the bus did not take it.
func TestRetryDead(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.deliver("1", "not JSON")
	id := get[admin.Letters](d, "GET", "/v1/dead", "").Letters[0].ID
	path := "/v1/dead/" + id + "/retry"
	for name, tt := range map[string]struct {
		err  error
		want int
	}{
		"bus is full": {errors.New("bus is full"), 500},
		"of no use":   {fmt.Errorf("%w: no such bot", admin.ErrUnusable), 409},
	} {
		d.refuse = tt.err
		if got := d.do("POST", path, `{"by":"bob"}`); got.status != tt.want || !strings.Contains(got.body, tt.err.Error()) {
			t.Errorf("%s: got %v, want %d with the reason", name, got, tt.want)
		}
		if got := d.do("GET", "/v1/dead/"+id, ""); got.status != 200 {
			t.Fatalf("%s: the letter is gone", name)
		}
	}
	d.refuse, d.back = nil, nil
	get[admin.Letter](d, "POST", path, `{"by":"bob"}`)
	if len(d.back) != 1 || d.back[0].ID != id || string(d.back[0].Raw) != "not JSON" {
		t.Errorf("republished %v, want the letter once", d.back)
	}
	if got := d.do("POST", path, `{"by":"bob"}`); got.status != 404 || len(d.back) != 1 {
		t.Errorf("a second time: got %v and republished %d, want 404 and 1", got, len(d.back))
	}
	if want := "by=bob did=retry letter=" + id; !strings.Contains(d.log.String(), want) {
		t.Errorf("the log lacks %q:\n%s", want, d.log.String())
	}
	// What fails again is kept again under the same id.
	d.from(dispatch.RetrySource(d.back[0]), "1", "not JSON")
	if got := get[admin.Letters](d, "GET", "/v1/dead", "").Letters; len(got) != 1 || got[0].ID != id {
		t.Errorf("after failing again: got %v, want %s", got, id)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	d := open(t)
	held, waits := d.receive("1", "refund"), d.receive("2", "hello")
	long := strings.Repeat("x", 600)
	for _, tt := range []struct {
		method, path, body string
		want               int
		say                string
	}{
		{"GET", "/v1/actions?state=gone", "", 400, `state: one of hold, pending, attempting, sent, failed, unknown, denied, cancelled, not \"gone\"`},
		{"GET", "/v1/actions?max=0", "", 400, "max: a number from 1 to 10000"},
		{"GET", "/v1/actions?max=10001", "", 400, "max: "},
		{"GET", "/v1/dead?max=x", "", 400, "max: "},
		{"GET", "/v1/optouts?max=-1", "", 400, "max: "},
		{"GET", "/v1/actions/a-none", "", 404, "action a-none: not found"},
		{"GET", "/v1/dead/l-none", "", 404, "dead letter l-none: not found"},
		{"DELETE", "/v1/actions/" + held, "", 404, "DELETE /v1/actions/"},
		{"POST", "/v1/actions/a-none/approve", `{"by":"bob"}`, 404, "action a-none: not found"},
		{"POST", "/v1/actions/" + waits + "/approve", `{"by":"bob"}`, 409, "only an action on hold"},
		{"POST", "/v1/actions/" + waits + "/reject", `{"by":"bob"}`, 409, "only an action on hold"},
		{"POST", "/v1/actions/" + held + "/retry", `{"by":"bob"}`, 409, "only a pending action"},
		{"POST", "/v1/actions/" + waits + "/edit", `{"by":"bob","text":"x"}`, 409, "only an action on hold"},
		{"POST", "/v1/actions/" + held + "/edit", `{"by":"bob","text":" "}`, 400, "text: say what"},
		{"POST", "/v1/actions/" + held + "/approve", `{"by":" "}`, 400, "by: say who does it"},
		{"POST", "/v1/actions/" + held + "/approve", ``, 400, "no JSON of this form"},
		{"POST", "/v1/actions/" + held + "/approve", `{"by":"bob"} {}`, 400, "goes on after its JSON"},
		{"POST", "/v1/actions/" + held + "/approve", `{"by":"bob","hwy":"x"}`, 400, "unknown field"},
		{"POST", "/v1/actions/" + held + "/approve", `{"by":"a\nb"}`, 400, "by: a name of one line"},
		{"POST", "/v1/actions/" + held + "/reject", `{"by":"bob","why":"` + long + `"}`, 400, "why: a reason of one line"},
		{"POST", "/v1/actions/" + held + "/reject", `{"by":"` + strings.Repeat(long, 40) + `"}`, 400, "too large"},
		{"POST", "/v1/dead/l-none/retry", `{"by":"bob"}`, 404, "dead letter l-none: not found"},
		{"POST", "/v1/dead/l-none/retry", `{}`, 400, "by: "},
		{"PUT", "/v1/switches/acm", `{"by":"bob","paused":true}`, 404, `bot \"acm\": not found; the bots are acme, other`},
		{"PUT", "/v1/switches/acme", `{"by":"bob"}`, 400, "paused: true or false"},
		{"PUT", "/v1/switches/acme", `{"paused":true}`, 400, "by: "},
		{"POST", "/v1/optouts", `{"by":"bob","user":"@ann"}`, 400, "user: X's user id, which is digits"},
		{"POST", "/v1/optouts", `{"by":"bob"}`, 400, "user: "},
		{"POST", "/v1/optouts", `{"user":"1"}`, 400, "by: "},
	} {
		got := d.do(tt.method, tt.path, tt.body)
		if got.status != tt.want || !strings.HasPrefix(got.body, `{"error":"`) || !strings.Contains(got.body, tt.say) {
			t.Errorf("%s %s %.40s: got %d %s, want %d %s", tt.method, tt.path, tt.body, got.status, got.body, tt.want, tt.say)
		}
	}
	if d.stirs != 0 || d.log.Len() != 0 {
		t.Errorf("requests that were refused woke the sender %d times and logged:\n%s", d.stirs, d.log.String())
	}
	for _, id := range []string{held, waits} {
		if a := get[admin.Action](d, "GET", "/v1/actions/"+id, ""); !a.UpdatedAt.Equal(start) {
			t.Errorf("action %s was changed at %s", id, a.UpdatedAt)
		}
	}
}
