package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/xapi"
)

// The client begins with what X said of a bot's windows, and not with what the
// host counted or the app shares.
func TestKnownWindows(t *testing.T) {
	t.Parallel()
	store, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "b.db"), Temporary: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	told := db.RateWindow{Endpoint: "dm_events", Owner: "support", Span: 15 * time.Minute, Most: 15, ResetsAt: at.Add(time.Minute), ToldAt: at}
	counted, shared := told, told
	counted.Endpoint, counted.ToldAt = "send_dm", time.Time{}
	shared.Owner = db.App
	err = store.Write(t.Context(), func(tx db.Tx) error {
		for _, w := range []db.RateWindow{told, counted, shared} {
			if err := tx.PutRateWindow(w); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := knownWindows(t.Context(), store)
	want := []xapi.Window{{Bot: "support", Endpoint: "dm_events", Limit: 15, Reset: told.ResetsAt}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
}
