package main_test

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/event"
)

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
	starting, nth, jitter := rng.IntN(3) == 0, 1+rng.IntN(8), time.Duration(rng.IntN(4000))*time.Microsecond
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
