package dbtest

import (
	"testing"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
)

// testWithPeople: only those that a person has or should look at are listed,
// and a handoff or a pause that is over is none.
func testWithPeople(t *testing.T, s db.Store, _ Features) {
	write(t, s, func(tx db.Tx) error {
		for _, c := range []conversation.Conversation{
			{Bot: "b", User: "1", Held: true},
			{Bot: "b", User: "2", HandedOff: true},
			{Bot: "b", User: "3", HandedOff: true, HandedOffUntil: at(10)},
			{Bot: "b", User: "4", PausedUntil: at(10)},
			{Bot: "b", User: "5", LastEventAt: at(99)},
			{Bot: "a", User: "9", Held: true},
		} {
			if err := tx.PutConversation(c); err != nil {
				return err
			}
		}
		return nil
	})
	list := func(bot string, now, max int) (out []string) {
		t.Helper()
		for _, c := range get(t, s, func(tx db.Tx) ([]conversation.Conversation, error) { return tx.WithPeople(bot, at(now), max) }) {
			out = append(out, c.Bot+c.User)
		}
		return out
	}
	same(t, "before", list("", 9, 10), []string{"a9", "b1", "b2", "b3", "b4"})
	same(t, "of a bot, later", list("b", 10, 10), []string{"b1", "b2"})
	same(t, "the first two", list("", 9, 2), []string{"a9", "b1"})
	same(t, "of nobody", list("c", 9, 10), []string(nil))
}
