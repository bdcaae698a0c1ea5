package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/db"
)

// Backup is one that was found whole.
type Backup struct {
	Manifest
	Dir     string       // its folder; of a bare database, the file
	Texts   []db.TextKey // that open its texts
	NoTexts bool         // there is no file of keys beside it
	Bare    bool         // it is a database alone, as Litestream restores one
}

func (b Backup) database() string {
	if b.Bare {
		return b.Dir
	}
	return filepath.Join(b.Dir, databaseName)
}

// Open finds the newest backup in a folder of them, or the one that dir itself
// is, and checks that nothing of it is missing or changed (B11). A file is taken
// for a database alone: what it is of is seen when it is brought back.
func Open(dir string) (b Backup, err error) {
	b.Dir = dir
	if info, err := os.Stat(dir); err == nil && info.Mode().IsRegular() {
		return b.bare()
	}
	if _, err := os.Lstat(filepath.Join(dir, manifestName)); errors.Is(err, fs.ErrNotExist) {
		ids, err := list(dir)
		if err != nil {
			return b, err
		}
		if len(ids) == 0 {
			return b, fmt.Errorf("%s: %w: it has no %s, and no folder named by a time", dir, ErrNotWhole, manifestName)
		}
		b.Dir = filepath.Join(dir, ids[len(ids)-1])
	}
	if b.Manifest, err = readManifest(b.Dir); err != nil {
		return b, err
	}
	if b.Config != "" && !slices.ContainsFunc(b.Files, func(s Sum) bool { return s.Name == b.Config && strings.HasPrefix(s.Name, configDir) }) {
		return b, fmt.Errorf("%s: %w: its configuration %q is none of its files", b.Dir, ErrNotWhole, b.Config)
	}
	for _, s := range b.Files {
		// With no ".." in it, a name also stays below the folder that it is put back into.
		if !fs.ValidPath(s.Name) || !filepath.IsLocal(filepath.FromSlash(s.Name)) {
			return b, fmt.Errorf("%s: %w: it names the file %q", b.Dir, ErrNotWhole, s.Name)
		}
		path := filepath.Join(b.Dir, filepath.FromSlash(s.Name))
		if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
			return b, fmt.Errorf("%s: %w: %s is no file", b.Dir, ErrNotWhole, s.Name)
		}
		got, err := sumOf(path)
		if errors.Is(err, fs.ErrNotExist) {
			return b, fmt.Errorf("%s: %w: %s is missing", b.Dir, ErrNotWhole, s.Name)
		}
		if err != nil {
			return b, err
		}
		if got.SHA256 != s.SHA256 {
			return b, fmt.Errorf("%s: %w: %s was changed since it was made", b.Dir, ErrNotWhole, s.Name)
		}
	}
	b.Texts, err = readKeys(filepath.Join(filepath.Dir(b.Dir), keysName))
	if b.NoTexts = errors.Is(err, fs.ErrNotExist); b.NoTexts {
		err = nil
	}
	return b, err
}

// bare takes a database without anything beside it.
func (b Backup) bare() (Backup, error) {
	if info, err := os.Stat(b.Dir + "-wal"); err == nil && info.Size() > 0 {
		return b, fmt.Errorf("%s: %w: %s-wal beside it has a part of the database; use beckon backup, or Litestream", b.Dir, ErrNotWhole, filepath.Base(b.Dir))
	}
	f, err := os.Open(b.Dir)
	if err != nil {
		return b, err
	}
	defer f.Close()
	head := make([]byte, len(sqliteHead))
	if _, err := io.ReadFull(f, head); err != nil || string(head) != sqliteHead {
		return b, fmt.Errorf("%s: %w: it is no database of SQLite", b.Dir, ErrNotWhole)
	}
	b.Bare, b.ID = true, filepath.Base(b.Dir)
	return b, nil
}

const sqliteHead = "SQLite format 3\x00"

func readManifest(dir string) (m Manifest, err error) {
	raw, err := os.ReadFile(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("%s: %w: it has no %s", dir, ErrNotWhole, manifestName)
	}
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return m, fmt.Errorf("%s: %w: %s: %v", dir, ErrNotWhole, manifestName, err)
	}
	switch {
	case m.Form != Form:
		return m, fmt.Errorf("%s: %w: its form is %q, and this program reads %s", dir, ErrNotWhole, m.Form, Form)
	case len(m.Files) == 0 || m.Files[0].Name != databaseName || m.At.IsZero():
		return m, fmt.Errorf("%s: %w: its %s names no database", dir, ErrNotWhole, manifestName)
	}
	return m, nil
}
