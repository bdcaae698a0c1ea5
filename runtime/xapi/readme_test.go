package xapi_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/xapi"
)

var update = flag.Bool("update", false, "rewrite README.md")

// kind is one way in which a call can go wrong. status 0 is no answer.
type kind struct {
	what     string
	status   int
	problem  string // X's problem type
	body     string // where it is not that of the problem
	scenario string
}

// kinds lists every error kind of facts.md (read 2026-11-25), and what a network
// adds to them.
func kinds() []kind {
	return []kind{
		{"no connection: dial, DNS, TLS", 0, "", "refuse", "connection_refused"},
		{"connection lost, time-out", 0, "", "drop", "lost_answer_without_echo"},
		{"success without JSON", 201, "", "<html>ok</html>", "success_in_html"},
		{"success without an id", 201, "", `{"data":{}}`, ""},
		{"success that says: errors", 200, "", `{"errors":[{"title":"Forbidden"}]}`, "refused"},
		{"success that says: not found", 200, "resource-not-found", "", "gone_under_success"},
		{"success that says: internal error", 200, "internal-error", "", "internal_error_under_success"},
		{"success that says: usage cap", 200, "usage-capped", "", "capped_under_success"},
		{"redirect", 307, "", "-", "gave_up_between"},
		{"invalid request", 400, "invalid-request", "", "invalid_request"},
		{"token refused", 401, "", "", "unauthorised"},
		{"out of credits", 402, "", "", "out_of_credits"},
		{"not summoned, blocked, DMs closed, suspended", 403, "", "", "refused"},
		{"duplicate text", 403, "", "", "duplicate_text_refused"},
		{"the app lacks access", 403, "client-forbidden", "", "app_lacks_access"},
		{"not for this account", 403, "not-authorized-for-resource", "", "not_this_resource"},
		{"not this field", 403, "not-authorized-for-field", "", "not_this_resource"},
		{"resource disallowed", 403, "disallowed-resource", "", "not_this_resource"},
		{"usage cap", 403, "usage-capped", "", "usage_capped"},
		{"gone", 404, "resource-not-found", "", "gone"},
		{"gone, in HTML", 404, "", "<html>", "html_errors"},
		{"gone for good", 410, "", "", "other_4xx"},
		{"something between us and X gave up", 408, "", "-", "gave_up_between"},
		{"another 4xx", 422, "", `{"code":1,"message":"odd"}`, "other_4xx"},
		{"rate limit", 429, "rate-limit-exceeded", "", "rate_limit"},
		{"rate limit", 429, "", "", "html_errors"},
		{"usage cap", 429, "usage-capped", "", "usage_capped"},
		{"too many streams (of a stream only)", 429, "streaming-connection", "", ""},
		{"the stream is about to end (a line of it only)", 503, "operational-disconnect", "", ""},
		{"internal error", 500, "internal-error", "", "server_error"},
		{"resource unavailable", 503, "resource-unavailable", "", "resource_unavailable"},
		{"error page", 502, "", "<html>Bad Gateway</html>", "server_error"},
	}
}

// answer is a transport that ends a call in one way.
type answer kind

func (k answer) RoundTrip(r *http.Request) (*http.Response, error) {
	switch k.body {
	case "refuse":
		return (&http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("connection refused")
		}}).RoundTrip(r)
	case "drop":
		return nil, errors.New("connection reset by peer")
	}
	w := httptest.NewRecorder()
	if k.status == http.StatusTooManyRequests {
		w.Header().Set("x-rate-limit-reset", fmt.Sprint(readmeNow.Add(time.Minute).Unix()))
	}
	w.WriteHeader(k.status)
	title := http.StatusText(k.status)
	switch {
	case k.body == "-":
	case k.body != "":
		_, _ = io.WriteString(w, k.body)
	case k.status < 300:
		_, _ = fmt.Fprintf(w, `{"errors":[{"type":"https://api.x.com/2/problems/%s","title":"%s"}]}`, k.problem, title)
	case k.problem != "":
		_, _ = fmt.Fprintf(w, `{"type":"https://api.x.com/2/problems/%s","title":"%s","status":%d}`, k.problem, title, k.status)
	default:
		_, _ = fmt.Fprintf(w, `{"type":"about:blank","title":"%s","status":%d}`, title, k.status)
	}
	return w.Result(), nil
}

