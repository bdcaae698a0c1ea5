package xapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/event"
)

const (
	testText  = "Your parcel left the depot & is on its way <soon>"
	testToken = "tok-very-private"
	testSelf  = "7000000000000000001"
)

var testNow = time.Date(2026, 8, 20, 12, 0, 0, 0, time.UTC)

// ways are the three roads out: go-twitter, our own post, our own DM.
var ways = map[string]event.Outgoing{
	"go-twitter": {Action: "a1", Bot: "desk", Kind: event.Reply, ReplyTo: "2090000000000000777", Text: testText},
	"own post":   {Action: "a2", Bot: "desk", Kind: event.Reply, ReplyTo: "2090000000000000777", Text: testText, MadeWithAI: true, PaidPartnership: true},
	"own DM":     {Action: "a3", Bot: "desk", Kind: event.DM, User: "5000000000000000001", Text: testText},
}

func auth(a Authorizer, err error) Auth {
	return func(context.Context, As) (Authorizer, error) { return a, err }
}

func newClient(t *testing.T, base string, change func(*Options)) *Client {
	t.Helper()
	// A transport of its own: no connection of another test is reused.
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	o := Options{
		BaseURL: base,
		HTTP:    &http.Client{Transport: tr},
		Auth:    auth(Bearer(testToken), nil),
		UserID:  func(string) string { return testSelf },
		Now:     func() time.Time { return testNow },
		Timeout: 5 * time.Second,
	}
	if change != nil {
		change(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestClasses is the table of facts.md's errors, over every way out (A3).
func TestA3Classes(t *testing.T) {
	t.Parallel()
	const problems = "https://api.x.com/2/problems/"
	reset := testNow.Add(7 * time.Minute)
	resets := http.Header{"X-Rate-Limit-Limit": {"100"}, "X-Rate-Limit-Remaining": {"0"}, "X-Rate-Limit-Reset": {"1787227620"}}
	if reset.Unix() != 1787227620 {
		t.Fatalf("reset of the table is %d", reset.Unix())
	}
	const made = `{"data":{"id":"31","text":"t","dm_event_id":"31","dm_conversation_id":"1-2"}}`
	for _, tc := range []struct {
		name   string
		status int
		header http.Header
		body   string
		want   event.Outcome
	}{
		{"made", 201, nil, made, event.Outcome{RemoteID: "31", Status: 201}},
		{"made, by another success", 200, nil, made, event.Outcome{RemoteID: "31", Status: 200}},
		{"made, with errors beside it", 201, nil, `{"errors":[{"title":"x"}],` + made[1:], event.Outcome{RemoteID: "31", Status: 201}},
		{"made, unknown fields", 201, nil, `{"data":{"id":"31","dm_event_id":"31","new":[{}]},"more":1}`, event.Outcome{RemoteID: "31", Status: 201}},

		{"success that is HTML", 201, nil, "<html>ok</html>", event.Outcome{Class: event.UnknownOutcome, Status: 201, Detail: errNotJSON.Error()}},
		{"success that is empty", 201, nil, "", event.Outcome{Class: event.UnknownOutcome, Status: 201, Detail: errNotJSON.Error()}},
		{"success cut short", 201, nil, made[:20], event.Outcome{Class: event.UnknownOutcome, Status: 201, Detail: errNotJSON.Error()}},
		{"success with more behind", 201, nil, made + "{", event.Outcome{Class: event.UnknownOutcome, Status: 201, Detail: errNotJSON.Error()}},
		{"success that is null", 201, nil, "null", event.Outcome{Class: event.UnknownOutcome, Status: 201, Detail: errNoID.Error()}},
		{"success without id", 201, nil, `{"data":{"text":"t"}}`, event.Outcome{Class: event.UnknownOutcome, Status: 201, Detail: errNoID.Error()}},
		{"success with an id that is a number", 201, nil, `{"data":{"id":31,"dm_event_id":31}}`, event.Outcome{Class: event.UnknownOutcome, Status: 201, Detail: errNoID.Error()}},
		{"success without a body", 204, nil, "", event.Outcome{Class: event.UnknownOutcome, Status: 204, Detail: errNotJSON.Error()}},
		{"success with data of another shape", 200, nil, `{"data":[]}`, event.Outcome{Class: event.UnknownOutcome, Status: 200, Detail: errNoID.Error()}},

		{"errors and no data", 200, nil, `{"errors":[{"title":"Forbidden","detail":"not for you","type":"about:blank","status":403}]}`,
			event.Outcome{Class: event.Refused, Status: 200, Detail: "not for you"}},
		{"errors and null data", 201, nil, `{"data":null,"errors":[{"message":"nope","code":187}]}`,
			event.Outcome{Class: event.Refused, Status: 201, Detail: "nope"}},
		{"a limit told under a success is not tried again", 200, nil, `{"errors":[{"type":"` + problems + `rate-limit-exceeded","title":"slow"}]}`,
			event.Outcome{Class: event.Refused, Status: 200, Problem: "rate-limit-exceeded", Detail: "slow"}},
		{"an internal error told under a success", 200, nil, `{"errors":[{"type":"` + problems + `internal-error","title":"Oops"}]}`,
			event.Outcome{Class: event.UnknownOutcome, Status: 200, Problem: "internal-error", Detail: "Oops"}},
		{"a 503 told under a success", 200, nil, `{"errors":[{"title":"Oops","status":503}]}`,
			event.Outcome{Class: event.UnknownOutcome, Status: 200, Detail: "Oops"}},
		{"errors that say nothing", 200, nil, `{"errors":[{}]}`, event.Outcome{Class: event.UnknownOutcome, Status: 200}},
		{"errors beside data without id", 200, nil, `{"data":{},"errors":[{"title":"x"}]}`, event.Outcome{Class: event.UnknownOutcome, Status: 200, Detail: errNoID.Error()}},

		{"bad request", 400, nil, `{"errors":[{"parameters":{},"message":"text is odd"}],"title":"Invalid Request","detail":"One or more parameters to your request was invalid.","type":"` + problems + `invalid-request"}`,
			event.Outcome{Class: event.Bug, Status: 400, Problem: "invalid-request", Detail: "One or more parameters to your request was invalid."}},
		{"unauthorized", 401, nil, `{"title":"Unauthorized","type":"about:blank","status":401,"detail":"Unauthorized"}`,
			event.Outcome{Class: event.Auth, Status: 401, Detail: "Unauthorized"}},
		{"out of credits", 402, nil, `{"title":"CreditsDepleted","detail":"no credits"}`,
			event.Outcome{Class: event.UsageCapped, Status: 402, Detail: "no credits"}},
		{"not summoned", 403, nil, `{"detail":"You are not permitted","type":"about:blank","title":"Forbidden","status":403}`,
			event.Outcome{Class: event.Refused, Status: 403, Detail: "You are not permitted"}},
		{"app lacks access", 403, nil, `{"type":"` + problems + `client-forbidden","title":"Client Forbidden"}`,
			event.Outcome{Class: event.Refused, Status: 403, Problem: "client-forbidden", Detail: "Client Forbidden"}},
		{"older spelling of the prefix", 403, nil, `{"type":"https://api.twitter.com/2/problems/not-authorized-for-resource","title":"No"}`,
			event.Outcome{Class: event.Refused, Status: 403, Problem: "not-authorized-for-resource", Detail: "No"}},
		{"gone", 404, nil, `{"errors":[{"type":"` + problems + `resource-not-found","title":"Not Found","detail":"no such post"}]}`,
			event.Outcome{Class: event.Gone, Status: 404, Problem: "resource-not-found", Detail: "no such post"}},
		{"gone, in HTML", 404, nil, "<html>", event.Outcome{Class: event.Gone, Status: 404}},
		{"request time-out of something between", 408, nil, "", event.Outcome{Class: event.UnknownOutcome, Status: 408}},
		{"another 4xx", 422, nil, `{"code":1,"message":"odd"}`, event.Outcome{Class: event.Bug, Status: 422, Detail: "odd"}},
		{"limited", 429, resets, `{"title":"Too Many Requests","detail":"Too Many Requests","type":"about:blank","status":429}`,
			event.Outcome{Class: event.RateLimited, Status: 429, RetryAt: reset, Detail: "Too Many Requests"}},
		{"limited without a header", 429, nil, "", event.Outcome{Class: event.RateLimited, Status: 429, RetryAt: testNow.Add(15 * time.Minute)}},
		{"limited for the day", 429, http.Header{"X-Rate-Limit-Reset": {"1787227620"}, "X-Rate-Limit-Remaining": {"14"}, "X-User-Limit-24hour-Remaining": {"0"}, "X-User-Limit-24hour-Reset": {"1787270400"}}, "",
			event.Outcome{Class: event.RateLimited, Status: 429, RetryAt: testNow.Add(12 * time.Hour)}},
		{"limited for the app's day", 429, http.Header{"X-App-Limit-24hour-Remaining": {"0"}, "X-App-Limit-24hour-Reset": {"1787270400"}, "X-User-Limit-24hour-Remaining": {"7"}, "X-User-Limit-24hour-Reset": {"1787280400"}}, "",
			event.Outcome{Class: event.RateLimited, Status: 429, RetryAt: testNow.Add(12 * time.Hour)}},
		{"limited until a time gone by", 429, http.Header{"X-Rate-Limit-Reset": {"1787227199"}}, "", event.Outcome{Class: event.RateLimited, Status: 429, RetryAt: testNow.Add(15 * time.Minute)}},
		{"limited until milliseconds", 429, http.Header{"X-Rate-Limit-Reset": {"1787227620000"}}, "", event.Outcome{Class: event.RateLimited, Status: 429, RetryAt: testNow.Add(15 * time.Minute)}},
		{"usage capped", 429, resets, `{"type":"` + problems + `usage-capped","title":"UsageCapExceeded"}`,
			event.Outcome{Class: event.UsageCapped, Status: 429, Problem: "usage-capped", Detail: "UsageCapExceeded"}},
		{"usage capped by 403", 403, nil, `{"type":"` + problems + `usage-capped","title":"cap"}`,
			event.Outcome{Class: event.UsageCapped, Status: 403, Problem: "usage-capped", Detail: "cap"}},
		{"server error", 500, nil, `{"type":"` + problems + `internal-error","title":"Internal"}`,
			event.Outcome{Class: event.UnknownOutcome, Status: 500, Problem: "internal-error", Detail: "Internal"}},
		{"unavailable, in HTML", 503, resets, "<html><body>Over capacity</body></html>", event.Outcome{Class: event.UnknownOutcome, Status: 503}},
		{"redirect", 307, http.Header{"Location": {"/elsewhere"}}, "", event.Outcome{Class: event.UnknownOutcome, Status: 307}},
		{"redirect to an address that is none", 302, http.Header{"Location": {"http://[oops"}}, "", event.Outcome{Class: event.UnknownOutcome, Status: 302}},
		{"words that quote the text", 400, nil, `{"detail":"bad text: ` + testText + `"}`, event.Outcome{Class: event.Bug, Status: 400, Detail: "bad text: [text]"}},
		{"words for a terminal", 403, nil, `{"detail":"a\u001b[31mb\nc"}`, event.Outcome{Class: event.Refused, Status: 403, Detail: "a [31mb c"}},
		{"words without end", 403, nil, `{"detail":"` + strings.Repeat("ü", 400) + `"}`, event.Outcome{Class: event.Refused, Status: 403, Detail: strings.Repeat("ü", 150) + "…"}},
		{"answer without end", 201, nil, `{"data":{"id":"31","dm_event_id":"31"}}` + strings.Repeat(" ", maxBody), event.Outcome{Class: event.UnknownOutcome, Status: 201, Detail: "answer is longer than 1 MiB"}},
	} {
		for way, out := range ways {
			t.Run(tc.name+"/"+way, func(t *testing.T) {
				t.Parallel()
				var calls int
				srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					calls++
					for k, v := range tc.header {
						w.Header()[k] = v
					}
					w.WriteHeader(tc.status)
					_, _ = io.WriteString(w, tc.body)
				}))
				t.Cleanup(srv.Close)
				got := newClient(t, srv.URL, nil).Send(t.Context(), out)
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("outcome (-want +got):\n%s", diff)
				}
				if calls != 1 {
					t.Errorf("want 1 request, got %d", calls)
				}
			})
		}
	}
}

