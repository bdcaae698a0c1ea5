package action

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/budget"
)

// Bill is what a bot cost in a month, and what is left of its budget.
type Bill struct {
	Rows   []db.Spending // by day and price
	Limits budget.Limits
	// What is left of today and of the month; budget.Unlimited without a budget.
	// In another month than that of now they say nothing.
	DayLeft, MonthLeft budget.Micro
}

// Bill reads what a bot cost in the UTC month in which month is.
func (d Desk) Bill(ctx context.Context, now time.Time, bot string, month time.Time) (b Bill, err error) {
	book := cmp.Or(d.Book, budget.New(budget.Options{}))
	from, to := budget.Month(month)
	err = d.Store.Read(ctx, func(tx db.Tx) error {
		b.Rows, err = tx.Spending(bot, from, to)
		return err
	})
	if err != nil {
		return b, fmt.Errorf("read spending of %s: %w", bot, err)
	}
	b.Limits = book.Limits(bot)
	b.DayLeft, b.MonthLeft = book.Left(bot, budget.Sum(b.Rows, now), budget.Spent{})
	return b, nil
}

// BillCall counts what X bills for a call that is no action: for each resource
// that it gave, once a UTC day. An id of "" has no other day.
// X rule: resources are counted once a UTC day (facts.md, read 2026-11-25)
func (d Desk) BillCall(ctx context.Context, now time.Time, bot, endpoint string, ids []string) error {
	book := cmp.Or(d.Book, budget.New(budget.Options{}))
	c, billed := book.CallCost(endpoint, now)
	if !billed || len(ids) == 0 {
		return nil
	}
	err := d.transact(ctx, now, func(u *Unit) error {
		for _, id := range ids {
			if id != "" {
				fresh, err := u.Tx.MarkSeen(bot, "read:"+c.Price+":"+c.Day.Format(time.DateOnly)+":"+id, 0, now)
				if err != nil {
					return err
				}
				if !fresh {
					continue
				}
			}
			u.Bill(bot, c)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("bill a call of %s to %s: %w", bot, endpoint, err)
	}
	return nil
}
