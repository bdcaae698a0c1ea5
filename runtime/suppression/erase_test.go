package suppression

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/erasure"
)

// TestS16ErasedSinceTheBackup: of ann there are rows, of ben a decision, of cyd a
// body that could not be read, of dee nothing.
func TestS16ErasedSinceTheBackup(t *testing.T) {
	t.Parallel()
	const dee, eve = "810200300400500603", "810200300400500604"
	copied, now := newMemory(), newDB(t)
	for _, user := range []string{ann, ben, cyd, dee} {
		write(t, now, func(tx db.Tx) error {
			return tx.PutSuppression(conversation.Suppression{UserHash: key.User(user), OptedOut: user == ann, At: at(3), Tier: conversation.TierStart, ErasedAt: at(5)})
		})
	}
	carry(t, keeper(now, copied))

	old := newDB(t)
	write(t, old, func(tx db.Tx) error {
		for _, user := range []string{ann, eve} {
			if err := tx.PutSlot("acme", user, "order", []byte("42")); err != nil {
				return err
			}
		}
		if err := tx.AppendDecision(db.Decision{ID: "d1", Bot: "acme", Record: []byte(`{"id":"d1","user":"` + ben + `"}`)}); err != nil {
			return err
		}
		return tx.AppendDeadLetter(db.DeadLetter{ID: "l1", Bot: "acme", Raw: []byte(`{"odd":{"sender_id":"` + cyd + `"}}`)})
	})
	k := keeper(old, copied)
	if d := cmp.Diff(Report{Entries: 4, OptedOut: 1, Erasing: 3, Erased: 1}, merge(t, k)); d != "" {
		t.Errorf("report (-want +got):\n%s", d)
	}
	for _, user := range []string{ann, ben, cyd, dee} {
		// As of then: what they did since is theirs to be answered.
		if got := stands(t, old, user); !got.ErasedAt.Equal(at(5)) || got.OptedOut != (user == ann) {
			t.Errorf("user %s: %+v", user, got)
		}
	}
	for _, e := range wantErasures(t, old, 3) {
		if e.By != "restore" || !e.ErasedAt.Equal(at(5)) || !e.DueAt.Equal(at(1000).Add(erasure.Within)) {
			t.Errorf("erasure %+v", e)
		}
	}
	if err := k.Eraser.(*erasure.Eraser).All(context.Background(), at(1001)); err != nil {
		t.Fatal(err)
	}
	err := old.Read(context.Background(), func(tx db.Tx) error {
		users, err := tx.NamedUsers()
		if err != nil {
			return err
		}
		if d := cmp.Diff([]string{eve}, users); d != "" {
			t.Errorf("who is left (-want +got):\n%s", d)
		}
		letters, err := tx.ListDeadLetters(9)
		if len(letters) > 0 {
			t.Errorf("%d dead letters are left", len(letters))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	carry(t, k)
	if r := merge(t, k); r != (Report{Entries: 4}) {
		t.Errorf("again: %+v", r)
	}
}
