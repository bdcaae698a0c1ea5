package suppression

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
)

// agreed records that a user agreed to the storage of DMs, and is matched.
func agreed(t *testing.T, s db.Store, user string, minute int) {
	t.Helper()
	write(t, s, func(tx db.Tx) error {
		return errors.Join(
			tx.PutConsent(db.Consent{Bot: "acme", User: user, Kind: conversation.ConsentDMStorage, Wording: "May we?", Event: "e", At: at(minute)}),
			tx.PutConversation(conversation.Conversation{Bot: "acme", User: user, ConsentDMStorage: true}),
			tx.PutMatch(db.Match{Bot: "acme", User: user, Purpose: "crm", Basis: db.BasisOptIn, Sealed: []byte("x"), At: at(minute)}),
		)
	})
}

func withdraws(t *testing.T, s db.Store, user string, minute int) {
	t.Helper()
	write(t, s, func(tx db.Tx) error {
		return tx.PutConsent(db.Consent{Bot: "acme", User: user, Kind: conversation.ConsentDMStorage, Wording: "May we?", Event: "e", At: at(0), WithdrawnAt: at(minute), WithdrawnBy: "e2"})
	})
}

// counts says whether a user's consent and match stand.
func counts(t *testing.T, s db.Store, user string) (consent, match bool) {
	t.Helper()
	err := s.Read(t.Context(), func(tx db.Tx) error {
		all, err := tx.StandingConsents(user)
		consent = len(all) > 0
		open, err2 := tx.OpenMatchesOf(user)
		match = len(open) > 0
		return errors.Join(err, err2)
	})
	if err != nil {
		t.Fatal(err)
	}
	return consent, match
}

// TestS19TakenBackSinceTheBackup: ann took her consent back after the backup, ben
// before it and agreed again, cyd took nothing back.
func TestS19TakenBackSinceTheBackup(t *testing.T) {
	t.Parallel()
	copied := newMemory()
	s := newDB(t)
	k := keeper(s, copied)
	merge(t, k)
	if err := k.Carry(t.Context(), at(-1)); err != nil { // the copy is whole from here on
		t.Fatal(err)
	}
	for _, user := range []string{ann, ben, cyd} {
		agreed(t, s, user, 0)
	}
	withdraws(t, s, ben, 1)
	carry(t, k)
	withdraws(t, s, ann, 30)
	carry(t, k)

	old := newDB(t) // of minute 10
	agreed(t, old, ann, 0)
	agreed(t, old, ben, 5)
	agreed(t, old, cyd, 0)
	write(t, old, func(tx db.Tx) error { return tx.PutRestore(db.Restore{ID: "r", BackupAt: at(10), At: at(60)}) })
	k = keeper(old, copied)
	waits, err := k.Start(t.Context(), at(61))
	if err != nil || !waits.At.IsZero() {
		t.Fatalf("it waits for %+v, %v", waits, err)
	}
	for user, want := range map[string]bool{ann: false, ben: true, cyd: true} {
		if consent, match := counts(t, old, user); consent != want || match != want {
			t.Errorf("user %s: consent %t, match %t, want %t", user, consent, match, want)
		}
	}
	agreed(t, old, ann, 70)
	if _, err := k.Start(t.Context(), at(80)); err != nil {
		t.Fatal(err)
	}
	if consent, _ := counts(t, old, ann); !consent {
		t.Error("what ann agreed to afterwards was withdrawn too")
	}
}

// What cannot be put is put later, and consents are read only where one was
// withdrawn.
func TestS19CarriedWhenTold(t *testing.T) {
	t.Parallel()
	copied := newMemory()
	var withdrew atomic.Bool
	told := 0
	s := Watch(newDB(t), &withdrew, func() { told++ })
	k := keeper(s, copied)
	k.Withdrew = &withdrew
	merge(t, k)
	carry(t, k)
	agreed(t, s, ann, 0)
	if told > 0 || withdrew.Load() {
		t.Error("it was told of what was only given")
	}
	withdraws(t, s, ann, 3)
	if told != 1 || !withdrew.Load() {
		t.Errorf("told %d times of a withdrawal, %t", told, withdrew.Load())
	}
	copied.away = true
	if err := k.Carry(t.Context(), at(4)); err == nil || !withdrew.Load() {
		t.Errorf("with the copy away: %v, still to do %t", err, withdrew.Load())
	}
	copied.away = false
	carry(t, k)
	key := withdrawnKey + k.Desk.Key.User(ann)
	if w, err := withdrawnOf(copied.kept[key]); err != nil || !w.At.Equal(at(3)) || withdrew.Load() {
		t.Errorf("the copy has %+v, %v", w, err)
	}
}

// TestS19OfACopyThatIsNewer: a copy that was begun after the backup is nobody's
// word on who is missing in it, but what it has counts.
func TestS19OfACopyThatIsNewer(t *testing.T) {
	t.Parallel()
	copied := newMemory()
	s := newDB(t)
	k := keeper(s, copied)
	merge(t, k)
	if err := k.Carry(t.Context(), at(20)); err != nil {
		t.Fatal(err)
	}
	agreed(t, s, ann, 0)
	withdraws(t, s, ann, 30)
	carry(t, k)

	old := newDB(t) // of minute 10
	agreed(t, old, ann, 0)
	agreed(t, old, cyd, 0)
	write(t, old, func(tx db.Tx) error { return tx.PutRestore(db.Restore{ID: "r", BackupAt: at(10), At: at(60)}) })
	if waits, err := keeper(old, copied).Start(t.Context(), at(61)); err != nil || waits.At.IsZero() {
		t.Fatalf("it waits for %+v, %v", waits, err)
	}
	for user, want := range map[string]bool{ann: false, cyd: true} {
		if consent, match := counts(t, old, user); consent != want || match != want {
			t.Errorf("user %s: consent %t, match %t, want %t", user, consent, match, want)
		}
	}
}
