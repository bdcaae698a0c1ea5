package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite/gen"
)

// ErrClosed is returned by every call after Close.
var ErrClosed = errors.New("database is closed")

// readers is how many snapshots can be open at once; one more waits.
const readers = 4

// Options of Open.
type Options struct {
	// Path of the file; its directory must exist. A new file gets mode 0600.
	Path string
	// Temporary: the file ends with the process, as in replay. Commits do not
	// wait for the disk, and D2 does not hold.
	Temporary bool
	// Log may be nil.
	Log *slog.Logger
}

// Store is one SQLite file. It implements db.Store and is safe for concurrent
// use.
type Store struct {
	opt  Options
	log  *slog.Logger
	rw   *sql.DB
	ro   *sql.DB
	done chan struct{} // closed by Close

	closing atomic.Bool

	writer chan *session // holds the writing session while nobody writes
	reader chan *session // idle reading sessions; nil is one not opened yet
}

var _ db.Store = (*Store)(nil)

// session is a connection with its statements prepared. They are prepared on
// the connection itself and used without sql.Tx, which would prepare them anew
// in each transaction.
type session struct {
	conn *sql.Conn
	q    *gen.Queries

	begin, commit, rollback *sql.Stmt
}

// Open opens the file, makes it if there is none, and migrates it. It returns
// db.ErrNewer for a file that a newer version has migrated.
func Open(ctx context.Context, o Options) (*Store, error) {
	start := time.Now()
	s := &Store{
		opt:    o,
		log:    o.Log,
		done:   make(chan struct{}),
		writer: make(chan *session, 1),
		reader: make(chan *session, readers),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", o.Path, err), s.closeAll())
	}
	s.log.InfoContext(ctx, "database is open", "dur", time.Since(start))
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	if err := removeAll(scratch(s.opt.Path)); err != nil { // of a copy that a crash cut short
		return err
	}
	// The file holds what people wrote. SQLite gives -wal and -shm its mode.
	f, err := os.OpenFile(s.opt.Path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if s.rw, err = openDB(s.opt, false); err != nil {
		return err
	}
	if s.ro, err = openDB(s.opt, true); err != nil {
		return err
	}
	conn, err := s.rw.Conn(ctx)
	if err != nil {
		return err
	}
	err = check(ctx, conn, pragmas(s.opt, false))
	if err == nil {
		err = migrate(ctx, conn, migrations)
	}
	var w *session
	if err == nil {
		w, err = prepare(ctx, conn, "BEGIN IMMEDIATE")
	}
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	s.writer <- w
	for range readers {
		s.reader <- nil
	}
	return nil
}

func openDB(o Options, reader bool) (*sql.DB, error) {
	name, err := dsn(o.Path, pragmas(o, reader), reader)
	if err != nil {
		return nil, err
	}
	d, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, err
	}
	if !reader {
		d.SetMaxOpenConns(1)
	}
	return d, nil
}

func prepare(ctx context.Context, conn *sql.Conn, begin string) (_ *session, err error) {
	w := &session{conn: conn}
	for _, p := range []struct {
		stmt **sql.Stmt
		text string
	}{{&w.begin, begin}, {&w.commit, "COMMIT"}, {&w.rollback, "ROLLBACK"}} {
		if *p.stmt, err = conn.PrepareContext(ctx, p.text); err != nil {
			return nil, err
		}
	}
	if w.q, err = gen.Prepare(ctx, conn); err != nil {
		return nil, err
	}
	return w, nil
}

// Write implements db.Store. ctx ends the wait for the writer, not the
// transaction (Q2).
func (s *Store) Write(ctx context.Context, fn func(tx db.Tx) error) error {
	w, err := s.take(ctx, s.writer)
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	defer func() { s.writer <- w }()
	return w.run(fn)
}

// Read implements db.Store. The snapshot stands from the first query of fn on.
func (s *Store) Read(ctx context.Context, fn func(tx db.Tx) error) error {
	r, err := s.take(ctx, s.reader)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	defer func() { s.reader <- r }()
	if r == nil {
		if r, err = s.openReader(ctx); err != nil {
			return fmt.Errorf("read: %w", err)
		}
	}
	return r.run(fn)
}

// take waits for a session. When both the session and the end are there, the
// end wins.
func (s *Store) take(ctx context.Context, from chan *session) (*session, error) {
	if err := cmp.Or(ctx.Err(), s.enter()); err != nil {
		return nil, err
	}
	select {
	case w := <-from:
		return w, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.done:
		return nil, ErrClosed
	}
}

func (s *Store) openReader(ctx context.Context) (*session, error) {
	conn, err := s.ro.Conn(ctx)
	if err != nil {
		return nil, err
	}
	var r *session
	if err = check(ctx, conn, pragmas(s.opt, true)); err == nil {
		r, err = prepare(ctx, conn, "BEGIN DEFERRED")
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return r, nil
}

// run is one transaction. A panic in fn, and a Goexit, roll back and go on.
func (w *session) run(fn func(tx db.Tx) error) (err error) {
	ctx := context.Background() // Q2; besides, a context that can end costs a goroutine a query
	if _, err := w.begin.ExecContext(ctx); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	committed := false
	defer func() {
		if !committed {
			if _, rerr := w.rollback.ExecContext(ctx); rerr != nil && err != nil {
				err = errors.Join(err, fmt.Errorf("rollback: %w", rerr))
			}
		}
	}()
	if err := fn(tx{w.q}); err != nil {
		return err
	}
	if _, err := w.commit.ExecContext(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	committed = true
	return nil
}

// Check looks for damage: SQLite's quick_check, and foreign keys without their
// row. It reads the whole file. A nil error means that none was found.
func (s *Store) Check(ctx context.Context) error {
	conn, err := s.ro.Conn(ctx)
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	defer conn.Close()
	var said string
	if err := conn.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&said); err != nil {
		return fmt.Errorf("quick_check: %w", err)
	}
	if said != "ok" {
		return fmt.Errorf("quick_check: %s", said)
	}
	var orphans int
	if err := conn.QueryRowContext(ctx, "SELECT COUNT(*) FROM pragma_foreign_key_check").Scan(&orphans); err != nil {
		return fmt.Errorf("foreign_key_check: %w", err)
	}
	if orphans > 0 {
		return fmt.Errorf("foreign_key_check: %d rows point at nothing", orphans)
	}
	return nil
}

// Close waits for the transactions under way, then closes the file. Later
// calls, also of Close, return ErrClosed.
func (s *Store) Close() error {
	if !s.closing.CompareAndSwap(false, true) {
		return ErrClosed
	}
	close(s.done)
	var errs []error
	for range readers {
		if r := <-s.reader; r != nil {
			errs = append(errs, r.close())
		}
	}
	w := <-s.writer
	errs = append(errs, w.close(), s.closeAll())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

func (w *session) close() error {
	return errors.Join(w.begin.Close(), w.commit.Close(), w.rollback.Close(), w.q.Close(), w.conn.Close())
}

// closeAll closes the readers first: the last connection to close, which must
// be able to write, moves the log into the file.
func (s *Store) closeAll() error {
	var errs []error
	for _, d := range []*sql.DB{s.ro, s.rw} {
		if d != nil {
			errs = append(errs, d.Close())
		}
	}
	return errors.Join(errs...)
}
