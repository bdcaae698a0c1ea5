package suppression

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// TestS11RestoredDatabaseIsTold: the database is of yesterday, the copy of now.
func TestS11RestoredDatabaseIsTold(t *testing.T) {
	t.Parallel()
	copied := newMemory()
	s := newDB(t)
	k := keeper(s, copied)
	merge(t, k)
	says(t, s, ann, true, at(1))
	says(t, s, ben, true, at(1))
	says(t, s, ben, false, at(5))
	says(t, s, cyd, true, at(9))
	carry(t, k)

	old := newDB(t) // ann said nothing yet, ben's stop stands, cyd started late
	says(t, old, ben, true, at(1))
	says(t, old, cyd, false, at(9)) // at the very time of the stop
	toAnn, toBen, toCyd := waits(t, old, ann), waits(t, old, ben), waits(t, old, cyd)
	k = keeper(old, copied)
	if d := cmp.Diff(Report{Entries: 3, OptedOut: 2, OptedIn: 1, Cancelled: 2}, merge(t, k)); d != "" {
		t.Errorf("report (-want +got):\n%s", d)
	}
	for user, out := range map[string]bool{ann: true, ben: false, cyd: true} {
		if got := stands(t, old, user); got.OptedOut != out {
			t.Errorf("user %s: %+v, want opted out %t", user, got, out)
		}
	}
	if got := stands(t, old, ann); got.EventID != restored || got.Tier != conversation.TierHard || !got.At.Equal(at(1)) {
		t.Errorf("what was taken from the copy: %+v", got)
	}
	for id, want := range map[string]event.State{toAnn: event.Cancelled, toBen: event.Pending, toCyd: event.Cancelled} {
		if got := state(t, old, id); got != want {
			t.Errorf("action %s is %s, want %s", id, got, want)
		}
	}
	carry(t, k)
	if d := cmp.Diff(Report{Entries: 3}, merge(t, k)); d != "" {
		t.Errorf("again (-want +got):\n%s", d)
	}
	// The act itself, should the bus have it still, says whose event it was.
	if got := stands(t, old, ann).Merge(conversation.Suppression{OptedOut: true, At: at(1), EventID: "1055", Tier: conversation.TierPhrase}); got.EventID != "1055" {
		t.Errorf("the event comes again: %+v", got)
	}
}

// TestS11DamageIsAStop: of what cannot be read it is not guessed that it was START.
func TestS11DamageIsAStop(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"no JSON": "{", "empty": "", "another form": `{"stop":true}`, "says nothing": `{"v":1,"opted_out":false}`, "no time": `{"v":1,"opted_out":false,"at":"soon"}`,
	} {
		copied := newMemory()
		copied.kept[key.User(ann)] = bus.Entry{Key: key.User(ann), Value: []byte(value), Rev: 7}
		s := newDB(t)
		id := waits(t, s, ann)
		k := keeper(s, copied)
		if d := cmp.Diff(Report{Entries: 1, Unreadable: 1, OptedOut: 1, Cancelled: 1}, merge(t, k)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		if got := stands(t, s, ann); !got.OptedOut || state(t, s, id) != event.Cancelled {
			t.Errorf("%s: %+v, and the action is %s", name, got, state(t, s, id))
		}
		carry(t, k)
		if got := copied.copied(t, ann); !got.OptedOut { // and it can be read now
			t.Errorf("%s: the copy has %+v", name, got)
		}
		if r := merge(t, k); r != (Report{Entries: 1}) {
			t.Errorf("%s, again: %+v", name, r)
		}
	}
}

// TestS11StopWithoutATime: the user comes back by START all the same, also for
// who reads the copy.
func TestS11StopWithoutATime(t *testing.T) {
	t.Parallel()
	copied, s := newMemory(), newDB(t)
	k := keeper(s, copied)
	stop := conversation.Suppression{UserHash: key.User(ann), OptedOut: true, EventID: "7", Tier: conversation.TierHard}
	write(t, s, func(tx db.Tx) error { return tx.PutSuppression(stop) })
	carry(t, k)
	carry(t, k)
	if got := copied.copied(t, ann); !got.OptedOut || !got.At.Equal(at(1000)) {
		t.Errorf("the copy has %+v", got)
	}
	merge(t, k)
	if !stands(t, s, ann).OptedOut {
		t.Error("the stop is lost")
	}
	says(t, s, ann, false, at(1001))
	carry(t, k)
	merge(t, k)
	if stands(t, s, ann).OptedOut || copied.copied(t, ann).OptedOut {
		t.Error("START does not end it")
	}
}

