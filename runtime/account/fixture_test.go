package account

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/seal"
)

// desk is a bot with a login, a fake X, and a store that can fail.
type desk struct {
	t     *testing.T
	x     *fakeX
	below db.Store
	store *dbtest.Faults
	key   *seal.Keyset
	log   *logged

	mu    sync.Mutex
	stops []string
	stop  error // what turning the kill switch on answers
}

// logged is a log that may be read while it is written.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// onFakeTime runs the test in a bubble, with a desk whose bot "desk" has user id
// 42 and is not logged in.
func onFakeTime(t *testing.T, fn func(t *testing.T, d *desk)) {
	t.Helper()
	t.Parallel()
	key, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		below, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "x.db")})
		if err != nil {
			t.Fatal(err)
		}
		defer below.Close()
		fn(t, &desk{t: t, x: newFakeX(t), below: below, store: dbtest.Faulty(below), key: key, log: &logged{}})
	})
}

// process is a manager of its own over the same database: one beckon process.
func (d *desk) process() *Manager {
	return New(Options{
		Store: d.store, Seal: d.key, BaseURL: "https://x.test", HTTP: &http.Client{Transport: d.x},
		App: App{
			ClientID: "client", ClientSecret: NewSecret("client-secret-very-private"),
			ConsumerKey: NewSecret("consumer-key"), ConsumerSecret: NewSecret("consumer-secret-very-private"),
		},
		Bots: map[string]Bot{
			"desk":   {UserID: "42", Username: "desk_bot", Kind: Login},
			"fixed":  {UserID: "43", Kind: Static, Token: NewSecret("fixed-very-private")},
			"signed": {UserID: "44", Kind: OAuth1, Keys: Keys{AccessToken: NewSecret("signed-very-private")}},
		},
		Stop: func(_ context.Context, bot, why string) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.stop == nil {
				d.stops = append(d.stops, bot+": "+why)
			}
			return d.stop
		},
		Log: slog.New(slog.NewJSONHandler(d.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
}

// login logs the account of that user id in.
func (d *desk) login(m *Manager, user string) error {
	g := NewGrant("client", "http://127.0.0.1:8765/callback", "tweet.read")
	d.x.mu.Lock()
	d.x.codes["code-very-private"] = user
	d.x.mu.Unlock()
	c, err := g.Answer(map[string][]string{"state": {g.state}, "code": {"code-very-private"}})
	if err != nil {
		d.t.Fatal(err)
	}
	_, err = m.Login(d.t.Context(), "desk", c)
	return err
}

// running is a process whose bot has logged in.
func (d *desk) running() *Manager {
	d.t.Helper()
	m := d.process()
	if err := d.login(m, "42"); err != nil {
		d.t.Fatal(err)
	}
	return m
}

func (d *desk) row() db.Token {
	d.t.Helper()
	var row db.Token
	err := d.below.Read(d.t.Context(), func(tx db.Tx) (err error) {
		row, err = tx.Token("desk")
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return row
}

func (d *desk) wantState(want db.TokenState) {
	d.t.Helper()
	if row := d.row(); row.State != want {
		d.t.Errorf("state: got %s (%s), want %s", row.State, row.Reason, want)
	}
}

// token is the access token given out now; it fails the test if X would not
// take it.
func (d *desk) token(m *Manager) string {
	d.t.Helper()
	c, err := m.Credential(d.t.Context(), "desk")
	if err != nil {
		d.t.Fatalf("credential: %v", err)
	}
	tok := c.Bearer.Reveal()
	d.x.mu.Lock()
	defer d.x.mu.Unlock()
	if d.x.live[tok] != "42" {
		d.t.Fatalf("given out: %s, which X does not take", tok)
	}
	return tok
}

// noToken wants an error of that class.
func (d *desk) noToken(m *Manager, class event.Class) *Error {
	d.t.Helper()
	c, err := m.Credential(d.t.Context(), "desk")
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Class != class || c != (Credential{}) {
		d.t.Fatalf("credential: got %v, %v; want an *Error of class %s", c, err, class)
	}
	return e
}

// stopped wants the kill switch turned on that many times.
func (d *desk) stopped(want int, why string) {
	d.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.stops) != want || want > 0 && !strings.Contains(d.stops[want-1], why) {
		d.t.Errorf("stops: got %q, want %d with %q", d.stops, want, why)
	}
}

// quiet wants no secret in anything printed.
func (d *desk) quiet(more ...any) {
	d.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.log.String() + fmt.Sprint(d.stops) + fmt.Sprint(more...) + fmt.Sprintf("%+v %#v", more, more)
	if i := strings.Index(out, "very-private"); i >= 0 {
		d.t.Errorf("a secret was printed: …%s", out[max(0, i-200):i+12])
	}
}

// expire waits until the access token in use has run out.
func expire() { sleep(2*time.Hour + time.Second) }

// sleep is called in a bubble: the time is the fake one.
func sleep(d time.Duration) { time.Sleep(d) }
