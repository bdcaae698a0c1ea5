package action

import (
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/budget"
)

// What a read gave is billed once a UTC day, over restarts too; a delete each
// time; and what X gives for nothing, not at all.
func TestBillCall(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	bill := func(bot, endpoint string, ids ...string) {
		t.Helper()
		if err := d.operator().BillCall(t.Context(), d.now, bot, endpoint, ids); err != nil {
			t.Fatal(err)
		}
	}
	bill("acme", "dm_events", "1", "2")
	d.restart()
	bill("acme", "dm_events", "3", "2", "1")
	bill("acme", "dm_conversation", "1") // the same message by another way
	bill("globex", "dm_events", "1")
	bill("acme", "user_posts", "1") // a post may bear a message's id
	bill("acme", "delete_post", "")
	bill("acme", "delete_post", "")
	bill("acme", "webhooks", "7")
	bill("acme", "mentions")
	d.now = nine.Add(24 * time.Hour)
	bill("acme", "dm_events", "1")
	for bot, want := range map[string]map[string]int64{
		"acme":   {"2/dm_event_read": 3, "2/post_read": 1, "2/delete": 2, "3/dm_event_read": 1},
		"globex": {"2/dm_event_read": 1},
	} {
		b, err := d.operator().Bill(t.Context(), d.now, bot, nine)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int64{}
		for _, s := range b.Rows {
			got[s.Day.Format("2")+"/"+s.Price] = s.SettledN
			if s.Settled != s.SettledN*int64(budget.Shipped()[s.Price]) || s.Reserved != 0 {
				t.Errorf("%s: %+v", bot, s)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: got %v, want %v", bot, got, want)
		}
		for k, n := range want {
			if got[k] != n {
				t.Errorf("%s: %s is billed %d times, want %d", bot, k, got[k], n)
			}
		}
	}
}

// A read whose window is used up is known after a restart; the sender's windows
// stay its own business.
func TestLearnRead(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	reset := nine.Add(10 * time.Minute)
	for _, w := range []struct {
		bot, endpoint string
		free          int64
	}{{"acme", "dm_events", 1}, {"acme", "mentions", 0}, {"acme", "send_dm", 0}, {"acme", "create_post", 0}, {"", "webhooks", 0}} {
		if err := d.operator().LearnRead(t.Context(), d.now, w.bot, w.endpoint, budget.Told{Most: 15, Free: w.free, ResetsAt: reset}); err != nil {
			t.Fatal(err)
		}
	}
	d.read(func(tx db.Tx) error {
		all, err := tx.ListRateWindows()
		if len(all) != 1 || all[0].Endpoint != "mentions" || all[0].Owner != "acme" || all[0].Free != 0 || !all[0].ResetsAt.Equal(reset) || all[0].ToldAt.IsZero() {
			t.Errorf("kept: %+v", all)
		}
		return err
	})
}
