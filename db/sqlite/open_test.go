package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
)

// Each of these names, put into a DSN as it is, opens another file.
func TestOddDirectories(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a#b", "a?b=c", "a%23b", "a b", "a&_pragma=x", "ä", "a;b", "a+b", "file:x"} {
		dir := filepath.Join(t.TempDir(), name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "beckon.db")
		s := open(t, path)
		ctx := context.Background()
		if err := s.Write(ctx, func(tx db.Tx) error { return tx.SetMeta("k", name) }); err != nil {
			t.Fatal(err)
		}
		err := s.Read(ctx, func(tx db.Tx) error { // the reader opens the same file
			got, err := tx.Meta("k")
			if got != name {
				t.Errorf("%q: the reader found %q", name, got)
			}
			return err
		})
		if err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("%q: close: %v", name, err)
		}
		files, err := os.ReadDir(dir)
		if err != nil || len(files) != 1 || files[0].Name() != "beckon.db" {
			t.Errorf("%q: got files %v (%v), want only beckon.db", name, files, err)
		}
	}
}

func TestRelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	open(t, "beckon.db")
	if _, err := os.Stat("beckon.db"); err != nil {
		t.Error(err)
	}
}

func TestFileMode(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "beckon.db")
	s := open(t, path)
	if err := s.Write(context.Background(), func(tx db.Tx) error { return tx.SetMeta("k", "v") }); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s has mode %o, want 600: it holds what people wrote", info.Name(), got)
		}
	}
}

func TestQ1Pragmas(t *testing.T) {
	t.Parallel()
	for _, temporary := range []bool{false, true} {
		s, err := Open(context.Background(), Options{Path: filepath.Join(t.TempDir(), "x.db"), Temporary: temporary})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		synchronous := "2"
		if temporary {
			synchronous = "0"
		}
		w := <-s.writer
		r, err := s.openReader(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for who, c := range map[string]struct {
			s    *session
			want map[string]string
		}{
			"writer": {w, map[string]string{"synchronous": synchronous, "cache_size": "-65536", "query_only": "0"}},
			"reader": {r, map[string]string{"cache_size": "-4096", "query_only": "1"}},
		} {
			c.want["journal_mode"], c.want["foreign_keys"], c.want["secure_delete"] = "wal", "1", "1"
			c.want["busy_timeout"], c.want["wal_autocheckpoint"], c.want["temp_store"] = "5000", "4000", "2"
			for name, want := range c.want {
				var got string
				if err := c.s.conn.QueryRowContext(context.Background(), "PRAGMA "+name).Scan(&got); err != nil || got != want {
					t.Errorf("%s, temporary %t: %s = %s (%v), want %s", who, temporary, name, got, err, want)
				}
			}
		}
		if err := check(context.Background(), w.conn, []pragma{{"cache_size", "-1"}}); err == nil {
			t.Error("a pragma that is not as asked was accepted")
		}
		if err := r.close(); err != nil {
			t.Error(err)
		}
		s.writer <- w
	}
}

func TestMigrateTwiceAndNewer(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "beckon.db")
	for range 2 {
		if err := open(t, path).Close(); err != nil {
			t.Fatal(err)
		}
	}
	raw := rawDB(t, path)
	var versions string
	if err := raw.QueryRow(`SELECT group_concat(version || ' ' || name) FROM schema_migrations`).Scan(&versions); err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range files {
		files[i] = fmt.Sprintf("%d %s", i+1, name)
	}
	if want := strings.Join(files, ","); versions != want {
		t.Errorf("got migrations %q, want %q", versions, want)
	}
	mustExec(t, raw, `INSERT INTO schema_migrations VALUES (99, 'from the future')`)
	_, err = Open(ctx, Options{Path: path})
	if !errors.Is(err, db.ErrNewer) {
		t.Errorf("got %v, want ErrNewer", err)
	}
}

