package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// PollX reads pages of what happened, newest first, each resource as X wrote
// it. next is the token of the page that follows, "" at the end. Errors of the
// X edge say their problem.
type PollX interface {
	// Mentions reads posts after the post since, of the newest 800.
	Mentions(ctx context.Context, bot, since, page string) (items []json.RawMessage, includes json.RawMessage, next string, err error)
	// DMs reads the messages of the last 30 days.
	DMs(ctx context.Context, bot, page string) (items []json.RawMessage, includes json.RawMessage, next string, err error)
}

// PollBot is an account that is polled for.
type PollBot struct{ Name, UserID string }

// PollOptions are what a Poller needs.
type PollOptions struct {
	X         PollX
	Bots      []PollBot
	Positions Positions
	// Take stores a body durably, as Webhook.Take.
	Take func(ctx context.Context, body []byte) error

	Mentions time.Duration // between two polls; 0: 15 s, a fifth of X's 300 in 15 min
	DMs      time.Duration // between two polls; 0: 75 s, 12 of X's 15 in 15 min: the others are for pages

	Now     func() time.Time // nil means time.Now
	Log     *slog.Logger     // nil means none
	Metrics *PollMetrics     // nil means not counted
}

// PollSource is the source of what polling finds.
const PollSource = event.PollSource

// X rule: mentions 300 / 15 min, dm_events 15 / 15 min (facts.md, read 2026-11-25)
const (
	mentionsEvery = 15 * time.Second
	dmsEvery      = 75 * time.Second
	mostMentions  = 800 // X shows no more of them
)

// Poller asks X for mentions and DMs where it may not or cannot tell us.
//
//   - P1 the position moves only over what the bus has stored.
//   - P2 what is found goes on in the order in which it happened, however X
//     pages it: nothing is stored before the last page is read.
//   - P3 the first poll of an account starts now: nobody is answered for what
//     they wrote before the bot was there.
//   - P4 a polled post says itself what it is to the bot: a mention that X added
//     to a reply is no mention. It never says that a post quotes the bot, unless
//     it mentions it too.
//   - P5 the position is an id of X's with a time that has come: one item with
//     an id of another form, or of the far future, must not end the polling.
type Poller struct{ PollOptions }

// NewPoller makes a Poller.
func NewPoller(o PollOptions) *Poller {
	if o.Mentions <= 0 {
		o.Mentions = mentionsEvery
	}
	if o.DMs <= 0 {
		o.DMs = dmsEvery
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = new(PollMetrics)
	}
	return &Poller{o}
}

// Run polls until ctx ends.
func (p *Poller) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, b := range p.Bots {
		wg.Go(func() { p.loop(ctx, p.mentions(b), p.Mentions) })
		wg.Go(func() { p.loop(ctx, p.dms(b), p.DMs) })
	}
	wg.Wait()
	return nil
}

// polled is one list of one account.
type polled struct {
	bot   PollBot
	what  string // mentions or dms
	read  func(ctx context.Context, since, page string) ([]json.RawMessage, json.RawMessage, string, error)
	wrap  func(i item) []byte
	most  int
	taken map[string]bool // ids within the overlap that the bus has already
}

func (p *Poller) mentions(b PollBot) *polled {
	return &polled{
		bot: b, what: "mentions", most: mostMentions, wrap: func(i item) []byte { return wrapPost(b, i) }, taken: map[string]bool{},
		read: func(ctx context.Context, since, page string) ([]json.RawMessage, json.RawMessage, string, error) {
			return p.X.Mentions(ctx, b.Name, since, page)
		},
	}
}

func (p *Poller) dms(b PollBot) *polled {
	return &polled{
		bot: b, what: "dms", wrap: func(i item) []byte { return wrapDM(b, i) }, taken: map[string]bool{},
		read: func(ctx context.Context, _, page string) ([]json.RawMessage, json.RawMessage, string, error) {
			return p.X.DMs(ctx, b.Name, page)
		},
	}
}

func (l *polled) position() string { return "poll/" + l.what + "/" + l.bot.Name }

func (p *Poller) loop(ctx context.Context, l *polled, every time.Duration) {
	var back backoff
	for {
		wait := every
		if err := p.once(ctx, l, &back); err != nil && ctx.Err() == nil {
			wait = max(every, back.next(p.Now(), faultHTTP, time.Time{}))
			p.Log.ErrorContext(ctx, "poll: cannot store; nothing is skipped", "bot", l.bot.Name, "kind", l.what, "err", err, "wait", wait)
		} else {
			back.data()
		}
		if !sleep(ctx, wait) {
			return
		}
	}
}

