package schedule

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/beckon-bot/beckon/runtime/dial"
	"github.com/beckon-bot/beckon/runtime/retry"
)

const (
	// itemAge is how old a new item may be: a feed that gives its old items new
	// names is no news.
	itemAge = 24 * time.Hour
	// keepSeen is how many names of items are remembered, those of the feed as it
	// stands apart.
	keepSeen = 500
	// maxBackoff bounds the wait after a feed failed time after time.
	maxBackoff = 12 * time.Hour
)

// feedKey begins the names of feeds' positions.
const feedKey = "feed/"

// seen is how far one feed has come.
type seen struct {
	URL      string    `json:"url"` // another one begins anew (J4)
	ETag     string    `json:"etag,omitempty"`
	Modified string    `json:"modified,omitempty"`
	LookedAt time.Time `json:"looked_at"`
	Failures int       `json:"failures,omitempty"` // in a row
	Items    []string  `json:"items,omitempty"`    // hashes of their names, newest last
	Begun    bool      `json:"begun"`              // a first look was taken
}

// next is when the feed is to be looked at.
func (s seen) next(f Feed) time.Time {
	if s.LookedAt.IsZero() {
		return time.Time{}
	}
	return s.LookedAt.Add(retry.After(s.Failures+1, f.Every, max(maxBackoff, f.Every)))
}

// Feeds looks at the feeds of all plans.
type Feeds struct {
	Config // its plans are those of the start
	met    *FeedMetrics
	jitter func(time.Duration) time.Duration
	client func(Feed) *http.Client

	mu      sync.Mutex
	plans   []Plan
	changed chan struct{}
}

// NewFeeds makes the reader of the plans' feeds.
func NewFeeds(c Config, m *FeedMetrics) *Feeds {
	c = New(c).Config
	if m == nil {
		m = &FeedMetrics{}
	}
	return &Feeds{
		Config: c, met: m, plans: c.Plans, changed: make(chan struct{}, 1),
		// Hosts that were started together shall not come together.
		jitter: func(d time.Duration) time.Duration { return rand.N(d/10 + 1) },
		client: func(f Feed) *http.Client { return dial.Client(dial.Options{Inside: f.Local, Redirects: maxRedirects}) },
	}
}

// Replace puts a bot's plan in the place of the one it had.
func (f *Feeds) Replace(p Plan) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plans = replace(f.plans, p)
	select {
	case f.changed <- struct{}{}:
	default: // Run has not seen the change before
	}
}

// looking is a feed that is looked at in its own time.
type looking struct {
	feed Feed
	stop context.CancelFunc
	done chan struct{}
}

// Run looks at each feed in its own time until ctx ends: a slow one delays no
// other.
func (f *Feeds) Run(ctx context.Context) error {
	at := map[string]looking{}
	for {
		f.follow(ctx, at)
		select {
		case <-ctx.Done():
			for _, l := range at {
				<-l.done
				l.stop()
			}
			return nil
		case <-f.changed:
		}
	}
}

// follow ends the looks at feeds that are no longer there, or are others now, and
// begins with those that are new. What did not change goes on in its time.
func (f *Feeds) follow(ctx context.Context, at map[string]looking) {
	f.mu.Lock()
	plans := f.plans
	f.mu.Unlock()
	type want struct {
		bot  string
		feed Feed
	}
	wanted := map[string]want{}
	for _, p := range plans {
		for _, feed := range p.Feeds {
			wanted[p.Bot+"/"+feed.Name] = want{p.Bot, feed}
		}
	}
	for key, l := range at {
		if w, ok := wanted[key]; ok && w.feed == l.feed {
			delete(wanted, key)
			continue
		}
		l.stop()
		<-l.done // two looks would write over each other's position
		delete(at, key)
	}
	for key, w := range wanted {
		own, stop := context.WithCancel(ctx)
		l := looking{w.feed, stop, make(chan struct{})}
		at[key] = l
		go func() {
			defer close(l.done)
			f.loop(own, w.bot, w.feed)
		}()
	}
}

