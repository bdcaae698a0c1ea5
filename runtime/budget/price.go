package budget

import (
	_ "embed" // for shipped
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Micro is an amount in millionths of a US dollar.
type Micro int64

// Unlimited is more than anybody spends: a billion dollars.
const Unlimited Micro = 1e15

// USD is the amount as rules and people read it. Do not add these up (M1).
func (m Micro) USD() float64 { return float64(m) / 1e6 }

// String is the amount in dollars, to the thousandth at least.
func (m Micro) String() string {
	sign, n := "", uint64(m)
	if m < 0 {
		sign, n = "-", -n
	}
	frac := strings.TrimRight(fmt.Sprintf("%06d", n%1e6), "0")
	for len(frac) < 3 {
		frac += "0"
	}
	return fmt.Sprintf("%s$%d.%s", sign, n/1e6, frac)
}

// ParseMicro reads an amount in dollars: digits, and after a point six at most.
func ParseMicro(s string) (Micro, error) {
	whole, frac, point := strings.Cut(s, ".")
	if !digits(whole) || point && (!digits(frac) || len(frac) > 6) {
		return 0, fmt.Errorf("want an amount in US dollars such as 0.015, with six digits after the point at most, not %q", s)
	}
	n, err := strconv.ParseInt(whole+frac+strings.Repeat("0", 6-len(frac)), 10, 64)
	if err != nil || n > int64(Unlimited) {
		return 0, fmt.Errorf("%s is more than a billion US dollars", s)
	}
	return Micro(n), nil
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// Names of prices.
const (
	PriceReply       = "reply"
	PricePost        = "post"
	PricePostWithURL = "post_with_url"
	PriceDM          = "dm"
	PriceDelete      = "delete"
	PriceOther       = "other_action"

	PriceDMReceived   = "dm_received"
	PriceChatReceived = "chat_received"
	PricePostEvent    = "post_event"
	PriceFollowEvent  = "follow_event"
	PriceProfileEvent = "profile_event"
	PriceFreeEvent    = "free_event"

	PriceUserRead    = "user_read"
	PriceDMEventRead = "dm_event_read"
	PriceMentionRead = "mention_read"
	PricePostRead    = "post_read"
)

// Ways of money, by which people add it up.
const (
	WayOut  = "out"  // what the bot did
	WayIn   = "in"   // what X told it
	WayRead = "read" // what it asked X
)

// Way is the way of a price.
func Way(price string) string {
	switch price {
	case PriceDMReceived, PriceChatReceived, PricePostEvent, PriceFollowEvent, PriceProfileEvent, PriceFreeEvent:
		return WayIn
	case PriceUserRead, PriceDMEventRead, PriceMentionRead, PricePostRead:
		return WayRead
	}
	return WayOut
}

//go:embed prices.txt
var shipped string

// Prices are amounts by name.
type Prices map[string]Micro

// Shipped are the prices of the day that prices.txt names.
func Shipped() Prices {
	p := Prices{}
	if err := p.read("prices.txt", shipped, nil); err != nil {
		panic(err) // a test reads it
	}
	return p
}

// ParsePrices reads a file of prices over the shipped ones. It returns every
// fault at once, with its line.
func ParsePrices(name string, data []byte) (Prices, error) {
	p := Shipped()
	known := slices.Sorted(maps.Keys(p))
	if err := p.read(name, string(data), known); err != nil {
		return nil, err
	}
	return p, nil
}

// read takes a file's lines in; known limits their names, nil takes all.
func (p Prices) read(name, text string, known []string) error {
	var errs []error
	bad := func(n int, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s:%d: "+format, append([]any{name, n + 1}, args...)...))
	}
	seen := map[string]bool{}
	for n, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		switch {
		case len(f) == 0:
			continue
		case len(f) != 2:
			bad(n, "want a name and an amount in US dollars, such as: dm 0.015")
			continue
		case known != nil && !slices.Contains(known, f[0]):
			bad(n, "unknown price %q; known are %s", f[0], strings.Join(known, ", "))
			continue
		case seen[f[0]]:
			bad(n, "%s has a price already", f[0])
			continue
		}
		seen[f[0]] = true
		m, err := ParseMicro(f[1])
		if err != nil {
			bad(n, "%s: %w", f[0], err)
			continue
		}
		p[f[0]] = m
	}
	return errors.Join(errs...)
}

// Cost is what an action would cost if it went out now.
func (b *Book) Cost(kind event.ActionKind, summoned, url bool, now time.Time) db.Cost {
	name := PriceOther
	switch kind {
	case event.DM:
		name = PriceDM
	case event.Reply, event.Post, event.Quote:
		switch {
		// X rule: whether a summoned reply with a link costs as a reply or as a
		// post with a link is not settled; budget the higher (facts.md, read 2026-11-25)
		case url:
			name = PricePostWithURL
		case summoned && kind == event.Reply:
			name = PriceReply
		default:
			name = PricePost
		}
	}
	return b.cost(name, now)
}

// EventCost is what X bills for an event of the type.
func (b *Book) EventCost(t event.Type, now time.Time) db.Cost {
	return b.cost(eventPrice(string(t)), now)
}

// CallCost is what X bills for each resource of a call that is no action, by
// the endpoint's name in runtime/xapi; billed is false where it bills nothing.
func (b *Book) CallCost(endpoint string, now time.Time) (c db.Cost, billed bool) {
	name, billed := map[string]string{
		"users_me": PriceUserRead, "user": PriceUserRead, "users": PriceUserRead, "user_by_username": PriceUserRead,
		"post": PricePostRead, "posts": PricePostRead, "user_posts": PricePostRead, "mentions": PriceMentionRead,
		"dm_events": PriceDMEventRead, "dm_conversation": PriceDMEventRead,
		"delete_post": PriceDelete, "delete_dm": PriceDelete,
	}[endpoint]
	return b.cost(name, now), billed
}

func (b *Book) cost(name string, now time.Time) db.Cost {
	return db.Cost{Price: name, Micro: int64(b.prices[name]), Day: Day(now)}
}

func eventPrice(t string) string {
	group, _, _ := strings.Cut(t, ".")
	switch {
	case t == "dm.received":
		return PriceDMReceived
	case t == "chat.received":
		return PriceChatReceived
	case t == "post.create", t == "post.mention.create", t == "post.reply.create", t == "post.quote.create":
		return PricePostEvent
	case group == "follow":
		return PriceFollowEvent
	case group == "profile":
		return PriceProfileEvent
	}
	return PriceFreeEvent
}