// TestS12EverythingReachesTheCopy, what was there before the copy was, too.
func TestS12EverythingReachesTheCopy(t *testing.T) {
	t.Parallel()
	copied, s := newMemory(), newDB(t)
	for i := range chunk + 3 {
		says(t, s, fmt.Sprint(ann, i), i%2 == 0, at(i))
	}
	// As a copy that was lost: nothing is owed, and all of it is missing.
	settle(t, s)
	k := keeper(s, copied)
	if r := merge(t, k); r.Lacking != chunk+3 {
		t.Errorf("lacking %d, want %d", r.Lacking, chunk+3)
	}
	says(t, s, ann, true, at(1))
	carry(t, k)
	if n := len(copied.kept); n != chunk+3+1+1 {
		t.Errorf("the copy has %d entries, want one a user and whose it is", n)
	}
	for i := range chunk + 3 {
		if got, want := copied.copied(t, fmt.Sprint(ann, i)), stands(t, s, fmt.Sprint(ann, i)); !same(got, want) {
			t.Fatalf("user %d: the copy has %+v, want %+v", i, got, want)
		}
	}
	if got, err := Look(t.Context(), s); err != nil || got != (State{}) {
		t.Errorf("how far it is: %+v, %v", got, err)
	}
}

func settle(t *testing.T, s db.Store) {
	t.Helper()
	write(t, s, func(tx db.Tx) error {
		owed, err := tx.OwedSuppressions(1 << 20)
		for _, o := range owed {
			err = errors.Join(err, tx.SettleSuppression(o.UserHash, o.Rev))
		}
		return err
	})
}

// TestS13OldFactsChangeNothing: a database of yesterday owes what it owed then,
// and another writer is in between.
func TestS13OldFactsChangeNothing(t *testing.T) {
	t.Parallel()
	copied, now := newMemory(), newDB(t)
	says(t, now, ann, true, at(9))
	carry(t, keeper(now, copied))
	old := newDB(t)
	says(t, old, ann, false, at(3))
	carry(t, keeper(old, copied)) // without a merge before it
	if got := copied.copied(t, ann); !got.OptedOut || !got.At.Equal(at(9)) {
		t.Errorf("the copy has gone back: %+v", got)
	}

	between := false
	copied.meant = func(e bus.Entry) {
		if !between && e.Key == key.User(ben) {
			between = true
			says(t, now, ben, true, at(9))
			carry(t, keeper(now, copied))
		}
	}
	says(t, old, ben, true, at(2))
	carry(t, keeper(old, copied))
	if got := copied.copied(t, ben); !between || !got.At.Equal(at(9)) {
		t.Errorf("what another wrote in between is lost: %+v", got)
	}
}

// TestS13PutMeanwhileStaysOwed: what is said while the copy is written is not
// taken for written.
func TestS13PutMeanwhileStaysOwed(t *testing.T) {
	t.Parallel()
	copied, s := newMemory(), newDB(t)
	k := keeper(s, copied)
	merge(t, k)
	says(t, s, ann, false, at(1))
	once := false
	copied.meant = func(bus.Entry) {
		if !once {
			once = true
			says(t, s, ann, true, at(2))
		}
	}
	carry(t, k)
	if got := copied.copied(t, ann); !got.OptedOut {
		t.Errorf("the copy has %+v", got)
	}
}

