package audit

import (
	"os"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
)

// restored is a desk whose database was brought back from before the last
// entries, and the checkpoint that tells of them.
func restored(t *testing.T, note bool) (d *desk, kept string) {
	t.Helper()
	d = newDesk(t)
	d.day1()
	if _, err := d.Checkpoint(t.Context(), d.now); err != nil {
		t.Fatal(err)
	}
	if err := d.below.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	backup, err := os.ReadFile(d.path)
	if err != nil {
		t.Fatal(err)
	}
	d.write(func(tx db.Tx) error { return tx.AppendDecision(decision(77)) })
	d.write(func(tx db.Tx) error { return tx.AppendDecision(decision(78)) })
	if kept, err = d.Checkpoint(t.Context(), d.now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := d.below.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.path, backup, 0o600); err != nil {
		t.Fatal(err)
	}
	if d.signer, err = NewKey(); err != nil {
		t.Fatal(err)
	}
	d.now = d.now.Add(time.Hour)
	d.open()
	if note {
		d.write(func(tx db.Tx) error {
			chains, err := Chains(tx)
			if err != nil {
				return err
			}
			return tx.PutRestore(db.Restore{ID: "r-1", BackupAt: day, At: d.now, By: "ann", Chains: chains})
		})
	}
	return d, kept
}

func TestV6RestoreIsTold(t *testing.T) {
	d, kept := restored(t, true)
	got := d.verify(kept)
	if len(got.Faults) > 0 || len(got.Lost) != 1 || got.Lost[0].Restore != "r-1" || got.Lost[0].By != "ann" || got.Lost[0].To != got.Lost[0].From+1 {
		t.Errorf("got faults %v, lost %+v; want two entries lost by r-1", got.Faults, got.Lost)
	}
	if got.Records[KindRestore] != 1 {
		t.Errorf("got %d restores that match, want 1", got.Records[KindRestore])
	}
}

// Without the record of a restore it is what it looks like.
func TestV6CutOffChain(t *testing.T) {
	d, kept := restored(t, false)
	if got := d.verify(kept); len(got.Faults) == 0 || len(got.Lost) > 0 {
		t.Errorf("got faults %v, lost %+v; want the end to be missed", got.Faults, got.Lost)
	}
}

func TestV6ChangedRestore(t *testing.T) {
	d, kept := restored(t, true)
	d.sql(`UPDATE restores SET chains = ''`)
	if got := d.verify(kept); len(got.Faults) == 0 {
		t.Error("a changed record of a restore was not found out")
	}
}

// A record that two writers changed is compared with what the later one says,
// however their chains are called.
func TestV6LaterWriterWins(t *testing.T) {
	for range 4 { // ids of writers are random
		d, _ := restored(t, true)
		d.write(func(tx db.Tx) error { return tx.PutSwitch(db.Switch{Bot: db.AllBots, By: "ann", At: d.now}) })
		if got := d.verify(); len(got.Faults) > 0 {
			t.Fatalf("got faults %v", got.Faults)
		}
	}
}
