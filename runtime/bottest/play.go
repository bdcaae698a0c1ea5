package bottest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// Judge says what is wrong with a request to X by X's own contract.
type Judge func(*http.Request) error

const (
	webhookURL     = "https://bot.example/x/webhook"
	consumerSecret = "scenario consumer secret"
)

// midnight is the scenario's day, a Monday.
func midnight() time.Time { return time.Date(2026, 12, 7, 0, 0, 0, 0, time.UTC) }

func botID(i int) string { return strconv.Itoa(1_000_000_000_000_000_001 + i) }

// act is something that was done, under its name.
type act struct {
	id     string // of the post or DM
	bodies [][]byte
	n      int // bodies delivered so far
}

// run is one scenario being played.
type run struct {
	t    *testing.T
	s    *scenario
	sim  *xsim.Sim
	live chan *host        // holds the one that lives; empty while there is none
	gone []<-chan struct{} // killed hosts

	acts  map[string]*act
	names map[string]string // ids to names
	last  time.Time         // when the last line happened

	mu       sync.Mutex
	accepted [][]byte // bodies that the webhook took, in order
	asked    []bus.Message
	stops    []stop   // how opt-outs changed, in order
	faults   []string // laws broken on the way
	past     map[string]db.Action
	whole    map[string]db.Action // as they were while they told of somebody
	records  map[string]gate.Record
	lost     map[string]db.Action // as a host knew them whose database was lost
	backups  string               // folder; "": there are none
	alarms   alarms
}

// play runs the script and returns what came of it, by name of the expecting
// file, and what was decided. It is called in a bubble.
func play(t *testing.T, s *scenario, x Judge) (map[string]string, []gate.Record) {
	time.Sleep(time.Until(midnight()))
	r := &run{t: t, s: s, acts: map[string]*act{}, names: map[string]string{}, past: map[string]db.Action{}, whole: map[string]db.Action{}, records: map[string]gate.Record{}, live: make(chan *host, 1)}
	if err := r.open(x); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var echoes sync.WaitGroup
	echoes.Go(func() { _ = r.sim.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		echoes.Wait()
		if err := r.host().close(); err != nil {
			t.Errorf("close the host: %v", err)
		}
		for _, gone := range r.gone {
			<-gone
		}
	})
	for _, st := range s.steps {
		if err := r.step(st); err != nil {
			t.Fatalf("script, line %d: %s: %v", st.line, st.verb, err)
		}
	}
	time.Sleep(10 * time.Second) // acknowledgements are on disk by then
	synctest.Wait()
	got := r.show()
	l := r.check()
	r.again()
	r.search()
	return got, l.Records
}

// step waits for its time, does one line, and lets the host come to rest. It is
// called in a bubble.
func (r *run) step(s step) error {
	at := midnight().Add(s.at)
	if !s.abs {
		at = r.last.Add(s.after)
	}
	// Time stands still while anybody works, but for the timers of NATS: some
	// milliseconds late is on time.
	if late := time.Since(at); late > time.Second {
		return fmt.Errorf("it is %s past that time already", late)
	}
	r.last = at
	time.Sleep(time.Until(at))
	synctest.Wait()
	if err := r.do(s); err != nil {
		return err
	}
	synctest.Wait()
	r.watch()
	return nil
}

func (r *run) do(s step) error {
	ctx := context.Background()
	switch s.verb {
	case "wait":
		return nil
	case "deliver", "again", "forge":
		return r.deliverAgain(ctx, s)
	case "raw":
		text, ok := r.s.raw[s.args[0]]
		if !ok {
			return fmt.Errorf("no file %q", s.args[0])
		}
		return r.happened(ctx, s, xsim.Done{ID: r.freshID(), Bodies: [][]byte{[]byte(r.expand(text))}})
	case "fault":
		return r.fault(s)
	case "stream":
		return r.stream(s)
	case "break":
		if !slices.Contains(ways[s.args[0]], s.args[1]) {
			return fmt.Errorf("%s can be broken so: %v", s.args[0], ways[s.args[0]])
		}
		r.host().fault.set(s.args[0], s.args[1])
		return nil
	case "mend":
		r.host().fault.set(s.args[0], "")
		return nil
	case "crash":
		return r.crash()
	case "restart":
		return r.replace(func(h *host) (*host, error) {
			if err := h.close(); err != nil {
				return nil, err
			}
			return r.start(h.dir)
		})
	case "backup":
		return r.backup(ctx)
	case "recover":
		if err := r.recover(ctx, s); err != nil || !s.flag("replayed") {
			return err
		}
		synctest.Wait()
		return r.replay(ctx)
	case "rules":
		return r.changeRules(ctx, s)
	case "ask":
		return r.ask(ctx, s)
	case "answer":
		return r.answer(ctx, s)
	case "consent":
		return r.consent(ctx, s)
	case "match":
		return r.match(ctx, s)
	case "round", "jobs", "duty", "wipe":
		return r.delete(ctx, s)
	case "approve", "reject", "retry", "pause", "resume", "optout", "redo", "handoff", "release":
		return r.operate(ctx, s)
	}
	a, err := r.act(s)
	if err != nil {
		return err
	}
	done, err := r.sim.Do(a)
	if err != nil {
		return err
	}
	return r.happened(ctx, s, done)
}
