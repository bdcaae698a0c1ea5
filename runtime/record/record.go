// Package record keeps what a host takes in while somebody records it, and makes
// an event log of it for tests.
//
// What it owns: which events may be in a log, and what of the host's own a replay
// needs beside them (which posts were the host's, how its sends ended). What it
// refuses: to write a file, to give out anything under real names unless it is
// told to, to keep a word of a user who did not agree to it.
//
//   - T31 a DM whose user did not agree to the storage of DMs is never in a
//     recording, nor is anything that its user does after it: without the DM a
//     replay would decide that in another way. The text of such a DM is not left
//     out, or replaced: its words decide, and under pseudonyms they are still the
//     user's.
//   - T32 what was deleted, or had to be, before the end of a recording is not in
//     the log: a post and its copies, all of an erased user, a consent withdrawn.
//   - T33 a replay of the log decides each event in it as the host did, but for
//     users whom the host knew from before.
//   - T34 a recording is in memory only; it ends when it is full, or when nobody
//     has asked for it for a while.
package record

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/event"
)

const (
	// MaxBytes is what all recordings of a host may hold together.
	MaxBytes = 64 << 20
	// besides is what a message takes besides its data, about.
	besides = 400
	// Forgotten is when a recording that nobody asks for is dropped.
	Forgotten = time.Minute
	// Most recordings at once.
	Most = 4
)

var (
	// ErrNone: there is no such recording, or nobody asked for it in time.
	ErrNone = errors.New("there is no such recording: the host was started since, or nobody had asked for it for a minute")
	// ErrBusy: more would hold too much text in memory.
	ErrBusy = errors.New("as many recordings run as may; end one first")
	// ErrNoHost: nothing comes in where no host runs.
	ErrNoHost = errors.New("no host runs, so nothing comes in; --since records what the bus still has")
)

// Options is what a recorder needs.
type Options struct {
	Store db.Store
	Key   event.Key
	Now   func() time.Time
	Live  bool // events come in
	// Past shows what the bus still has.
	Past func(ctx context.Context, see func(bus.Stored) error) error
	// Bots is the configured names, and the ids of their accounts.
	Bots map[string]string
	Room int // bytes that all recordings hold together; 0: MaxBytes
}

// Ask is what somebody wants recorded.
type Ask struct {
	Bot   string    // "": every bot
	Since time.Time // zero: from now on
	Plain bool      // under real names
}

// State says how far a recording is.
type State struct {
	ID     string    `json:"id"`
	Since  time.Time `json:"since"`
	Events int       `json:"events"`         // that came in; some are left out at the end
	Full   bool      `json:"full,omitempty"` // it has ended: there is no more room
}

// Left counts what is not in a log, and why.
type Left struct {
	DMs     int `json:"dms,omitempty"`     // whose user did not agree to storage
	After   int `json:"after,omitempty"`   // of the same users, later
	Bodies  int `json:"bodies,omitempty"`  // that cannot be read: nobody knows whose they are
	Deleted int `json:"deleted,omitempty"` // that were deleted, or have to be
}

// Recorder holds the recordings of a host. It is safe for concurrent use.
type Recorder struct {
	Options
	mu   sync.Mutex
	last uint64 // the latest position that was taken in
	on   map[string]*recording
	held int // bytes, of all
}

type recording struct {
	Ask
	State
	begun bool      // the past is read; before, nobody can ask for it
	asked time.Time // when somebody asked for it last
	kept  []entry
	seen  map[uint64]bool
	bytes int
}

// entry is one message at its position, and whether it may be in the log.
type entry struct {
	seq uint64
	bus.Message
	private bool
	why     reason
}

// New returns a recorder that records nothing.
func New(o Options) *Recorder { return &Recorder{Options: o, on: map[string]*recording{}} }

// Begin starts a recording, with what the bus has of the past.
func (r *Recorder) Begin(ctx context.Context, ask Ask) (State, error) {
	if !r.Live && ask.Since.IsZero() {
		return State{}, ErrNoHost
	}
	id := make([]byte, 8)
	rand.Read(id) // never fails
	rec := &recording{Ask: ask, State: State{ID: "rec-" + hex.EncodeToString(id), Since: ask.Since.UTC()}, seen: map[uint64]bool{}}
	if ask.Since.IsZero() {
		rec.State.Since = r.Now().UTC()
	}
	last, err := r.add(rec)
	if err != nil {
		return State{}, err
	}
	if ask.Since.IsZero() {
		return r.State(rec.ID)
	}
	err = r.past(ctx, rec, last)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.drop(rec.ID)
		return State{}, fmt.Errorf("record the past: %w", err)
	}
	rec.begun, rec.asked = true, r.Now()
	return rec.State, nil
}

// past takes what the bus has of it.
func (r *Recorder) past(ctx context.Context, rec *recording, last uint64) error {
	return r.Past(ctx, func(m bus.Stored) error {
		if m.Time.Before(rec.Ask.Since) || !m.Taken && m.Seq > last {
			return nil // what was not taken in comes by Took
		}
		return r.take(ctx, rec, m.Seq, m.Message)
	})
}

// add lets a recording take what comes in. It returns what was taken in before.
func (r *Recorder) add(rec *recording) (last uint64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec.asked, rec.begun = r.Now(), rec.Ask.Since.IsZero()
	r.forget(rec.asked)
	if len(r.on) >= Most {
		return 0, ErrBusy
	}
	r.on[rec.ID] = rec
	return r.last, nil
}

// Took is told of what was taken in, after its commit and in order. What a
// recording cannot take ends it, never the host.
func (r *Recorder) Took(ctx context.Context, ds []bus.Delivery) {
	r.mu.Lock()
	for _, d := range ds {
		r.last = max(r.last, d.Seq)
	}
	r.forget(r.Now())
	on := slices.Collect(maps.Values(r.on))
	r.mu.Unlock()
	for _, rec := range on {
		for _, d := range ds {
			if err := r.take(ctx, rec, d.Seq, d.Message); err != nil {
				r.mu.Lock()
				rec.Full = true
				r.mu.Unlock()
			}
		}
	}
}

// take puts a message into a recording, without its data where it may not be
// there.
func (r *Recorder) take(ctx context.Context, rec *recording, seq uint64, m bus.Message) error {
	if m.Bot == bus.NoBot || rec.Bot != "" && m.Bot != rec.Bot {
		return nil
	}
	e := entry{seq: seq, Message: m}
	err := r.Store.Read(ctx, func(tx db.Tx) error { return e.judge(tx) })
	if err != nil {
		return err
	}
	if e.why != stays {
		e.Data = nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if rec.Full || rec.seen[seq] || r.on[rec.ID] != rec {
		return nil
	}
	size := len(e.Data) + besides
	if r.held+size > r.room() {
		rec.Full = true
		return nil
	}
	rec.seen[seq] = true
	rec.kept = append(rec.kept, e)
	rec.Events++
	rec.bytes += size
	r.held += size
	return nil
}

func (r *Recorder) room() int {
	if r.Room > 0 {
		return r.Room
	}
	return MaxBytes
}

// State says how far a recording is, and keeps it.
func (r *Recorder) State(id string) (State, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec := r.on[id]
	if rec == nil {
		return State{}, ErrNone
	}
	rec.asked = r.Now()
	return rec.State, nil
}

// forget drops recordings whose command is gone.
func (r *Recorder) forget(now time.Time) {
	for id, rec := range r.on {
		if rec.begun && now.Sub(rec.asked) > Forgotten {
			r.drop(id)
		}
	}
}

func (r *Recorder) drop(id string) {
	r.held -= r.on[id].bytes
	delete(r.on, id)
}
