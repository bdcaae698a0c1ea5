package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

const (
	scrubFor   = 10 * time.Second
	scrubAgain = 200 * time.Millisecond
	scrubBusy  = 100 // ms for which one attempt waits for readers, and writers for it
)

var errBusy = errors.New("somebody reads an old snapshot of the database")

// Scrub makes sure that what was deleted before is in no file: secure_delete
// overwrites it in the database, but the log has old pages until it is emptied.
// It waits a while for readers.
//
// A program that replicates the log, such as Litestream, always reads it, and
// empties it itself. So the log is clean also where it began anew since Scrub was
// called, and has nothing behind its last page.
func (s *Store) Scrub(ctx context.Context) error {
	var first log
	for start := time.Now(); ; {
		empty, now, err := s.emptyLog(ctx)
		switch {
		case err != nil:
			return fmt.Errorf("scrub: %w", err)
		case empty, first.salt != 0 && now.salt != first.salt && now.clean:
			return nil
		case first.salt == 0:
			first = now
		}
		if time.Since(start) > scrubFor {
			return fmt.Errorf("scrub: %w", errBusy)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("scrub: %w: %w", ctx.Err(), errBusy)
		case <-time.After(scrubAgain):
		}
	}
}

// log is what the file of the write-ahead log shows.
type log struct {
	salt  uint64 // another one each time it begins anew
	clean bool   // nothing is behind its last page
}

// emptyLog moves the log into the database and empties it, unless somebody reads
// it; then it says what is in the file.
func (s *Store) emptyLog(ctx context.Context) (empty bool, now log, err error) {
	w, err := s.take(ctx, s.writer)
	if err != nil {
		return false, now, err
	}
	defer func() { s.writer <- w }()
	conn := w.conn
	if _, err := conn.ExecContext(background(), fmt.Sprintf("PRAGMA busy_timeout(%d)", scrubBusy)); err != nil {
		return false, now, err
	}
	var busy, pages, moved int64
	err = conn.QueryRowContext(background(), "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved)
	_, back := conn.ExecContext(background(), "PRAGMA busy_timeout(5000)")
	if err := errors.Join(err, back); err != nil {
		return false, now, err
	}
	if busy == 0 {
		return true, now, nil
	}
	now, err = readLog(s.opt.Path+"-wal", pages)
	return false, now, err
}

// readLog reads the header of a log of that many pages; nobody writes it
// meanwhile.
func readLog(path string, pages int64) (l log, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return log{salt: 1, clean: true}, nil
	}
	if err != nil {
		return l, err
	}
	defer f.Close()
	var head [32]byte // https://www.sqlite.org/fileformat2.html: magic, version, page size, sequence, two salts, two checksums
	if _, err := io.ReadFull(f, head[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return log{salt: 1, clean: true}, nil
		}
		return l, err
	}
	info, err := f.Stat()
	if err != nil {
		return l, err
	}
	page := int64(binary.BigEndian.Uint32(head[8:]))
	return log{
		salt:  binary.BigEndian.Uint64(head[16:]),
		clean: info.Size() <= int64(len(head))+pages*(24+page),
	}, nil
}
