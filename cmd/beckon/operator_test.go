package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/service"
)

const (
	supportUser = "1000000000000000001" // of the bot that init writes
	annUser     = "700100200300400500"
)

var operatorStart = time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)

// station is a folder with a configuration, and the commands given to it.
type station struct {
	t    *testing.T
	dir  string
	conf string
	user string
	now  time.Time
}

func newStation(t *testing.T) *station {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "bot")
	if err := writeBot(dir); err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(dir, "beckon.yaml")
	data, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	local := regexp.MustCompile(`(?m)^(listen|admin): 127\.0\.0\.1:\d+$`).ReplaceAll(data, []byte("$1: 127.0.0.1:0"))
	if n := bytes.Count(local, []byte(": 127.0.0.1:0\n")); n != 2 {
		t.Fatalf("the sample configuration has %d addresses to replace, want 2", n)
	}
	if err := os.WriteFile(conf, local, 0o600); err != nil {
		t.Fatal(err)
	}
	return &station{t: t, dir: dir, conf: conf, user: "bob", now: operatorStart}
}

func (s *station) sys(out, errs io.Writer) system {
	return system{
		stdin: strings.NewReader(""), stdout: out, stderr: errs,
		getenv: func(name string) string { return map[string]string{"USER": s.user}[name] },
		now:    func() time.Time { return s.now },
	}
}

// data is the data directory.
func (s *station) data(name string) string { return filepath.Join(s.dir, "data", name) }

// beckon runs a command line, with -c added, and returns its exit code and
// what it printed, both outputs in one.
func (s *station) beckon(args ...string) (int, string) {
	s.t.Helper()
	var out bytes.Buffer
	code := run(context.Background(), append(args, "-c", s.conf), s.sys(&out, &out))
	return code, strings.ReplaceAll(out.String(), " -c "+s.conf, "")
}

// open puts a host together; with it, what should be there is made.
func (s *station) open() *host {
	s.t.Helper()
	sys := s.sys(io.Discard, io.Discard)
	cfg, err := readConfig(sys, s.conf)
	if err != nil {
		s.t.Fatal(err)
	}
	h, err := openHost(context.Background(), sys, hostOptions{Config: cfg, Log: slog.New(slog.DiscardHandler), Now: sys.now})
	if err != nil {
		s.t.Fatal(err)
	}
	return h
}

