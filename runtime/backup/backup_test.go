package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/audit"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

const marker = "sealed-key-that-no-copy-may-have"

var (
	key = event.Key("backup tests: a key of 32 bytes .")
	ten = time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
)

// host is a database with something of everything, and where it is backed up.
type host struct {
	*testing.T
	below  *sqlite.Store
	again  *sqlite.Store // that restore brought back
	store  *audit.Store
	now    time.Time
	path   string
	dir    string // of its configuration
	to     string
	signer string
}

func newHost(t *testing.T) *host {
	t.Helper()
	h := &host{T: t, now: ten, path: filepath.Join(t.TempDir(), "beckon.db"), dir: t.TempDir(), to: filepath.Join(t.TempDir(), "backups")}
	var err error
	if h.below, err = sqlite.Open(t.Context(), sqlite.Options{Path: h.path}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.below.Close() })
	if h.signer, err = audit.NewKey(); err != nil {
		t.Fatal(err)
	}
	if h.store, err = audit.Open(t.Context(), h.below, audit.Options{Key: key, Signer: h.signer, Now: func() time.Time { return h.now }}); err != nil {
		t.Fatal(err)
	}
	h.write(func(tx db.Tx) error {
		a := db.Action{ID: "a-1", Bot: "acme", Interaction: "p1", Kind: event.Reply, Purpose: event.Answer, User: "u1", State: event.Pending,
			CreatedAt: ten, UpdatedAt: ten, DueAt: ten, ExpiresAt: ten.Add(24 * time.Hour), Turn: ten}
		return errors.Join(
			tx.SetMeta(db.MetaHostKey, key.Check()), tx.InsertAction(a), tx.PutActionText("a-1", []byte("x")),
			tx.PutSuppression(conversation.Suppression{UserHash: "h1", OptedOut: true, At: ten, Tier: conversation.TierHard}),
			tx.PutToken(db.Token{Bot: "acme", State: db.TokenLive, LoginAt: ten, Sealed: []byte("tokens")}),
			tx.PutTextKey(db.TextKey{ID: "k1", Bot: "acme", User: "u1", Day: ten.Truncate(24 * time.Hour), Sealed: []byte(marker)}),
		)
	})
	h.file("beckon.yaml", "bots: {}\n")
	h.file("rules/acme.yaml", "pack: acme\n")
	return h
}

func (h *host) file(name, text string) {
	h.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(h.dir, name)), 0o700), os.WriteFile(filepath.Join(h.dir, name), []byte(text), 0o600)); err != nil {
		h.Fatal(err)
	}
}

func (h *host) write(fn func(tx db.Tx) error) {
	h.Helper()
	if err := h.store.Write(context.Background(), fn); err != nil {
		h.Fatal(err)
	}
}

func (h *host) options() Options {
	return Options{
		Dir: h.to, By: "olga", Copy: h.below.Copy, Seq: func(context.Context) (uint64, error) { return 41, nil }, Key: key, Version: "test",
		Config: []Tree{{"beckon.yaml", filepath.Join(h.dir, "beckon.yaml")}, {"rules", filepath.Join(h.dir, "rules")}},
		Now:    func() time.Time { return h.now },
	}
}

func (h *host) backup() Manifest {
	h.Helper()
	m, err := Make(h.Context(), h.options())
	if err != nil {
		h.Fatal(err)
	}
	return m
}

func (h *host) open() Backup {
	h.Helper()
	b, err := Open(h.to)
	if err != nil {
		h.Fatal(err)
	}
	return b
}

// restore brings the newest backup back into a new folder.
func (h *host) restore() (r Ready, store *audit.Store) {
	h.Helper()
	dir := h.TempDir()
	r, err := h.open().Prepare(h.Context(), Into{Dir: dir, Key: key, Opens: func(db.TextKey) bool { return true }, By: "olga", Now: h.now})
	if err == nil {
		err = r.Commit()
	}
	if err != nil {
		h.Fatal(err)
	}
	left, _ := filepath.Glob(filepath.Join(dir, "*"))
	if diff := cmp.Diff([]string{filepath.Join(dir, "beckon.db")}, left); diff != "" {
		h.Errorf("in the data directory (-want +got)\n%s", diff)
	}
	below, err := sqlite.Open(h.Context(), sqlite.Options{Path: filepath.Join(dir, "beckon.db")})
	if err != nil {
		h.Fatal(err)
	}
	h.again = below
	h.Cleanup(func() { _ = below.Close() })
	if store, err = audit.Open(h.Context(), below, audit.Options{Key: key, Signer: r.Signer, Now: func() time.Time { return h.now }}); err != nil {
		h.Fatal(err)
	}
	return r, store
}

