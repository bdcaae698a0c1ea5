package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite/gen"
)

func (t tx) RateWindows(endpoint, owner string) ([]db.RateWindow, error) {
	rows, err := t.q.RateWindows(background(), endpoint, owner)
	if err != nil {
		return nil, fmt.Errorf("rate windows of %s for %s: %w", owner, endpoint, err)
	}
	return each(rows, rateWindowOf), nil
}

func (t tx) ListRateWindows() ([]db.RateWindow, error) {
	rows, err := t.q.ListRateWindows(background())
	if err != nil {
		return nil, fmt.Errorf("list rate windows: %w", err)
	}
	return each(rows, rateWindowOf), nil
}

func (t tx) PutRateWindow(w db.RateWindow) error {
	err := t.q.PutRateWindow(background(), gen.PutRateWindowParams{
		Endpoint: w.Endpoint, Owner: w.Owner, Span: w.Span.Milliseconds(),
		Most: w.Most, Free: w.Free, ResetsAt: millis(w.ResetsAt), ToldAt: millis(w.ToldAt),
	})
	if err != nil {
		return fmt.Errorf("put rate window of %s for %s: %w", w.Owner, w.Endpoint, err)
	}
	return nil
}

func rateWindowOf(r gen.RateWindow) db.RateWindow {
	return db.RateWindow{
		Endpoint: r.Endpoint, Owner: r.Owner, Span: time.Duration(r.Span) * time.Millisecond,
		Most: r.Most, Free: r.Free, ResetsAt: timeOf(r.ResetsAt), ToldAt: timeOf(r.ToldAt),
	}
}

func (t tx) Cap(owner string) (db.Cap, error) {
	r, err := t.q.ReadCap(background(), owner)
	if errors.Is(err, sql.ErrNoRows) {
		return db.Cap{Owner: owner}, nil
	}
	if err != nil {
		return db.Cap{}, fmt.Errorf("cap of %s: %w", owner, err)
	}
	return db.Cap{Owner: r.Owner, Since: timeOf(r.Since), Until: timeOf(r.Until), Reason: r.Reason}, nil
}

func (t tx) PutCap(c db.Cap) error {
	err := t.q.PutCap(background(), gen.PutCapParams{Owner: c.Owner, Since: millis(c.Since), Until: millis(c.Until), Reason: c.Reason})
	if err != nil {
		return fmt.Errorf("put cap of %s: %w", c.Owner, err)
	}
	return nil
}

func (t tx) AddPosts(bot string, minute time.Time, n int64, forget time.Time) error {
	err := errors.Join(
		t.q.BeginMinute(background(), bot, millis(minute)),
		t.q.AddPosts(background(), n, bot, millis(minute)),
		t.q.ForgetPosts(background(), bot, millis(forget)),
	)
	if err != nil {
		return fmt.Errorf("count posts of %s: %w", bot, err)
	}
	return nil
}

func (t tx) CountPosts(bot string, since time.Time) (int64, error) {
	n, err := t.q.CountPosts(background(), bot, millis(since))
	if err != nil {
		return 0, fmt.Errorf("count posts of %s: %w", bot, err)
	}
	return n, nil
}

// AddSpending leaves it to the checks of the table that no amount falls below
// 0. They would look at an upsert's new row before the old one, and refuse
// what is taken away.
func (t tx) AddSpending(s db.Spending) error {
	n, err := t.q.ChangeSpending(background(), gen.ChangeSpendingParams{
		Bot: s.Bot, Day: millis(s.Day), Price: s.Price,
		Reserved: s.Reserved, ReservedN: s.ReservedN, Settled: s.Settled, SettledN: s.SettledN,
	})
	if err == nil && n == 0 {
		err = t.q.AddSpending(background(), gen.AddSpendingParams{
			Bot: s.Bot, Day: millis(s.Day), Price: s.Price,
			Reserved: s.Reserved, ReservedN: s.ReservedN, Settled: s.Settled, SettledN: s.SettledN,
		})
	}
	if err != nil {
		return fmt.Errorf("add to spending of %s on %s: %w", s.Bot, s.Price, err)
	}
	return nil
}

func (t tx) Spending(bot string, since, before time.Time) ([]db.Spending, error) {
	rows, err := t.q.Spending(background(), bot, millis(since), millis(before))
	if err != nil {
		return nil, fmt.Errorf("spending of %s: %w", bot, err)
	}
	return each(rows, func(r gen.Spending) db.Spending {
		return db.Spending{
			Bot: r.Bot, Day: timeOf(r.Day), Price: r.Price,
			Reserved: r.Reserved, ReservedN: r.ReservedN, Settled: r.Settled, SettledN: r.SettledN,
		}
	}), nil
}
