package dispatch

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
)

// TestReleaseOfKeys: what becomes of the key of a message once it was taken in
// (vault, K6). Messages are alice's to acme; an answer to the first waits.
func TestReleaseOfKeys(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		brief, agreed     bool
		post              bool
		of                string // the message that the key is for; "": all of the day
		waits, afterwards string
	}{
		"a DM":                           {of: "m", waits: "held", afterwards: "gone"},
		"a DM, agreed to":                {of: "m", agreed: true, waits: "there", afterwards: "there"},
		"a post":                         {post: true, waits: "there", afterwards: "there"},
		"nothing kept, a DM agreed to":   {brief: true, agreed: true, of: "m", waits: "held", afterwards: "gone"},
		"nothing kept, a post":           {brief: true, post: true, of: "m", waits: "held", afterwards: "gone"},
		"nothing kept, a post of before": {brief: true, post: true, waits: "there", afterwards: "there"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, true)
			h.d.Brief = tt.brief
			var m bus.Delivery
			if tt.post {
				m = h.mention(alice, "2001", "hello")
			} else {
				m = h.dm(alice, "2001", "hello")
			}
			m.Key = "k"
			err := h.below.Write(context.Background(), func(tx db.Tx) error {
				return errors.Join(
					tx.PutTextKey(db.TextKey{ID: "k", Bot: "acme", User: alice.ID, Day: nine.Truncate(24 * time.Hour), Of: tt.of, Sealed: []byte("s")}),
					tx.PutConversation(conversation.Conversation{Bot: "acme", User: alice.ID, ConsentDMStorage: tt.agreed}),
				)
			})
			if err != nil {
				t.Fatal(err)
			}
			key := func() (is string) {
				t.Helper()
				err := h.below.Read(context.Background(), func(tx db.Tx) error {
					k, err := tx.TextKey("k")
					switch {
					case errors.Is(err, db.ErrNotFound):
						is, err = "gone", nil
					case k.Of == tt.of:
						is = "there"
					default:
						is = "held"
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				return is
			}
			h.batch(m)
			if got := key(); got != tt.waits {
				t.Errorf("while its answer waits the key is %s, want %s", got, tt.waits)
			}
			for _, a := range h.actions() {
				if a.State.Terminal() {
					continue
				}
				err := action.Transact(context.Background(), h.below, h.d.Key, nil, h.now, func(u *action.Unit) error { return u.Cancel(a, "the test is over") })
				if err != nil {
					t.Fatal(err)
				}
			}
			if got := key(); got != tt.afterwards {
				t.Errorf("after the end of its answers the key is %s, want %s", got, tt.afterwards)
			}
		})
	}
}