// A migration that fails leaves the schema before it, and no record of itself.
func TestMigrationIsOneTransaction(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	conn, err := rawDB(t, filepath.Join(t.TempDir(), "x.db")).Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	dir := fstest.MapFS{
		"migrations/0001_a.sql": {Data: []byte(`CREATE TABLE a (x INTEGER) STRICT;`)},
		"migrations/0002_b.sql": {Data: []byte(`CREATE TABLE b (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1);`)},
	}
	tables := func() (names string) {
		t.Helper()
		const q = `SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE name IN ('a', 'b') ORDER BY name)`
		var n sql.NullString
		if err := conn.QueryRowContext(ctx, q).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n.String
	}
	if err := migrate(ctx, conn, dir); err == nil || !strings.Contains(err.Error(), "0002_b.sql") {
		t.Errorf("got %v, want an error that names 0002_b.sql", err)
	}
	if got := tables(); got != "a" {
		t.Errorf("got tables %q, want only a", got)
	}
	dir["migrations/0002_b.sql"].Data = []byte(`CREATE TABLE b (x INTEGER) STRICT;`)
	if err := migrate(ctx, conn, dir); err != nil {
		t.Fatal(err)
	}
	if got := tables(); got != "a,b" {
		t.Errorf("got tables %q, want a,b", got)
	}
	dir["migrations/0004_d.sql"] = &fstest.MapFile{Data: []byte(`CREATE TABLE d (x INTEGER) STRICT;`)}
	if err := migrate(ctx, conn, dir); err == nil {
		t.Error("a gap in the numbers was accepted")
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	notADatabase := filepath.Join(t.TempDir(), "text.db")
	if err := os.WriteFile(notADatabase, []byte(strings.Repeat("not a database ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, path := range map[string]string{
		"a directory that does not exist": filepath.Join(t.TempDir(), "no", "x.db"),
		"a directory":                     t.TempDir(),
		"another file":                    notADatabase,
	} {
		s, err := Open(context.Background(), Options{Path: path})
		if err == nil {
			_ = s.Close()
			t.Errorf("%s was opened", what)
		} else if !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %q does not name the file", what, err)
		}
	}
	if got, _ := os.ReadFile(notADatabase); !strings.HasPrefix(string(got), "not a database") {
		t.Error("a file that is no database was changed")
	}
}

func TestQ2ContextDoesNotEndATransaction(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "x.db"))
	ctx, cancel := context.WithCancel(context.Background())
	err := s.Write(ctx, func(tx db.Tx) error {
		cancel()
		return tx.SetMeta("k", "v")
	})
	if err != nil {
		t.Errorf("a transaction that had begun: %v", err)
	}
}

func TestClosed(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "x.db"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	nothing := func(db.Tx) error { return nil }
	for what, err := range map[string]error{"Write": s.Write(ctx, nothing), "Read": s.Read(ctx, nothing), "Close": s.Close()} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s: got %v, want ErrClosed", what, err)
		}
	}
	if err := s.Check(ctx); err == nil {
		t.Error("Check after Close: no error")
	}
}

// Close waits for what is under way, and what is under way ends well.
func TestCloseWaits(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	synctest.Test(t, func(t *testing.T) {
		s := open(t, path)
		for _, call := range []func(context.Context, func(db.Tx) error) error{s.Write, s.Read} {
			go func() {
				err := call(context.Background(), func(tx db.Tx) error {
					time.Sleep(time.Minute)
					_, err := tx.Meta("k")
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}()
		}
		synctest.Wait()
		start := time.Now()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if got := time.Since(start); got != time.Minute {
			t.Errorf("Close took %v, want the minute that was under way", got)
		}
	})
}

func TestCheck(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	s := open(t, path)
	if err := s.Check(context.Background()); err != nil {
		t.Errorf("a sound file: %v", err)
	}
	mustExec(t, rawDB(t, path), `INSERT INTO action_texts VALUES ('nobody''s', x'00')`) // foreign keys are off there
	if err := s.Check(context.Background()); err == nil || !strings.Contains(err.Error(), "foreign_key_check: 1 ") {
		t.Errorf("a text without its action: got %v", err)
	}
}

// A deleted text is gone from the file, not only from its table.
func TestSecureDelete(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	secret := strings.Repeat("what somebody wrote ", 1000)
	s := open(t, path)
	ctx := context.Background()
	err := s.Write(ctx, func(tx db.Tx) error { return tx.PutSlot("b", "u", "n", []byte(secret)) })
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	holds := func() bool {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(b), "somebody wrote")
	}
	if !holds() {
		t.Fatal("the file does not hold the text that was stored")
	}
	s = open(t, path)
	if err := s.Write(ctx, func(tx db.Tx) error { return tx.PutSlot("b", "u", "n", nil) }); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if holds() {
		t.Error("the file still holds the text that was overwritten")
	}
}

// rawDB opens the file as anybody can, without our pragmas.
func rawDB(t *testing.T, path string) *sql.DB {
	t.Helper()
	name, err := dsn(path, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	d, err := sql.Open("sqlite", name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func mustExec(t *testing.T, d *sql.DB, query string) {
	t.Helper()
	if _, err := d.Exec(query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func TestDSN(t *testing.T) {
	t.Parallel()
	got, err := dsn("/a#b/c?d%e f.db", []pragma{{"busy_timeout", "5"}, {"journal_mode", "wal"}}, true)
	want := "file:///a%23b/c%3Fd%25e%20f.db?_pragma=busy_timeout%285%29&mode=ro"
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("(-want +got):\n%s%v", d, err)
	}
}