// serve runs the administration of a host until the test ends or stop is
// called. Nothing is sent, and nothing dispatched but people's words on drafts.
func (s *station) serve(h *host) (stop func()) {
	s.t.Helper()
	h.judges.publish = func(ctx context.Context, msgs ...bus.Message) error {
		_, err := h.dispatch.Batch(ctx, s.now, []bus.Delivery{{Seq: 1, Message: msgs[0]}})
		return err
	}
	admin, err := h.adminServer(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	up := make(chan struct{})
	told := service.Service{Name: "told", Start: func(context.Context) error { close(up); return nil }}
	go func() { ended <- service.Group{Services: []service.Service{admin, told}}.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := errors.Join(<-ended, h.Close()); err != nil {
			s.t.Error(err)
		}
	}
	s.t.Cleanup(stop)
	<-up
	return stop
}

// deliver dispatches DMs with these texts and returns the ids of the actions
// that they led to; "!" is a body that cannot be decoded.
func (s *station) deliver(h *host, texts ...string) (ids []string) {
	s.t.Helper()
	for i, text := range texts {
		id := fmt.Sprint(2_100_000_000_000_000_000 + i)
		body := text
		if text != "!" {
			body = fmt.Sprintf(`{"data":{"event_uuid":"e-%[1]s","event_type":"dm.received","filter":{"user_id":%[2]q},"payload":{
				"direct_message_events":[{"type":"message_create","id":%[1]q,"created_timestamp":"%[3]d","message_create":{
				"target":{"recipient_id":%[2]q},"sender_id":%[4]q,"message_data":{"text":%[5]q}}}]}}}`,
				id, supportUser, operatorStart.UnixMilli(), annUser, text)
		}
		done, err := h.dispatch.Batch(context.Background(), operatorStart, []bus.Delivery{{Seq: 1, Message: bus.Message{
			ID: id, Type: "dm.received", Source: webhookPath, Time: operatorStart, Bot: "support", User: annUser, Data: []byte(body),
		}}})
		if err != nil {
			s.t.Fatal(err)
		}
		if r := done[0].Records[0]; r.Action != nil {
			ids = append(ids, r.Action.ID)
		}
	}
	return ids
}

// TestOperatorCommands gives the same commands to a host that runs and to none:
// the answers are the same, but for the word that no host runs.
func TestOperatorCommands(t *testing.T) {
	t.Parallel()
	for _, runs := range []bool{true, false} {
		t.Run(fmt.Sprintf("host runs %v", runs), func(t *testing.T) {
			t.Parallel()
			s := newStation(t)
			h := s.open()
			ids := s.deliver(h, "I want a refund", "refund, now", "opening hours?", "!")
			s.now = s.now.Add(3 * time.Minute)
			if runs {
				s.serve(h)
			} else if err := h.Close(); err != nil {
				t.Fatal(err)
			}
			s.walk(ids, runs)
			if !runs {
				h = s.open()
				defer h.Close()
			}
			s.takeBack(h)
		})
	}
}

var letterID = regexp.MustCompile(`l-[0-9a-f]{16}`)

func (s *station) walk(ids []string, runs bool) {
	held, second, waits := ids[0], ids[1], ids[2]
	alone := func(say string) string {
		if runs {
			return ""
		}
		return say
	}
	_, dead := s.beckon("actions", "dead")
	letter := letterID.FindString(dead)
	for _, step := range []struct {
		args string
		code int
		want []string // in this order
	}{
		{"actions list", 0, []string{"ID ", "BOT", "WHY\n", waits, "support  dm    " + annUser, "pending  3m   in 23h   allowed;", second, held, "hold     3m   in 23h   Money is promised by a person."}},
		{"actions list --state hold --max 1", 0, []string{second, "the newest 1; --max N shows more"}},
		{"actions list --user 5", 0, []string{"no actions\n"}},
		{"actions list --bot support --format json", 0, []string{"{\n  \"actions\": [\n", `"id": "` + waits + `"`, `"state": "hold"`}},
		{"actions list --state held", 2, []string{"beckon actions: state: one of hold, pending,"}},
		{"actions list extra", 2, []string{`unexpected argument "extra"`}},
		{"actions list --format xml", 2, []string{"--format is text or json"}},

		{"actions show " + held, 0, []string{
			held + ", dm of bot support to user " + annUser, "hold since 3m: Money is promised by a person.", "caused by", "3m ago", "in 23h",
			"hold, on the draft, 3m ago: Money is promised by a person.", "support.refund-needs-a-person holds it for a person, because of asks-refund",
			"how to opt out, the link to the privacy policy\n", "platform 20", "support 1.", "text\n  | A refund takes five working days.", "  | \n  | Reply STOP",
			"beckon actions approve " + held, "beckon actions reject " + held,
		}},
		{"actions show " + held + " --format json", 0, []string{`"decision": {`, `"text": "A refund takes five working days.`}},
		{"actions show " + waits, 0, []string{"support.dm permitted it", "nothing: the sender takes it when a host runs"}},
		{"actions show a-none", 1, []string{"beckon actions: action a-none: not found; `beckon actions list` lists actions"}},
		{"actions show", 2, []string{"name one action: its id", "usage: beckon actions"}},

		{"actions approve " + held, 0, []string{held + " is pending: approved by bob; waits for the sender\n", alone("No host runs: it goes when one starts, if that is before it expires (in 23h).\n")}},
		{"actions approve " + held, 1, []string{"action " + held + " is pending: only an action on hold can be approved or rejected"}},
		{"actions show " + held, 0, []string{"by bob, 0s ago, over support.refund-needs-a-person", "allow, on the approval"}},
		{"actions reject " + second + " --by eve --why unclear", 0, []string{second + " is denied: rejected by eve: unclear\n"}},
		{"actions show " + second, 0, []string{"denied since 0s: rejected by eve: unclear", "not kept: it goes when an action has ended", "nothing: it has ended"}},
		{"actions reject " + second + " --by  ", 2, []string{"say who you are: --by NAME"}},
		{"actions retry " + waits, 0, []string{waits + " is pending: "}},
		{"actions retry " + second, 1, []string{"is denied: only a pending action can be tried earlier"}},
		{"actions retry a-none", 1, []string{"beckon actions: action a-none: not found; `beckon actions list` lists actions"}},

		{"actions dead", 0, []string{"FAILED AT", letter, "support", "decode", "3m"}},
		{"actions dead " + letter, 0, []string{"dead letter  " + letter + ", 3m ago", "decode", "  | !\n", "beckon actions retry " + letter}},
		{"actions dead l-none", 1, []string{"beckon actions: dead letter l-none: not found; `beckon actions dead` lists dead letters"}},
		{"actions retry l-none", 1, []string{"beckon actions: dead letter l-none: not found; `beckon actions dead` lists dead letters"}},
		{"actions retry " + letter, 0, []string{letter + " is back on the bus and is taken in again "}},
		{"actions dead", 0, []string{"no dead letters\n"}},

		{"pause suport", 1, []string{`bot "suport": not found; the bots are support`}},
		{"pause", 2, []string{"name a bot, or --all"}},
		{"pause support --all", 2, []string{"either a bot or --all"}},
		{"pause support --why tests", 0, []string{"support is paused: nothing is sent from now on", "`beckon resume support` ends it.", alone("No host runs now; this counts when one starts.")}},
		{"pause --all --by eve", 0, []string{"all bots are paused", "`beckon resume --all` ends it."}},
		{"actions list --max 3", 0, []string{"all bots are paused by eve, 0s ago\n", "support is paused by bob, 0s ago: tests\n", "ID "}},
		{"resume support", 0, []string{"support is resumed", "all bots are still paused by eve, 0s ago\n"}},
		{"resume --all --format json", 0, []string{`"switches": [`, `"bot": "*"`, `"paused": false`}},

		{"optouts list", 0, []string{"no opt-outs\n"}},
		{"optouts add @ann", 2, []string{"user: X's user id, which is digits"}},
		{"optouts add " + annUser, 0, []string{"user " + annUser + " is opted out of every bot here; 2 waiting actions cancelled."}},
		{"optouts list", 0, []string{"USER (KEYED HASH)", "0s ", "operator", "operator:bob"}},
		{"optouts list --max 1", 0, []string{"the first 1; `beckon optouts list --after "}},
		{"actions show " + held, 0, []string{"cancelled since 0s"}},

		{"conversations list", 0, []string{"no conversation waits for a person\n"}},
		{"conversations release support " + annUser, 1, []string{"nobody has this conversation, and it is not held"}},
		{"conversations handoff support @ann", 2, []string{"user: X's user id, which is digits"}},
		{"conversations handoff suport " + annUser, 2, []string{"bot: one of support"}},
		{"conversations handoff support " + annUser + " --why angry", 0, []string{"support is silent toward user " + annUser + ", and speaks again in 3d; `beckon conversations release support " + annUser + "` ends it before."}},
		{"conversations list --bot support", 0, []string{"BOT", "support  " + annUser + "  handed_off", "by bob: angry"}},
		{"conversations list --format json", 0, []string{`"state": "handed_off"`}},
		{"conversations release support " + annUser, 0, []string{"support may speak to user " + annUser + " again"}},
		{"conversations list", 0, []string{"no conversation waits for a person\n"}},

		{"actions", 2, []string{"say what: list, show, queue, cost, unknown, settle, dead,"}},
		{"actions lst", 2, []string{`no command "lst"; there are list, show, queue, cost, unknown, settle, dead, retry, approve, edit, reject`}},
		{"actions approve -h", 0, []string{"beckon actions approve ID", "let a held action go", "--by NAME"}},
		{"optouts help", 0, []string{"beckon optouts list", "beckon optouts add USER_ID"}},
	} {
		code, got := s.beckon(strings.Split(step.args, " ")...)
		rest := got
		for _, want := range step.want {
			before, after, found := strings.Cut(rest, want)
			if !found {
				s.t.Errorf("beckon %s: want %q after %q, got:\n%s", step.args, want, got[:len(got)-len(before)], got)
				break
			}
			rest = after
		}
		if code != step.code {
			s.t.Errorf("beckon %s: got exit code %d, want %d:\n%s", step.args, code, step.code, got)
		}
	}
}

// takeBack dispatches the dead letter that was put back on the bus; it fails
// again, and is kept again.
func (s *station) takeBack(h *host) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ds, err := h.bus.Next(ctx, 10)
	if err != nil {
		s.t.Fatal(err)
	}
	// Where no host ran, people's words stand before it, and were done at once.
	var words []bus.Delivery
	for len(ds) > 0 && ds[0].Source == event.JudgementSource {
		words, ds = append(words, ds[0]), ds[1:]
	}
	for _, w := range words {
		if done, err := h.dispatch.Batch(ctx, s.now, []bus.Delivery{w}); err != nil || !done[0].Duplicate {
			s.t.Errorf("a person's word, taken in after it was done: %+v, %v", done, err)
		}
	}
	if len(ds) != 1 || !strings.HasPrefix(ds[0].Source, "retry:decode:l-") || string(ds[0].Data) != "!" || ds[0].Bot != "support" {
		s.t.Fatalf("on the bus: got %+v, want the dead letter", ds)
	}
	if _, err := h.dispatch.Batch(ctx, s.now, ds); err != nil {
		s.t.Fatal(err)
	}
	err = h.store.Read(ctx, func(tx db.Tx) error {
		l, err := tx.DeadLetter(strings.TrimPrefix(ds[0].Source, "retry:decode:"))
		if err == nil && !l.At.Equal(s.now) {
			err = fmt.Errorf("it is from %s, want %s", l.At, s.now)
		}
		return err
	})
	if err != nil {
		s.t.Errorf("the letter that failed again: %v", err)
	}
}

