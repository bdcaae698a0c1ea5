package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Hook is a webhook as X has it.
type Hook struct {
	ID, URL string
	Valid   bool
}

// WatchX is what the watchdog asks of X. Errors of the X edge say their problem.
type WatchX interface {
	Webhooks(ctx context.Context) ([]Hook, error)
	CreateWebhook(ctx context.Context, url string) (Hook, error)
	ValidateWebhook(ctx context.Context, id string) (valid bool, err error)
	Subscriptions(ctx context.Context) ([]Subscription, error)
	// Subscribe makes a subscription with the bot's token, or with the app's for "".
	Subscribe(ctx context.Context, bot string, s Subscription) error
	// Direct has a subscription deliver to a webhook.
	Direct(ctx context.Context, subscription, webhook string) error
	Unsubscribe(ctx context.Context, subscription string) error
	Replay(ctx context.Context, webhook string, from, to time.Time) (job string, err error)
}

// WatchOptions are what a Watchdog needs.
type WatchOptions struct {
	X         WatchX
	URL       string // of the webhook, as X reaches it; "": events come by the stream
	Bots      []Watched
	Positions Positions
	Every     time.Duration // between checks; 0: 15 minutes

	Now     func() time.Time // nil means time.Now
	Log     *slog.Logger     // nil means none
	Metrics *WatchMetrics    // nil means not counted
}

// Watchdog keeps X telling us: the webhook valid, a subscription for each event
// type of each bot, and a replay of what was missed while the host was down or
// the webhook invalid.
//
//   - G1 it adds and mends; it deletes nothing unless asked to.
//   - G2 the time up to which nothing was missed is kept durably, and moves only
//     while the webhook is known to be valid.
//   - G3 what was missed stays asked for until X says Complete.
type Watchdog struct {
	WatchOptions

	checking sync.Mutex  // one check at a time
	mu       sync.Mutex  // over what is missed
	valid    atomic.Bool // as of the last check
}

const (
	watchEvery    = 15 * time.Minute
	aliveEvery    = time.Minute
	alivePosition = "alive"
	mostSubs      = 1500 // X rule: 1,500 subscriptions on self-serve (facts.md, read 2026-11-25)
)

// NewWatchdog makes a Watchdog.
func NewWatchdog(o WatchOptions) *Watchdog {
	if o.Every <= 0 {
		o.Every = watchEvery
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = new(WatchMetrics)
	}
	return &Watchdog{WatchOptions: o}
}

// Finding is one thing that was checked.
type Finding struct {
	Bot  string // "": of the app
	What string // webhook, an event type, replay
	Is   string // ok, missing, invalid, elsewhere, surplus, waits, running
	Done string // what was done about it; "": nothing was needed, or it was not asked for
	Err  error  // why it could not be done
}

// Orders say what a check may do, and for whom.
type Orders struct {
	Mend  bool   // do what is missing
	Prune bool   // with Mend: delete surplus subscriptions
	Bot   string // subscriptions of this one only; "": of all
}

// Check looks at everything once. The error is that nothing could be seen at
// all.
func (w *Watchdog) Check(ctx context.Context, o Orders) ([]Finding, error) {
	w.checking.Lock()
	defer w.checking.Unlock()
	mend := o.Mend
	hook, found, err := w.webhook(ctx, mend)
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	have, err := w.X.Subscriptions(ctx)
	if err != nil {
		return found, fmt.Errorf("list subscriptions: %w", err)
	}
	needs, surplus := compare(have, w.Bots, hook.ID, w.URL == "")
	n := len(have)
	for _, need := range needs {
		if o.Bot != "" && need.bot.Name != o.Bot {
			continue
		}
		f := w.subscription(ctx, need, hook, n, mend)
		if f.Done == "created" {
			n++
		}
		found = append(found, f)
	}
	for _, s := range surplus {
		f := Finding{What: fmt.Sprintf("%s of user %s, subscription %s", s.Type, s.User, s.ID), Is: "surplus"}
		if mend && o.Prune {
			if f.Err = w.X.Unsubscribe(ctx, s.ID); f.Err == nil {
				f.Done = "deleted"
			}
		}
		found = append(found, f)
	}
	if f, ok := w.replay(ctx, hook, mend); ok {
		found = append(found, f)
	}
	w.Metrics.Checks.Add(1)
	return found, nil
}

