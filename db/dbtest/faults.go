package dbtest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Fault is a way in which a write can go wrong: the columns of the fault table.
type Fault int

const (
	// NotStored: the write fails and nothing of it is kept.
	NotStored Fault = iota + 1
	// ReportedFailed: the write is kept, and the writer hears of an error.
	ReportedFailed
	// KilledBefore: the process ends before the commit.
	KilledBefore
	// KilledAfter: the process ends after the commit and before anybody hears.
	KilledAfter
)

// Table lists the faults, by name.
func Table() map[string]Fault {
	return map[string]Fault{
		"not stored":                    NotStored,
		"stored but reported as failed": ReportedFailed,
		"killed before":                 KilledBefore,
		"killed after":                  KilledAfter,
	}
}

var (
	// ErrFault is what a writer hears of NotStored and ReportedFailed.
	ErrFault = errors.New("fault on purpose")
	// ErrKilled is the answer to everything after the process has ended.
	ErrKilled = errors.New("killed on purpose")
)

// Faults is a store that fails on purpose. A killed one answers every later
// call with ErrKilled and touches nothing: a test lets what runs on it come to
// its end, and starts anew on the store below, which stays open.
type Faults struct {
	below db.Store

	mu     sync.Mutex
	writes int
	at     map[int]Fault
	on     map[event.State]Fault
	killed bool
	struck int
}

var _ db.Store = (*Faults)(nil)

// Faulty wraps a store. Without a script it changes nothing.
func Faulty(s db.Store) *Faults {
	return &Faults{below: s, at: map[int]Fault{}, on: map[event.State]Fault{}}
}

// Next makes the next write fail.
func (f *Faults) Next(k Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at[f.writes+1] = k
}

// At makes the nth write fail, counted from 1 since Faulty.
func (f *Faults) At(n int, k Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at[n] = k
}

// On makes the next write fail that puts an action into the state: Attempting
// is the claim, Sent the settlement.
func (f *Faults) On(s event.State, k Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on[s] = k
}

// Writes counts the writes begun.
func (f *Faults) Writes() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.writes
}

// Struck counts the faults that happened: a test whose script missed proves
// nothing.
func (f *Faults) Struck() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.struck
}

// Write runs fn on the store below, with the fault that the script has for it.
func (f *Faults) Write(ctx context.Context, fn func(tx db.Tx) error) error {
	n, err := f.begin()
	if err != nil {
		return err
	}
	var k Fault
	err = f.below.Write(ctx, func(tx db.Tx) error {
		spy := &spy{Tx: tx}
		if err := fn(spy); err != nil {
			return err
		}
		switch k = f.strike(n, spy.states); k {
		case NotStored:
			return fmt.Errorf("write %d, not stored: %w", n, ErrFault)
		case KilledBefore:
			return fmt.Errorf("write %d: %w", n, ErrKilled)
		}
		return nil
	})
	if err != nil {
		return err
	}
	switch k {
	case ReportedFailed:
		return fmt.Errorf("write %d, stored: %w", n, ErrFault)
	case KilledAfter:
		return fmt.Errorf("write %d: %w", n, ErrKilled)
	}
	return nil
}

// Read passes on to the store below until the process is killed.
func (f *Faults) Read(ctx context.Context, fn func(tx db.Tx) error) error {
	f.mu.Lock()
	killed := f.killed
	f.mu.Unlock()
	if killed {
		return ErrKilled
	}
	return f.below.Read(ctx, fn)
}

// Close leaves the store below open.
func (f *Faults) Close() error { return nil }

func (f *Faults) begin() (n int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.killed {
		return 0, ErrKilled
	}
	f.writes++
	return f.writes, nil
}

// strike takes the fault for write n out of the script.
func (f *Faults) strike(n int, states []event.State) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := f.at[n]
	delete(f.at, n)
	for _, s := range states {
		if k == 0 {
			k = f.on[s]
			delete(f.on, s)
		}
	}
	if k != 0 {
		f.struck++
	}
	f.killed = f.killed || k == KilledBefore || k == KilledAfter
	return k
}

// spy notes into which states a transaction puts actions.
type spy struct {
	db.Tx
	states []event.State
}

func (s *spy) InsertAction(a db.Action) error {
	s.states = append(s.states, a.State)
	return s.Tx.InsertAction(a)
}

func (s *spy) UpdateAction(a db.Action, from event.State) error {
	s.states = append(s.states, a.State)
	return s.Tx.UpdateAction(a, from)
}
