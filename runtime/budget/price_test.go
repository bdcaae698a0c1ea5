package budget

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

var nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// The shipped files are read, and say what the facts page says.
func TestShipped(t *testing.T) {
	t.Parallel()
	b := New(Options{})
	for _, tt := range []struct {
		kind          event.ActionKind
		summoned, url bool
		name          string
		micro         int64
	}{
		{event.Reply, true, false, PriceReply, 10_000},
		{event.Reply, false, false, PricePost, 15_000},
		{event.Reply, true, true, PricePostWithURL, 200_000},
		{event.Post, false, false, PricePost, 15_000},
		{event.Quote, true, false, PricePost, 15_000},
		{event.Quote, false, true, PricePostWithURL, 200_000},
		{event.DM, false, false, PriceDM, 15_000},
		{event.DM, true, true, PriceDM, 15_000},
		{event.Like, false, false, PriceOther, 15_000},
	} {
		got := b.Cost(tt.kind, tt.summoned, tt.url, nine.Add(time.Hour))
		if want := (db.Cost{Price: tt.name, Micro: tt.micro, Day: Day(nine)}); got != want {
			t.Errorf("%s, summoned %t, url %t: got %+v, want %+v", tt.kind, tt.summoned, tt.url, got, want)
		}
	}
	for typ, want := range map[event.Type]int64{
		"dm.received": 10_000, "chat.received": 10_000, "post.mention.create": 5_000, "post.reply.create": 5_000,
		"post.quote.create": 5_000, "post.create": 5_000, "follow.follow": 10_000, "profile.update.bio": 5_000,
		"dm.sent": 0, "dm.read": 0, "chat.sent": 0, "like.create": 0, "of.tomorrow": 0,
	} {
		if got := b.EventCost(typ, nine); got.Micro != want || got.Price == "" {
			t.Errorf("event %s: got %+v, want %d", typ, got, want)
		}
	}
	for name := range Shipped() {
		if m := b.prices[name]; m < 0 || m > 1_000_000 {
			t.Errorf("price %s: %s", name, m)
		}
	}
	ways := map[string]int{}
	for name := range Shipped() {
		ways[Way(name)]++
	}
	if want := map[string]int{WayOut: 6, WayIn: 6, WayRead: 4}; !maps.Equal(ways, want) {
		t.Errorf("ways of money: %v, want %v", ways, want)
	}
	if len(b.table) != 5 {
		t.Errorf("%d limits, want the five of the table", len(b.table))
	}
}

func TestM1MicroDollars(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]struct {
		micro Micro
		back  string
	}{
		"0": {0, "$0.000"}, "0.015": {15_000, "$0.015"}, "5": {5_000_000, "$5.000"}, "0.000001": {1, "$0.000001"},
		"007.5": {7_500_000, "$7.500"}, "1000000000": {Unlimited, "$1000000000.000"},
	} {
		got, err := ParseMicro(in)
		if err != nil || got != want.micro || got.String() != want.back {
			t.Errorf("%q: got %d, %s, %v; want %d, %s", in, got, got, err, want.micro, want.back)
		}
	}
	for _, in := range []string{"", "-1", "+1", "1e3", ".5", "5.", "0.0000001", "1,5", "$1", " 1", "1000000001", strings.Repeat("9", 40), "NaN", "٣"} {
		if got, err := ParseMicro(in); err == nil {
			t.Errorf("%q: got %d, want an error", in, got)
		}
	}
	if got := Micro(-15_000).String(); got != "-$0.015" {
		t.Errorf("less than nothing: %s", got)
	}
	// A float that adds up a tenth ten times is not one; these are.
	var sum Micro
	for range 10 {
		sum += 100_000
	}
	if sum.USD() != 1 {
		t.Errorf("ten times a tenth: %v", sum.USD())
	}
}

func TestParsePrices(t *testing.T) {
	t.Parallel()
	p, err := ParsePrices("p.txt", []byte("\n# ours\ndm 0.02 # agreed\n\treply\t0\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if p[PriceDM] != 20_000 || p[PriceReply] != 0 || p[PricePost] != 15_000 {
		t.Errorf("got %v", p)
	}
	_, err = ParsePrices("p.txt", []byte("dm\nwink 1\npost 0.01\npost 0.02\nreply a lot\ndelete -1\n"))
	if err == nil {
		t.Fatal("want errors")
	}
	for _, want := range []string{"p.txt:1: want a name", `p.txt:2: unknown price "wink"; known are chat_received`, "p.txt:4: post has a price already", "p.txt:5: want a name", "p.txt:6: delete: want an amount"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got\n%v\nwant %q in it", err, want)
		}
	}
}

func FuzzParsePrices(f *testing.F) {
	f.Add("dm 0.02\n")
	f.Add("dm 9999999999.1 # x")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePrices("f", []byte(text))
		if (err == nil) == (p == nil) {
			t.Errorf("prices %v and error %v", p, err)
		}
		for name, m := range p {
			if m < 0 || m > Unlimited {
				t.Errorf("%s costs %d", name, m)
			}
		}
	})
}

func TestM4Left(t *testing.T) {
	t.Parallel()
	b := New(Options{Budgets: map[string]Limits{"both": {Day: 100, Month: 1000}, "day": {Day: 100}}})
	for _, tt := range []struct {
		bot        string
		spent, own Spent
		day, month Micro
	}{
		{"both", Spent{}, Spent{}, 100, 1000},
		{"both", Spent{30, 400}, Spent{}, 70, 600},
		{"both", Spent{30, 400}, Spent{30, 30}, 100, 630},
		{"both", Spent{130, 1400}, Spent{}, 0, 0},       // the budget was lowered
		{"both", Spent{0, 0}, Spent{30, 30}, 100, 1000}, // never more than the budget
		{"day", Spent{30, 400}, Spent{}, 70, Unlimited},
		{"none", Spent{30, 400}, Spent{}, Unlimited, Unlimited},
	} {
		if day, month := b.Left(tt.bot, tt.spent, tt.own); day != tt.day || month != tt.month {
			t.Errorf("%s, %v without %v: got %d and %d, want %d and %d", tt.bot, tt.spent, tt.own, day, month, tt.day, tt.month)
		}
	}
	s := Sum([]db.Spending{
		{Day: Day(nine), Reserved: 1, Settled: 10}, {Day: Day(nine), Settled: 100},
		{Day: Day(nine).AddDate(0, 0, -1), Reserved: 1000, Settled: 1},
	}, nine)
	if s != (Spent{Day: 111, Month: 1112}) {
		t.Errorf("sum: %+v", s)
	}
	from, to := Month(time.Date(2026, 12, 31, 23, 30, 0, 0, time.FixedZone("", -3600)))
	if from.Format(time.DateOnly) != "2027-01-01" || to.Format(time.DateOnly) != "2027-02-01" {
		t.Errorf("the month is of UTC: got %s to %s", from, to)
	}
}