func TestS14AwayIsToldAndCaughtUp(t *testing.T) {
	t.Parallel()
	copied, s := newMemory(), newDB(t)
	k := keeper(s, copied)
	merge(t, k)
	copied.away = true
	says(t, s, ann, true, at(1)) // is not hindered
	says(t, s, ben, true, at(1))
	for i, want := range []State{{2, at(10)}, {2, at(10)}} {
		if err := k.Carry(t.Context(), at(10+i)); !errors.Is(err, errAway) {
			t.Errorf("away: got %v", err)
		}
		got, err := Look(t.Context(), s)
		if err != nil || got.Owed != want.Owed || !got.Since.Equal(want.Since) {
			t.Errorf("after %d: %+v, %v, want %+v", i, got, err, want)
		}
	}
	if n, age := k.Metrics.Owed.Load(), k.Metrics.Behind.Load(); n != 2 || age != int64(at(11).Sub(at(10))) || k.Metrics.Failures.Load() != 2 {
		t.Errorf("metrics: %d owed, %d behind", n, age)
	}
	// A host that starts meanwhile knows since when; it does not begin to send.
	if _, err := keeper(s, copied).Merge(t.Context(), at(12)); !errors.Is(err, errAway) {
		t.Errorf("merged without the copy: %v", err)
	}
	copied.away = false
	k = keeper(s, copied)
	merge(t, k)
	carry(t, k)
	if got, err := Look(t.Context(), s); err != nil || got != (State{}) || k.Metrics.Behind.Load() != 0 || k.Metrics.Owed.Load() != 0 {
		t.Errorf("caught up: %+v, %v", got, err)
	}
	if !copied.copied(t, ann).OptedOut || !copied.copied(t, ben).OptedOut {
		t.Error("something is missing in the copy")
	}
}

// TestS15TheCopyNamesNobody looks at every byte of it.
func TestS15TheCopyNamesNobody(t *testing.T) {
	t.Parallel()
	copied, s := newMemory(), newDB(t)
	k := keeper(s, copied)
	merge(t, k)
	write(t, s, func(tx db.Tx) error {
		return tx.PutSuppression(conversation.Suppression{UserHash: key.User(ann), OptedOut: true, At: at(1), EventID: "operator:bob", Tier: conversation.TierOperator, ErasedAt: at(2)})
	})
	carry(t, k)
	want := `{"v":1,"opted_out":true,"at":"2026-03-02T09:01:00Z","by":"operator","erased_at":"2026-03-02T09:02:00Z"}`
	if got := string(copied.kept[key.User(ann)].Value); got != want {
		t.Errorf("the entry is %s, want %s", got, want)
	}
	for k, e := range copied.kept {
		if all := k + string(e.Value); strings.Contains(all, ann) || strings.Contains(all, "bob") || strings.Contains(all, string(key)) {
			t.Errorf("the copy has %s", all)
		}
	}
}

func TestS17AnotherHostsCopyIsRefused(t *testing.T) {
	t.Parallel()
	copied := newMemory()
	theirs := newDB(t)
	says(t, theirs, ann, true, at(1))
	k := keeper(theirs, copied)
	merge(t, k)
	carry(t, k)
	mine := newDB(t)
	k = keeper(mine, copied)
	k.Desk.Key = event.Key("another key for tests, 32 bytes..")
	puts := copied.puts
	if _, err := k.Merge(t.Context(), nine); !errors.Is(err, db.ErrWrongKey) {
		t.Errorf("got %v", err)
	}
	if stands(t, mine, ann).OptedOut || copied.puts != puts {
		t.Error("something was taken or put")
	}

	for name, e := range map[string]bus.Entry{
		"an entry":  {Key: key.User(ben), Value: []byte(`{"v":2,"opted_out":false,"muted":true}`), Rev: 99},
		"the owner": {Key: hostKey, Value: []byte(`{"v":2}`), Rev: 98},
	} {
		copied.kept[e.Key] = e
		if _, err := keeper(theirs, copied).Merge(t.Context(), nine); !errors.Is(err, db.ErrNewer) {
			t.Errorf("%s of a newer version: got %v", name, err)
		}
	}
	says(t, theirs, ben, true, at(2))
	if err := keeper(theirs, copied).Carry(t.Context(), nine); !errors.Is(err, db.ErrNewer) {
		t.Errorf("written over what is newer: %v", err)
	}
}

