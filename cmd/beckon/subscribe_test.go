package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/ingest"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

const (
	publicURL     = "https://bots.acme.example/x/webhook"
	subscriptions = 11 // that one bot needs
)

// subscribable is a station whose X is simulated, and reaches its webhook.
func subscribable(t *testing.T, lines string) (*station, *xsim.Sim) {
	t.Helper()
	s := newStation(t)
	door := ingest.New(ingest.Options{Secrets: [][]byte{[]byte(simulatedSecret)}})
	sim, err := xsim.New(xsim.Options{
		Accounts:       []xsim.Account{{User: xsim.User{ID: supportUser, Username: "acme_support"}, Token: simulatedToken}},
		ConsumerSecret: []byte(simulatedSecret), AppToken: "app-token", Strict: true, ReplayTakes: time.Hour,
		Client: &http.Client{Transport: xsim.Direct(door)}, Now: func() time.Time { return s.now },
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(sim.Handler())
	t.Cleanup(srv.Close)
	data, err := os.ReadFile(s.conf)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(data), "x_base_url: http://127.0.0.1:8089", "x_base_url: "+srv.URL+"\n"+lines, 1)
	text = strings.Replace(text, "\napp:\n", "\napp:\n  bearer: file:secrets/bearer\n", 1)
	for name, with := range map[string]string{s.conf: text, filepath.Join(s.dir, "secrets", "bearer"): "app-token"} {
		if err := os.WriteFile(name, []byte(with), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(s.data(""), 0o700); err != nil {
		t.Fatal(err)
	}
	return s, sim
}

// TestSubscribe makes everything that is missing, once, with and without a
// host, and changes nothing with --dry.
func TestSubscribe(t *testing.T) {
	t.Parallel()
	s, _ := subscribable(t, "public_url: "+publicURL)
	want := func(args []string, code int, parts ...string) string {
		t.Helper()
		got, out := s.beckon(args...)
		if got != code {
			t.Errorf("%v: code %d, want %d\n%s", args, got, code, out)
		}
		for _, p := range parts {
			if !strings.Contains(out, p) {
				t.Errorf("%v: no %q in\n%s", args, p, out)
			}
		}
		return out
	}
	dry := []string{"subscribe", "--dry"}
	want(dry, exitOK, "webhook "+publicURL, "missing", "12 to do; without --dry it is done.")
	want(dry, exitOK, "12 to do")
	out := want([]string{"subscribe"}, exitOK, "registered", "dm.received", "created")
	if n := strings.Count(out, "created"); n != subscriptions {
		t.Errorf("%d created, want %d:\n%s", n, subscriptions, out)
	}
	h := s.open()
	defer s.serve(h)()
	out = want([]string{"subscribe"}, exitOK)
	if strings.Contains(out, "created") || strings.Contains(out, "missing") || strings.Count(out, " ok ") != subscriptions+1 {
		t.Errorf("a second time, by the host:\n%s", out)
	}
	want([]string{"subscribe", "nobody"}, exitUsage, "there is no bot nobody")
	want([]string{"subscribe", "--dry", "--prune"}, exitUsage)
	want([]string{"subscribe", "--connections"}, exitOK, "CONNECTION")
	want([]string{"subscribe", "--close-connections"}, exitOK, "X closed 0 connections")
}

// TestSubscribeWithoutAddress says what to set; the simulated X needs nothing, and
// what is polled has nothing to subscribe to.
func TestSubscribeWithoutAddress(t *testing.T) {
	t.Parallel()
	s, _ := subscribable(t, "")
	want := func(args []string, code int, part string) {
		t.Helper()
		if got, out := s.beckon(args...); got != code || !strings.Contains(out, part) {
			t.Errorf("%v: code %d, want %d and %q in\n%s", args, got, code, part, out)
		}
	}
	replace := func(was, with string) {
		t.Helper()
		data, err := os.ReadFile(s.conf)
		if err == nil {
			err = os.WriteFile(s.conf, regexp.MustCompile(was).ReplaceAll(data, []byte(with)), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	want([]string{"subscribe", "--dry"}, exitOK, "webhook that the simulated X was started with")
	replace("\n  bearer: file:secrets/bearer\n", "\n")
	want([]string{"subscribe", "--connections"}, exitFailure, "x connections: auth: token of the app: set app.bearer, or app.consumer_key")
	replace("x_base_url: http", "ingest: poll\nx_base_url: http")
	want([]string{"subscribe"}, exitFailure, "X is polled")
	replace("ingest: poll\nx_base_url: \\S+", "x_base_url: https://x.example")
	want([]string{"subscribe"}, exitFailure, "set public_url")
}

// TestStreamHost: a host that is configured for the stream subscribes, connects
// and takes events from there.
func TestStreamHost(t *testing.T) {
	t.Parallel()
	s, sim := subscribable(t, "ingest: stream")
	h := s.open()
	taken := make(chan dispatch.Handled, 16)
	h.watch = func(done []dispatch.Handled) {
		for _, d := range done {
			taken <- d
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- errors.Join(h.serve(ctx, nil), h.Close()) }()
	stop := func() error { cancel(); return <-ended }
	for h.ways.streamed.Connected.Load() == 0 || h.ways.watched.Created.Load() < subscriptions {
		select {
		case err := <-ended:
			t.Fatalf("the host ended: %v", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
	done, err := sim.Do(xsim.Act{Kind: xsim.ActDM, From: "ann", To: "acme_support", Text: "hello"})
	if err == nil {
		err = sim.Deliver(ctx, done.Bodies...)
	}
	if err != nil {
		t.Error(errors.Join(err, stop()))
		return
	}
	select {
	case d := <-taken:
		if d.Event.Message != done.ID || d.Event.Bot != "support" {
			t.Errorf("taken: %+v", d.Event)
		}
	case err := <-ended:
		t.Fatalf("the host ended: %v", err)
	case <-time.After(patience):
		t.Error("the DM that the stream brought was not taken in")
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
