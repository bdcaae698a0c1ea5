package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Options say what to copy, and where to.
type Options struct {
	Dir  string // folder of backups; made if missing
	Keep int    // how many stay, this one included; 0: all
	By   string // operator's name

	// Copy writes the database into a new file, without the keys of texts.
	Copy func(ctx context.Context, to string, keys func(db.TextKey) error) error
	// Seq is the position on the bus up to which every event is in the database.
	Seq     func(ctx context.Context) (uint64, error)
	Config  []Tree    // the configuration first
	Secret  []string  // files and folders that are never copied, wherever they lie in Config (B13)
	Key     event.Key // the host's
	Version string
	Now     func() time.Time

	// reached is called at each step that a crash may come after; nil: nobody.
	reached func(step string) error
}

// Tree is a file or folder of the host's configuration.
type Tree struct {
	Name string // within config/, with slashes
	From string
}

// Make makes a backup. After an error there is no new one; what is left of it is
// removed by the next.
func Make(ctx context.Context, o Options) (m Manifest, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("backup into %s: %w", o.Dir, err)
		}
	}()
	if o.reached == nil {
		o.reached = func(string) error { return nil }
	}
	m = Manifest{
		Form: Form, At: o.Now().UTC().Truncate(time.Millisecond), By: o.By, Version: o.Version, KeyCheck: o.Key.Check(), Without: without(),
	}
	m.ID = m.At.Format(idLayout)
	for _, t := range o.Config {
		if Within(o.Dir, t.From) {
			return m, fmt.Errorf("it lies in %s, which is backed up: name a folder elsewhere", t.From)
		}
	}
	if err := tidy(o.Dir, m); err != nil {
		return m, err
	}
	tmp := filepath.Join(o.Dir, m.ID+partial)
	if err := os.Mkdir(tmp, 0o700); err != nil {
		return m, err
	}
	if m.Seq, err = o.Seq(ctx); err != nil { // before the copy: it is behind the copy, never ahead
		return m, err
	}
	if err := o.fill(ctx, tmp, &m); err != nil {
		return m, err
	}
	if err := o.reached("filled"); err != nil {
		return m, err
	}
	// The keys first: an older backup may have newer ones, which is how it is from
	// the next backup on anyhow.
	if err := os.Rename(filepath.Join(o.Dir, keysName+partial), filepath.Join(o.Dir, keysName)); err != nil {
		return m, err
	}
	if err := o.reached("keys"); err != nil {
		return m, err
	}
	if err := errors.Join(os.Rename(tmp, filepath.Join(o.Dir, m.ID)), syncDir(o.Dir)); err != nil {
		return m, err
	}
	if err := o.reached("named"); err != nil {
		return m, err
	}
	return m, o.forget()
}

// Within reports whether a path is a folder or lies in it, wherever links lead.
func Within(path, folder string) bool {
	below, err := filepath.Rel(followed(folder), followed(path))
	return err == nil && filepath.IsLocal(below)
}

// followed is a path without links, as far as it is there.
func followed(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	for there, rest := path, ""; ; there, rest = filepath.Dir(there), filepath.Join(filepath.Base(there), rest) {
		if real, err := filepath.EvalSymlinks(there); err == nil {
			return filepath.Join(real, rest)
		}
		if there == filepath.Dir(there) {
			return path
		}
	}
}

// tidy makes the folder ready: it must be empty or hold backups of this host.
func tidy(dir string, m Manifest) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		switch {
		case name == m.ID:
			return errors.New("there is one of this moment already")
		case e.IsDir() && isID(name) && name > m.ID: // it would stay the newest, and push this one out
			return fmt.Errorf("%s in it is of a later time than now: set the clock, or if that one was made while the clock was ahead, move it away", name)
		case strings.HasSuffix(name, partial) && (isID(strings.TrimSuffix(name, partial)) || name == keysName+partial):
			if err := os.RemoveAll(filepath.Join(dir, name)); err != nil { // of one that was cut short
				return err
			}
		case name == keysName:
		case !e.IsDir() || !isID(name):
			return fmt.Errorf("%q is in it, which is no backup: name a folder of its own", name)
		default:
			was, err := readManifest(filepath.Join(dir, name))
			if err != nil {
				return err
			}
			if was.KeyCheck != m.KeyCheck {
				return fmt.Errorf("%s in it is a backup of another host: each host has a folder of its own", name)
			}
		}
	}
	return nil
}

func isID(name string) bool {
	_, err := time.Parse(idLayout, name)
	return err == nil
}

// fill writes all that a backup has, and its manifest last.
func (o Options) fill(ctx context.Context, tmp string, m *Manifest) error {
	keys, err := newKeys(filepath.Join(o.Dir, keysName+partial), m.At)
	if err != nil {
		return err
	}
	err = o.Copy(ctx, filepath.Join(tmp, databaseName), keys.put)
	if err := errors.Join(err, keys.close(err == nil)); err != nil {
		return err
	}
	m.Keys = keys.n
	if err := o.reached("database"); err != nil {
		return err
	}
	sum, err := sumOf(filepath.Join(tmp, databaseName))
	if err != nil {
		return err
	}
	sum.Name = databaseName
	m.Files = append(m.Files, sum)
	for i, t := range o.Config {
		sums, err := copyTree(tmp, t, o.Secret)
		if err != nil {
			return fmt.Errorf("copy %s: %w", t.From, err)
		}
		m.Files = append(m.Files, sums...)
		if i == 0 && len(sums) == 1 {
			m.Config = sums[0].Name
		}
	}
	if err := o.reached("configuration"); err != nil {
		return err
	}
	raw, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(writeFile(filepath.Join(tmp, manifestName), append(raw, '\n')), syncDir(tmp))
}

// copyTree copies what is a file, or a link to one, and no secret.
func copyTree(tmp string, t Tree, secret []string) (sums []Sum, err error) {
	root, err := filepath.EvalSymlinks(t.From)
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if slices.ContainsFunc(secret, func(s string) bool { return Within(path, s) }) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) && d.Type()&fs.ModeSymlink != 0 {
			return nil // such as an editor's mark on an open file
		}
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		below, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name, from := configDir+t.Name, t.From
		if below != "." {
			name, from = name+"/"+filepath.ToSlash(below), filepath.Join(t.From, below)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(tmp, filepath.FromSlash(name)), data); err != nil {
			return err
		}
		sum, err := sumOf(filepath.Join(tmp, filepath.FromSlash(name)))
		sum.Name, sum.From = name, from
		sums = append(sums, sum)
		return err
	})
	return sums, err
}

// forget removes the oldest backups beyond Keep.
func (o Options) forget() error {
	if o.Keep <= 0 {
		return nil
	}
	ids, err := list(o.Dir)
	if err != nil {
		return err
	}
	for _, id := range ids[:max(len(ids)-o.Keep, 0)] {
		if err := os.RemoveAll(filepath.Join(o.Dir, id)); err != nil {
			return fmt.Errorf("the backup is made, and %s could not be removed: %w", id, err)
		}
	}
	return nil
}

// list names the backups of a folder, the oldest first.
func list(dir string) (ids []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.IsDir() && isID(e.Name()) {
			ids = append(ids, e.Name())
		}
	}
	slices.Sort(ids)
	return ids, nil
}