// TestS18ANewCopySaysSo, however often a host starts on it before it has all.
func TestS18ANewCopySaysSo(t *testing.T) {
	t.Parallel()
	copied, s := newMemory(), newDB(t)
	says(t, s, ann, true, at(1))
	since := func(minute int) time.Time {
		t.Helper()
		r, err := keeper(s, copied).Merge(t.Context(), at(minute))
		if err != nil {
			t.Fatal(err)
		}
		return r.Since
	}
	if got := since(2); !got.IsZero() {
		t.Errorf("a new copy is of %s", got)
	}
	if err := keeper(s, copied).Carry(t.Context(), at(3)); err != nil { // it does not know what was there before
		t.Fatal(err)
	}
	if got := since(4); !got.IsZero() {
		t.Errorf("a copy that was never compared is of %s", got)
	}
	k := keeper(s, copied)
	merge(t, k)
	says(t, s, ben, true, at(1))
	copied.away = true
	if err := k.Carry(t.Context(), at(5)); err == nil {
		t.Error("written while it is away")
	}
	copied.away = false
	if got := since(6); !got.IsZero() {
		t.Errorf("a copy that has not everything is of %s", got)
	}
	for _, minute := range []int{7, 8} {
		if err := k.Carry(t.Context(), at(minute)); err != nil {
			t.Fatal(err)
		}
	}
	merge(t, k)
	carry(t, k)
	if got := since(9); !got.Equal(at(7)) {
		t.Errorf("it is of %s, want %s", got, at(7))
	}
}

// TestForeignKeysAreCounted: somebody with access to the bus put them there.
func TestForeignKeysAreCounted(t *testing.T) {
	t.Parallel()
	copied := newMemory()
	for i, k := range []string{ann, "x", strings.ToUpper(key.User(ann)), key.User(ann) + "0"} {
		copied.kept[k] = bus.Entry{Key: k, Value: []byte(`{"v":1,"opted_out":true}`), Rev: uint64(i + 1)}
	}
	if d := cmp.Diff(Report{Foreign: 4}, merge(t, keeper(newDB(t), copied))); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestWatchTellsOfWhatWasWritten(t *testing.T) {
	t.Parallel()
	told := 0
	s := Watch(newDB(t), new(atomic.Bool), func() { told++ })
	write(t, s, func(tx db.Tx) error { return tx.SetMeta("k", "v") })
	if told != 0 {
		t.Error("told of something else")
	}
	says(t, s, ann, true, at(1))
	if told != 1 {
		t.Errorf("told %d times, want once", told)
	}
	if err := s.Read(context.Background(), func(tx db.Tx) error { _, err := tx.Suppression("h"); return err }); err != nil || told != 1 {
		t.Errorf("told %d times, %v", told, err)
	}
}

// TestS11AStopEndsAllThatItEnds: who said stop since the backup is asked about
// nowhere any more, and nothing that they agreed to comes back with their START,
// although no answer of theirs waits.
func TestS11AStopEndsAllThatItEnds(t *testing.T) {
	t.Parallel()
	copied, s := newMemory(), newDB(t)
	k := keeper(s, copied)
	merge(t, k)
	says(t, s, ann, true, at(9))
	says(t, s, ben, true, at(9))
	carry(t, k)

	old := newDB(t)
	asked := db.Question{ID: "q-1", Bot: "acme", User: ann, Interaction: "i", Event: "e", Handler: "orders", State: db.QuestionOpen,
		AskedAt: at(0), NextAt: at(1), Deadline: at(90)}
	write(t, old, func(tx db.Tx) error {
		return errors.Join(
			tx.PutQuestion(asked),
			tx.PutConsent(db.Consent{Bot: "acme", User: ben, Kind: conversation.ConsentOptIn, Covers: "restock", Wording: "May we?", Event: "e", At: at(0)}),
			tx.PutMatch(db.Match{Bot: "acme", User: cyd, Purpose: "crm", Basis: db.BasisPublic, Sealed: []byte("x"), Source: "https://cyd.example", At: at(0)}),
			tx.PutMatch(db.Match{Bot: "acme", User: ben, Purpose: "crm", Basis: db.BasisPublic, Sealed: []byte("x"), Source: "https://ben.example", At: at(0)}),
		)
	})
	merge(t, keeper(old, copied))
	err := old.Read(t.Context(), func(tx db.Tx) error {
		q, err := tx.Question("q-1")
		if !q.NextAt.Equal(q.Deadline) {
			t.Errorf("the handler is asked again at %s", q.NextAt)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	for user, want := range map[string]bool{ben: false, cyd: true} {
		if consent, match := counts(t, old, user); consent || match != want {
			t.Errorf("user %s: consent %t, match %t", user, consent, match)
		}
	}
}
