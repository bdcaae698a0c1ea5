package sqlite

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
)

func TestExercise(t *testing.T) {
	t.Parallel()
	dbtest.Exercise(t,
		func(t *testing.T) db.Store { return open(t, filepath.Join(t.TempDir(), "beckon.db")) },
		dbtest.Features{
			Reopen: func(t *testing.T, s db.Store) db.Store {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				return open(t, s.(*Store).opt.Path)
			},
			RawText: true,
		})
}

func open(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(context.Background(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // closed before by some tests
	return s
}
