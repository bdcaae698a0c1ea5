package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/account"
	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/doctor"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/xapi"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// practice is a doctor on fake time, with a simulated X of its own.
type practice struct {
	t     *testing.T
	dir   string
	store *sqlite.Store
	sim   *xsim.Sim
	away  atomic.Bool // X does not answer
	asked atomic.Int64
}

// RoundTrip is X without a socket.
func (p *practice) RoundTrip(r *http.Request) (*http.Response, error) {
	p.asked.Add(1)
	if p.away.Load() {
		return nil, errors.New("no route to X")
	}
	if r = r.Clone(r.Context()); r.Body == nil {
		r.Body = http.NoBody // as a server has it
	}
	w := httptest.NewRecorder()
	p.sim.Handler().ServeHTTP(w, r)
	return w.Result(), nil
}

func newPractice(t *testing.T) *practice {
	t.Helper()
	p := &practice{t: t, dir: filepath.Join(t.TempDir(), "bot")}
	if err := writeBot(p.dir); err != nil {
		t.Fatal(err)
	}
	var err error
	p.sim, err = xsim.New(xsim.Options{
		Accounts: []xsim.Account{{User: xsim.User{ID: supportUser, Username: "acme_support", Automated: true, Bio: "Bot by @acme"}, Token: "t"}},
		Users:    []xsim.User{{ID: "1000000000000000009", Username: "acme"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if p.store, err = sqlite.Open(context.Background(), sqlite.Options{Path: filepath.Join(p.dir, "doctor.db"), Temporary: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.store.Close() })
	return p
}

// open is a doctor as a host has it, and what it says.
func (p *practice) open() (*clinic, *bytes.Buffer) {
	p.t.Helper()
	said := &bytes.Buffer{}
	log := slog.New(slog.NewTextHandler(said, nil))
	cfg := &config.Config{XBaseURL: "http://127.0.0.1:1", DataDir: p.dir, Use: "commercial", Bots: map[string]config.Bot{"support": {
		UserID: supportUser, Username: "acme_support", OperatorAccount: "acme",
		Rules: filepath.Join(p.dir, "rules"), Answers: filepath.Join(p.dir, "answers"),
		PrivacyURL: "https://acme.example/privacy",
		Declared:   config.Declared{Label: operatorStart, Bio: operatorStart, Operator: operatorStart},
	}}}
	m := account.New(account.Options{Store: p.store, Bots: map[string]account.Bot{"support": {UserID: supportUser, Kind: account.Static, Token: account.NewSecret("t")}}})
	skew := &xClock{now: time.Now}
	x, err := xapi.New(xapi.Options{BaseURL: cfg.XBaseURL, HTTP: skew.watch(&http.Client{Transport: p}), Auth: authorize(m)})
	if err != nil {
		p.t.Fatal(err)
	}
	c := &clinic{log: log, gate: gate.New([]gate.Bot{{Name: "support"}}), count: &doctor.Metrics{}, sick: map[string]string{}, told: map[string]string{}, wake: make(chan string, 1)}
	c.examiner = examiner{
		sys: system{now: time.Now, getenv: func(string) string { return "" }, stderr: io.Discard}, cfg: cfg, store: p.store, accounts: m, x: x, skew: skew,
		rules: func(context.Context, string) (int, []string) { return 1, nil },
		files: func(string) (string, string) { return "", "" },
		bus:   func(context.Context) doctor.Known[string] { return doctor.Fact("synced") }, running: true,
	}
	return c, said
}

func (c *clinic) labelOn() bool { b, _ := c.gate.Bot("support"); return b.LabelOn }

// TestDoctorLooksDaily: a label that is lost without a word of X's is found by
// the daily look and told once; one that X tells of is found at once; what was
// seen last holds where X is away, over a restart too.
func TestDoctorLooksDaily(t *testing.T) {
	t.Parallel()
	p := newPractice(t)
	synctest.Test(t, func(t *testing.T) {
		c, said := p.open()
		if err := c.start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !c.labelOn() {
			t.Error("what is declared does not hold before the first look")
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- c.run(ctx) }()
		synctest.Wait()
		if n := p.asked.Load(); n != 2 || !c.labelOn() {
			t.Errorf("at the start: %d calls, label %v; want 2, and on", n, c.labelOn())
		}
		act := func(a xsim.Act) {
			t.Helper()
			if _, err := p.sim.Do(a); err != nil {
				t.Fatal(err)
			}
		}
		act(xsim.Act{Kind: xsim.ActLabel, From: "acme_support"})
		time.Sleep(lookDaily - time.Hour)
		synctest.Wait()
		if !c.labelOn() || p.asked.Load() != 2 {
			t.Error("looked before a day was over")
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if c.labelOn() || c.count.Undisclosed.Load() != 1 {
			t.Errorf("a day later: label %v, undisclosed %d; want off, and 1", c.labelOn(), c.count.Undisclosed.Load())
		}
		time.Sleep(3 * lookDaily)
		synctest.Wait()
		if n := strings.Count(said.String(), "level=ERROR"); n != 1 {
			t.Errorf("%d alarms, want 1:\n%s", n, said)
		}

		// X tells of a change. Many tell of it at once; X is not asked as often.
		act(xsim.Act{Kind: xsim.ActLabel, From: "acme_support", Automated: true})
		before := p.asked.Load()
		for _, typ := range []event.Type{"profile.update.affiliate_badge", "profile.update.bio", "profile.update.url", "dm.received"} {
			c.heard([]dispatch.Handled{{Event: event.Event{Type: typ, Bot: "support"}}})
		}
		c.heard([]dispatch.Handled{{Duplicate: true, Event: event.Event{Type: "profile.update.bio", Bot: "support"}}})
		synctest.Wait()
		if !c.labelOn() || c.count.Undisclosed.Load() != 0 {
			t.Errorf("after X told: label %v, undisclosed %d; want on, and 0", c.labelOn(), c.count.Undisclosed.Load())
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := p.asked.Load() - before; n > 4 {
			t.Errorf("%d calls for one change, want 4 at most", n)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}

		// X goes away with the label off: a restart does not forget it, and the
		// first answer counts, a quarter of an hour later.
		act(xsim.Act{Kind: xsim.ActLabel, From: "acme_support"})
		c.look(t.Context(), "", map[string]time.Time{})
		p.away.Store(true)
		c, _ = p.open()
		if err := c.start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if c.labelOn() {
			t.Error("a restart forgot that the label is off")
		}
		ctx, stop = context.WithCancel(t.Context())
		go func() { ended <- c.run(ctx) }()
		synctest.Wait()
		if c.labelOn() {
			t.Error("X being away switched the label on")
		}
		p.away.Store(false)
		act(xsim.Act{Kind: xsim.ActLabel, From: "acme_support", Automated: true})
		time.Sleep(lookBlind + time.Second)
		synctest.Wait()
		if !c.labelOn() {
			t.Error("X is back and was not asked")
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestDoctorOfTheInitBot: what beckon init writes, on a simulated X, has nothing
// that is unsafe or not known.
func TestDoctorOfTheInitBot(t *testing.T) {
	t.Parallel()
	c, _ := newPractice(t).open()
	found, err := c.Examine(context.Background(), admin.DoctorAsk{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if f.Level == doctor.Unsafe || f.Level == doctor.Unknown {
			t.Errorf("%+v", f)
		}
	}
}

// TestDoctorWord: a person's word makes a bot send undisclosed, and never in the
// name of another account; what changes stands among the decisions.
func TestDoctorWord(t *testing.T) {
	t.Parallel()
	p := newPractice(t)
	ctx := context.Background()
	c, said := p.open()
	c.vouched = map[string]bool{"support": true}
	look := func() {
		t.Helper()
		if _, err := c.Examine(ctx, admin.DoctorAsk{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.sim.Do(xsim.Act{Kind: xsim.ActBio, From: "acme_support", Text: "pottery"}); err != nil {
		t.Fatal(err)
	}
	look()
	look()
	if b, _ := c.gate.Bot("support"); !b.BioDiscloses || !b.LabelOn || c.count.Undisclosed.Load() != 0 {
		t.Errorf("vouched for: %+v, undisclosed %d", b, c.count.Undisclosed.Load())
	}
	b := c.cfg.Bots["support"]
	b.UserID = "77" // so the token speaks for another account
	c.cfg.Bots["support"] = b
	look()
	if b, _ := c.gate.Bot("support"); b.BioDiscloses || b.LabelOn || c.count.Undisclosed.Load() != 1 {
		t.Errorf("a stranger's token: %+v, undisclosed %d", b, c.count.Undisclosed.Load())
	}
	if n := strings.Count(said.String(), "undisclosed, as the host was told"); n != 1 {
		t.Errorf("told %d times that it sends undisclosed, want once:\n%s", n, said)
	}
	var says []string
	err := p.store.Read(ctx, func(tx db.Tx) error {
		list, err := tx.ListDecisions(10)
		for _, d := range list {
			var r gate.Record
			if err := json.Unmarshal(d.Record, &r); err != nil || r.Decision != gate.None || r.Bot != "support" {
				t.Errorf("record %s: %v", d.Record, err)
			}
			says = append(says, r.Say)
		}
		return err
	})
	if err != nil || len(says) != 2 || !strings.HasPrefix(says[0], "Nothing is sent from now on. Missing: a token of its own account") ||
		!strings.Contains(says[1], "(--send-undisclosed) the bot sends without a bio") {
		t.Errorf("recorded %q, %v", says, err)
	}
}

// TestDoctorAsksTheAwayOnce: with X away, a look at many bots waits once.
func TestDoctorAsksTheAwayOnce(t *testing.T) {
	t.Parallel()
	p := newPractice(t)
	c, _ := p.open()
	c.cfg.Bots["care"] = c.cfg.Bots["support"]
	c.accounts.Bots["care"] = c.accounts.Bots["support"]
	p.away.Store(true)
	for _, want := range []int64{1, 2} {
		if _, err := c.Examine(context.Background(), admin.DoctorAsk{}); err != nil || p.asked.Load() != want {
			t.Errorf("%d calls, %v; want %d", p.asked.Load(), err, want)
		}
	}
	p.away.Store(false)
	if _, err := c.Examine(context.Background(), admin.DoctorAsk{}); err != nil || p.asked.Load() != 2+3 {
		t.Errorf("%d calls, %v; want one for each bot and one for the operator of both", p.asked.Load()-2, err)
	}
}

// TestDoctorForgetsAnotherAccount: what was seen of an account says nothing of
// the one that stands under the same name now.
func TestDoctorForgetsAnotherAccount(t *testing.T) {
	t.Parallel()
	p := newPractice(t)
	ctx := context.Background()
	old := config.Bot{UserID: "1", OperatorAccount: "acme"}
	if err := writeSeen(ctx, p.store, "support", old, doctor.Seen{Label: event.No, At: operatorStart}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		bot  config.Bot
		want event.Tri
	}{
		{old, event.No},
		{config.Bot{UserID: "1", OperatorAccount: "Acme"}, event.No},
		{config.Bot{UserID: "2", OperatorAccount: "acme"}, doctor.Doubtful},
		{config.Bot{UserID: "1", OperatorAccount: "globex"}, doctor.Doubtful},
	} {
		if s, err := readSeen(ctx, p.store, "support", tt.bot); err != nil || s.Label != tt.want {
			t.Errorf("%s by %s: label %q, %v; want %q", tt.bot.UserID, tt.bot.OperatorAccount, s.Label, err, tt.want)
		}
	}
}

func TestClockOfX(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	c := &xClock{}
	if c.skew().Unknown == "" {
		t.Error("known before the first answer")
	}
	date := http.Header{"Date": {at.Format(http.TimeFormat)}}
	for _, bad := range []struct {
		h             http.Header
		before, after time.Time
	}{
		{http.Header{}, at, at},
		{http.Header{"Date": {"yesterday"}}, at, at},
		{date, at, at.Add(slowest + time.Second)},
		{date, at, at.Add(-time.Second)},
	} {
		c.look(bad.h, bad.before, bad.after)
		if c.skew().Unknown == "" {
			t.Errorf("took %v", bad)
		}
	}
	c.look(date, at.Add(time.Minute), at.Add(time.Minute+time.Second))
	if s := c.skew(); s.Unknown != "" || s.Value != -time.Minute {
		t.Errorf("got %+v, want a minute ahead of X's", s)
	}
}

func TestPageStatus(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/privacy" {
			http.NotFound(w, r)
		}
	}))
	defer srv.Close()
	for path, want := range map[string]int{"/privacy": 200, "/gone": 404} {
		if s := pageStatus(t.Context(), srv.URL+path); s.Unknown != "" || s.Value != want {
			t.Errorf("%s: %+v, want %d", path, s, want)
		}
	}
	srv.Close()
	if s := pageStatus(t.Context(), srv.URL); s.Unknown == "" {
		t.Errorf("nobody there: %+v", s)
	}
}

// TestDoctorPlaces: what stands where, and who may read it.
func TestDoctorPlaces(t *testing.T) {
	t.Parallel()
	p := newPractice(t)
	c, _ := p.open()
	secret := filepath.Join(p.dir, "secrets", "token")
	b := c.cfg.Bots["support"]
	b.Token = config.SecretRef("file:" + secret)
	c.cfg.Bots["support"] = b
	c.file = filepath.Join(p.dir, "beckon.yaml")
	problems := func() string {
		var out []string
		for _, x := range c.places() {
			if x.Problem != "" {
				out = append(out, filepath.Base(x.Path))
			}
			if strings.Contains(x.Problem, simulatedToken) {
				t.Errorf("a finding holds a secret: %s", x.Problem)
			}
		}
		return strings.Join(out, " ")
	}
	for _, step := range []struct {
		name string
		do   func() error
		want string
	}{
		{"as made", func() error { return nil }, ""},
		{"the token in the open", func() error { return os.Chmod(secret, 0o644) }, "token"},
		{"shut again", func() error { return os.Chmod(secret, 0o600) }, ""},
		{"the token in a rule's comment", func() error {
			return os.WriteFile(filepath.Join(p.dir, "rules", "note.yaml"), []byte("# "+simulatedToken+"\n"), 0o600)
		}, "note.yaml"},
		{"the token among the answers, a folder", func() error {
			dir := filepath.Join(p.dir, "more")
			b := c.cfg.Bots["support"]
			b.Answers = dir
			c.cfg.Bots["support"] = b
			return errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, "more.yaml"), []byte("# "+simulatedToken), 0o600))
		}, "more.yaml note.yaml"},
		{"and out again", func() error { return os.RemoveAll(filepath.Join(p.dir, "more")) }, "note.yaml"},
		{"our own key in the open", func() error {
			return errors.Join(os.WriteFile(filepath.Join(p.dir, "host.key"), nil, 0o600), os.Chmod(filepath.Join(p.dir, "host.key"), 0o640), os.Chmod(p.dir, 0o755))
		}, "host.key note.yaml"},
		{"behind a shut door", func() error { return os.Chmod(p.dir, 0o700) }, "note.yaml"},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if got := problems(); got != step.want {
			t.Errorf("%s: problems with %q, want %q", step.name, got, step.want)
		}
	}
}
