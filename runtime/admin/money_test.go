package admin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/budget"
)

func TestQueue(t *testing.T) {
	t.Parallel()
	d := open(t)
	if got := d.do("GET", "/v1/queue", ""); got.status != 200 || got.body != `{"waiting":[]}`+"\n" {
		t.Errorf("nothing waits: got %d %s", got.status, got.body)
	}
	d.receive("101", "hello")
	d.receive("102", "a refund")
	err := d.store.Write(t.Context(), func(tx db.Tx) error {
		return tx.PutRateWindow(db.RateWindow{Endpoint: "send_dm", Owner: db.App, Span: 24 * time.Hour, Most: 1440, ResetsAt: start.Add(time.Hour), ToldAt: start})
	})
	if err != nil {
		t.Fatal(err)
	}
	want := admin.Queue{Waiting: []admin.Waiting{
		{Bot: "acme", Endpoint: "send_dm", Cause: action.ForPerson, Why: "Money is promised by a person.", N: 1, Oldest: start},
		{Bot: "acme", Endpoint: "send_dm", Cause: action.ForWindow, Why: "X's limit of 1440 in 24 hours is used up", N: 1, Oldest: start,
			Next: start.Add(time.Hour), Last: start.Add(time.Hour), Window: &admin.Window{App: true, Most: 1440, Seconds: 86400, ResetsAt: start.Add(time.Hour)}},
	}}
	if diff := cmp.Diff(want, get[admin.Queue](d, "GET", "/v1/queue?bot=acme", "")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := get[admin.Queue](d, "GET", "/v1/queue?bot=other", ""); len(got.Waiting) != 0 {
		t.Errorf("the other bot's: %+v", got)
	}
	err = d.store.Write(t.Context(), func(tx db.Tx) error {
		return tx.PutCap(db.Cap{Owner: db.App, Since: start, Until: start.Add(15 * time.Minute), Reason: "no credit"})
	})
	if err != nil {
		t.Fatal(err)
	}
	got := get[admin.Queue](d, "GET", "/v1/queue", "")
	if diff := cmp.Diff(&admin.Cap{Since: start, NextTry: start.Add(15 * time.Minute), Reason: "no credit"}, got.Cap); diff != "" {
		t.Errorf("cap, -want +got:\n%s", diff)
	}
	if got.Waiting[0].Cause != action.ForPerson || got.Waiting[1].Cause != action.ForCap {
		t.Errorf("under a cap: %+v", got.Waiting)
	}
	if got := d.do("GET", "/v1/queue?bot=nobody", ""); got.status != 404 || !strings.Contains(got.body, "the bots are acme, other") {
		t.Errorf("of nobody: got %d %s", got.status, got.body)
	}
}

func TestCost(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.opt.Desk.Book = budget.New(budget.Options{Budgets: map[string]budget.Limits{"acme": {Day: 1_000_000, Month: 2_000_000}, "other": {Month: 5}}})
	d.Handler = admin.New(d.opt)
	d.receive("101", "hello")
	today := budget.Day(start)
	err := d.store.Write(t.Context(), func(tx db.Tx) error {
		for _, s := range []db.Spending{
			{Bot: "acme", Day: today, Price: "dm", Settled: 30_000, SettledN: 2},
			{Bot: "acme", Day: today.AddDate(0, 0, -1), Price: "mention_read", Settled: 1, SettledN: 1},
			{Bot: "acme", Day: today, Price: "reply"}, // released
			{Bot: "acme", Day: today.AddDate(0, -1, 0), Price: "post", Settled: 15_000, SettledN: 1},
		} {
			if err := tx.AddSpending(s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	acme := admin.Cost{
		Bot: "acme", Settled: 40_001, Reserved: 15_000,
		Day: &admin.Left{Budget: 1_000_000, Left: 945_000}, Month: &admin.Left{Budget: 2_000_000, Left: 1_944_999},
		Days: []admin.DayCost{
			{Day: "2026-03-01", Way: "read", Kind: "mention_read", N: 1, Settled: 1},
			{Day: "2026-03-02", Way: "out", Kind: "dm", N: 2, Settled: 30_000, ReservedN: 1, Reserved: 15_000},
			{Day: "2026-03-02", Way: "in", Kind: "dm_received", N: 1, Settled: 10_000},
		},
	}
	other := admin.Cost{Bot: "other", Month: &admin.Left{Budget: 5, Left: 5}, Days: []admin.DayCost{}}
	want := admin.Costs{Month: "2026-03", Bots: []admin.Cost{acme, other}}
	if diff := cmp.Diff(want, get[admin.Costs](d, "GET", "/v1/cost", "")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if body := d.do("GET", "/v1/cost?bot=acme", "").body; !strings.Contains(body, `"settled_usd":0.000001`) {
		t.Errorf("amounts are numbers, to the last digit: %s", body)
	}
	past := get[admin.Costs](d, "GET", "/v1/cost?bot=acme&month=2026-02", "")
	if len(past.Bots) != 1 || past.Bots[0].Settled != 15_000 || past.Bots[0].Day != nil || past.Bots[0].Month != nil {
		t.Errorf("last month: %+v", past)
	}
	for path, status := range map[string]int{"?month=2026-13": 400, "?month=march": 400, "?bot=nobody": 404} {
		if got := d.do("GET", "/v1/cost"+path, ""); got.status != status {
			t.Errorf("%s: got %d %s, want %d", path, got.status, got.body, status)
		}
	}
}