// once reads what is new and stores it, oldest first.
func (p *Poller) once(ctx context.Context, l *polled, back *backoff) error {
	at, from, err := p.from(ctx, l)
	if err != nil {
		return err
	}
	// Ids are not seen in their order to the millisecond: look back a minute.
	since := event.SnowflakeAt(from.Add(-overlap))
	items, err := p.pages(ctx, l, since, back)
	if err != nil {
		return err
	}
	slices.SortStableFunc(items, func(a, b item) int { return olderID(a.id, b.id) }) // P2
	newest := at
	for _, i := range items {
		if l.taken[i.id] {
			continue
		}
		if err = p.Take(ctx, l.wrap(i)); err != nil {
			break
		}
		p.Metrics.Found.Add(1)
		if i.id != "" {
			l.taken[i.id] = true
		}
		if olderID(newest, i.id) < 0 && happened(i.id, p.Now()) {
			newest = i.id
		}
	}
	if newest != at { // P1
		if stored := p.Positions.SetPosition(ctx, l.position(), newest); stored != nil {
			return stored
		}
	}
	for id := range l.taken {
		if _, ok := event.Snowflake(id); ok && olderID(id, since) <= 0 {
			delete(l.taken, id)
		}
	}
	return err
}

// from is the position, and its time.
func (p *Poller) from(ctx context.Context, l *polled) (at string, from time.Time, err error) {
	if at, err = p.Positions.Position(ctx, l.position()); err != nil {
		return "", from, err
	}
	now, ok := p.Now(), true
	if at != "" {
		if from, ok = event.Snowflake(at); !ok {
			return "", from, fmt.Errorf("position %s: %q is no id of X's", l.position(), at)
		}
		if ok = !from.After(now.Add(2 * overlap)); !ok { // else nothing would be new until then
			p.Log.ErrorContext(ctx, "poll: the clock was ahead when it began; it begins now", "bot", l.bot.Name, "kind", l.what, "since", from)
		}
	}
	if at == "" || !ok { // P3
		at = event.SnowflakeAt(now.Add(overlap)) // of which the look back takes the minute off
		if from, ok = event.Snowflake(at); !ok {
			return "", from, fmt.Errorf("this machine's clock says %s, before X had such ids", now.UTC().Format(time.DateOnly))
		}
		err = p.Positions.SetPosition(ctx, l.position(), at)
	}
	return at, from, err
}

// happened reports whether an id can be that of a post or message of before
// now. What cannot is taken in and moves nothing (P5).
func happened(id string, now time.Time) bool {
	at, ok := event.Snowflake(id)
	return ok && !at.After(now.Add(overlap))
}

// pages reads back to the post or message since. A page that X refuses is read
// again after its time: what is newer waits, so that the order holds.
func (p *Poller) pages(ctx context.Context, l *polled, since string, back *backoff) (items []item, err error) {
	for page := ""; ; {
		raw, includes, next, err := l.read(ctx, since, page)
		if err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			kind, reset := faultOf(err)
			wait := back.next(p.Now(), kind, reset)
			p.Metrics.Failed.Add(1)
			p.Log.WarnContext(ctx, "poll: X does not answer", "bot", l.bot.Name, "kind", l.what, "class", kind, "wait", wait, "err", err)
			if refused(err) { // a token of a page that X has forgotten, perhaps
				page, items = "", nil
			}
			if !sleep(ctx, wait) {
				return nil, ctx.Err()
			}
			continue
		}
		back.data()
		p.Metrics.Polls.Add(1)
		around := readIncludes(includes)
		known := false
		for _, r := range raw {
			i := readItem(r, around)
			if _, ok := event.Snowflake(i.id); ok && olderID(i.id, since) <= 0 {
				known = true
				continue
			}
			items = append(items, i)
		}
		if l.most > 0 && len(items) >= l.most {
			p.Log.ErrorContext(ctx, "poll: X shows no more than the newest; older ones are lost", "bot", l.bot.Name, "kind", l.what, "most", l.most)
			return items, nil
		}
		if known || next == "" || next == page {
			return items, nil
		}
		page = next
	}
}
