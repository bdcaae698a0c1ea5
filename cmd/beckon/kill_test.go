package main_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// TestKill kills the real binary with SIGKILL at random moments while users
// write to it, starts it again on the same data directory, and lets X judge
// (I1, I2, I3, I5, E1, E3, W1): no act answered twice, nothing lost that the
// webhook took, nothing sent after a STOP. See the laws of evidence.
//
// The number of kills and the seed can be chosen; with 300 kills it takes about
// eight minutes:
//
//	BECKON_KILLS=300 go test -run '^TestKill$' -v -timeout 60m ./cmd/beckon
//	BECKON_KILLS=50 BECKON_KILL_SEED=7 go test -run '^TestKill$' -v ./cmd/beckon
//
// The seed fixes what users do, what X gets wrong and which moments are chosen;
// how the processes run between them, nobody can fix.
func TestKill(t *testing.T) {
	t.Parallel()
	kills, seed := number(t, "BECKON_KILLS", 20), number(t, "BECKON_KILL_SEED", 1)
	r := newTrial(t, uint64(seed))
	if err := r.run(kills); err != nil {
		r.fail("", "%v", err)
	}
	e, err := r.evidence()
	if err != nil {
		t.Fatal(errors.Join(err, fmt.Errorf("seed %d: %q", seed, r.faults)))
	}
	r.report(e, append(r.faults, e.laws()...))
	if kills >= 10 && (r.cut == 0 || len(e.posts) < kills || len(e.dms) < kills) {
		t.Errorf("the trial proves little: %d kills cut a call, X has %d replies and %d DMs", r.cut, len(e.posts), len(e.dms))
	}
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		t.Fatalf("%s is a number from 1, not %q", name, s)
	}
	return n
}

// trial is an X, its users, and a host that is killed over and over.
type trial struct {
	t        *testing.T
	ctx      context.Context
	seed     uint64
	bin, dir string
	sim      *xsim.Sim
	door     atomic.Pointer[string] // where the webhook is now; "": nowhere
	calm     atomic.Bool            // X makes no more trouble
	over     chan struct{}          // closed when users fall silent
	ended    chan struct{}          // closed when nothing is delivered any more
	opening  string                 // the bot's own post
	lives    []*life

	past    map[string]db.Action   // as the last life left them
	stops   []map[string]time.Time // by life that ended: opt-outs that stood in its database, by hash
	cut     int                    // kills that left a call under way
	unclear map[string]bool        // actions that were unknown at the end of a life

	mu      sync.Mutex
	acts    []act
	calls   []call
	mail    []letter
	carried int
	taken   map[string]bool // bodies that got 200
	notes   []note
	faults  []fault
	armed   *alarm
}

// note is a line of the timeline; of a user, or of everybody.
type note struct {
	at         time.Time
	user, text string
}

// fault is a law that was broken, and toward whom.
type fault struct{ user, text string }

func (r *trial) note(user, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, note{time.Now(), user, fmt.Sprintf(format, args...)})
}

func (r *trial) fail(user, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, fault{user, fmt.Sprintf(format, args...)})
}

// wait reports whether the time passed before the end came.
func (r *trial) wait(end <-chan struct{}, d time.Duration) bool {
	select {
	case <-end:
		return false
	case <-time.After(d):
		return true
	}
}

