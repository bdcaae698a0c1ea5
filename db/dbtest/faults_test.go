package dbtest_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/event"
)

func below(t *testing.T) db.Store {
	t.Helper()
	s, err := sqlite.Open(context.Background(), sqlite.Options{Path: filepath.Join(t.TempDir(), "x.db"), Temporary: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func set(value string) func(db.Tx) error {
	return func(tx db.Tx) error { return tx.SetMeta("k", value) }
}

func value(t *testing.T, s db.Store) (v string) {
	t.Helper()
	err := s.Read(context.Background(), func(tx db.Tx) (err error) {
		v, err = tx.Meta("k")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Without a script, a faulty store passes the suite like the one below it.
func TestFaultyWithoutFaults(t *testing.T) {
	t.Parallel()
	dbtest.Exercise(t,
		func(t *testing.T) db.Store {
			return closing{dbtest.Faulty(below(t))}
		},
		dbtest.Features{Reopen: func(_ *testing.T, s db.Store) db.Store { return s }, RawText: true})
}

// closing is for the suite, which demands that Close ends the store.
type closing struct{ *dbtest.Faults }

func (c closing) Close() error {
	c.Next(dbtest.KilledBefore)
	if err := c.Write(context.Background(), set("")); !errors.Is(err, dbtest.ErrKilled) {
		return errors.New("not killed")
	}
	return nil
}

func TestFaultTable(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, c := range map[string]struct {
		want   error
		stored string
	}{
		"not stored":                    {dbtest.ErrFault, "1"},
		"stored but reported as failed": {dbtest.ErrFault, "2"},
		"killed before":                 {dbtest.ErrKilled, "1"},
		"killed after":                  {dbtest.ErrKilled, "2"},
	} {
		s := below(t)
		f := dbtest.Faulty(s)
		f.At(2, dbtest.Table()[name])
		if err := f.Write(ctx, set("1")); err != nil {
			t.Fatal(err)
		}
		if err := f.Write(ctx, set("2")); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		if got := value(t, s); got != c.stored {
			t.Errorf("%s: stored %s, want %s", name, got, c.stored)
		}
		if f.Struck() != 1 || f.Writes() != 2 {
			t.Errorf("%s: %d faults in %d writes, want 1 in 2", name, f.Struck(), f.Writes())
		}
		writes, reads := f.Write(ctx, set("3")), f.Read(ctx, func(db.Tx) error { return nil })
		if errors.Is(c.want, dbtest.ErrKilled) {
			if !errors.Is(writes, dbtest.ErrKilled) || !errors.Is(reads, dbtest.ErrKilled) {
				t.Errorf("%s: a killed store answered: %v, %v", name, writes, reads)
			}
			if got := value(t, s); got != c.stored {
				t.Errorf("%s: a killed store wrote %s", name, got)
			}
		} else if writes != nil || reads != nil {
			t.Errorf("%s: the next calls: %v, %v", name, writes, reads)
		}
	}
}

func TestFaultOnState(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := dbtest.Faulty(below(t))
	f.On(event.Attempting, dbtest.NotStored)
	a := db.Action{ID: "a", Kind: event.DM, Purpose: event.Answer, State: event.Pending}
	if err := f.Write(ctx, func(tx db.Tx) error { return tx.InsertAction(a) }); err != nil {
		t.Fatal(err)
	}
	a.State = event.Attempting
	claim := func() error {
		return f.Write(ctx, func(tx db.Tx) error { return tx.UpdateAction(a, event.Pending) })
	}
	if err := claim(); !errors.Is(err, dbtest.ErrFault) {
		t.Errorf("the claim: got %v, want ErrFault", err)
	}
	if err := claim(); err != nil {
		t.Errorf("the claim again: %v", err)
	}
}

// A write that fails by itself keeps its own error; no fault strikes it.
func TestFaultAndError(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	f := dbtest.Faulty(below(t))
	f.Next(dbtest.KilledAfter)
	if err := f.Write(context.Background(), func(db.Tx) error { return mine }); !errors.Is(err, mine) {
		t.Errorf("got %v, want mine", err)
	}
	if f.Struck() != 0 {
		t.Error("the fault struck a write that had failed by itself")
	}
}
