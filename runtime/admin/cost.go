package admin

import (
	"fmt"
	"net/http"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/budget"
)

// Costs is what bots cost in a UTC month.
type Costs struct {
	Month string `json:"month"` // YYYY-MM
	Bots  []Cost `json:"bots"`
}

// Cost is what one bot cost. Reserved is for what may still leave: it waits, is
// under way, or nobody knows.
type Cost struct {
	Bot      string    `json:"bot"`
	Settled  USD       `json:"settled_usd"`
	Reserved USD       `json:"reserved_usd"`
	Day      *Left     `json:"day,omitempty"`   // of today; without a budget, or of another month, left out
	Month    *Left     `json:"month,omitempty"` // as day
	Days     []DayCost `json:"days"`
}

// Left is a budget and what is left of it.
type Left struct {
	Budget USD `json:"budget_usd"`
	Left   USD `json:"left_usd"`
}

// DayCost is what one kind of thing cost on one UTC day.
type DayCost struct {
	Day       string `json:"day"`  // YYYY-MM-DD
	Way       string `json:"way"`  // out, in or read
	Kind      string `json:"kind"` // name of the price
	N         int64  `json:"n"`
	Settled   USD    `json:"settled_usd"`
	ReservedN int64  `json:"reserved_n"`
	Reserved  USD    `json:"reserved_usd"`
}

// USD is an amount that JSON holds as a number of US dollars, to the last digit.
type USD budget.Micro

// String is the amount with its sign.
func (u USD) String() string { return budget.Micro(u).String() }

// MarshalJSON writes 0.015000.
func (u USD) MarshalJSON() ([]byte, error) {
	if u < 0 {
		return nil, fmt.Errorf("an amount below 0: %s", u)
	}
	return fmt.Appendf(nil, "%d.%06d", u/1e6, u%1e6), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (u *USD) UnmarshalJSON(b []byte) error {
	m, err := budget.ParseMicro(string(b))
	*u = USD(m)
	return err
}

func (s *server) cost(r *http.Request) (any, error) {
	bot, err := s.oneOrAll(r)
	if err != nil {
		return nil, err
	}
	now := s.Now().UTC()
	month, err := time.Parse("2006-01", now.Format("2006-01"))
	if v := r.FormValue("month"); v != "" {
		month, err = time.Parse("2006-01", v)
	}
	if err != nil {
		return nil, badRequest(fmt.Sprintf("month: YYYY-MM, not %q", r.FormValue("month")))
	}
	out := Costs{Month: month.Format("2006-01"), Bots: []Cost{}}
	for _, name := range s.Bots {
		if bot != db.AllBots && bot != name {
			continue
		}
		b, err := s.Desk.Bill(r.Context(), now, name, month)
		if err != nil {
			return nil, err
		}
		out.Bots = append(out.Bots, costOf(name, b, out.Month == now.Format("2006-01")))
	}
	return out, nil
}

func costOf(bot string, b action.Bill, current bool) Cost {
	c := Cost{Bot: bot, Days: []DayCost{}}
	for _, s := range b.Rows {
		if s.ReservedN == 0 && s.SettledN == 0 {
			continue // released again
		}
		c.Settled, c.Reserved = c.Settled+USD(s.Settled), c.Reserved+USD(s.Reserved)
		c.Days = append(c.Days, DayCost{
			Day: s.Day.UTC().Format(time.DateOnly), Way: budget.Way(s.Price), Kind: s.Price,
			N: s.SettledN, Settled: USD(s.Settled), ReservedN: s.ReservedN, Reserved: USD(s.Reserved),
		})
	}
	if !current {
		return c
	}
	if b.Limits.Day != 0 {
		c.Day = &Left{USD(b.Limits.Day), USD(b.DayLeft)}
	}
	if b.Limits.Month != 0 {
		c.Month = &Left{USD(b.Limits.Month), USD(b.MonthLeft)}
	}
	return c
}
