package erasure

import (
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Mark is the keyed hash by which a user, an item (a post or a DM) or an account
// is known where its id may not stay: to duties, and to exports that hold it.
func Mark(key event.Key, class, target string) string {
	return key.Text("duty of " + class + " " + target)
}

// Recall asks back the exports that hold what a mark stands for, by the deadline
// of the cause: a person removes the files, since the host does not know where
// they are. It returns how many.
func Recall(tx db.Tx, now time.Time, mark, cause string, due time.Time, pick func(db.Redistribution) bool) (n int64, err error) {
	held, err := tx.ExportsWith(mark)
	if err != nil {
		return 0, err
	}
	for _, r := range held {
		if pick != nil && !pick(r) {
			continue
		}
		n++
		if err := tx.PutRecall(db.Recall{Export: r.ID, Cause: cause, AskedAt: now.UTC().Truncate(time.Millisecond), DueAt: due}); err != nil {
			return n, err
		}
	}
	return n, nil
}

// recalled is the count of a receipt that says how many exports were asked back.
const recalled = "exports_recalled"

// recall does it for an erasure. The export is named from then on, so that nothing
// need tell any more that it holds the user.
func (e *Eraser) recall(tx db.Tx, now time.Time, x db.Erasure, counts map[string]int64) error {
	mark := Mark(e.Key, "user", x.User)
	n, err := Recall(tx, now, mark, x.ID, x.DueAt, nil)
	if err != nil || n == 0 {
		return err
	}
	counts[recalled] = n
	if x.Bot == "" {
		_, err = tx.DropExportMark(mark)
	}
	return err
}
