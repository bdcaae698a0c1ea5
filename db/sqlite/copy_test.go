package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
)

// A copy that is made while somebody writes is one moment of the database, whole
// and without any key of a text.
func TestCopyWhileWriting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Open(t.Context(), Options{Path: filepath.Join(dir, "beckon.db")})
	if err != nil {
		t.Fatal(err)
	}
	put := func(n int) error {
		return s.Write(context.Background(), func(tx db.Tx) error {
			k := db.TextKey{ID: fmt.Sprintf("k%04d", n), Bot: "b", User: fmt.Sprint(n), Day: time.Unix(0, 0).AddDate(0, 0, 1), Sealed: fmt.Appendf(nil, "very secret key %d", n)}
			return errors.Join(tx.PutTextKey(k), tx.SetMeta("n", fmt.Sprint(n)), tx.SetMeta("n again", fmt.Sprint(n)))
		})
	}
	for n := range 1100 {
		if err := put(n); err != nil {
			t.Fatal(err)
		}
	}
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		for n := 1100; ; n++ {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if err := put(n); err != nil {
				done <- err
				return
			}
		}
	}()
	to := filepath.Join(dir, "copy.db")
	var keys []db.TextKey
	err = s.Copy(t.Context(), to, func(k db.TextKey) error { keys = append(keys, k); return nil })
	close(stop)
	if err := errors.Join(err, <-done, s.Close()); err != nil {
		t.Fatal(err)
	}
	if len(keys) < 1100 || string(keys[7].Sealed) != "very secret key 7" {
		t.Errorf("%d keys were taken out", len(keys))
	}
	raw, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(raw, []byte("very secret key")) {
		t.Error("a key is in the copy")
	}
	if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy's mode is %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.copying*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	c, err := Open(t.Context(), Options{Path: to})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Check(t.Context()); err != nil {
		t.Error(err)
	}
	err = c.Read(t.Context(), func(tx db.Tx) error {
		n, err := tx.Meta("n")
		again, err2 := tx.Meta("n again")
		if n != again || n != fmt.Sprint(len(keys)-1) {
			t.Errorf("n is %s and %s, and %d keys were there: no one moment", n, again, len(keys))
		}
		return errors.Join(err, err2)
	})
	if err != nil {
		t.Error(err)
	}
}

// What goes wrong leaves no file, and what a crash left goes at the next start.
func TestCopyLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "beckon.db")
	left := scratch(path)
	if err := os.WriteFile(left, []byte("keys"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what a crash left is still there: %v", err)
	}
	err = s.Write(t.Context(), func(tx db.Tx) error {
		return tx.PutTextKey(db.TextKey{ID: "k", Bot: "b", User: "u", Sealed: []byte("s")})
	})
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(dir, "copy.db")
	full := errors.New("the disk of keys is full")
	if err := s.Copy(t.Context(), to, func(db.TextKey) error { return full }); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(to, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Copy(t.Context(), to, func(db.TextKey) error { return nil }); err == nil {
		t.Error("a copy replaced a file")
	}
	if b, _ := os.ReadFile(to); string(b) != "mine" {
		t.Errorf("the file that was there holds %q", b)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Copy(t.Context(), to+"2", nil); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if all, _ := filepath.Glob(filepath.Join(dir, "*copy*")); len(all) != 1 {
		t.Errorf("left behind: %v", all)
	}
}

// A copy is none where the one with the keys in it could not be removed.
func TestCopySaysThatKeysAreLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Open(t.Context(), Options{Path: filepath.Join(dir, "beckon.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Write(t.Context(), func(tx db.Tx) error {
		return tx.PutTextKey(db.TextKey{ID: "k", Bot: "b", User: "u", Sealed: []byte("s")})
	})
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(dir, "copy.db")
	err = s.Copy(t.Context(), to, func(db.TextKey) error { // something stands where it has to be removed
		return os.MkdirAll(filepath.Join(scratch(filepath.Join(dir, "beckon.db"))+"-shm", "mine"), 0o700)
	})
	if err == nil {
		t.Error("it is said to be done")
	}
	if _, err := os.Lstat(to); err == nil {
		t.Error("the copy is there")
	}
}
