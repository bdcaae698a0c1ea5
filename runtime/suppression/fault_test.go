package suppression

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// TestS12EachStepUnderFaults lets each write of the way out fail in each way, in
// the database and in the copy, and starts anew.
func TestS12EachStepUnderFaults(t *testing.T) {
	t.Parallel()
	for name, fault := range dbtest.Table() {
		for _, where := range []string{"database", "copy"} {
			for n := 1; n <= 3; n++ {
				t.Run(fmt.Sprintf("%s, write %d of the %s", name, n, where), func(t *testing.T) {
					t.Parallel()
					below, copied := newDB(t), newMemory()
					faulty := dbtest.Faulty(below)
					k := keeper(faulty, copied)
					merge(t, k) // puts whose it is
					says(t, below, ann, true, at(1))
					says(t, below, ben, false, at(1))
					if where == "copy" {
						copied.at[copied.puts+n] = fault
					} else {
						faulty.At(faulty.Writes()+n, fault)
					}
					err := k.Carry(context.Background(), at(2))
					_ = k.Carry(context.Background(), at(2)) // its next try; where it was killed nothing happens
					copied.dead = false                      // the next start
					clear(copied.at)
					k = keeper(below, copied)
					merge(t, k)
					carry(t, k)
					if where == "copy" && err == nil {
						t.Error("the fault was not noticed")
					}
					for user, out := range map[string]bool{ann: true, ben: false} {
						if got := copied.copied(t, user); got.OptedOut != out || !got.At.Equal(at(1)) {
							t.Errorf("user %s: the copy has %+v", user, got)
						}
					}
					if got, err := Look(context.Background(), below); err != nil || got != (State{}) {
						t.Errorf("how far it is: %+v, %v", got, err)
					}
				})
			}
		}
	}
}

// TestS11MergeUnderFaults does the same to the way in: a merge that failed is
// not taken for done, and the next one does the rest, once.
func TestS11MergeUnderFaults(t *testing.T) {
	t.Parallel()
	for name, fault := range dbtest.Table() {
		for n := 1; n <= 3; n++ {
			t.Run(fmt.Sprintf("%s, write %d", name, n), func(t *testing.T) {
				t.Parallel()
				copied, now := newMemory(), newDB(t)
				says(t, now, ann, true, at(1))
				for user, when := range map[string]time.Time{ben: at(2), cyd: at(3)} {
					write(t, now, func(tx db.Tx) error {
						return tx.PutSuppression(conversation.Suppression{UserHash: key.User(user), ErasedAt: when})
					})
				}
				carry(t, keeper(now, copied))

				below := newDB(t) // of before all of that
				toAnn, toBen := waits(t, below, ann), waits(t, below, ben)
				faulty := dbtest.Faulty(below)
				faulty.At(n, fault) // 1 acts, 2 the erasure of ben, 3 the mark of cyd
				if _, err := keeper(faulty, copied).Merge(context.Background(), at(9)); err == nil || faulty.Struck() != 1 {
					t.Errorf("got %v, %d faults", err, faulty.Struck())
				}
				k := keeper(below, copied)
				merge(t, k)
				if got := state(t, below, toAnn); !stands(t, below, ann).OptedOut || got != event.Cancelled {
					t.Errorf("ann's action is %s", got)
				}
				if got := state(t, below, toBen); got != event.Cancelled {
					t.Errorf("ben's action is %s", got)
				}
				wantErasures(t, below, 1)
				for user, want := range map[string]time.Time{ben: at(2), cyd: at(3)} {
					if got := stands(t, below, user); !got.ErasedAt.Equal(want) {
						t.Errorf("user %s is erased at %s, want %s", user, got.ErasedAt, want)
					}
				}
				carry(t, k)
				if r := merge(t, k); r != (Report{Entries: 3}) {
					t.Errorf("once more: %+v", r)
				}
			})
		}
	}
}

func wantErasures(t *testing.T, s db.Store, want int) (all []db.Erasure) {
	t.Helper()
	err := s.Read(context.Background(), func(tx db.Tx) (err error) {
		all, err = tx.ListErasures(99)
		return err
	})
	if err != nil || len(all) != want {
		t.Fatalf("%d erasures, want %d, %v: %+v", len(all), want, err, all)
	}
	return all
}

// TestS11AnyInterleaving plays acts of users, backups, restores, a copy that is
// away and hosts that stop, in any order: after a merge nobody may be written to
// whose last act the database or the copy had as a stop, and nobody is kept from
// coming back.
func TestS11AnyInterleaving(t *testing.T) {
	t.Parallel()
	users := []string{ann, ben, cyd}
	for seed := range uint64(24) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 7))
			s, copied := newDB(t), newMemory()
			k := keeper(s, copied)
			merge(t, k)
			type act struct {
				out bool
				at  time.Time
			}
			later := func(a, b act) act {
				if b.at.After(a.at) || b.at.Equal(a.at) && b.out {
					return b
				}
				return a
			}
			inDB, inCopy := map[string]act{}, map[string]act{} // last of each
			backup := map[string]act{}
			keep := func(from map[string]act) map[string]act {
				to := map[string]act{}
				for u, a := range from {
					to[u] = a
				}
				return to
			}
			carried := func() { // what the copy has now
				for _, u := range users {
					inCopy[u] = later(inCopy[u], inDB[u])
				}
			}
			for step := range 60 {
				u := users[r.IntN(len(users))]
				switch r.IntN(9) {
				case 0, 1, 2, 3: // an act, not always told in order
					a := act{r.IntN(2) == 0, at(step*3 - r.IntN(10) + 10)}
					says(t, s, u, a.out, a.at)
					inDB[u] = later(inDB[u], a)
				case 4, 5:
					switch err := k.Carry(context.Background(), at(step)); {
					case err == nil: // also where the copy is away: nothing was owed
						carried()
					case !copied.away:
						t.Fatalf("step %d: %v", step, err)
					}
				case 6:
					backup = keep(inDB)
				case 7:
					copied.away = !copied.away
				case 8: // a restore, and the start after it
					if r.IntN(2) == 0 {
						settle(t, s) // the backup owes nothing; else it owes more than is true
					}
					write(t, s, func(tx db.Tx) error {
						for _, u := range users {
							p := conversation.Suppression{UserHash: key.User(u), OptedOut: backup[u].out, At: backup[u].at}
							if err := tx.PutSuppression(p); err != nil {
								return err
							}
						}
						return nil
					})
					inDB = keep(backup)
					copied.away = false
					k = keeper(s, copied)
					merge(t, k)
					for _, u := range users {
						inDB[u] = later(inDB[u], inCopy[u])
						if got := stands(t, s, u); got.OptedOut != inDB[u].out {
							t.Fatalf("step %d: user %s is %+v, want %+v", step, u, got, inDB[u])
						}
					}
					if r.IntN(2) == 0 { // else the host stops before it has written anything
						carry(t, k)
						carried()
					}
				}
			}
			copied.away = false
			merge(t, k)
			carry(t, k)
			for _, u := range users {
				want := later(inDB[u], inCopy[u])
				if got := stands(t, s, u); got.OptedOut != want.out || !same(got, copied.copied(t, u)) {
					t.Errorf("in the end user %s is %+v, the copy has %+v, want %+v", u, got, copied.copied(t, u), want)
				}
			}
		})
	}
}
