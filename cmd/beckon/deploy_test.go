package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v3"
)

// TestLitestreamFile: what deploy/litestream.yml must say for a host to keep its
// deadlines. What is deleted is in the replica for the time of retention, and for
// that of one more snapshot: 24 hours are all there are (facts.md, read 2026-11-25).
func TestLitestreamFile(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../deploy/litestream.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Snapshot struct{ Interval, Retention time.Duration }
		DBs      []struct {
			Path     string
			Truncate int `yaml:"truncate-page-n"`
			Replica  struct{ Type, Path string }
		}
	}
	if err := yaml.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	if all := file.Snapshot.Interval + file.Snapshot.Retention; all <= 0 || all > 24*time.Hour {
		t.Errorf("the replica remembers %s, want 24h at most", all)
	}
	if len(file.DBs) != 1 || filepath.Base(file.DBs[0].Path) != "beckon.db" || file.DBs[0].Truncate != 2 {
		t.Errorf("got %+v, want one beckon.db whose log is emptied by the second page", file.DBs)
	}
}

// TestLitestream plays testdata/litestream with the program itself.
func TestLitestream(t *testing.T) {
	program := os.Getenv("BECKON_LITESTREAM")
	if program == "" {
		t.Skip("BECKON_LITESTREAM names no litestream program")
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/litestream",
		Setup: func(env *testscript.Env) error {
			raw, err := os.ReadFile("../../deploy/litestream.yml")
			if err != nil {
				return err
			}
			s := &stage{procs: map[string]*process{}, doors: map[string]*door{}}
			env.Values[stageKey{}] = s
			env.Defer(s.close)
			env.Setenv("BECKON_LITESTREAM", program)
			return os.WriteFile(filepath.Join(env.WorkDir, "litestream.yml"), raw, 0o600)
		},
		Cmds: scriptCommands(),
	})
}
