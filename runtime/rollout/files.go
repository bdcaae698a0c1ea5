package rollout

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Kind is what a file of a bot holds.
type Kind string

// Kinds of files, rules apart.
const (
	Answers  Kind = "answers"
	Schedule Kind = "schedule"
)

// File is what a bot has in a file or a folder besides its rules.
type File struct {
	Bot  string
	Path string
	Read func() Content
}

// Content is what stands in a file at one moment.
type Content struct {
	Digest [sha256.Size]byte // over all that counts, or over why it cannot be read
	// Load checks it. place puts it to use; holds says how much it is.
	Load func() (place func(), holds []Count, err error)
}

// Count is how many things of a kind a file holds.
type Count struct {
	What string `json:"what"` // singular
	N    int    `json:"n"`
}

// Files keeps what the bots of a host have in files of one kind, by L1: what
// does not load changes nothing, and the status says why. It is safe for
// concurrent use.
type Files struct {
	Kind  Kind
	Bots  []File
	Now   func() time.Time // nil: time.Now
	Log   *slog.Logger
	Count Counters

	turn sync.Mutex // one reload at a time

	mu sync.Mutex
	at map[string]fileState // by bot
}

// Counters is where reloads of files are counted.
type Counters struct{ Changed, Failed, Refused *atomic.Int64 }

// fileState is one file and what came of it.
type fileState struct {
	seen    digest // of what was read last, good or bad
	since   time.Time
	holds   []Count
	failure *Failure
}

// FileStatus is what there is to know of a bot's file.
type FileStatus struct {
	Bot   string    `json:"bot"`
	Kind  Kind      `json:"kind"`
	Path  string    `json:"path"`
	Since time.Time `json:"since"` // UTC: the host has what is in place
	Holds []Count   `json:"holds"`
	// Failure is why the file as it is now is not in place; nil: it is.
	Failure *Failure `json:"failure,omitempty"`
}

// Start loads the files of every bot. Those that fail are an error, of all bots
// together.
func (f *Files) Start() error {
	f.turn.Lock()
	defer f.turn.Unlock()
	var faults []error
	for _, b := range f.Bots {
		c := b.Read()
		place, holds, err := load(c)
		if err != nil {
			faults = append(faults, failureOf(err, f.now()))
			continue
		}
		place()
		f.set(b.Bot, fileState{seen: c.Digest, since: f.now(), holds: holds})
	}
	return errors.Join(faults...)
}

// Reload loads what has changed since it was read last, and puts in place what
// is good.
func (f *Files) Reload(ctx context.Context) {
	f.turn.Lock()
	defer f.turn.Unlock()
	for _, b := range f.Bots {
		c, s := b.Read(), f.state(b.Bot)
		if ctx.Err() != nil || c.Digest == s.seen {
			continue
		}
		place, holds, err := load(c)
		if err != nil {
			s.seen, s.failure = c.Digest, failureOf(err, f.now())
			f.set(b.Bot, s)
			f.Count.Failed.Add(1)
			f.Log.ErrorContext(ctx, f.Kind.refused(), "bot", b.Bot, "path", b.Path, "step", s.failure.Step,
				"err", strings.Join(s.failure.Problems, "; "), "more", s.failure.More)
			continue
		}
		place()
		f.set(b.Bot, fileState{seen: c.Digest, since: f.now(), holds: holds})
		f.Count.Changed.Add(1)
		attrs := []any{"bot", b.Bot}
		for _, n := range holds {
			attrs = append(attrs, n.What+"s", n.N)
		}
		f.Log.InfoContext(ctx, string(f.Kind)+" in place", attrs...)
	}
}

// Check loads the file as it is now, and leaves what is in place.
func (f File) Check() error {
	_, _, err := load(f.Read())
	return err
}

// load checks a content. A fault of ours must not end a host that has a good one
// (L1).
func load(c Content) (place func(), holds []Count, err error) {
	defer func() {
		if p := recover(); p != nil {
			place, holds, err = nil, nil, stepError{StepLoad, fmt.Errorf("the loader failed: %v", p)}
		}
	}()
	place, holds, err = c.Load()
	if err != nil && !errors.As(err, new(stepError)) {
		err = stepError{StepLoad, err}
	}
	return place, holds, err
}

func (k Kind) refused() string {
	if k == Schedule {
		return "schedule refused; the last good one stays in place"
	}
	return "answers refused; the last good ones stay in place"
}

// Watch reloads what changes until ctx ends.
func (f *Files) Watch(ctx context.Context) error {
	w := watcher{log: f.Log, changed: f.Reload}
	for _, b := range f.Bots {
		w.paths = append(w.paths, filepath.Clean(b.Path))
	}
	return w.run(ctx)
}

// Status tells of every bot that has a file of this kind.
func (f *Files) Status() []FileStatus {
	out := []FileStatus{}
	for _, b := range f.Bots {
		s := f.state(b.Bot)
		out = append(out, FileStatus{Bot: b.Bot, Kind: f.Kind, Path: b.Path, Since: s.since, Holds: s.holds, Failure: s.failure})
	}
	return out
}

func (f *Files) state(bot string) fileState {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at[bot]
}

func (f *Files) set(bot string, s fileState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at == nil {
		f.at = map[string]fileState{}
	}
	switch before := f.at[bot].failure != nil; {
	case s.failure != nil && !before:
		f.Count.Refused.Add(1)
	case s.failure == nil && before:
		f.Count.Refused.Add(-1)
	}
	f.at[bot] = s
}

func (f *Files) now() time.Time {
	if f.Now == nil {
		return time.Now().UTC()
	}
	return f.Now().UTC()
}
