package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/audit"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Into says where a backup is brought back to.
type Into struct {
	Dir string    // the data directory; it has no database
	Key event.Key // the host's, which belongs to the backup
	By  string    // operator's name
	Now time.Time
	Log *slog.Logger // nil: none

	// Opens reports whether the host can open a key of texts; those that it cannot
	// are not put back. nil: it opens none.
	Opens func(db.TextKey) bool
}

// Ready is a database that was brought back and has not its name yet.
type Ready struct {
	Restore db.Restore
	Held    int      // actions that waited in the backup, and are on hold
	Logins  []string // bots whose logins ended
	Opened  int      // keys of texts that are back
	Closed  int      // keys of texts that are not, because the host opens none of them
	Signer  string   // the key of the new audit chain; it must be in place before Commit

	from, to string
}

// ErrDatabase is returned where there is a database already.
var ErrDatabase = errors.New("there is a database already: move it away first, and its -wal and -shm with it")

const restoring = ".restoring" // ends the name of a database that is not ready

// CutShort reports whether a restore into the data directory began and did not
// come to its end: the database that is missing there must not be begun anew.
func CutShort(dir string) bool {
	_, none := os.Lstat(filepath.Join(dir, databaseName))
	_, begun := os.Lstat(filepath.Join(dir, databaseName+restoring))
	return errors.Is(none, fs.ErrNotExist) && begun == nil
}

// Prepare makes a database of the backup, beside where it will be (B14).
func (b Backup) Prepare(ctx context.Context, o Into) (r Ready, err error) {
	r.to = filepath.Join(o.Dir, databaseName)
	r.from = r.to + restoring
	defer func() {
		if err != nil {
			err = fmt.Errorf("restore from %s: %w", b.Dir, errors.Join(err, r.Drop()))
		}
	}()
	for _, end := range []string{"", "-wal", "-shm"} {
		if _, err := os.Lstat(r.to + end); err == nil {
			return r, fmt.Errorf("%s: %w", r.to+end, ErrDatabase)
		}
	}
	if err := clock(b.At, o.Now); err != nil {
		return r, err
	}
	if !b.Bare && b.KeyCheck != o.Key.Check() {
		return r, db.ErrWrongKey
	}
	if err := r.Drop(); err != nil { // of one that was cut short
		return r, err
	}
	if err := copyFile(b.database(), r.from); err != nil {
		return r, err
	}
	store, err := sqlite.Open(ctx, sqlite.Options{Path: r.from, Log: o.Log})
	if err != nil {
		return r, err
	}
	err = b.mark(ctx, store, o, &r)
	return r, errors.Join(err, store.Close())
}

// clock refuses a time before the backup's: what may have been answered already
// is told by time (I14).
func clock(made, now time.Time) error {
	if !now.Before(made) {
		return nil
	}
	return fmt.Errorf("it was made, or brought back before, at %s, and this machine's clock says %s: set the clock first", made.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
}

// stillWaits is a restore of a backup that was made while the restore before still
// waited: it knows no more than the backup that that one was of.
func stillWaits(r, was db.Restore) db.Restore {
	if was.At.IsZero() {
		return r
	}
	if was.MergedAt.IsZero() && was.BackupAt.Before(r.BackupAt) {
		r.BackupAt = was.BackupAt
	}
	if was.RewoundAt.IsZero() {
		r.Seq = min(r.Seq, was.Seq)
	}
	return r
}

// mark makes of the copy a database that says what it is (B15, B16).
func (b Backup) mark(ctx context.Context, store *sqlite.Store, o Into, r *Ready) error {
	if err := store.Check(ctx); err != nil {
		return err
	}
	r.Restore = db.Restore{ID: b.ID + "." + o.Now.UTC().Format(idLayout), BackupAt: b.At, At: o.Now.UTC(), By: o.By, Seq: int64(b.Seq)}
	err := store.Read(ctx, func(tx db.Tx) error {
		was, err := tx.LastRestore()
		if err != nil {
			return err
		}
		if err := clock(was.At, o.Now); err != nil { // else this one would not be the last
			return err
		}
		check, err := tx.Meta(db.MetaHostKey)
		if err == nil && check != o.Key.Check() {
			err = db.ErrWrongKey
		}
		if err == nil {
			r.Restore.Chains, err = audit.Chains(tx) // before the new one is among them
		}
		if err == nil && b.Bare {
			if r.Restore.BackupAt, err = audit.Latest(tx); err == nil {
				err = clock(r.Restore.BackupAt, o.Now)
			}
		}
		r.Restore = stillWaits(r.Restore, was)
		return err
	})
	if err != nil {
		return err
	}
	if r.Signer, err = audit.NewKey(); err != nil {
		return err
	}
	noted, err := audit.Open(ctx, store, audit.Options{Key: o.Key, Signer: r.Signer, Now: func() time.Time { return o.Now }})
	if err != nil {
		return err
	}
	return action.Transact(ctx, noted, o.Key, nil, o.Now, func(u *action.Unit) error {
		r.Held, r.Logins, r.Opened, r.Closed = 0, nil, 0, 0
		if err := b.textKeys(u.Tx, o, r); err != nil {
			return err
		}
		if err := endLogins(u.Tx, r); err != nil {
			return err
		}
		held, err := action.Restored(u, r.Restore)
		r.Held = held
		return err
	})
}

// textKeys puts back what opens texts: from beside the backup, or what a bare
// database has in it.
func (b Backup) textKeys(tx db.Tx, o Into, r *Ready) error {
	opens := func(k db.TextKey) bool {
		ok := o.Opens != nil && o.Opens(k)
		if ok {
			r.Opened++
		} else {
			r.Closed++
		}
		return ok
	}
	for _, k := range b.Texts {
		if !opens(k) {
			continue
		}
		if err := tx.PutTextKey(k); err != nil {
			return err
		}
	}
	for after := ""; b.Bare; {
		had, err := tx.WalkTextKeys(after, keysAtOnce)
		if err != nil {
			return err
		}
		for _, k := range had {
			after = k.ID
			if opens(k) {
				continue
			}
			if err := tx.DropTextKey(k.ID); err != nil {
				return err
			}
		}
		if len(had) < keysAtOnce {
			break
		}
	}
	return nil
}

const keysAtOnce = 1000

// endLogins takes the tokens out: the refresh tokens are spent since, and X ends
// a login for a spent one, which another host may be using.
func endLogins(tx db.Tx, r *Ready) error {
	all, err := tx.ListTokens()
	if err != nil {
		return err
	}
	for _, t := range all {
		if t.State == db.TokenEnded {
			continue
		}
		t.State, t.Sealed, t.LeaseUntil = db.TokenEnded, nil, time.Time{}
		t.Reason = "the database was restored from a backup, and the tokens in it were spent since: beckon login " + t.Bot
		if err := tx.PutToken(t); err != nil {
			return fmt.Errorf("end the login of %s: %w", t.Bot, err)
		}
		r.Logins = append(r.Logins, t.Bot)
	}
	return nil
}

// Commit gives the database its name.
func (r Ready) Commit() error {
	if _, err := os.Lstat(r.to); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", r.to, ErrDatabase)
	}
	if log, err := os.Stat(r.from + "-wal"); err == nil && log.Size() > 0 { // it may have the mark (B15), and a rename loses it
		return fmt.Errorf("a part of the database is in %s-wal still: is the disk full?", r.from)
	}
	return errors.Join(os.Rename(r.from, r.to), syncDir(filepath.Dir(r.to)))
}

// Drop removes it instead.
func (r Ready) Drop() error {
	var errs []error
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(r.from + end); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