func newTrial(t *testing.T, seed uint64) *trial {
	t.Helper()
	dir := t.TempDir()
	r := &trial{
		t: t, ctx: t.Context(), seed: seed, bin: filepath.Join(dir, "beckon"), dir: filepath.Join(dir, "bot"),
		over: make(chan struct{}), ended: make(chan struct{}),
		past: map[string]db.Action{}, unclear: map[string]bool{}, taken: map[string]bool{},
	}
	r.door.Store(new(string))
	if out, err := exec.CommandContext(r.ctx, "go", "build", "-o", r.bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	if err := makeBot(r.ctx, r.bin, r.dir); err != nil {
		t.Fatal(err)
	}
	key := func(name string) string {
		b, err := os.ReadFile(filepath.Join(r.dir, "secrets", name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(b))
	}
	var err error
	r.sim, err = xsim.New(xsim.Options{
		Accounts:       []xsim.Account{{User: xsim.User{ID: botID, Username: botHandle, Automated: true}, Token: key("token")}},
		ConsumerSecret: []byte(key("consumer_secret")), WebhookURL: "http://beckon.test/x/webhook", Seed: seed,
		Limits:          map[string]int{xsim.OpPost: 1 << 20, xsim.OpDM: 1 << 20},
		DuplicateWindow: 1, // X refuses no second answer: the judge wants to see it
		Client: &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", *r.door.Load())
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// run is the whole trial: kills while users write, then a last life that works
// everything off, hears everything again, and is asked to stop.
func (r *trial) run(kills int) (err error) {
	defer func() {
		for _, l := range r.lives {
			_ = l.cmd.Process.Kill() // an error: it ended already
			<-l.ended
			err = errors.Join(err, l.x.Close())
		}
	}()
	if err := r.trouble(); err != nil {
		return err
	}
	hello, err := r.sim.Do(xsim.Act{Kind: xsim.ActPost, From: botHandle, Text: "Good morning."})
	if err != nil {
		return err
	}
	r.opening = hello.ID
	for _, b := range hello.Bodies {
		r.post(letter{body: b})
	}
	var users, others sync.WaitGroup
	for seat := range cast {
		users.Go(func() { r.live(seat) })
	}
	for range 3 {
		others.Go(r.carry)
	}
	others.Go(r.echo)
	silence := sync.OnceFunc(func() { close(r.over); users.Wait() })
	defer func() { silence(); close(r.ended); others.Wait() }()

	rng := rand.New(rand.NewPCG(r.seed, 1<<33))
	for range kills {
		l, err := r.start()
		if err != nil {
			return err
		}
		if err := r.moment(rng, l); err != nil {
			return err
		}
		if err := r.kill(l); err != nil {
			return err
		}
		if err := r.inspect(); err != nil {
			return err
		}
	}
	silence()
	r.calm.Store(true)
	return r.end()
}

// end is the last life.
func (r *trial) end() error {
	l, err := r.start()
	if err != nil {
		return err
	}
	if err := l.up(); err != nil {
		return err
	}
	if err := r.settled("first"); err != nil {
		return err
	}
	replies, dms := len(r.sim.Posts()), len(r.sim.DMs())
	r.mu.Lock()
	for b := range r.taken {
		r.mail = append(r.mail, letter{body: []byte(b)})
	}
	r.mu.Unlock()
	r.note("", "everything is delivered again")
	if err := r.settled("second"); err != nil {
		return err
	}
	if p, d := len(r.sim.Posts())-replies, len(r.sim.DMs())-dms; p != 0 || d != 1 { // the last DM's
		r.fail("", "delivering everything again led to %d replies and %d DMs", p, d-1)
	}
	return r.stop(l)
}

// settled waits until the host has worked off all that was delivered. A DM
// that is sent last tells by its answer that what came before was decided.
func (r *trial) settled(name string) error {
	late := time.Now().Add(2 * hostPatience)
	until := func(what string, done func() (bool, error)) error {
		for time.Now().Before(late) {
			if ok, err := done(); ok || err != nil {
				return err
			}
			r.wait(r.ended, 20*time.Millisecond)
		}
		return fmt.Errorf("%s: not within %s", what, 2*hostPatience)
	}
	calmed := func() (bool, error) {
		n, err := r.open()
		return err == nil && n == 0 && r.delivered(), err
	}
	if err := until("everything is delivered", func() (bool, error) { return r.delivered(), nil }); err != nil {
		return err
	}
	dm := xsim.Act{Kind: xsim.ActDM, From: "last_" + name, To: botHandle, Text: "what about " + topic(0)}
	if _, err := r.perform(dm, topic(0), rand.New(rand.NewPCG(r.seed, 1<<34))); err != nil {
		return err
	}
	answered := func() (bool, error) { return r.sim.SendsTo(dm.From) > 0, nil }
	return errors.Join(until("the last DM is answered", answered), until("nothing waits and all echoes are delivered", calmed))
}

// Moments of which the trial can wait for one.
const (
	webhookTook = "the webhook took a body"
	xCalled     = "a call to X began"
	xAnswered   = "X answered a call"
)

// alarm goes off at the nth moment of a kind.
type alarm struct {
	kind string
	left int
	rang chan struct{}
}

func (r *trial) passed(kind string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a := r.armed; a != nil && a.kind == kind {
		if a.left--; a.left == 0 {
			close(a.rang)
		}
	}
}

// moment waits until the one at which a life ends: during its start, at any
// time, or close to what can break in two.
func (r *trial) moment(rng *rand.Rand, l *life) error {
	kind := []string{"", "", webhookTook, xCalled, xCalled, xAnswered}[rng.IntN(6)]
	after := time.Duration(rng.IntN(800)) * time.Millisecond
	starting, nth, jitter := rng.IntN(3) == 0, 1+rng.IntN(12), time.Duration(rng.IntN(4000))*time.Microsecond
	if kind == "" && starting {
		r.wait(l.ended, after/2)
		return nil
	}
	a := &alarm{kind: kind, left: nth, rang: make(chan struct{})}
	if err := l.up(); err != nil {
		return err
	}
	if kind == "" {
		r.wait(l.ended, after)
		return nil
	}
	r.mu.Lock()
	r.armed = a
	r.mu.Unlock()
	r.wait(a.rang, 2*time.Second) // with nothing to do it dies idle
	r.wait(l.ended, jitter)
	return nil
}

// inspect reads what a killed host left behind, from a copy: the next life is
// to mend the files itself.
func (r *trial) inspect() error {
	dir := r.t.TempDir()
	defer os.RemoveAll(dir) //nolint:errcheck // the test's end does it, too
	for _, name := range []string{"beckon.db", "beckon.db-wal"} {
		data, err := os.ReadFile(filepath.Join(r.dir, "data", name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // killed before it made one
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return err
		}
	}
	stops := map[string]time.Time{}
	r.stops = append(r.stops, stops)
	store, err := sqlite.Open(r.ctx, sqlite.Options{Path: filepath.Join(dir, "beckon.db")})
	if err != nil {
		return err
	}
	var now []db.Action
	err = errors.Join(store.Check(r.ctx), store.Read(r.ctx, func(tx db.Tx) (err error) {
		if now, err = tx.ListActions(db.ActionFilter{Max: everything}); err != nil {
			return err
		}
		list, err := tx.OptedOut("", everything)
		for _, s := range list {
			stops[s.UserHash] = s.At
		}
		return err
	}), store.Close())
	r.compare(now)
	if slices.ContainsFunc(now, func(a db.Action) bool { return a.State == event.Attempting }) {
		r.cut++
	}
	return err
}

// everything is more rows than a trial makes.
const everything = 1 << 24

// compare holds that no action left a terminal state or is gone (I5, D2), and
// that an unknown one was at most settled (I3).
func (r *trial) compare(now []db.Action) {
	for _, a := range now {
		was, ok := r.past[a.ID]
		delete(r.past, a.ID)
		switch {
		case !ok || was.State == a.State:
		case was.State.Terminal():
			r.fail(a.User, "I5: action %s was %s and is %s", a.ID, was.State, a.State)
		case was.State == event.Unsettled && a.State != event.Sent && a.State != event.Failed:
			r.fail(a.User, "I3: action %s was unknown and is %s", a.ID, a.State)
		}
		if a.State == event.Unsettled {
			r.unclear[a.ID] = true
		}
	}
	for _, a := range r.past {
		r.fail(a.User, "D2: action %s was %s and is gone", a.ID, a.State)
	}
	clear(r.past)
	for _, a := range now {
		r.past[a.ID] = a
	}
}
