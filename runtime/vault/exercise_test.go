package vault_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/seal"
	"github.com/beckon-bot/beckon/runtime/vault"
)

// A store whose texts are sealed is a db.Store like any other.
func TestExercise(t *testing.T) {
	t.Parallel()
	host, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	paths := map[db.Store]string{}
	around := func(t *testing.T, path string) db.Store {
		t.Helper()
		below, err := sqlite.Open(context.Background(), sqlite.Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = below.Close() }) // closed before by some tests
		s := vault.New(below, host, time.Now).Around(below)
		paths[s] = path
		return s
	}
	dbtest.Exercise(t,
		func(t *testing.T) db.Store { return around(t, filepath.Join(t.TempDir(), "beckon.db")) },
		dbtest.Features{
			Reopen: func(t *testing.T, s db.Store) db.Store {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				return around(t, paths[s])
			},
			RawText: true,
		})
}