func (f *Feeds) loop(ctx context.Context, bot string, feed Feed) {
	c := f.client(feed)
	defer c.CloseIdleConnections()
	for {
		now := f.Now()
		next, err := f.Look(ctx, now, c, bot, feed)
		if err != nil && ctx.Err() == nil {
			f.Log.WarnContext(ctx, "feed", "bot", bot, "feed", feed.Name, "err", err, "again", next)
		}
		timer := time.NewTimer(max(next.Sub(now), time.Second) + f.jitter(feed.Every))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// Look takes a look at a feed if it is time, asks for a post of what is new,
// and returns when to come again.
func (f *Feeds) Look(ctx context.Context, now time.Time, c *http.Client, bot string, feed Feed) (next time.Time, err error) {
	key := feedKey + bot + "/" + feed.Name
	s, err := f.seen(ctx, key, feed)
	if err != nil {
		return now.Add(againIn), err
	}
	if at := s.next(feed); now.Before(at) && s.LookedAt.Sub(now) <= clockMoved {
		return at, nil
	}
	got, fault := fetch(ctx, c, feed.URL, s.ETag, s.Modified)
	if ctx.Err() != nil {
		return now, ctx.Err()
	}
	s.LookedAt = now.UTC()
	switch {
	case fault != nil:
		s.Failures++
		f.met.Failed.Add(1)
	case got.same:
		s.Failures = 0
		f.met.Same.Add(1)
	default:
		f.met.Changed.Add(1)
		if err := f.ask(ctx, now, bot, feed, s, got.items); err != nil {
			return now.Add(againIn), err // nothing of it is noted: the next look finds it again (J2)
		}
		s.ETag, s.Modified, s.Failures, s.Begun = got.etag, got.modified, 0, true
		s.Items = remember(s.Items, got.items)
	}
	text, err := json.Marshal(s)
	if err != nil {
		return now.Add(againIn), err
	}
	if err := f.Positions.SetPosition(ctx, key, string(text)); err != nil {
		return now.Add(againIn), err
	}
	return s.next(feed), fault
}

func (f *Feeds) seen(ctx context.Context, key string, feed Feed) (s seen, err error) {
	text, err := f.Positions.Position(ctx, key)
	if err != nil {
		return s, err
	}
	if text != "" {
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			f.Log.ErrorContext(ctx, "a position that cannot be read; the feed begins anew", "feed", key, "err", err)
			s = seen{}
		}
	}
	if s.URL != feed.URL {
		s = seen{URL: feed.URL}
	}
	return s, nil
}

// ask asks for a post of each item that is new, oldest first. The first look
// only learns what is there (J4).
func (f *Feeds) ask(ctx context.Context, now time.Time, bot string, feed Feed, s seen, items []item) error {
	if !s.Begun {
		f.Log.InfoContext(ctx, "first look at a feed: what it has now is not posted", "bot", bot, "feed", feed.Name, "items", len(items))
		return nil
	}
	fresh := slices.Clone(news(items, s.Items))
	old := len(fresh)
	fresh = slices.DeleteFunc(fresh, func(i item) bool { return !i.at.IsZero() && now.Sub(i.at) > itemAge })
	f.met.Old.Add(int64(old - len(fresh)))
	if over := len(fresh) - feed.Most; over > 0 {
		f.met.Over.Add(int64(over))
		f.Log.WarnContext(ctx, "a feed has more new items than are posted at once; the oldest are passed over", "bot", bot,
			"feed", feed.Name, "passed_over", over, "most", feed.Most)
		fresh = fresh[over:]
	}
	for _, i := range fresh {
		text := feed.say(i)
		if text == "" {
			f.Log.WarnContext(ctx, "an item of a feed does not fit a post", "bot", bot, "feed", feed.Name)
			continue
		}
		c := feed.Flags.command(bot, "feed "+feed.Name, text, now, feed.Late)
		c.ID = id(bot, "feed", feed.Name, i.key)
		if err := f.Publish(ctx, c); err != nil {
			return fmt.Errorf("put an item on the bus: %w", err)
		}
		f.Metrics.Items.Add(1)
		f.Log.InfoContext(ctx, "a feed has a new item", "bot", bot, "feed", feed.Name, "event", c.ID)
	}
	return nil
}

// news are the items whose names are not known, oldest first, each once. Where
// not all say when they were published, the feed's own order counts: newest
// first.
func news(items []item, known []string) []item {
	var out []item
	dated := true
	names := map[string]bool{}
	for _, k := range known {
		names[k] = true
	}
	for _, i := range items {
		if n := nameOf(i); !names[n] {
			names[n] = true
			out = append(out, i)
			dated = dated && !i.at.IsZero()
		}
	}
	slices.Reverse(out)
	if dated {
		slices.SortStableFunc(out, func(a, b item) int { return a.at.Compare(b.at) })
	}
	return out
}

// remember adds the names of items to those known, and forgets the oldest that
// the feed no longer has.
func remember(known []string, items []item) []string {
	now := map[string]bool{}
	var current []string
	for _, i := range slices.Backward(items) {
		if n := nameOf(i); !now[n] {
			now[n] = true
			current = append(current, n)
		}
	}
	gone := slices.DeleteFunc(slices.Clone(known), func(n string) bool { return now[n] })
	gone = gone[max(0, len(gone)-keepSeen):]
	return append(gone, current...)
}

func nameOf(i item) string { return id(i.key)[2:14] }
