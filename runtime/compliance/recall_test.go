package compliance

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
)

// TestK22ExportsAreRecalled: an export that holds what has to go is recalled by
// the deadline of the duty, once, whatever fails on the way; another is not.
func TestK22ExportsAreRecalled(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]string{
		"post": "x-post", "dm": "x-dm", "geo": "", "edit": "x-post", "posts": "x-ann", "user": "x-ann", "account": "x-acme", "own": "", "nothing": "",
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			d := kinds()[kind].duty
			judge := func(w *world) {
				t.Helper()
				var got []string
				w.read(func(tx db.Tx) error {
					open, err := tx.OpenRecalls(100)
					for _, r := range open {
						got = append(got, r.Export)
						if !strings.HasSuffix(r.Cause, d.ID) || !r.DueAt.Equal(d.DueAt.Truncate(time.Millisecond)) || r.AskedAt.IsZero() {
							t.Errorf("recalled as %+v of a duty that is due at %v", r, d.DueAt)
						}
					}
					return err
				})
				if strings.Join(got, " ") != want {
					t.Errorf("recalled: %q, want %q", got, want)
				}
			}
			begin := func() *world {
				w := newWorld(t)
				w.write(func(tx db.Tx) error {
					for name, mark := range map[string]string{
						"x-post": Hash(key, db.DutyPost, post), "x-dm": Hash(key, db.DutyDM, dm), "x-ann": Hash(key, db.DutyUser, ann),
						"x-acme": Hash(key, db.DutyAccount, "acme"), "x-ben": Hash(key, db.DutyUser, ben), "x-other": Hash(key, db.DutyAccount, "other"),
					} {
						if err := tx.PutRedistribution(db.Redistribution{ID: name, At: nine, Recipient: "lab", What: "log", By: "ann"}); err != nil {
							return err
						}
						if err := tx.PutExportMarks(name, []string{mark}); err != nil {
							return err
						}
					}
					_, err := tx.OpenDuty(d)
					return err
				})
				return w
			}
			w := begin()
			whole := dbtest.Faulty(w.below)
			for range 2 {
				if _, err := w.officer(whole).Step(context.Background(), nine); err != nil {
					t.Fatal(err)
				}
			}
			judge(w)
			if kind != "post" && kind != "user" {
				return
			}
			for n := 1; n <= whole.Writes(); n++ {
				for name, fault := range dbtest.Table() {
					t.Run(fmt.Sprintf("%s, write %d", name, n), func(t *testing.T) {
						w := begin()
						s := dbtest.Faulty(w.below)
						s.At(n, fault)
						for range 3 { // as far as it comes
							_, _ = w.officer(s).Step(context.Background(), nine)
						}
						if _, err := w.officer(w.below).Step(context.Background(), nine); err != nil { // the next start
							t.Fatal(err)
						}
						judge(w)
					})
				}
			}
		})
	}
}
