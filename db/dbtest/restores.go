package dbtest

import (
	"errors"
	"testing"

	"github.com/beckon-bot/beckon/db"
)

func testRestores(t *testing.T, s db.Store, _ Features) {
	read(t, s, func(tx db.Tx) error {
		got, err := tx.LastRestore()
		same(t, "none", got, db.Restore{})
		return err
	})
	first := db.Restore{ID: "z", At: at(1), BackupAt: at(0), By: "ann"}
	second := db.Restore{ID: "a", At: at(9), BackupAt: at(2), By: "bob", Seq: 7, Chains: "w 1 h\n"}
	write(t, s, func(tx db.Tx) error { return errors.Join(tx.PutRestore(second), tx.PutRestore(first)) })
	second.RewoundAt, second.MergedAt, second.MergedBy = at(10), at(11), "bus"
	write(t, s, func(tx db.Tx) error { return tx.PutRestore(second) })
	read(t, s, func(tx db.Tx) error {
		last, err := tx.LastRestore()
		same(t, "the newest, as it is now", last.MergedBy+" "+last.ID, "bus a")
		all, err2 := tx.ListRestores()
		if len(all) == 2 {
			same(t, "oldest first", all[0].ID+all[1].ID, "za")
		} else {
			t.Errorf("%d restores, want 2", len(all))
		}
		return errors.Join(err, err2)
	})
}