// webhook finds ours among the app's webhooks, and mends it.
func (w *Watchdog) webhook(ctx context.Context, mend bool) (Hook, []Finding, error) {
	if w.URL == "" {
		return Hook{}, nil, nil
	}
	hooks, err := w.X.Webhooks(ctx)
	if err != nil {
		return Hook{}, nil, err
	}
	f := Finding{What: "webhook " + w.URL, Is: "missing"}
	var hook Hook
	for _, h := range hooks {
		if h.URL == w.URL {
			hook, f.Is = h, "ok"
			if !h.Valid {
				f.Is = "invalid"
			}
		}
	}
	valid := f.Is == "ok"
	switch {
	case !mend || valid:
	case f.Is == "missing":
		if hook, f.Err = w.X.CreateWebhook(ctx, w.URL); f.Err == nil {
			f.Done, valid = "registered", hook.Valid
		}
	default:
		if hook.Valid, f.Err = w.X.ValidateWebhook(ctx, hook.ID); f.Err == nil {
			f.Done, valid = "validated again", hook.Valid
		}
	}
	if mend && f.Err == nil && !valid {
		f.Done, f.Err = "", errors.New("X's challenge to it failed: is the address reachable, and consumer_secret the one that X uses now?")
	}
	w.valid.Store(valid)
	w.Metrics.Valid.Store(0)
	if valid {
		w.Metrics.Valid.Store(1)
	}
	return hook, []Finding{f}, nil
}

// subscription judges one that is needed, and makes or moves it.
func (w *Watchdog) subscription(ctx context.Context, n need, hook Hook, total int, mend bool) Finding {
	f := Finding{Bot: n.bot.Name, What: string(n.typ), Is: "ok"}
	switch {
	case n.have != nil && !n.move:
		return f
	case n.move:
		f.Is = "elsewhere"
	default:
		f.Is = "missing"
	}
	switch {
	case !mend:
	case w.URL != "" && hook.ID == "":
		f.Err = errors.New("there is no webhook to deliver to")
	case n.move:
		if f.Err = w.X.Direct(ctx, n.have.ID, hook.ID); f.Err == nil {
			f.Done = "moved here"
		}
	case total >= mostSubs:
		f.Err = fmt.Errorf("the app has %d subscriptions already; X permits %d", total, mostSubs)
	default:
		as := "" // the app
		if private(n.typ) {
			as = n.bot.Name
		}
		f.Err = w.X.Subscribe(ctx, as, Subscription{Type: n.typ, User: n.bot.UserID, Tag: subTag + n.bot.Name, Webhook: hook.ID})
		if f.Err == nil {
			f.Done = "created"
			w.Metrics.Created.Add(1)
		}
	}
	return f
}

// replay asks for what was missed, once X lets us.
func (w *Watchdog) replay(ctx context.Context, hook Hook, mend bool) (Finding, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.Now()
	m, err := readMissed(ctx, w.Positions)
	if err != nil {
		return Finding{What: "replay", Is: "unknown", Err: err}, true
	}
	m = m.overdue(now)
	f := Finding{What: "replay"}
	if m.Job != "" {
		f.What = said("replay", m.Of)
		f.Is = "running, job " + m.Job
		return f, true
	}
	ask, lost, wait, ok := m.due(now)
	if !ok && m.Want.empty() {
		return f, false
	}
	f.What, f.Is = said("replay", m.Want), "missing"
	switch {
	case wait > 0:
		f.Is = "waits: X replays what is 10 minutes old, in " + wait.Round(time.Minute).String()
	case !mend:
	case !ok:
		f.Err = errors.New("it is over 24 hours ago: X has it no more")
		m.Want = span{}
	case hook.ID == "" || !w.valid.Load():
		f.Err = errors.New("there is no valid webhook to replay to")
	default:
		if m.Job, f.Err = w.X.Replay(ctx, hook.ID, ask.From, ask.To); f.Err == nil {
			f.Done = "asked for, job " + m.Job
			m.Of, m.Asked, m.Want = ask, now, span{}
			w.Metrics.Replays.Add(1)
		}
	}
	if lost && f.Err == nil && mend {
		f.Err = errors.New("a part of it is over 24 hours ago: X has that no more")
	}
	if mend {
		f.Err = errors.Join(f.Err, m.store(ctx, w.Positions))
	}
	return f, true
}

