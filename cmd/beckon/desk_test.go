package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/runtime/desk"
)

// deskStation is a station whose desk is at the address.
func deskStation(t *testing.T, url string, inside bool) *station {
	t.Helper()
	s := newStation(t)
	s.append(fmt.Sprintf("\ndesk: {url: %q, secret: file:desk.txt, inside: %t}\n", url, inside))
	if err := os.WriteFile(s.dir+"/desk.txt", []byte("hush-hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// append adds to the configuration.
func (s *station) append(text string) {
	s.t.Helper()
	f, err := os.OpenFile(s.conf, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// The desk gets each handoff, signed; an operator sees what it did not take.
func TestDeskIsTold(t *testing.T) {
	t.Parallel()
	var status atomic.Int64
	status.Store(http.StatusServiceUnavailable)
	got := make(chan desk.Handoff, 10)
	at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var h desk.Handoff
		if err != nil || json.Unmarshal(body, &h) != nil || r.Header.Get(desk.HeaderSignature) != desk.Sign([]byte("hush-hush"), body) {
			t.Errorf("bad request: %s %v", body, r.Header)
		}
		if strings.Contains(string(body), "human") {
			t.Errorf("the user's words: %s", body)
		}
		got <- h
		w.WriteHeader(int(status.Load()))
	}))
	defer at.Close()
	s := deskStation(t, at.URL, true)
	h := s.open()
	s.serve(h)
	list := func(want string) {
		t.Helper()
		code, out := s.beckon("conversations", "list")
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d, want %q:\n%s", code, want, out)
		}
	}
	step := func(now time.Time) {
		t.Helper()
		s.now = now
		if _, err := h.teller.Step(t.Context(), now); err != nil {
			t.Fatal(err)
		}
	}
	s.deliver(h, "talk to a human")
	list("the user asked for a person; the desk: not told yet")
	step(operatorStart)
	list("the desk: attempt 1 failed: the desk answered 503")
	status.Store(http.StatusNoContent)
	step(operatorStart.Add(time.Minute))
	first, second := <-got, <-got
	if first.ID != second.ID || first.User != annUser || first.Bot != "support" || second.Attempt != 2 {
		t.Errorf("told %+v, then %+v", first, second)
	}
	if _, out := s.beckon("conversations", "list"); strings.Contains(out, "the desk:") || !strings.Contains(out, annUser) {
		t.Errorf("after it was taken:\n%s", out)
	}
	// By an operator; given up after a day; released.
	status.Store(http.StatusInternalServerError)
	if code, out := s.beckon("conversations", "handoff", "support", "77", "--why", "angry"); code != 0 {
		t.Fatal(out)
	}
	step(s.now)
	if n := <-got; n.User != "77" || n.Why != "by bob: angry" || n.ID == first.ID {
		t.Errorf("told %+v", n)
	}
	step(s.now.Add(24 * time.Hour))
	<-got
	list("by bob: angry; the desk: gave up after attempt 2: the desk answered 500")
	if code, out := s.beckon("conversations", "release", "support", "77"); code != 0 || strings.Contains(out, "gave up") {
		t.Errorf("exit %d: %s", code, out)
	}
	// The running part of the host hears of an operator's handoff.
	status.Store(http.StatusOK)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.deskServices()[0].Run(ctx) }()
	if code, out := s.beckon("conversations", "handoff", "support", "78"); code != 0 {
		t.Error(out)
	} else if n := <-got; n.User != "78" {
		t.Errorf("told %+v", n)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A program of the desk's takes handoffs from the bus, as any outside would.
func TestDeskProgram(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.append("\nbus: {listen: '127.0.0.1:0'}\ndesk: {token: file:token.txt}\n")
	if err := os.WriteFile(s.dir+"/token.txt", []byte("let-me-in\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := s.open()
	s.serve(h)
	exe := filepath.Join(t.TempDir(), "desk")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", exe, "../../handlers/examples/desk").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	program := exec.CommandContext(t.Context(), exe) // killed with the test
	program.Env = append(os.Environ(), "BECKON_DESK_TOKEN=let-me-in", "BECKON_NATS="+h.bus.Addr())
	program.Stderr = os.Stderr
	said, err := program.StdoutPipe()
	if err == nil {
		err = program.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = program.Process.Kill()
		_ = program.Wait() // killed
	}()
	s.deliver(h, "talk to a human")
	if _, err := h.teller.Step(t.Context(), operatorStart); err != nil {
		t.Fatal(err)
	}
	if _, out := s.beckon("conversations", "list"); strings.Contains(out, "the desk:") || !strings.Contains(out, annUser) {
		t.Errorf("once it is on the bus:\n%s", out)
	}
	line, err := bufio.NewReader(said).ReadString('\n')
	if want := "support: https://x.com/messages/compose?recipient_id=" + annUser + " needs a person: the user asked for a person"; err != nil || !strings.Contains(line, want) {
		t.Errorf("the desk's program says %q, %v; want %q", line, err, want)
	}
}

// Without inside: true the desk is not looked for on this machine.
func TestDeskInsideIsRefused(t *testing.T) {
	t.Parallel()
	at := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was reached") }))
	defer at.Close()
	s := deskStation(t, at.URL, false)
	h := s.open()
	s.serve(h)
	s.deliver(h, "talk to a human")
	if _, err := h.teller.Step(t.Context(), s.now); err != nil {
		t.Fatal(err)
	}
	if _, out := s.beckon("conversations", "list"); !strings.Contains(out, "not an address of the public internet") {
		t.Error(out)
	}
}

// A configuration without its secret does not start.
func TestDeskWithoutItsSecret(t *testing.T) {
	t.Parallel()
	s := deskStation(t, "https://desk.example/in", false)
	if err := os.Remove(s.dir + "/desk.txt"); err != nil {
		t.Fatal(err)
	}
	if code, out := s.beckon("run"); code != exitUsage || !strings.Contains(out, "desk.secret") {
		t.Errorf("exit %d: %s", code, out)
	}
}

// A post of which the desk knows is deleted on X, and its user erased after that:
// the desk is told to remove it, by both ways, and by neither who wrote it. What
// waits for its program on the bus loses the post.
func TestDeskRemoves(t *testing.T) {
	t.Parallel()
	const post = "2100000000000000001"
	var status atomic.Int64
	status.Store(http.StatusOK)
	var mu sync.Mutex
	var all []string
	bodies := func() []string { mu.Lock(); defer mu.Unlock(); return slices.Clone(all) }
	at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get(desk.HeaderSignature) != desk.Sign([]byte("hush-hush"), body) {
			t.Errorf("bad request: %s %v", body, r.Header)
		}
		mu.Lock()
		all = append(all, string(body))
		mu.Unlock()
		w.WriteHeader(int(status.Load()))
	}))
	defer at.Close()
	s := deskStation(t, at.URL, true)
	s.append("\nbus: {listen: '127.0.0.1:0'}\n")
	conf, err := os.ReadFile(s.conf)
	if err == nil {
		err = errors.Join(os.WriteFile(s.conf, []byte(strings.Replace(string(conf), "desk: {", "desk: {token: file:token.txt, ", 1)), 0o600),
			os.WriteFile(s.dir+"/token.txt", []byte("let-me-in\n"), 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	h := s.open()
	s.serve(h)
	onBus := func() (all []string) {
		t.Helper()
		_, err := h.bus.EditHandoffs(t.Context(), func(body []byte) ([]byte, error) { all = append(all, string(body)); return nil, nil })
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	last := func() string { all := bodies(); return all[len(all)-1] }
	step := func(now time.Time) {
		t.Helper()
		s.now = now
		if _, err := h.teller.Step(t.Context(), now); err != nil {
			t.Fatal(err)
		}
	}
	s.hear(h, post, "@support talk to a human")
	step(operatorStart)
	if len(bodies()) != 1 || len(onBus()) != 1 || !strings.Contains(bodies()[0], `"attribution":"on X"`) || !strings.Contains(onBus()[0], post) || strings.Contains(bodies()[0], "human\"") {
		t.Fatalf("told %s, on the bus %s", bodies(), onBus())
	}
	// The duty: at once for what waits on the bus; the webhook does not answer.
	status.Store(http.StatusBadGateway)
	if code, out := s.beckon("compliance", "delete", "--post", post, "--by", "x"); code != exitOK {
		t.Fatalf("%d\n%s", code, out)
	}
	if waits := onBus(); len(waits) != 1 || strings.Contains(waits[0], post) || !strings.Contains(waits[0], annUser) {
		t.Errorf("on the bus: %s", waits)
	}
	step(s.now.Add(time.Minute))
	if code, out := s.beckon("compliance", "status"); code != exitOK || !strings.Contains(out, "the desk has to remove, and has not said that it did:\n  post of handoff h-") || !strings.Contains(out, "attempt 1 failed: the desk answered 502") {
		t.Errorf("%d\n%s", code, out)
	}
	status.Store(http.StatusOK)
	step(s.now.Add(time.Minute))
	told := last()
	if !strings.Contains(told, `"form":"beckon.removal/v1"`) || !strings.Contains(told, `"what":"post"`) || strings.Contains(told, annUser) || strings.Contains(told, post) {
		t.Errorf("told %s", told)
	}
	if _, out := s.beckon("compliance", "status"); strings.Contains(out, "the desk has to remove") {
		t.Errorf("after it was taken:\n%s", out)
	}
	if code, out := s.beckon("forget", annUser); code != exitOK {
		t.Fatalf("%d\n%s", code, out)
	}
	step(s.now.Add(time.Minute))
	if last := last(); !strings.Contains(last, `"what":"user"`) || strings.Contains(last, annUser) {
		t.Errorf("told %s", last)
	}
	if waits := strings.Join(onBus(), "\n"); strings.Contains(waits, annUser) || strings.Count(waits, "beckon.removal/v1") != 2 {
		t.Errorf("on the bus:\n%s", waits)
	}
}
