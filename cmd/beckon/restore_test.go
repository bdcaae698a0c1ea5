package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/beckon-bot/beckon/runtime/backup"
)

// What a backup calls configuration is never written into the data directory,
// where it would be taken for the host's keys or for the database (B14).
func TestB14NothingOfTheConfigurationInTheDataDirectory(t *testing.T) {
	t.Parallel()
	b := backup.Backup{Dir: t.TempDir()}
	for _, name := range []string{"config/beckon.yaml", "config/data/beckon.db", "config/link/host.key", "config/rules/acme.yaml"} {
		path := filepath.Join(b.Dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("x"), 0o600)); err != nil {
			t.Fatal(err)
		}
		b.Files = append(b.Files, backup.Sum{Name: name, From: "/srv/" + name})
	}
	b.Config = "config/beckon.yaml"
	there := t.TempDir()
	dir, err := openDataDir(filepath.Join(there, "data"))
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if err := os.Symlink("data", filepath.Join(there, "link")); err != nil {
		t.Fatal(err)
	}
	r := restore{b: b, flags: operatorFlags{file: filepath.Join(there, "beckon.yaml")}}
	if _, err := r.place(dir, backup.Ready{Signer: "a new key"}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"beckon.db", "host.key"} {
		if _, err := os.Lstat(dir.file(name)); err == nil {
			t.Errorf("%s was written", dir.file(name))
		}
	}
	if len(r.took) != 2 || len(r.left) != 2 {
		t.Errorf("put back %q, and not %q", r.took, r.left)
	}
}
