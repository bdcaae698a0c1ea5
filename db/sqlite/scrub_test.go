package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
)

// A program that replicates the log always reads it, and empties it between two
// reads: what was deleted is gone then, though the host never found the log free.
func TestScrubBesideAReplicator(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "beckon.db")
	s, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const text = "the words of somebody who is forgotten"
	set := func(v string) {
		t.Helper()
		if err := s.Write(context.Background(), func(tx db.Tx) error { return tx.SetMeta("said", v) }); err != nil {
			t.Fatal(err)
		}
	}
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.SetMaxOpenConns(1)
	do := func(statements ...string) {
		t.Helper()
		for _, q := range statements {
			if _, err := other.Exec(q); err != nil {
				t.Fatal(q, err)
			}
		}
	}
	do("PRAGMA busy_timeout(5000)", "CREATE TABLE replicator (n)", "INSERT INTO replicator VALUES (0)")
	set(text)
	do("BEGIN", "SELECT * FROM replicator")
	set("")
	scrubbed := make(chan error, 1)
	go func() { scrubbed <- s.Scrub(context.Background()) }()
	select {
	case err := <-scrubbed:
		t.Fatalf("it was content while the log was read: %v", err)
	case <-time.After(3 * scrubAgain):
	}
	if raw, _ := os.ReadFile(path + "-wal"); !bytes.Contains(raw, []byte(text)) {
		t.Fatal("the test shows nothing: the text is not in the log")
	}
	do("COMMIT", "PRAGMA wal_checkpoint(TRUNCATE)", "UPDATE replicator SET n = 1", "BEGIN", "SELECT * FROM replicator")
	if err := <-scrubbed; err != nil {
		t.Error(err)
	}
	for _, end := range []string{"", "-wal"} {
		if raw, _ := os.ReadFile(path + end); bytes.Contains(raw, []byte(text)) {
			t.Errorf("the text is still in beckon.db%s", end)
		}
	}
	do("COMMIT")
}
