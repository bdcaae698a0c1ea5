package xapi_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/xapi"
	"github.com/beckon-bot/beckon/runtime/xsim/xsimtest"
)

// inboundClient calls a server that answers with what answer gives, and holds
// every request to X's contract.
func inboundClient(t *testing.T, answer func(r *http.Request) string) *xapi.Client {
	t.Helper()
	contract := xsimtest.Load(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := contract.Request(r); err != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		_, _ = io.WriteString(w, answer(r))
	}))
	t.Cleanup(srv.Close)
	c, err := xapi.New(xapi.Options{
		BaseURL: srv.URL,
		Auth:    func(_ context.Context, as xapi.As) (xapi.Authorizer, error) { return xapi.Bearer("of" + as.Bot), nil },
		UserID:  func(string) string { return "42" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestInboundCallsHoldToTheContract(t *testing.T) {
	t.Parallel()
	var got []string
	c := inboundClient(t, func(r *http.Request) string {
		body, _ := io.ReadAll(r.Body)
		got = append(got, strings.TrimSpace(strings.Join([]string{r.Method, r.URL.Path, r.Header.Get("Authorization")[7:], string(body)}, " ")))
		switch {
		case r.URL.Path == "/2/webhooks" && r.Method == "GET":
			return `{"data":[{"id":"7","url":"https://a.example/x/webhook","valid":true}]}`
		case r.URL.Path == "/2/webhooks":
			return `{"data":{"id":"8","url":"https://a.example/x/webhook","valid":true,"created_at":"x"}}`
		case strings.HasPrefix(r.URL.Path, "/2/webhooks/replay"):
			return `{"data":{"job_id":"9","created_at":"x"}}`
		case strings.HasPrefix(r.URL.Path, "/2/webhooks/"):
			return `{"data":{"valid":true}}`
		case strings.HasSuffix(r.URL.Path, "/mentions"):
			return `{"data":[{"id":"5","odd":1e400}],"includes":{"users":[]},"meta":{"next_token":"n"}}`
		case r.URL.Path == "/2/dm_events":
			return `{"meta":{"result_count":0}}`
		case r.URL.Path == "/2/connections":
			return `{"data":[{"id":"c1","endpoint_name":"activity_stream","connected_at":"2026-11-25T02:00:00.000Z","client_ip":"192.0.2.1"}]}`
		case r.URL.Path == "/2/connections/all":
			return `{"data":{"successful_kills":1}}`
		case r.URL.Path == "/2/activity/stream":
			return "\r\n"
		case r.Method == "POST":
			return `{"data":{"subscription":{"subscription_id":"3","event_type":"dm.received"}}}`
		case r.Method == "GET" && r.URL.Query().Get("pagination_token") == "":
			return `{"data":[{"subscription_id":"1","event_type":"dm.sent","filter":{"user_id":"42"},"webhook_id":"7"}],"meta":{"next_token":"p2"}}`
		case r.Method == "GET":
			return `{"data":[{"subscription_id":"2","event_type":"dm.received","filter":{"user_id":"42"}}]}`
		}
		return `{"data":{"deleted":true}}`
	})
	ctx := t.Context()
	at := time.Date(2026, 3, 2, 9, 5, 59, 0, time.FixedZone("", 3600))
	check := func(err error, ok bool) {
		t.Helper()
		if err != nil || !ok {
			t.Errorf("after %s: %v, %v", got[len(got)-1], err, ok)
		}
	}
	hooks, err := c.Webhooks(ctx)
	check(err, len(hooks) == 1 && hooks[0].Valid && hooks[0].ID == "7")
	hook, err := c.CreateWebhook(ctx, "https://a.example/x/webhook")
	check(err, hook.ID == "8")
	valid, err := c.ValidateWebhook(ctx, "7")
	check(err, valid)
	job, err := c.Replay(ctx, "7", at, at.Add(time.Hour))
	check(err, job == "9")
	posts, _, next, err := c.Mentions(ctx, "desk", "11", "")
	check(err, len(posts) == 1 && string(posts[0]) == `{"id":"5","odd":1e400}` && next == "n")
	dms, _, next, err := c.DMs(ctx, "desk", "")
	check(err, len(dms) == 0 && next == "")
	open, err := c.Connections(ctx)
	check(err, len(open) == 1 && open[0].ClientIP == "192.0.2.1")
	n, err := c.CloseConnections(ctx)
	check(err, n == 1)
	stream, err := c.OpenStream(ctx, 3, time.Time{})
	check(err, stream != nil)
	_ = stream.Close()
	stream, err = c.OpenStream(ctx, 5, at)
	check(err, stream != nil)
	_ = stream.Close()
	subs, err := c.Subscriptions(ctx)
	check(err, len(subs) == 2 && subs[0].Webhook == "7" && subs[1].Type == event.DMReceived)
	made, err := c.Subscribe(ctx, xapi.As{Bot: "desk"}, xapi.Subscription{Type: event.DMReceived, Filter: xapi.SubFilter{User: "42"}, Tag: "beckon", Webhook: "7"})
	check(err, made.ID == "3")
	check(c.DirectSubscription(ctx, "3", "7"), true)
	check(c.Unsubscribe(ctx, "3"), true)
	for _, want := range []string{
		`POST /2/webhooks/replay of {"webhook_id":"7","from_date":"202603020805","to_date":"202603020905"}`,
		`GET /2/users/42/mentions ofdesk`,
		`POST /2/activity/subscriptions ofdesk {"event_type":"dm.received","filter":{"user_id":"42"},"tag":"beckon","webhook_id":"7"}`,
		`PUT /2/activity/subscriptions/3 of {"webhook_id":"7"}`,
		`DELETE /2/connections/all of`,
	} {
		if !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("no request %s in\n%s", want, strings.Join(got, "\n"))
		}
	}
}

// TestSubscribeShapes: X gives what it made in three shapes.
func TestSubscribeShapes(t *testing.T) {
	t.Parallel()
	for body, ok := range map[string]bool{
		`{"data":{"subscription":{"subscription_id":"3"}}}`: true,
		`{"data":{"subscription_id":"3"}}`:                  true,
		`{"data":[{"subscription_id":"3"}]}`:                true,
		`{"data":[]}`:                                       false,
		`{"data":{}}`:                                       false,
		`{"data":"3"}`:                                      false,
	} {
		c := inboundClient(t, func(*http.Request) string { return body })
		got, err := c.Subscribe(t.Context(), xapi.As{}, xapi.Subscription{Type: event.PostCreate, Filter: xapi.SubFilter{User: "42"}})
		if (err == nil && got.ID == "3") != ok {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
}