func TestB11Whole(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	m := h.backup()
	if b := h.open(); b.ID != "2026-11-25T10-00-00.000Z" || b.Seq != 41 || b.By != "olga" || b.Config != "config/beckon.yaml" || len(b.Texts) != 1 || string(b.Texts[0].Sealed) != marker {
		t.Errorf("got %+v", b)
	}
	for _, name := range []string{"beckon.db", "config/beckon.yaml", "config/rules/acme.yaml", "manifest.json", "../text.keys"} {
		path := filepath.Join(h.to, m.ID, name)
		was, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		spoilt := bytes.Clone(was)
		spoilt[len(spoilt)/2] ^= 1
		for what, data := range map[string][]byte{"a changed byte in ": spoilt, "without its end: ": was[:len(was)-2], "nothing in ": nil} {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(h.to); err == nil && !(name == "manifest.json" && what == "a changed byte in ") {
				t.Errorf("%s%s was taken", what, name)
			}
		}
		if err := os.WriteFile(path, was, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h.open()
	path := filepath.Join(h.to, m.ID, "config", "beckon.yaml")
	if err := errors.Join(os.Rename(path, path+".real"), os.Symlink(path+".real", path)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(h.to); !errors.Is(err, ErrNotWhole) {
		t.Errorf("a link in the place of a file: %v", err)
	}
}

// A crash after any step leaves the folder with the last whole backup, and the
// next one works.
func TestB11CrashAtEachStep(t *testing.T) {
	t.Parallel()
	crash := errors.New("crash")
	for i, step := range []string{"database", "configuration", "filled", "keys", "named"} {
		h := newHost(t)
		first := h.backup()
		h.now = h.now.Add(time.Hour)
		h.write(func(tx db.Tx) error { return tx.SetMeta("since", "yes") })
		o, met := h.options(), false
		o.reached = func(s string) error {
			if s == step {
				met = true
				return crash
			}
			return nil
		}
		if _, err := Make(t.Context(), o); !errors.Is(err, crash) || !met {
			t.Fatalf("%s: %v", step, err)
		}
		want := first.ID
		if i == 4 {
			want = "2026-11-25T11-00-00.000Z"
		}
		if b := h.open(); b.ID != want {
			t.Errorf("after %s the newest is %s, want %s", step, b.ID, want)
		}
		h.now = h.now.Add(time.Hour)
		h.backup()
		if b := h.open(); b.ID != "2026-11-25T12-00-00.000Z" {
			t.Errorf("the next after %s is %s", step, b.ID)
		}
		if left, _ := filepath.Glob(filepath.Join(h.to, "*"+partial)); len(left) > 0 {
			t.Errorf("left behind after %s: %v", step, left)
		}
	}
}

func TestB12KeysAreBesideOnce(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.backup()
	h.write(func(tx db.Tx) error { return tx.DropTextKey("k1") }) // as an erasure does
	h.now = h.now.Add(time.Hour)
	h.backup()
	err := filepath.WalkDir(h.to, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if bytes.Contains(raw, []byte(marker)) {
			t.Errorf("the destroyed key is in %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	ids, err := list(h.to)
	if err != nil || len(ids) != 2 {
		t.Fatalf("%v, %v", ids, err)
	}
	older, err := Open(filepath.Join(h.to, ids[0]))
	if err != nil || len(older.Texts) != 0 || older.NoTexts {
		t.Errorf("the older backup has %d keys, %v", len(older.Texts), err)
	}
}

func TestB13NoSecrets(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	m := h.backup()
	if len(m.Without) == 0 || !strings.Contains(strings.Join(m.Without, " "), "host.key") {
		t.Errorf("the manifest does not say what is missing: %v", m.Without)
	}
	for _, s := range m.Files {
		raw, err := os.ReadFile(filepath.Join(h.to, m.ID, s.Name))
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{string(key), h.signer, fmt.Sprintf("%x", []byte(key))} {
			if bytes.Contains(raw, []byte(secret)) {
				t.Errorf("a key is in %s", s.Name)
			}
		}
	}
}

func TestB14Refuses(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.backup()
	b, dir := h.open(), t.TempDir()
	if _, err := b.Prepare(t.Context(), Into{Dir: dir, Key: event.Key("another host's key of 32 bytes..."), Now: h.now}); !errors.Is(err, db.ErrWrongKey) {
		t.Errorf("with another host key: %v", err)
	}
	if _, err := b.Prepare(t.Context(), Into{Dir: dir, Key: key, Now: ten.Add(-time.Second)}); err == nil || !strings.Contains(err.Error(), "set the clock first") {
		t.Errorf("before it was made: %v", err)
	}
	for _, name := range []string{"beckon.db", "beckon.db-wal"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Prepare(t.Context(), Into{Dir: dir, Key: key, Now: h.now}); !errors.Is(err, ErrDatabase) {
			t.Errorf("over %s: %v", name, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("something was written: %v", left)
	}
	other := newHost(t)
	other.file("x", "")
	o := other.options()
	other.now = h.now.Add(time.Hour)
	o.Dir = h.to
	o.Key = event.Key("another host's key of 32 bytes...")
	if _, err := Make(t.Context(), o); err == nil || !strings.Contains(err.Error(), "another host") {
		t.Errorf("into the folder of another host: %v", err)
	}
	o.Dir = filepath.Join(other.dir, "rules", "backups")
	if _, err := Make(t.Context(), o); err == nil || !strings.Contains(err.Error(), "which is backed up") {
		t.Errorf("into the rules: %v", err)
	}
	o.Dir = other.dir
	if _, err := Make(t.Context(), o); err == nil || !strings.Contains(err.Error(), "a folder of its own") {
		t.Errorf("into a folder with other things: %v", err)
	}
}

func TestB15B16Restored(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	if _, err := h.store.Checkpoint(t.Context(), h.now); err != nil {
		t.Fatal(err)
	}
	h.backup()
	h.now = h.now.Add(time.Minute)
	h.write(func(tx db.Tx) error {
		return tx.AppendDecision(db.Decision{ID: "d-lost", At: h.now, Bot: "acme", Event: "e"})
	})
	kept, err := h.store.Checkpoint(t.Context(), h.now)
	if err != nil {
		t.Fatal(err)
	}
	h.now = h.now.Add(time.Hour)
	r, store := h.restore()
	if r.Held != 1 || !slices.Equal(r.Logins, []string{"acme"}) {
		t.Errorf("held %d, logins %v", r.Held, r.Logins)
	}
	err = store.Read(t.Context(), func(tx db.Tx) error {
		a, err := tx.Action("a-1")
		if a.State != event.Hold {
			t.Errorf("what waited is %s", a.State)
		}
		p, err2 := tx.Suppression("h1")
		if !p.OptedOut {
			t.Error("an opt-out is lost")
		}
		tok, err3 := tx.Token("acme")
		if tok.State != db.TokenEnded || len(tok.Sealed) > 0 {
			t.Errorf("the login is %s", tok.State)
		}
		_, err4 := tx.TextKey("k1")
		last, err5 := tx.LastRestore()
		if last.At.IsZero() || !last.MergedAt.IsZero() || last.Seq != 41 || !last.BackupAt.Equal(ten) {
			t.Errorf("it says of itself %+v", last)
		}
		return errors.Join(err, err2, err3, err4, err5)
	})
	if err != nil {
		t.Error(err)
	}
	got, err := audit.Verify(t.Context(), store, key, kept)
	if err != nil || len(got.Faults) > 0 || len(got.Lost) != 1 || len(got.Writers) != 2 {
		t.Errorf("faults %v, lost %+v, writers %v, %v", got.Faults, got.Lost, got.Writers, err)
	}
	if err := action.Transact(t.Context(), store, key, nil, h.now, func(*action.Unit) error { return nil }); err != nil {
		t.Error(err)
	}
}

// What is left of an attempt that was cut short stands in nobody's way.
func TestB14CutShort(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.backup()
	b, dir := h.open(), t.TempDir()
	if _, err := b.Prepare(t.Context(), Into{Dir: dir, Key: key, Now: h.now}); err != nil {
		t.Fatal(err)
	}
	r, err := b.Prepare(t.Context(), Into{Dir: dir, Key: key, Now: h.now})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Commit(), r.Drop()); err != nil {
		t.Fatal(err)
	}
	if err := r.Commit(); !errors.Is(err, ErrDatabase) {
		t.Errorf("twice: %v", err)
	}
}

// A database that Litestream restored is brought back like a backup. Keys that
// the host does not open go: what they seal is gone, and no fault for ever.
func TestBareDatabase(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.write(func(tx db.Tx) error {
		return tx.PutTextKey(db.TextKey{ID: "k2", Bot: "acme", User: "u2", Day: ten.Truncate(24 * time.Hour), Sealed: []byte("by a key that was dropped")})
	})
	if err := h.below.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "from-litestream.db")
	raw, err := os.ReadFile(h.path)
	if err == nil {
		err = os.WriteFile(file, raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	h.to, h.now = file, h.now.Add(time.Hour)
	r, err := h.open().Prepare(t.Context(), Into{Dir: t.TempDir(), Key: key, Opens: func(k db.TextKey) bool { return k.ID == "k1" }, By: "olga", Now: h.now})
	if err != nil || r.Opened != 1 || r.Closed != 1 || r.Held != 1 || !r.Restore.BackupAt.Equal(ten) {
		t.Errorf("got %+v, %v", r, err)
	}
	if _, err := h.open().Prepare(t.Context(), Into{Dir: t.TempDir(), Key: event.Key("another host's key of 32 bytes..."), Now: h.now}); !errors.Is(err, db.ErrWrongKey) {
		t.Errorf("with another host key: %v", err)
	}
	if err := os.WriteFile(file+"-wal", []byte("a part"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file); !errors.Is(err, ErrNotWhole) {
		t.Errorf("with a log beside it: %v", err)
	}
	if err := os.WriteFile(file+".txt", []byte("no database at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file + ".txt"); !errors.Is(err, ErrNotWhole) {
		t.Errorf("another file: %v", err)
	}
}

func TestKeep(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	for range 4 {
		o := h.options()
		o.Keep = 2
		if _, err := Make(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		h.now = h.now.Add(time.Hour)
	}
	ids, err := list(h.to)
	if diff := cmp.Diff([]string{"2026-11-25T12-00-00.000Z", "2026-11-25T13-00-00.000Z"}, ids); diff != "" || err != nil {
		t.Errorf("kept (-want +got)\n%s %v", diff, err)
	}
}
