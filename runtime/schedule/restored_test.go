package schedule

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite"
)

// A feed that was looked at before the database was restored begins anew: what is
// new in it since may have been posted by the host that was lost.
func TestJ4FeedAfterARestore(t *testing.T) {
	t.Parallel()
	below, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "beckon.db"), Temporary: true})
	if err != nil {
		t.Fatal(err)
	}
	defer below.Close()
	s := Store{below}
	nine := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	put := func(name string, at time.Time) {
		t.Helper()
		if err := s.SetPosition(t.Context(), name, `{"looked_at":"`+at.Format(time.RFC3339)+`","begun":true,"at":"`+at.Format(time.RFC3339)+`"}`); err != nil {
			t.Fatal(err)
		}
	}
	kept := func(name string) bool {
		t.Helper()
		v, err := s.Position(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		return v != ""
	}
	put("feed/acme/status", nine)
	put("post/acme/morning", nine)
	if !kept("feed/acme/status") || !kept("post/acme/morning") {
		t.Error("without a restore a position is lost")
	}
	err = below.Write(t.Context(), func(tx db.Tx) error { return tx.PutRestore(db.Restore{ID: "r", At: nine.Add(time.Hour)}) })
	if err != nil {
		t.Fatal(err)
	}
	if kept("feed/acme/status") || !kept("post/acme/morning") {
		t.Error("after a restore a feed begins anew, and a schedule does not")
	}
	put("feed/acme/status", nine.Add(2*time.Hour))
	if !kept("feed/acme/status") {
		t.Error("a look since the restore is lost")
	}
}
