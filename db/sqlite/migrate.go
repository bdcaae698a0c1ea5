package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/beckon-bot/beckon/db"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the file to the newest schema, each step in a transaction of
// its own with the row that records it: a crash between two steps leaves the
// first. Released files are never edited.
func migrate(ctx context.Context, conn *sql.Conn, dir fs.FS) error {
	names, err := fs.Glob(dir, "migrations/*.sql")
	if err != nil {
		return err
	}
	const table = `CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL) STRICT`
	if _, err := conn.ExecContext(ctx, table); err != nil {
		return err
	}
	var have int
	if err := conn.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0) FROM schema_migrations`).Scan(&have); err != nil {
		return err
	}
	if have > len(names) {
		return fmt.Errorf("schema %d, this version knows %d: %w", have, len(names), db.ErrNewer)
	}
	for i, name := range names { // sorted by Glob
		version := i + 1
		if n, err := number(name); err != nil || n != version {
			return fmt.Errorf("%s: want number %04d: %w", name, version, err)
		}
		if version <= have {
			continue
		}
		if err := apply(ctx, conn, dir, version, name); err != nil {
			return fmt.Errorf("migration %s: %w", name, err)
		}
	}
	return nil
}

func number(name string) (int, error) {
	base := strings.TrimPrefix(name, "migrations/")
	digits, _, _ := strings.Cut(base, "_")
	return strconv.Atoi(digits)
}

func apply(ctx context.Context, conn *sql.Conn, dir fs.FS, version int, name string) (err error) {
	script, err := fs.ReadFile(dir, name)
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_, rerr := conn.ExecContext(ctx, "ROLLBACK")
			err = errors.Join(err, rerr)
		}
	}()
	if _, err := conn.ExecContext(ctx, string(script)); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, `INSERT INTO schema_migrations (version, name) VALUES (?, ?)`, version, name); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, "COMMIT")
	return err
}
