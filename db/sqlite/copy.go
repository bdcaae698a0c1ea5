package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite/gen"
)

// scratch is where a copy lies while it still has the keys of texts in it: beside
// the database, because it is as secret.
func scratch(path string) string { return path + ".copying" }

// Copy writes the database as it stands, without the keys of texts, into the new
// file to. keys takes each of them. Writers go on meanwhile. After an error no
// file is left.
func (s *Store) Copy(ctx context.Context, to string, keys func(db.TextKey) error) (err error) {
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("copy the database: %s is there already", to)
	}
	whole := scratch(s.opt.Path)
	defer func() {
		if err = errors.Join(err, removeAll(whole)); err != nil { // it has the keys: no copy is worth that
			err = fmt.Errorf("copy the database: %w", errors.Join(err, removeAll(to)))
		}
	}()
	if err := removeAll(whole); err != nil {
		return err
	}
	if err := s.vacuum(ctx, whole); err != nil {
		return err
	}
	if err := strip(ctx, whole, to, keys); err != nil {
		return err
	}
	return settled(to)
}

// vacuum writes one snapshot into a new file.
func (s *Store) vacuum(ctx context.Context, to string) error {
	if err := s.enter(); err != nil {
		return err
	}
	conn, err := s.ro.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	// SQLite takes the new file for a write. The connection stays read-only.
	if _, err := conn.ExecContext(ctx, "PRAGMA query_only(0)"); err != nil {
		return err
	}
	err = vacuumInto(ctx, conn, to)
	_, back := conn.ExecContext(background(), "PRAGMA query_only(1)")
	return errors.Join(err, back)
}

func (s *Store) enter() error {
	select {
	case <-s.done:
		return ErrClosed
	default:
		return nil
	}
}

// vacuumInto makes the file first, so that it has our mode and not the system's.
func vacuumInto(ctx context.Context, conn *sql.Conn, to string) error {
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, "VACUUM INTO ?", to)
	return err
}

// strip takes the keys out of a whole copy and writes what is left, anew, so
// that no free page has them.
func strip(ctx context.Context, whole, to string, keys func(db.TextKey) error) (err error) {
	name, err := dsn(whole, []pragma{{"secure_delete", "1"}, {"journal_mode", "memory"}}, false)
	if err != nil {
		return err
	}
	d, err := sql.Open("sqlite", name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	conn, err := d.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	q := gen.New(conn)
	for after := ""; ; {
		rows, err := q.WalkTextKeys(ctx, after, keyChunk)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := keys(textKeyOf(r)); err != nil {
				return err
			}
			after = r.ID
		}
		if len(rows) < keyChunk {
			break
		}
	}
	if _, err := conn.ExecContext(ctx, "DELETE FROM text_keys"); err != nil {
		return err
	}
	return vacuumInto(ctx, conn, to)
}

const keyChunk = 1000

// settled waits until the file is on the disk.
func settled(path string) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func removeAll(path string) error {
	var errs []error
	for _, end := range []string{"", "-journal", "-wal", "-shm"} {
		if err := os.Remove(path + end); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
