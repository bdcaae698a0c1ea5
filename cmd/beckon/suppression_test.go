package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/conversation"
)

// TestS11OldDatabaseIsPutBack: between a copy of the database and the loss of
// the newer one somebody said stop and was erased, and somebody said stop.
func TestS11OldDatabaseIsPutBack(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	const ben = "700100200300400501"
	s.host(func(h *host) {
		s.deliver(h, "hello") // rows of ann
	})
	old, err := os.ReadFile(s.data("beckon.db"))
	if err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(time.Hour)
	s.host(func(*host) {})
	for _, user := range []string{annUser, ben} {
		s.must("optouts", "add", user) // no host runs: the next one carries it
	}
	s.must("forget", annUser)
	s.host(func(h *host) {
		if ann := s.suppression(h, annUser); !ann.OptedOut || ann.ErasedAt.IsZero() {
			t.Fatalf("before the loss: %+v", ann)
		}
	})
	s.putBack(old)

	s.now = s.now.Add(time.Hour)
	s.host(func(h *host) {
		for user, erased := range map[string]bool{annUser: true, ben: false} {
			if got := s.suppression(h, user); !got.OptedOut || got.ErasedAt.IsZero() == erased {
				t.Errorf("user %s: %+v", user, got)
			}
		}
		if r := s.restore(h); r.MergedBy != "bus" || !r.MergedAt.Equal(s.now) {
			t.Errorf("the restore is %+v, want one that is merged", r)
		}
		if err := h.eraser.All(context.Background(), s.now); err != nil {
			t.Fatal(err)
		}
		err := h.store.Read(context.Background(), func(tx db.Tx) error {
			users, err := tx.NamedUsers()
			if len(users) > 0 {
				t.Errorf("%d users are named still", len(users))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})

	// The disk with the bus is lost too: nobody knows, however often it starts.
	if err := os.RemoveAll(s.data("bus")); err != nil {
		t.Fatal(err)
	}
	s.putBack(old)
	for range 2 {
		s.now = s.now.Add(time.Hour)
		s.host(func(h *host) {
			if r := s.restore(h); !r.MergedAt.IsZero() {
				t.Errorf("a new copy is taken for the old one: %+v", r)
			}
		})
	}
}

// host opens one, starts and stops what keeps the copy, and closes it.
func (s *station) host(do func(h *host)) {
	s.t.Helper()
	h := s.open()
	err := h.startSuppressions(context.Background())
	if err == nil {
		do(h)
		err = h.stops.Carry(context.Background(), s.now)
	}
	if err := errors.Join(err, h.Close()); err != nil {
		s.t.Fatal(err)
	}
}

// putBack restores a database as `beckon restore` marks it.
func (s *station) putBack(old []byte) {
	s.t.Helper()
	for _, end := range []string{"-wal", "-shm"} {
		if err := os.Remove(s.data("beckon.db" + end)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.t.Fatal(err)
		}
	}
	if err := os.WriteFile(s.data("beckon.db"), old, 0o600); err != nil {
		s.t.Fatal(err)
	}
	h := s.open()
	err := action.Transact(context.Background(), h.store, h.key, nil, s.now, func(u *action.Unit) error {
		_, err := action.Restored(u, db.Restore{ID: "r", BackupAt: operatorStart.Add(time.Minute), At: s.now.Add(time.Minute), By: "ann"})
		return err
	})
	if err := errors.Join(err, h.Close()); err != nil {
		s.t.Fatal(err)
	}
}

func (s *station) suppression(h *host, user string) (p conversation.Suppression) {
	s.t.Helper()
	err := h.store.Read(context.Background(), func(tx db.Tx) (err error) {
		p, err = tx.Suppression(h.key.User(user))
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func (s *station) restore(h *host) (r db.Restore) {
	s.t.Helper()
	err := h.store.Read(context.Background(), func(tx db.Tx) (err error) {
		r, err = tx.LastRestore()
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}