func said(what string, s span) string {
	const form = "2006-01-02 15:04"
	return fmt.Sprintf("%s of %s to %s UTC", what, s.From.UTC().Format(form), s.To.UTC().Format(form))
}

// Replayed takes X's word on a replay job: the webhook tells it before X gets
// its 200 (G3).
func (w *Watchdog) Replayed(ctx context.Context, s ReplayStatus) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	m, err := readMissed(ctx, w.Positions)
	if err != nil {
		return err
	}
	m, ours := m.ended(s)
	w.Log.InfoContext(ctx, "watchdog: a replay job has ended", "kind", s.State, "err", s.Detail, "ours", ours)
	if !ours {
		return nil
	}
	return m.store(ctx, w.Positions)
}

// Run checks at the start and then every Every, until ctx ends.
func (w *Watchdog) Run(ctx context.Context) error {
	if w.URL != "" {
		if err := w.wake(ctx); err != nil {
			return err
		}
	}
	next := w.Now()
	for {
		if now := w.Now(); !now.Before(next) {
			w.checked(ctx)
			next = now.Add(w.Every)
		}
		w.pulse(ctx)
		if !sleep(ctx, min(aliveEvery, max(next.Sub(w.Now()), time.Second))) {
			w.pulse(context.WithoutCancel(ctx))
			return nil
		}
	}
}

// wake notes what was missed since the host was last alive.
func (w *Watchdog) wake(ctx context.Context) error {
	alive, err := timeAt(ctx, w.Positions, alivePosition)
	if err != nil || alive.IsZero() {
		return err
	}
	now := w.Now()
	if alive.After(now) { // the clock was ahead: since when is not known
		alive = now.Add(-replayDeepest)
	}
	return w.miss(ctx, span{alive, now})
}

func (w *Watchdog) miss(ctx context.Context, s span) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	m, err := readMissed(ctx, w.Positions)
	if err != nil || s.empty() {
		return err
	}
	m.Want = m.Want.join(s)
	return m.store(ctx, w.Positions)
}

// checked is a check whose findings go to the log.
func (w *Watchdog) checked(ctx context.Context) {
	before, err := timeAt(ctx, w.Positions, alivePosition)
	found, seen := w.Check(ctx, Orders{Mend: true})
	if err = errors.Join(err, seen); err != nil && ctx.Err() == nil {
		w.Metrics.Failed.Add(1)
		w.Log.ErrorContext(ctx, "watchdog: cannot see what X has", "err", err)
	}
	mended := false
	for _, f := range found {
		switch {
		case f.Err != nil:
			w.Metrics.Failed.Add(1)
			w.Log.ErrorContext(ctx, "watchdog: not as it should be", "bot", f.Bot, "kind", f.What, "class", f.Is, "err", f.Err)
		case f.Done != "":
			w.Log.InfoContext(ctx, "watchdog: mended", "bot", f.Bot, "kind", f.What, "class", f.Is, "done", f.Done)
			mended = mended || f.Is == "invalid"
		}
	}
	// While it was invalid nothing came: since when is not known closer than
	// since the last good check (G2).
	if now := w.Now(); mended && !before.IsZero() {
		if err := w.miss(ctx, span{before.Add(-w.Every), now}); err != nil {
			w.Log.ErrorContext(ctx, "watchdog: note what was missed", "err", err)
		}
	}
}

// pulse keeps the time up to which nothing was missed (G2).
func (w *Watchdog) pulse(ctx context.Context) {
	if !w.valid.Load() || w.URL == "" {
		return
	}
	if err := setTime(ctx, w.Positions, alivePosition, w.Now()); err != nil {
		w.Log.WarnContext(ctx, "watchdog: keep the time; a restart asks X for more than was missed", "err", err)
	}
}