// TestAdminFiles: the host tells commands where it is, to this user only, and
// takes that back when it stops.
func TestAdminFiles(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	h := s.open()
	stop := s.serve(h)
	for _, name := range []string{adminAddrFile, adminTokenFile} {
		info, err := os.Stat(s.data(name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s: got mode %v, want 0600", name, got)
		}
	}
	addr, err := os.ReadFile(s.data(adminAddrFile))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 503, "/metrics": 200, "/v1/actions": 401} {
		resp, err := http.Get("http://" + strings.TrimSpace(string(addr)) + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: got %d, want %d", path, resp.StatusCode, want)
		}
	}
	stop()
	for _, name := range []string{adminAddrFile, adminTokenFile} {
		if _, err := os.Stat(s.data(name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", name, err)
		}
	}
	if _, err := http.Get("http://" + strings.TrimSpace(string(addr)) + "/healthz"); err == nil {
		t.Error("the address still answers")
	}
}

// TestAdminStopsUnstarted: a host whose webhook address is taken stops an
// administration that never ran.
func TestAdminStopsUnstarted(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	h := s.open()
	defer h.Close()
	admin, err := h.adminServer(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := admin.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestConnectFails: each way in which there is nobody to talk to says so.
func TestConnectFails(t *testing.T) {
	t.Parallel()
	t.Run("nothing yet", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		if code, got := s.beckon("pause", "--all"); code != exitFailure || !strings.Contains(got, "no host runs, and the data directory "+s.data("")[:len(s.data(""))]) {
			t.Errorf("got %d %s", code, got)
		}
		if _, err := os.Stat(s.data(".")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the command made a data directory: %v", err)
		}
	})
	t.Run("no configuration", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		s.conf += ".none"
		if code, got := s.beckon("actions", "list"); code != exitUsage || !strings.Contains(got, "read the configuration") {
			t.Errorf("got %d %s", code, got)
		}
	})
	t.Run("left-over files", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		if err := s.open().Close(); err != nil {
			t.Fatal(err)
		}
		for name, content := range map[string]string{adminAddrFile: "127.0.0.1:1\n", adminTokenFile: "old\n"} {
			if err := writeSecret(s.data(name), content); err != nil {
				t.Fatal(err)
			}
		}
		if code, got := s.beckon("actions", "list"); code != exitOK || got != "no actions\n" {
			t.Errorf("got %d %s", code, got)
		}
	})
	t.Run("broken rules", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		if err := s.open().Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.dir, "rules", "bad.yaml"), []byte("schema: x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, got := s.beckon("pause", "--all"); code != exitOK {
			t.Errorf("pause: got %d, want 0: the kill switch needs no rules\n%s", code, got)
		}
		if code, got := s.beckon("actions", "approve", "a-1"); code != exitRules {
			t.Errorf("approve: got %d, want %d\n%s", code, exitRules, got)
		}
	})
	t.Run("wrong key", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		if err := s.open().Close(); err != nil {
			t.Fatal(err)
		}
		if err := writeSecret(s.data("host.key"), strings.Repeat("00", keyBytes)+"\n"); err != nil {
			t.Fatal(err)
		}
		if code, got := s.beckon("actions", "list"); code != exitUnsafe {
			t.Errorf("got %d, want %d\n%s", code, exitUnsafe, got)
		}
	})
}

