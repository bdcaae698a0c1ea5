package action

import (
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
	book := d.Book
	if book == nil {
		book = budget.New(budget.Options{})
	}
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
