// Package budget knows what X allows and what X bills: the rate windows of each
// account and of the app, prices, and the budgets of the bots.
//
// What it owns: the arithmetic of windows and of money, the table of limits and
// of prices that ship with the program. What it refuses: to store, to read a
// clock, to move a send to another account. Package action keeps the books, in
// the transaction that moves an action.
//
//   - M1 amounts are whole millionths of a dollar; no float is ever summed.
//   - M2 X's word beats the table, and is kept: a limit that X has named counts
//     after a restart, and in the windows that follow.
//   - M3 no window gives more calls than it has, and a call takes from all of
//     its windows or from none.
//   - M4 what a bot has left is never more than its budget, and never below 0.
package budget

import (
	"time"

	"github.com/beckon-bot/beckon/db"
)

// Limits are the budget of one bot. Zero is none: money is counted and nothing
// stops.
type Limits struct {
	Day   Micro // a UTC day
	Month Micro // a UTC month
}

// Options is what an operator settles.
type Options struct {
	Prices  Prices            // nil: Shipped
	Budgets map[string]Limits // by bot
	// NoWindows leaves rate windows out: in a replay X is not asked.
	NoWindows bool
}

// Book is what is settled before anything is sent: prices, limits, budgets. It
// is immutable and safe for concurrent use.
type Book struct {
	prices  Prices
	budgets map[string]Limits
	table   []limit
}

// New makes a book. The zero Options are the shipped prices and limits, and no
// budgets.
func New(o Options) *Book {
	b := &Book{prices: o.Prices, budgets: o.Budgets}
	if b.prices == nil {
		b.prices = Shipped()
	}
	if !o.NoWindows {
		b.table = shippedLimits()
	}
	return b
}

// Spent is what a bot has reserved and spent so far.
type Spent struct{ Day, Month Micro }

// Sum adds up what a month's records hold: of the day of now, and of all.
func Sum(rows []db.Spending, now time.Time) (s Spent) {
	for _, r := range rows {
		n := Micro(r.Reserved + r.Settled)
		s.Month += n
		if r.Day.Equal(Day(now)) {
			s.Day += n
		}
	}
	return s
}

// Left is what a bot may still spend: Unlimited where no budget is set. own is
// what the action that is asked about holds itself.
func (b *Book) Left(bot string, s Spent, own Spent) (day, month Micro) {
	l := b.budgets[bot]
	return left(l.Day, s.Day-own.Day), left(l.Month, s.Month-own.Month)
}

func left(budget, spent Micro) Micro {
	if budget == 0 {
		return Unlimited
	}
	return min(max(budget-spent, 0), budget) // a lowered budget may be spent already
}

// Limits returns the budget of a bot.
func (b *Book) Limits(bot string) Limits { return b.budgets[bot] }

// Day is the beginning of the UTC day, which X counts by.
func Day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// Month is the beginning of the UTC month, and of the next one.
func Month(t time.Time) (from, to time.Time) {
	from = time.Date(t.UTC().Year(), t.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
	return from, from.AddDate(0, 1, 0)
}
