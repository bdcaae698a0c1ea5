package main_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// TestKill kills the real binary with SIGKILL at random moments while users
// write to it, starts it again on the same data directory, and lets X judge
// (I1, I2, I3, I5, E1, E3, W1): no act answered twice, nothing lost that the
// webhook took, nothing sent after a STOP. See the laws of evidence.
//
// It runs where BECKON_KILLS says how often, in CI 20 times; with 300 kills it
// takes about ten minutes:
//
//	BECKON_KILLS=300 go test -run '^TestKill$' -v -timeout 60m ./cmd/beckon
//	BECKON_KILLS=50 BECKON_KILL_SEED=7 go test -run '^TestKill$' -v ./cmd/beckon
//
// The seed fixes what users do, what X gets wrong and which moments are chosen;
// how the processes run between them, nobody can fix.
func TestKill(t *testing.T) {
	t.Parallel()
	if os.Getenv("BECKON_KILLS") == "" {
		t.Skip("the trial of killed hosts does not run: BECKON_KILLS is unset")
	}
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
	taken   map[string]receipt // bodies that got 200
	sure    time.Time          // what was taken until then was worked off
	again   time.Time          // before everything was delivered again
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
		past: map[string]db.Action{}, unclear: map[string]bool{}, taken: map[string]receipt{},
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
		Accounts:       []xsim.Account{{User: xsim.User{ID: botID, Username: botHandle, Automated: true, Bio: "Bot by @acme"}, Token: key("token")}},
		Users:          []xsim.User{{ID: "1000000000000000009", Username: "acme"}},
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
	sure, err := r.settled("first")
	if err != nil {
		return err
	}
	replies, dms := len(r.sim.Posts()), len(r.sim.DMs())
	r.note("", "everything is delivered again")
	r.mu.Lock()
	r.sure, r.again = sure, time.Now()
	for b, first := range r.taken {
		r.mail = append(r.mail, letter{body: []byte(b), user: first.user})
	}
	r.mu.Unlock()
	if _, err := r.settled("second"); err != nil {
		return err
	}
	if p, d := len(r.sim.Posts())-replies, len(r.sim.DMs())-dms; p != 0 || d != 1 { // the last DM's
		r.fail("", "delivering everything again led to %d replies and %d DMs", p, d-1)
	}
	return r.stop(l)
}

// settled waits until the host has worked off all that was delivered. A DM
// that is sent last tells by its answer that what was taken until then is
// decided.
func (r *trial) settled(name string) (sure time.Time, err error) {
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
		return sure, err
	}
	sure = time.Now()
	dm := xsim.Act{Kind: xsim.ActDM, From: "last_" + name, To: botHandle, Text: "what about " + topic(0)}
	if _, err := r.perform(dm, topic(0), rand.New(rand.NewPCG(r.seed, 1<<34))); err != nil {
		return sure, err
	}
	answered := func() (bool, error) { return r.sim.SendsTo(dm.From) > 0, nil }
	return sure, errors.Join(until("the last DM is answered", answered), until("nothing waits and all echoes are delivered", calmed))
}
