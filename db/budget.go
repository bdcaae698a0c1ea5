package db

import "time"

// App owns the rate windows and the cap that all bots of an X app share.
const App = "*"

// RateWindow is one rate limit of X as it stands. It counts calls, ours
// included that X has not answered.
type RateWindow struct {
	Endpoint string // as runtime/xapi names it
	Owner    string // bot's configured name, or App
	Span     time.Duration
	Most     int64     // calls in a window
	Free     int64     // left in this one
	ResetsAt time.Time // when this one ends; from then on Free says nothing
	ToldAt   time.Time // when X said so; zero: counted by us
}

// Cap stops every send of its owner until it ends. The zero value stops
// nothing.
type Cap struct {
	Owner  string // App
	Since  time.Time
	Until  time.Time // the next try
	Reason string    // X's own words, for the operator
}

// RateWindows keeps what is known of X's limits across restarts. What it reads
// and writes belongs to the transaction that claims or settles an action.
type RateWindows interface {
	// RateWindows lists the windows of one owner, shortest first.
	RateWindows(endpoint, owner string) ([]RateWindow, error)
	// ListRateWindows lists all, by endpoint, owner and span.
	ListRateWindows() ([]RateWindow, error)
	PutRateWindow(w RateWindow) error
	// Cap reads the zero record with its key set if there is none.
	Cap(owner string) (Cap, error)
	PutCap(c Cap) error
}

// PostCounts counts the posts of an account, by minute.
type PostCounts interface {
	// AddPosts adds n, which may be negative, to the bot's count of the minute;
	// no count goes below 0. Minutes that began before forget are dropped.
	AddPosts(bot string, minute time.Time, n int64, forget time.Time) error
	// CountPosts counts posts of minutes that began at or after the time.
	CountPosts(bot string, since time.Time) (int64, error)
}

// Cost is what one action is billed as. An action that waits, is under way or
// unknown holds it (reserved), one that was sent has spent it (settled), any
// other has none: Micro is 0.
type Cost struct {
	Price string // name of the price
	Micro int64  // millionths of a US dollar
	Day   time.Time
}

// Spending is what a bot spent on one kind of thing on one UTC day. Amounts are
// millionths of a US dollar.
type Spending struct {
	Bot       string
	Day       time.Time // 00:00 UTC
	Price     string    // name of the price
	Reserved  int64     // for what may still cost it
	ReservedN int64     // how many those are
	Settled   int64
	SettledN  int64
}

// Spendings keeps the money of the bots. What it reads and writes belongs to
// the transaction that moves the action.
type Spendings interface {
	// AddSpending adds to the record of (bot, day, price); amounts may be
	// negative. An amount that would fall below 0 is an error: nothing releases
	// what it did not reserve.
	AddSpending(s Spending) error
	// Spending lists the records of days from since on and before the other
	// time, by day and price.
	Spending(bot string, since, before time.Time) ([]Spending, error)
}