func TestSendRefusesBeforeTheCall(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("X was called") }))
	t.Cleanup(srv.Close)
	reply, dm := ways["go-twitter"], ways["own DM"]
	with := func(o event.Outgoing, change func(*event.Outgoing)) event.Outgoing { change(&o); return o }
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	tokenErr := func(token string, err error) func(*Options) {
		return func(o *Options) {
			o.Auth = auth(Bearer(token), err)
		}
	}
	for name, tc := range map[string]struct {
		ctx    context.Context
		out    event.Outgoing
		change func(*Options)
		want   event.Class
	}{
		"no text":            {t.Context(), with(reply, func(o *event.Outgoing) { o.Text = "" }), nil, event.Bug},
		"no post":            {t.Context(), with(reply, func(o *event.Outgoing) { o.ReplyTo = "" }), nil, event.Bug},
		"a path for a user":  {t.Context(), with(dm, func(o *event.Outgoing) { o.User = "1/../2" }), nil, event.Bug},
		"an id too long":     {t.Context(), with(dm, func(o *event.Outgoing) { o.User = strings.Repeat("1", 20) }), nil, event.Bug},
		"a DM with a flag":   {t.Context(), with(dm, func(o *event.Outgoing) { o.MadeWithAI = true }), nil, event.Bug},
		"a post that reply":  {t.Context(), with(reply, func(o *event.Outgoing) { o.Kind = event.Post }), nil, event.Bug},
		"a kind unsupported": {t.Context(), with(reply, func(o *event.Outgoing) { o.Kind = "poke" }), nil, event.Bug},
		"no token":           {t.Context(), reply, tokenErr("", nil), event.Auth},
		"a broken token":     {t.Context(), reply, tokenErr("a\nb", nil), event.Auth},
		"a token error":      {t.Context(), reply, tokenErr("", errors.New("revoked")), event.Auth},
		"a refresh offline":  {t.Context(), reply, tokenErr("", &Error{Class: event.Transient}), event.Transient},
		"cancelled":          {cancelled, reply, nil, event.Transient},
		"cancelled in token": {cancelled, reply, tokenErr("", context.Canceled), event.Transient},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newClient(t, srv.URL, tc.change).Send(tc.ctx, tc.out)
			if got.Class != tc.want || got.Status != 0 || got.RemoteID != "" {
				t.Errorf("want class %s and no answer, got %+v", tc.want, got)
			}
		})
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for base, ok := range map[string]bool{
		"":                            true,
		"https://api.x.com":           true,
		"https://api.x.com/":          true,
		"http://127.0.0.1:8080":       true,
		"http://[::1]:8080":           true,
		"http://localhost:1":          true,
		"http://api.x.com":            false,
		"http://127.0.0.1.evil.test":  false,
		"http://localhost.evil.test":  false,
		"http://10.0.0.1":             false,
		"ftp://127.0.0.1":             false,
		"api.x.com":                   false,
		"https://":                    false,
		"https://me:pw@api.x.com":     false,
		"https://api.x.com/?a=b":      false,
		"http://127.0.0.1@evil.test/": false,
	} {
		_, err := New(Options{BaseURL: base, Auth: auth(Bearer(""), nil)})
		if (err == nil) != ok {
			t.Errorf("%q: want accepted %v, got %v", base, ok, err)
		}
		if err != nil && strings.Contains(err.Error(), "pw") {
			t.Errorf("%q: the error holds the password: %v", base, err)
		}
	}
	if _, err := New(Options{}); err == nil {
		t.Error("a client without tokens was made")
	}
}

