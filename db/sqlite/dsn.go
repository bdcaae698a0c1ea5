package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
)

// pragma is a setting of a connection: set through the DSN, so that no
// connection goes without it, and read back before the first use.
type pragma struct {
	name, value string
}

// pragmas of a connection, busy_timeout first: the others may have to wait for
// a lock. secure_delete overwrites what is deleted: a dropped text is gone from
// the file, and not only from the table.
func pragmas(o Options, reader bool) []pragma {
	synchronous := "2" // FULL: the commit waits for the disk
	if o.Temporary {
		synchronous = "0"
	}
	cache := "-65536" // KiB
	if reader {
		cache = "-4096" // readers lean on the page cache of the system
	}
	ps := []pragma{
		{"busy_timeout", "5000"},
		{"journal_mode", "wal"},
		{"synchronous", synchronous},
		{"foreign_keys", "1"},
		{"secure_delete", "1"},
		{"cache_size", cache},
		{"wal_autocheckpoint", "4000"},
		{"temp_store", "2"}, // MEMORY: a statement that may abort half-way keeps its pages; a file costs a write each
	}
	if reader {
		ps = append(ps, pragma{"query_only", "1"})
	}
	return ps
}

// dsn names the file to the driver. It is the only place that does: a '#' or
// '?' in a directory's name, unescaped, would open another file.
func dsn(path string, ps []pragma, reader bool) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	q := url.Values{}
	for _, p := range ps {
		if reader && p.name == "journal_mode" {
			continue // a property of the file; a read-only connection cannot set it
		}
		q.Add("_pragma", p.name+"("+p.value+")")
	}
	if reader {
		q.Set("mode", "ro")
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: q.Encode()}
	return u.String(), nil
}

// check reads the pragmas back.
func check(ctx context.Context, conn *sql.Conn, ps []pragma) error {
	for _, p := range ps {
		var got string
		if err := conn.QueryRowContext(ctx, "PRAGMA "+p.name).Scan(&got); err != nil {
			return fmt.Errorf("read pragma %s: %w", p.name, err)
		}
		if got != p.value {
			return fmt.Errorf("pragma %s is %s, want %s", p.name, got, p.value)
		}
	}
	return nil
}