// TestConnectWaits: a command that comes while the host starts waits for it.
func TestConnectWaits(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	h := s.open() // holds the directory and does not answer yet
	type result struct {
		code int
		out  string
	}
	got := make(chan result, 1)
	begun := make(chan struct{})
	go func() {
		close(begun)
		code, out := s.beckon("actions", "list")
		got <- result{code, out}
	}()
	<-begun
	s.serve(h)
	if r := <-got; r != (result{exitOK, "no actions\n"}) {
		t.Errorf("got %+v", r)
	}
}

// TestRepublished: what a dead letter comes back as, and which never do.
func TestRepublished(t *testing.T) {
	t.Parallel()
	cfg := &config.Config{Bots: map[string]config.Bot{"support": {UserID: supportUser}}}
	dm := fmt.Sprintf(`{"data":{"event_uuid":"e1","event_type":"dm.received","filter":{"user_id":%q},"payload":{
		"direct_message_events":[{"type":"message_create","id":"1","created_timestamp":"1","message_create":{
		"target":{"recipient_id":%[1]q},"sender_id":%q,"message_data":{"text":"hi"}}}]}}}`, supportUser, annUser)
	for name, tt := range map[string]struct {
		letter deadLetter
		want   bus.Message
		err    string
	}{
		"a handler's fault": {
			deadLetter{Bot: "support", Event: "e1", Stage: "handle", Raw: dm},
			bus.Message{ID: "e1", Type: "dm.received", Source: "retry:handle:l-1", Bot: "support", User: annUser}, "",
		},
		"of a bot configured since": {
			deadLetter{Event: "e1", Stage: "ingest", Raw: dm},
			bus.Message{ID: "e1", Type: "dm.received", Source: "retry:ingest:l-1", Bot: "support", User: annUser}, "",
		},
		"cut off": {
			deadLetter{Bot: "support", Stage: "ingest", Raw: dm[:len(dm)-4]},
			bus.Message{ID: "sha256:", Type: "unknown", Source: "retry:ingest:l-1", Bot: "support", User: annUser}, "",
		},
		"of no bot":           {deadLetter{Stage: "ingest", Raw: strings.ReplaceAll(dm, supportUser, "7")}, bus.Message{}, "for no bot of this host"},
		"of a bot taken away": {deadLetter{Bot: "gone", Stage: "handle", Raw: dm}, bus.Message{}, `bot "gone"`},
		"of an unknown type":  {deadLetter{Bot: "support", Stage: "ingest", Raw: strings.Replace(dm, "dm.received", "dm.sung", 1)}, bus.Message{}, "does not know its type, dm.sung"},
		"sealed by a newer":   {deadLetter{Bot: "support", Stage: "ingest", Raw: "\x05" + dm}, bus.Message{}, "cannot open"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.letter.check(t, cfg, tt.want, tt.err)
		})
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 59 * time.Second: "59s", time.Minute: "1m", 119 * time.Minute: "1h",
		47 * time.Hour: "47h", 48 * time.Hour: "2d", 1000 * time.Hour: "41d",
	} {
		if got := span(d); got != want {
			t.Errorf("span of %s: got %s, want %s", d, got, want)
		}
	}
	for in, want := range map[string]string{
		"a\x1b[2Jb":        "a\uFFFD[2Jb",
		"two\nlines\tand":  "two lines and",
		"abc\u202edef":     "abc\uFFFDdef",
		"ok 👩\u200d👧 שלום": "ok 👩\u200d👧 שלום",
		"\u009b2J":         "\uFFFD2J",
	} {
		if got := safe(in); got != want {
			t.Errorf("safe of %q: got %q, want %q", in, got, want)
		}
	}
}

type deadLetter struct{ Bot, Event, Stage, Raw string }

func (l deadLetter) check(t *testing.T, cfg *config.Config, want bus.Message, wantErr string) {
	t.Helper()
	var got []bus.Message
	put := republisher(cfg, func(_ context.Context, m ...bus.Message) error { got = append(got, m...); return nil })
	err := put(context.Background(), db.DeadLetter{
		ID: "l-1", At: operatorStart, Bot: l.Bot, Event: l.Event, Stage: l.Stage, Raw: []byte(l.Raw),
	})
	if wantErr != "" {
		if err == nil || !strings.Contains(err.Error(), wantErr) || len(got) > 0 {
			t.Errorf("got %v and %v, want the error %q and nothing published", err, got, wantErr)
		}
		return
	}
	if err != nil || len(got) != 1 {
		t.Fatalf("got %v and %v, want one message", err, got)
	}
	if want.ID == "sha256:" {
		want.ID = event.BodyID([]byte(l.Raw))
	}
	want.Time, want.Data = operatorStart, []byte(l.Raw)
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
}
