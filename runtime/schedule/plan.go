package schedule

import (
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// Plan is what one bot does by itself.
type Plan struct {
	Bot   string
	Posts []Post
	Feeds []Feed
}

// Post is a post of the account's own, by the clock.
type Post struct {
	Name  string
	Spec  string // what the times were made from: where it differs, the schedule is a new one (J4)
	Times Times
	Late  time.Duration // how long after its time it may still be posted
	Texts []string      // in turn
	Flags Flags
}

// Feed is what others publish, as posts of the account's own.
type Feed struct {
	Name  string
	URL   string
	Every time.Duration
	Late  time.Duration // how long an item may wait until it is posted
	Text  string        // with {title} and {link}
	Max   int           // weighted characters of a post
	Most  int           // new items of one look that are posted, the newest
	Local bool          // the address may be one inside
	Flags Flags
}

// Flags are what the author of a text says of it; the rules read them.
type Flags struct {
	AIGenerated, Promotional, Affiliate, AffiliateDisclosed, PaidPartnership, MadeWithAI bool
}

// command is a post that is due at a time.
func (f Flags) command(bot, by, text string, at time.Time, late time.Duration) event.Command {
	return event.Command{
		Bot: bot, At: at.UTC(), Until: at.Add(late).UTC(), By: by, Timer: true, Kind: event.Post, Text: text,
		AIGenerated: f.AIGenerated, Promotional: f.Promotional, Affiliate: f.Affiliate,
		AffiliateDisclosed: f.AffiliateDisclosed, PaidPartnership: f.PaidPartnership, MadeWithAI: f.MadeWithAI,
	}
}
