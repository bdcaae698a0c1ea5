package suppression

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/erasure"
	"github.com/beckon-bot/beckon/runtime/event"
)

const (
	ann = "810200300400500600"
	ben = "810200300400500601"
	cyd = "810200300400500602"
)

var (
	nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	key  = event.Key("a key for tests, 32 bytes long...")
)

func at(minutes int) time.Time { return nine.Add(time.Duration(minutes) * time.Minute) }

// openDB makes a database, or opens the one at the path.
func openDB(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(context.Background(), sqlite.Options{Path: path, Temporary: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func newDB(t testing.TB) *sqlite.Store { return openDB(t, filepath.Join(t.TempDir(), "x.db")) }

// keeper keeps the copy of a store in a bucket, as a host that has just started.
func keeper(s db.Store, b Bucket) *Keeper {
	return &Keeper{
		Store: s, Bucket: b, Desk: action.Desk{Store: s, Key: key}, Log: slog.New(slog.DiscardHandler), Metrics: &Metrics{},
		Eraser: &erasure.Eraser{Store: s, Bus: bus.NewMemory(bus.MemoryOptions{}), Scrub: func(context.Context) error { return nil }, Key: key, Log: slog.New(slog.DiscardHandler)},
	}
}

// merge leaves out since when the copy is kept.
func merge(t testing.TB, k *Keeper) Report {
	t.Helper()
	r, err := k.Merge(context.Background(), at(1000))
	if err != nil {
		t.Fatal(err)
	}
	r.Since = time.Time{}
	return r
}

func carry(t testing.TB, k *Keeper) {
	t.Helper()
	if err := k.Carry(context.Background(), at(1000)); err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, s db.Store, fn func(tx db.Tx) error) {
	t.Helper()
	if err := s.Write(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

// says joins an act of the user to what stands, as dispatch does.
func says(t testing.TB, s db.Store, user string, out bool, when time.Time) {
	t.Helper()
	write(t, s, func(tx db.Tx) error {
		have, err := tx.Suppression(key.User(user))
		if err != nil {
			return err
		}
		act := conversation.Suppression{OptedOut: out, At: when, EventID: "10" + when.Format("150405"), Tier: conversation.TierStart}
		if out {
			act.Tier = conversation.TierHard
		}
		return tx.PutSuppression(have.Recall(act))
	})
}

func stands(t testing.TB, s db.Store, user string) (p conversation.Suppression) {
	t.Helper()
	err := s.Read(context.Background(), func(tx db.Tx) (err error) {
		p, err = tx.Suppression(key.User(user))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// waits puts an action to the user that is about to go out.
func waits(t testing.TB, s db.Store, user string) (id string) {
	t.Helper()
	id = "a" + user
	write(t, s, func(tx db.Tx) error {
		return dbtest.PutAction(tx, db.Action{
			ID: id, Bot: "acme", Interaction: "i" + user, Kind: event.DM, Purpose: event.Answer,
			User: user, State: event.Pending, CreatedAt: nine, Draft: []byte(`{}`), Decision: []byte(`{}`),
		})
	})
	return id
}

func state(t testing.TB, s db.Store, id string) event.State {
	t.Helper()
	var a db.Action
	err := s.Read(context.Background(), func(tx db.Tx) (err error) {
		a, err = tx.Action(id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return a.State
}

var errAway = errors.New("away on purpose")

// memory is a bucket without a disk, which fails on purpose.
type memory struct {
	mu    sync.Mutex
	kept  map[string]bus.Entry
	rev   uint64
	puts  int
	at    map[int]dbtest.Fault // by number of the put, from 1
	away  bool                 // every call fails
	dead  bool                 // the process has ended: every call fails, for good
	meant func(bus.Entry)      // is shown each put before it is done, without the lock
}

func newMemory() *memory { return &memory{kept: map[string]bus.Entry{}, at: map[int]dbtest.Fault{}} }

func (m *memory) All(ctx context.Context, see func(bus.Entry) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away || m.dead {
		return errAway
	}
	for _, e := range m.kept {
		if err := see(e); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Get(_ context.Context, key string) (bus.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away || m.dead {
		return bus.Entry{}, errAway
	}
	if e, ok := m.kept[key]; ok {
		return e, nil
	}
	return bus.Entry{Key: key}, nil
}

func (m *memory) Put(_ context.Context, e bus.Entry) error {
	if m.meant != nil {
		m.meant(e)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away || m.dead {
		return errAway
	}
	m.puts++
	fault := m.at[m.puts]
	m.dead = fault == dbtest.KilledBefore || fault == dbtest.KilledAfter
	if fault == dbtest.NotStored || fault == dbtest.KilledBefore {
		return errAway
	}
	if m.kept[e.Key].Rev != e.Rev {
		return bus.ErrChanged
	}
	m.rev++
	e.Rev = m.rev
	m.kept[e.Key] = e
	if fault == dbtest.ReportedFailed || fault == dbtest.KilledAfter {
		return errAway
	}
	return nil
}

// copied is what the bucket has of a user.
func (m *memory) copied(t testing.TB, user string) conversation.Suppression {
	t.Helper()
	e, err := m.Get(context.Background(), key.User(user))
	if err != nil {
		t.Fatal(err)
	}
	s, err := decode(e)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
