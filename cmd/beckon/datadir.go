package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// dataDir is the host's folder, held by one process at a time.
//
//	beckon.db     conversations, opt-outs, the action log
//	bus/          events on their way
//	token.key     the key that logins, and the keys of texts, are sealed with, unless app.token_key names one
//	host.key      the key behind every hash; without it opt-outs cannot be read
//	audit.key     signs the checkpoints of the audit chain; another key begins another chain
//	audit.checkpoint  the last of them
//	admin.addr    where the running host listens for operators
//	admin.token   what they must show it
//	lock          held by the process that runs
type dataDir struct {
	path string
	lock *flock.Flock
}

// errLocked: another process holds the data directory (exit 5).
var errLocked = errors.New("another beckon process holds the data directory")

// openDataDir makes the folder if need be and locks it.
func openDataDir(path string) (*dataDir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	l := flock.New(filepath.Join(path, "lock"))
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if !ok {
		return nil, fmt.Errorf("%w: %s", errLocked, path)
	}
	return &dataDir{path: path, lock: l}, nil
}

func (d *dataDir) Close() error { return d.lock.Unlock() }

func (d *dataDir) file(name string) string { return filepath.Join(d.path, name) }

const keyBytes = 32

// key reads the host key, and makes it at the first start.
func (d *dataDir) key() (event.Key, error) {
	path := d.file("host.key")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return d.makeKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the host key: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(key) != keyBytes {
		return nil, unsafeKey("%s is not a host key (%d bytes in hex)", path, keyBytes)
	}
	return key, nil
}

func (d *dataDir) makeKey(path string) (event.Key, error) {
	if _, err := os.Stat(d.file("beckon.db")); err == nil {
		return nil, unsafeKey("%s is missing beside an existing database", path)
	}
	key := make([]byte, keyBytes)
	rand.Read(key) // never fails
	if err := writeSecret(path, hex.EncodeToString(key)+"\n"); err != nil {
		return nil, fmt.Errorf("keep the host key: %w", err)
	}
	return key, nil
}

// unsafeKey is why the host must not start: without its key, everybody who said
// stop would be written to again.
func unsafeKey(format string, args ...any) error {
	return exitError{exitUnsafe, fmt.Errorf(format+": restore it from a backup; opt-outs cannot be read without it", args...)}
}

// writeSecret writes a file that only this user can read, whole or not at all.
func writeSecret(path, content string) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if _, err := tmp.WriteString(content); err != nil {
		return errors.Join(err, tmp.Close())
	}
	if err := errors.Join(tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// checkKey makes sure that the database was made with this key, or claims an
// empty database for it.
func checkKey(ctx context.Context, store db.Store, key event.Key) error {
	return store.Write(ctx, func(tx db.Tx) error {
		have, err := tx.Meta(db.MetaHostKey)
		if err != nil {
			return err
		}
		switch have {
		case key.Check():
			return nil
		case "":
			return tx.SetMeta(db.MetaHostKey, key.Check())
		}
		return db.ErrWrongKey
	})
}
