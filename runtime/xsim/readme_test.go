package xsim

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestREADMEIsWhole: every endpoint, name and fault stands in the README.
func TestREADMEIsWhole(t *testing.T) {
	t.Parallel()
	text := readme(t)
	want := []string{"`expect`", "`end`", "`" + string(FaultLost) + "`"}
	for _, r := range routes() {
		want = append(want, "`"+r.pattern+"`", "`"+r.op+"`")
	}
	for _, c := range Commands() {
		want = append(want, "`"+c+"`")
	}
	for _, k := range []FaultKind{FaultRefuse, FaultDrop, FaultLost, FaultStatus, FaultHTML, FaultLimit, FaultGarbage, FaultNoID, FaultErrors, FaultDrip} {
		want = append(want, "| `"+string(k)+"` |")
	}
	for _, k := range []StreamFault{StreamDrop, StreamDisconnect, StreamError, StreamStall, StreamTorn, StreamGarbage} {
		want = append(want, "| `"+string(k)+"` |")
	}
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("the README lacks %s", w)
		}
	}
	block := regexp.MustCompile("(?s)```\n(# the answer.*?)```").FindStringSubmatch(text)
	if block == nil {
		t.Fatal("the README has no scenario")
	}
	if sc, err := ParseScenario("README.md", strings.NewReader(block[1])); err != nil || !sc.Ends() {
		t.Errorf("its scenario: %v", err)
	}
}

// TestREADMEBot runs the README's first example: its bot, and its curl.
func TestREADMEBot(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("the README's bot does not run: no python3 on the PATH")
	}
	text := readme(t)
	bot := regexp.MustCompile("(?s)```python\n(.*?)```").FindStringSubmatch(text)
	curl := regexp.MustCompile(`curl -d '(.*?)' http://127\.0\.0\.1:8089(\S+)`).FindStringSubmatch(text)
	if bot == nil || curl == nil || !strings.Contains(bot[1], "http://127.0.0.1:8089") {
		t.Fatal("the README has no bot, or no curl")
	}
	w := newWorld(t, func(o *Options) {
		o.Accounts = []Account{{User: User{ID: deskID, Username: "acme_support"}, Token: "simulated-token"}}
		o.AppToken = "simulated-app-token"
	})
	srv := httptest.NewServer(w.Handler())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	cmd := exec.CommandContext(ctx, python, "-c", strings.ReplaceAll(bot[1], "http://127.0.0.1:8089", srv.URL))
	var says bytes.Buffer
	cmd.Stderr = &says
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed
		srv.CloseClientConnections()
		srv.Close()
	})
	get := func(method, path, token, body string) string {
		req, err := http.NewRequestWithContext(ctx, method, srv.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := srv.Client().Do(req)
		if err != nil {
			t.Fatalf("%v; the bot says: %s", err, says.String())
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	until := func(what string, done func() bool) {
		t.Helper()
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for !done() {
			select {
			case <-tick.C:
			case <-ctx.Done():
				t.Fatalf("no %s within a minute", what)
			}
		}
	}
	open := func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.streams) > 0
	}
	until("stream", open)
	out := get("POST", curl[2], "", curl[1])
	if !strings.Contains(out, `"events":1`) {
		t.Fatalf("curl: %s", out)
	}
	until("reply", func() bool { return len(w.Posts()) > 0 })
	if seen := get("GET", "/_sim/seen", "", ""); !strings.Contains(seen, `"text":"On it!"`) || len(w.Posts()) != 1 {
		t.Errorf("seen: %s", seen)
	}
}

func readme(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
