package action

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// ledger is what a transaction spends: read once, written by Flush.
type ledger struct {
	spent map[string]*budget.Spent // by bot, with what this transaction adds
	adds  map[entry]db.Spending
}

type entry struct {
	bot   string
	day   time.Time
	price string
}

func newLedger() ledger {
	return ledger{spent: map[string]*budget.Spent{}, adds: map[entry]db.Spending{}}
}

// book is the shipped one where none was given.
func (u *Unit) book() *budget.Book {
	if u.Book == nil {
		u.Book = budget.New(budget.Options{})
	}
	return u.Book
}

// Quote is what rules may know of money before they decide on a draft. own is
// what the action holds already: it does not count against itself.
func (u *Unit) Quote(bot string, kind event.ActionKind, summoned bool, own db.Cost) (gate.Budget, error) {
	spent, err := u.spentBy(bot)
	if err != nil {
		return gate.Budget{}, err
	}
	p, err := u.postsOf(bot)
	if err != nil {
		return gate.Budget{}, err
	}
	b := u.book()
	day, month := b.Left(bot, spent, u.during(own))
	return gate.Budget{
		Cost:        b.Cost(kind, summoned, false, u.Now).Micro,
		CostWithURL: b.Cost(kind, summoned, true, u.Now).Micro,
		DayLeft:     int64(day), MonthLeft: int64(month),
		Posts1h: p.hour, Posts24h: p.day,
	}, nil
}

// during is what a cost is of the day and of the month of now.
func (u *Unit) during(c db.Cost) (s budget.Spent) {
	if c.Day.Equal(budget.Day(u.Now)) {
		s.Day = budget.Micro(c.Micro)
	}
	if from, to := budget.Month(u.Now); !c.Day.Before(from) && c.Day.Before(to) {
		s.Month = budget.Micro(c.Micro)
	}
	return s
}

// Rules of the wall, as decision records name them.
const (
	ruleDay   = "budget.day"
	ruleMonth = "budget.month"
)

// wall denies what the budget cannot pay, whatever the rules said (I12).
func wall(v *gate.Verdict, b gate.Budget) {
	if v.Decision.Effect == gate.Deny {
		return
	}
	cost := v.Cost(b)
	switch {
	case cost > b.DayLeft:
		v.Denied(ruleDay, fmt.Sprintf("The bot's budget of the day is used up: this costs %s and %s is left.", budget.Micro(cost), budget.Micro(b.DayLeft)))
	case cost > b.MonthLeft:
		v.Denied(ruleMonth, fmt.Sprintf("The bot's budget of the month is used up: this costs %s and %s is left.", budget.Micro(cost), budget.Micro(b.MonthLeft)))
	}
}

// spentBy is what the bot has reserved and spent this month. Without a budget
// nobody asks, and nothing is read.
func (u *Unit) spentBy(bot string) (budget.Spent, error) {
	if s, ok := u.money.spent[bot]; ok {
		return *s, nil
	}
	if u.book().Limits(bot) == (budget.Limits{}) {
		return budget.Spent{}, nil
	}
	from, to := budget.Month(u.Now)
	rows, err := u.Tx.Spending(bot, from, to)
	if err != nil {
		return budget.Spent{}, fmt.Errorf("read spending of %s: %w", bot, err)
	}
	for k, add := range u.money.adds {
		if k.bot == bot && !k.day.Before(from) && k.day.Before(to) {
			rows = append(rows, add)
		}
	}
	s := budget.Sum(rows, u.Now)
	u.money.spent[bot] = &s
	return s, nil
}

// spend adds n times a cost to what is reserved and what is settled.
func (u *Unit) spend(bot string, c db.Cost, reserved, settled int64) {
	if c.Price == "" {
		return
	}
	k := entry{bot, c.Day, c.Price}
	add := u.money.adds[k]
	add.Bot, add.Day, add.Price = bot, c.Day, c.Price
	add.Reserved, add.ReservedN = add.Reserved+reserved*c.Micro, add.ReservedN+reserved
	add.Settled, add.SettledN = add.Settled+settled*c.Micro, add.SettledN+settled
	u.money.adds[k] = add
	if s := u.money.spent[bot]; s != nil {
		d := u.during(c)
		s.Day += budget.Micro(reserved+settled) * d.Day
		s.Month += budget.Micro(reserved+settled) * d.Month
	}
}

func (u *Unit) reserve(bot string, c db.Cost) { u.spend(bot, c, 1, 0) }

// Bill counts what X bills for something that is no action: an event, a read.
func (u *Unit) Bill(bot string, c db.Cost) { u.spend(bot, c, 0, 1) }

// closeAccount is what the end of an action makes of the cost that it held
// (I11): kept while nobody knows, spent where it was sent, released elsewhere.
func (u *Unit) closeAccount(bot string, held db.Cost, to event.State) {
	switch {
	case to == event.Sent:
		u.spend(bot, held, -1, 1)
	case to.Terminal():
		u.spend(bot, held, -1, 0)
	}
}

// reprice makes an action hold what it costs today.
func (u *Unit) reprice(a *db.Action, url bool) error {
	st, err := u.State(a.Bot, a.User, a.Interaction)
	if err != nil {
		return err
	}
	c := u.book().Cost(a.Kind, st.Interaction.Summoned, url, u.Now)
	if c == a.Cost {
		return nil
	}
	u.spend(a.Bot, a.Cost, -1, 0)
	a.Cost = c
	u.reserve(a.Bot, c)
	return nil
}

// flushMoney writes what was spent, in order of key.
func (u *Unit) flushMoney() error {
	keys := make([]entry, 0, len(u.money.adds))
	for k, add := range u.money.adds {
		if add.Reserved != 0 || add.ReservedN != 0 || add.Settled != 0 || add.SettledN != 0 {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.bot, b.bot), a.day.Compare(b.day), cmp.Compare(a.price, b.price))
	})
	for _, k := range keys {
		if err := u.Tx.AddSpending(u.money.adds[k]); err != nil {
			return fmt.Errorf("write spending of %s: %w", k.bot, err)
		}
	}
	return nil
}

// posted is how many posts of an account went out, or may have.
type posted struct{ hour, day int64 }

func (u *Unit) postsOf(bot string) (posted, error) {
	if p := u.posts[bot]; p != nil {
		return *p, nil
	}
	var p posted
	for span, n := range map[time.Duration]*int64{time.Hour: &p.hour, 24 * time.Hour: &p.day} {
		var err error
		if *n, err = u.Tx.CountPosts(bot, u.Now.Add(-span).Truncate(time.Minute)); err != nil {
			return p, fmt.Errorf("count posts of %s: %w", bot, err)
		}
	}
	u.posts[bot] = &p
	return p, nil
}

// keepPosts is how long minutes are kept: more than any rule looks back.
const keepPosts = 25 * time.Hour

// countPost counts a post of the account, made at the time; -1 takes it back.
func (u *Unit) countPost(bot string, at time.Time, n int64) error {
	delete(u.posts, bot) // read anew by who asks next
	return u.Tx.AddPosts(bot, at.Truncate(time.Minute), n, u.Now.Add(-keepPosts))
}

// uncountPost takes back the count of a claim whose post X surely did not make.
func (u *Unit) uncountPost(a db.Action, from event.State, claimed time.Time) error {
	made := a.State != event.Failed && a.State != event.Pending
	if from != event.Attempting || made || budget.Endpoint(a.Kind) != endpointPost {
		return nil
	}
	return u.countPost(a.Bot, claimed, -1)
}