var readmeNow = time.Date(2026, 8, 20, 12, 0, 0, 0, time.UTC)

// TestReadme writes the tables of README.md from the code: each kind of error
// goes through the client and through the log's own verdict.
func TestReadme(t *testing.T) {
	t.Parallel()
	const file = "README.md"
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	fresh := between(t, string(old), "errors", errorTable(t))
	fresh = between(t, fresh, "endpoints", endpointTable())
	if *update {
		if err := os.WriteFile(file, []byte(fresh), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(old), fresh); diff != "" {
		t.Errorf("README.md is stale; run go test ./runtime/xapi -run TestReadme -update\n%s", diff)
	}
}

func errorTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| what | status | problem | class | what happens | what the operator sees | a read | scenario |\n|---|---|---|---|---|---|---|---|\n")
	for _, k := range kinds() {
		c, err := xapi.New(xapi.Options{
			HTTP: &http.Client{Transport: answer(k)}, Now: func() time.Time { return readmeNow },
			Auth: func(context.Context, xapi.As) (xapi.Authorizer, error) { return xapi.Bearer("t"), nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		out := c.Send(t.Context(), event.Outgoing{Kind: event.Reply, ReplyTo: "1", Text: "Hello, you"})
		if out.Class == event.OK {
			t.Errorf("%s: is no error", k.what)
		}
		var e *xapi.Error
		if _, err := c.Post(t.Context(), xapi.As{Bot: "reader"}, "1"); !errors.As(err, &e) {
			t.Errorf("%s: a read: %v", k.what, err)
			continue
		}
		asRead := ""
		if e.Class != out.Class {
			asRead = string(e.Class)
		}
		next := action.NextFor(event.Reply, out, 1)
		fmt.Fprintf(&b, "| %s | %s | %s | `%s` | %s | %s | %s | %s |\n", k.what, statusOf(k), codeOr(k.problem, "nothing"), out.Class,
			happens(next, out), seen(next, out), codeOr(asRead, ""), scenarioOf(t, k))
	}
	return b.String()
}

func happens(n action.Next, out event.Outcome) string {
	switch {
	case n.State == event.Pending && !out.RetryAt.IsZero():
		return "waits, is sent after the reset"
	case n.State == event.Pending:
		return fmt.Sprintf("waits, is tried again after %s", strings.TrimSuffix(strings.TrimSuffix(n.After.String(), "0s"), "0m"))
	case n.State == event.Unsettled:
		return "unknown, never sent again by itself"
	}
	return string(n.State) + ", for good"
}

func seen(n action.Next, out event.Outcome) string {
	return strings.ReplaceAll(n.Say(out), "|", "\\|")
}

func statusOf(k kind) string {
	if k.status == 0 {
		return ""
	}
	return fmt.Sprint(k.status)
}

func codeOr(s, none string) string {
	if s == "" {
		return none
	}
	return "`" + s + "`"
}

// scenarioOf fails where the scenario that a row names is not there.
func scenarioOf(t *testing.T, k kind) string {
	t.Helper()
	if k.scenario == "" {
		return ""
	}
	if _, err := os.Stat(filepath.Join("..", "bottest", "testdata", k.scenario+".txtar")); err != nil {
		t.Errorf("%s: %v", k.what, err)
	}
	return codeOr(k.scenario, "")
}

func endpointTable() string {
	var b strings.Builder
	b.WriteString("| name | call | in the name of |\n|---|---|---|\n")
	for _, e := range xapi.Endpoints() {
		who := "a bot"
		if e.App {
			who = "the app"
		}
		fmt.Fprintf(&b, "| `%s` | `%s %s` | %s |\n", e.Name, e.Method, e.Path, who)
	}
	return b.String()
}

// between replaces what stands between a mark and its end.
func between(t *testing.T, page, mark, with string) string {
	t.Helper()
	before, rest, ok := strings.Cut(page, "<!-- "+mark+":")
	head, rest, ok2 := strings.Cut(rest, "-->\n")
	_, after, ok3 := strings.Cut(rest, "<!-- end -->")
	if !ok || !ok2 || !ok3 {
		t.Fatalf("README.md has no mark %s", mark)
	}
	return before + "<!-- " + mark + ":" + head + "-->\n\n" + with + "\n<!-- end -->" + after
}
