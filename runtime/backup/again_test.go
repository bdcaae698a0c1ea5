package backup

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
)

// A backup of a restored database that still waits to know who said stop, and
// for the bus to hand out what it lacks, knows no more than the backup before.
func TestB15OfOneThatWaits(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.backup()
	h.now = h.now.Add(time.Hour)
	_, store := h.restore()
	h.store = store
	h.now = h.now.Add(time.Hour)
	o := h.options()
	o.Copy = h.again.Copy
	o.Seq = func(context.Context) (uint64, error) { return 99, nil } // the bus was not put back
	if _, err := Make(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	h.now = h.now.Add(time.Hour)
	_, store = h.restore()
	err := store.Read(t.Context(), func(tx db.Tx) error {
		r, err := tx.LastRestore()
		if !r.At.Equal(h.now) || !r.BackupAt.Equal(ten) || r.Seq != 41 {
			t.Errorf("it says %+v; it knows nothing after %s and event 41", r, ten)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A restore by a clock that is behind an earlier restore of the same database
// would not be the last one, and nothing would hold.
func TestB15ClockBehindTheRestoreBefore(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.write(func(tx db.Tx) error {
		late := ten.AddDate(1, 0, 0)
		return tx.PutRestore(db.Restore{ID: "r-1", BackupAt: ten.AddDate(0, 0, -1), At: late, RewoundAt: late, MergedAt: late, MergedBy: "bus"})
	})
	h.backup()
	h.now = h.now.Add(time.Hour)
	dir := t.TempDir()
	r, err := h.open().Prepare(t.Context(), Into{Dir: dir, Key: key, By: "olga", Now: h.now})
	if err == nil || !strings.Contains(err.Error(), "set the clock first") {
		t.Errorf("got %+v, %v", r.Restore, err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("something was written: %v", left)
	}
}

// What says that it is a restored database may be in its log still, which does
// not get its name: SQLite says nothing where a full disk keeps it from moving it.
func TestB15NotWithoutItsLog(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.backup()
	dir := t.TempDir()
	r, err := h.open().Prepare(t.Context(), Into{Dir: dir, Key: key, By: "olga", Now: h.now})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "beckon.db.restoring-wal"), []byte("the mark"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Commit(); err == nil || !strings.Contains(err.Error(), "-wal") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Lstat(filepath.Join(dir, databaseName)); err == nil {
		t.Error("it has its name")
	}
}
