package xsim

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestSubscriptions(t *testing.T) {
	t.Parallel()
	h := &hook{}
	w := hooked(t, h, func(o *Options) { o.Strict = true })
	subscribe := func(token, body string) (int, string) {
		status, _, out := w.call("POST", "/2/activity/subscriptions", token, body)
		return status, out
	}
	dm := `{"event_type":"dm.received","filter":{"user_id":"` + deskID + `"},"tag":"inbox","webhook_id":"1"}`
	for name, tc := range map[string]struct {
		token, body string
		want        int
	}{
		"private by the app":    {"t-app", dm, 403},
		"private by another":    {"t-twin", dm, 403},
		"no such type":          {"t-app", `{"event_type":"post.shout","filter":{"user_id":"` + deskID + `"}}`, 400},
		"half a type":           {"t-app", `{"event_type":"post","filter":{"user_id":"` + deskID + `"}}`, 400},
		"no filter":             {"t-app", `{"event_type":"post.create","filter":{}}`, 400},
		"two filters":           {"t-app", `{"event_type":"post.create","filter":{"user_id":"` + deskID + `","keyword":"a"}}`, 400},
		"nobody":                {"t-app", `{"event_type":"post.create","filter":{"user_id":"99"}}`, 400},
		"no such webhook":       {"t-app", `{"event_type":"post.create","filter":{"user_id":"` + deskID + `"},"webhook_id":"9"}`, 400},
		"a direction of none":   {"t-app", `{"event_type":"follow.follow","filter":{"user_id":"` + deskID + `","direction":"up"}}`, 400},
		"a key that is unknown": {"t-app", `{"event_type":"post.create","filter":{"user_id":"` + deskID + `"},"x":1}`, 400},
	} {
		if status, body := subscribe(tc.token, tc.body); status != tc.want {
			t.Errorf("%s: want %d, got %d %s", name, tc.want, status, body)
		}
	}
	say := func() {
		if err := w.Deliver(t.Context(), w.do(Act{Kind: ActDM, From: "ann", To: "HelpDesk", Text: "hi"}).Bodies...); err != nil {
			t.Fatal(err)
		}
	}
	say()
	if len(h.bodies) != 0 {
		t.Errorf("nothing is subscribed: %s", h.bodies)
	}
	status, made := subscribe("t-desk", dm)
	if status != 200 || !strings.Contains(made, `{"data":{"subscription":{"subscription_id":"`) {
		t.Fatalf("%d %s", status, made)
	}
	if status, _ := subscribe("t-desk", dm); status != 409 {
		t.Errorf("twice: %d", status)
	}
	say()
	if len(h.bodies) != 1 || !strings.Contains(h.bodies[0], `"tag":"inbox"`) {
		t.Errorf("bodies: %s", h.bodies)
	}
	_, rest, _ := strings.Cut(made, `"subscription_id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	path := "/2/activity/subscriptions/" + id
	if status, _, body := w.call("PUT", path, "t-app", `{"tag":"letters"}`); status != 200 || !strings.Contains(body, `"tag":"letters"`) {
		t.Errorf("PUT: %d %s", status, body)
	}
	if status, _, _ := w.call("PUT", path, "t-app", `{"event_type":"dm.sent"}`); status != 400 {
		t.Errorf("PUT of the type: %d", status)
	}
	if status, _, _ := w.call("PUT", path, "t-desk", `{"tag":"letters"}`); status != 403 {
		t.Errorf("PUT by a user token: %d", status)
	}
	for token, n := range map[string]int{"t-app": 1, "t-desk": 1, "t-twin": 0} {
		if _, _, body := w.call("GET", "/2/activity/subscriptions", token, ""); strings.Count(body, `"event_type"`) != n {
			t.Errorf("list by %s: %s", token, body)
		}
	}
	if status, _, body := w.call("DELETE", path, "t-app", ""); status != 200 || body != `{"data":{"deleted":true}}` {
		t.Errorf("DELETE: %d %s", status, body)
	}
	if status, _, _ := w.call("DELETE", path, "t-app", ""); status != 404 {
		t.Errorf("DELETE twice: %d", status)
	}
	say()
	if len(h.bodies) != 1 {
		t.Errorf("after all: %d bodies", len(h.bodies))
	}
	for shape, want := range map[string]string{"bare": `{"data":{"subscription_id"`, "list": `{"data":[{"subscription_id"`} {
		w := hooked(t, h, func(o *Options) { o.Drift.Subscription = shape })
		if _, _, body := w.call("POST", "/2/activity/subscriptions", "t-desk", dm); !strings.HasPrefix(body, want) {
			t.Errorf("%s: %s", shape, body)
		}
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	h := &hook{}
	w := hooked(t, h, nil)
	say := func(text string) {
		w.Miss(w.do(Act{Kind: ActDM, From: "ann", To: "HelpDesk", Text: text}).Bodies...)
		w.wait(time.Minute)
	}
	say("first")
	say("second")
	start := w.now
	w.wait(40 * time.Minute)
	ask := func(hook string, from, to time.Duration) (int, string) {
		const layout = "200601021504"
		status, _, body := w.call("POST", "/2/webhooks/replay", "t-app", fmt.Sprintf(`{"webhook_id":%q,"from_date":%q,"to_date":%q}`,
			hook, w.now.Add(-from).Format(layout), w.now.Add(-to).Format(layout)))
		return status, body
	}
	for name, tc := range map[string]struct {
		hook     string
		from, to time.Duration
	}{
		"another webhook": {"9", time.Hour, 20 * time.Minute},
		"too old":         {"1", 25 * time.Hour, 20 * time.Minute},
		"too new":         {"1", 30 * time.Minute, 20 * time.Minute},
		"to the present":  {"1", time.Hour, 5 * time.Minute},
		"backwards":       {"1", 40 * time.Minute, 50 * time.Minute},
	} {
		if status, body := ask(tc.hook, tc.from, tc.to); status != 400 {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	w.FailReplays(1)
	status, body := ask("1", time.Hour, 20*time.Minute)
	if status != 200 || !strings.Contains(body, `"job_id"`) {
		t.Fatalf("%d %s", status, body)
	}
	if status, body := ask("1", time.Hour, 20*time.Minute); status != 409 || !strings.Contains(body, "ReplayConflictError") {
		t.Errorf("a second job: %d %s", status, body)
	}
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(h.bodies); n != 1 || !strings.Contains(h.bodies[0], `{"replay_job_status":{"webhook_id":"1","job_state":"Incomplete"`) {
		t.Errorf("a job that fails: %s", h.bodies)
	}
	if status, _ := ask("1", time.Hour, w.now.Sub(start)+time.Minute); status != 200 {
		t.Fatal(status)
	}
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(h.bodies); n != 3 || !strings.Contains(h.bodies[1], "first") || !strings.Contains(h.bodies[2], `"job_state":"Complete"`) {
		t.Errorf("want the first and the end: %s", h.bodies)
	}
}