// TestLimitWaits: after the last call of a window, Send waits here instead of
// running into a 429, each bot and endpoint for itself, until the reset.
func TestLimitWaits(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	now, calls := testNow, 0
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls++
		w.Header().Set("x-rate-limit-remaining", "0")
		w.Header().Set("x-rate-limit-reset", "1787227620")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"data":{"id":"31","dm_event_id":"31"}}`)
	}))
	t.Cleanup(srv.Close)
	c := newClient(t, srv.URL, func(o *Options) { o.Now = clock })
	reset := testNow.Add(7 * time.Minute)

	send := func(o event.Outgoing, want event.Class, wantCalls int) {
		t.Helper()
		got := c.Send(t.Context(), o)
		if got.Class != want || calls != wantCalls {
			t.Errorf("want class %q after %d calls, got %+v after %d", want, wantCalls, got, calls)
		}
		if want == event.RateLimited && !got.RetryAt.Equal(reset) {
			t.Errorf("want retry at %v, got %v", reset, got.RetryAt)
		}
	}
	if _, _, known := c.Limit("desk", CreatePost); known {
		t.Error("a limit is known before the first call")
	}
	send(ways["go-twitter"], event.OK, 1)
	send(ways["go-twitter"], event.RateLimited, 1)
	send(ways["own post"], event.RateLimited, 1) // the same endpoint
	send(ways["own DM"], event.OK, 2)            // another one
	other := ways["go-twitter"]
	other.Bot = "other"
	send(other, event.OK, 3)

	if remaining, at, known := c.Limit("desk", CreatePost); remaining != 0 || !at.Equal(reset) || !known {
		t.Errorf("limit: got %d, %v, %v", remaining, at, known)
	}
	mu.Lock()
	now = reset
	mu.Unlock()
	send(ways["go-twitter"], event.OK, 4)
}

func TestA4NoTextNoToken(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	e := &Error{Op: CreatePost, Status: 400, Class: event.Bug, Detail: testText, Err: io.ErrUnexpectedEOF}
	if strings.Contains(e.Error(), testText) || !errors.Is(e, io.ErrUnexpectedEOF) {
		t.Errorf("error text %q", e)
	}
	c := newClient(t, "http://127.0.0.1:1", func(o *Options) { o.Log = debugLog(&log) })
	for _, o := range ways {
		got := c.Send(t.Context(), o)
		for _, s := range []string{got.Detail, got.Problem, log.String()} {
			if strings.Contains(s, testToken) || strings.Contains(s, "parcel") || strings.Contains(s, o.User+"/messages") {
				t.Errorf("leaked: %s", s)
			}
		}
	}
	if !strings.Contains(log.String(), `"class":"transient"`) {
		t.Errorf("no line about the call: %s", log.String())
	}
}
