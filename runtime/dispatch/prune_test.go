package dispatch

import (
	"errors"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
)

// TestRetention lets users fall silent, and looks who is forgotten when.
func TestRetention(t *testing.T) {
	t.Parallel()
	h := newHost(t, true)
	quiet := func(user string, change func(*conversation.Conversation)) {
		t.Helper()
		c := conversation.Conversation{Bot: "acme", User: user, Initiated: conversation.InitiatedDM, LastEventAt: nine}
		change(&c)
		err := h.below.Write(t.Context(), func(tx db.Tx) error {
			err := errors.Join(tx.PutConversation(c), tx.PutSlot("acme", user, "order", []byte("42")))
			if user == "agreed" {
				err = errors.Join(err, tx.PutConsent(db.Consent{Bot: "acme", User: user, Kind: conversation.ConsentDMStorage, At: nine}))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	quiet("nothing stands", func(*conversation.Conversation) {})
	quiet("wrote later", func(c *conversation.Conversation) { c.LastEventAt = nine.Add(time.Hour) })
	stays := map[string]func(*conversation.Conversation){
		"held":        func(c *conversation.Conversation) { c.Held = true },
		"handed over": func(c *conversation.Conversation) { c.HandedOff = true },
		"in a flow":   func(c *conversation.Conversation) { c.Flow = "order/number" },
		"blocks us":   func(c *conversation.Conversation) { c.BlockedUs = true },
		"opted in":    func(c *conversation.Conversation) { c.Initiated = conversation.InitiatedOptIn },
		"never wrote": func(c *conversation.Conversation) { c.LastEventAt = time.Time{} },
		"agreed":      func(*conversation.Conversation) {},
	}
	for user, change := range stays {
		quiet(user, change)
	}
	err := h.below.Write(t.Context(), func(tx db.Tx) error {
		return errors.Join(
			tx.PutInteraction(conversation.Interaction{Bot: "acme", Key: "answered", LastAt: nine}),
			tx.PutInteraction(conversation.Interaction{Bot: "acme", Key: "on hold", LastAt: nine, DraftsWaiting: 1}),
			tx.AppendDeadLetter(db.DeadLetter{ID: "l", At: nine, Raw: []byte("a body")}))
	})
	if err != nil {
		t.Fatal(err)
	}
	keep := Keep{Interactions: 8 * day, Conversations: 20 * day, DeadLetters: 2 * day}
	look := func(at time.Time) (acts, letters int, known map[string]bool) {
		t.Helper()
		if _, err := Prune(t.Context(), h.store, at, keep); err != nil {
			t.Fatal(err)
		}
		known = map[string]bool{}
		h.read(func(tx db.Tx) error {
			for _, key := range []string{"answered", "on hold"} {
				if i, err := tx.Interaction("acme", key); err != nil {
					return err
				} else if !i.LastAt.IsZero() {
					acts++
				}
			}
			for _, user := range append([]string{"nothing stands", "wrote later"}, keys(stays)...) {
				c, err := tx.Conversation("acme", user)
				slots, err2 := tx.Slots("acme", user)
				if err := errors.Join(err, err2); err != nil {
					return err
				}
				known[user] = c.Version > 0
				if (len(slots) > 0) != known[user] {
					t.Errorf("at %s: %d slots of %q, whose conversation is there: %t", at, len(slots), user, known[user])
				}
			}
			n, err := tx.CountDeadLetters()
			letters = int(n)
			return err
		})
		return acts, letters, known
	}
	const all = 2
	for _, tt := range []struct {
		at            time.Duration
		acts, letters int
		gone          []string
	}{
		{2 * day, all, 1, nil}, // to the moment
		{2*day + 1e6, all, 0, nil},
		{8*day + 1e6, 1, 0, nil},
		{20*day + 1e6, 1, 0, []string{"nothing stands"}},
		{20*day + time.Hour + 1e6, 1, 0, []string{"nothing stands", "wrote later"}},
	} {
		acts, letters, known := look(nine.Add(tt.at))
		if acts != tt.acts || letters != tt.letters {
			t.Errorf("after %s: %d interactions and %d dead letters, want %d and %d", tt.at, acts, letters, tt.acts, tt.letters)
		}
		n := 0
		for _, there := range known {
			if !there {
				n++
			}
		}
		for _, user := range tt.gone {
			if known[user] {
				t.Errorf("after %s: %q is still known", tt.at, user)
			}
		}
		if n != len(tt.gone) {
			t.Errorf("after %s: %d are forgotten, want %d: %v", tt.at, n, len(tt.gone), known)
		}
	}
}

func keys[V any](m map[string]V) (out []string) {
	for k := range m {
		out = append(out, k)
	}
	return out
}
