package schedule

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// Positions keeps how far each schedule has come; "" where it never came.
type Positions interface {
	Position(ctx context.Context, name string) (string, error)
	SetPosition(ctx context.Context, name, value string) error
}

// Silence keeps what becomes due while users are silent.
type Silence interface {
	// Due lists at most max that are due, not asked for yet, earliest first.
	Due(ctx context.Context, now time.Time, max int) ([]event.Command, error)
	// Next is when the next one is due; zero: none waits.
	Next(ctx context.Context) (time.Time, error)
	// Asked notes that they are on the bus.
	Asked(ctx context.Context, ids []string, now time.Time) error
}

// Config is what a Scheduler needs.
type Config struct {
	Plans     []Plan
	Positions Positions
	Silence   Silence // nil: nobody is reminded
	// Publish returns when the bus has stored the command.
	Publish func(ctx context.Context, c event.Command) error

	Now     func() time.Time // nil: time.Now
	Log     *slog.Logger     // nil: none
	Metrics *Metrics         // nil: not counted
}

// Scheduler puts on the bus what is due. Step belongs to one goroutine.
type Scheduler struct {
	Config // its plans are those of the start
	at     map[string]position

	mu    sync.Mutex
	plans []Plan
}

// New makes a Scheduler.
func New(c Config) *Scheduler {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Metrics == nil {
		c.Metrics = &Metrics{}
	}
	return &Scheduler{Config: c, at: map[string]position{}, plans: c.Plans}
}

// position is how far one schedule has come.
type position struct {
	Spec string    `json:"spec"` // by which times: another one begins anew (J4)
	At   time.Time `json:"at"`   // nothing up to here is due any more
	N    int       `json:"n"`    // times that it was due
}

const (
	// checkEvery bounds the sleep: the clock may have been set meanwhile.
	checkEvery = 10 * time.Minute
	// againIn is the wait after the bus or the database did not answer.
	againIn = 5 * time.Second
	// clockMoved is how far ahead a position may stand; beyond it the clock of that
	// moment was wrong, and nothing would be due until it is so late again. What is
	// asked for twice by it has the same id (J1).
	clockMoved = time.Hour
	// atOnce is how many reminders one step puts on the bus.
	atOnce = 100
)

// Replace puts a bot's plan in the place of the one it had. The next step goes by
// it; whoever replaces wakes Run.
func (s *Scheduler) Replace(p Plan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plans = replace(s.plans, p)
}

func (s *Scheduler) current() []Plan {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.plans
}

// replace returns the plans with another one of a bot; those who read the old
// ones keep them.
func replace(all []Plan, p Plan) []Plan {
	all = slices.DeleteFunc(slices.Clone(all), func(was Plan) bool { return was.Bot == p.Bot })
	return append(all, p)
}

// Run works until ctx ends. wake says that something new may be due: nobody
// else changes when.
func (s *Scheduler) Run(ctx context.Context, wake <-chan struct{}) error {
	for {
		now := s.Now()
		next, err := s.Step(ctx, now)
		if err != nil && ctx.Err() == nil {
			s.Metrics.Errors.Add(1)
			s.Log.WarnContext(ctx, "what is due waits", "err", err, "again_in", againIn)
			next = now.Add(againIn)
		}
		wait := checkEvery
		if !next.IsZero() {
			wait = min(max(next.Sub(now), 0), checkEvery)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// Step puts on the bus what is due now, and returns when it wants to be called
// again; the zero time if nothing is to come. After an error nothing of what it
// tells of was passed over: the next step begins there.
func (s *Scheduler) Step(ctx context.Context, now time.Time) (next time.Time, err error) {
	for _, p := range s.current() {
		for _, post := range p.Posts {
			due, err := s.post(ctx, now, p.Bot, post)
			if err != nil {
				return time.Time{}, fmt.Errorf("schedule %s of %s: %w", post.Name, p.Bot, err)
			}
			next = earlier(next, due)
		}
	}
	due, err := s.remind(ctx, now)
	if err != nil {
		return time.Time{}, fmt.Errorf("reminders: %w", err)
	}
	return earlier(next, due), nil
}

// post asks for one post if its time has come, and returns its next time.
func (s *Scheduler) post(ctx context.Context, now time.Time, bot string, p Post) (time.Time, error) {
	key := "post/" + bot + "/" + p.Name
	pos, err := s.position(ctx, now, key, p.Spec)
	if err != nil {
		return time.Time{}, err
	}
	due, missed := latest(p.Times, pos.At, now, p.Late)
	if missed {
		s.Metrics.Missed.Add(1)
		s.Log.WarnContext(ctx, "times of a schedule were missed, and are not made up for", "bot", bot, "schedule", p.Name,
			"since", pos.At, "window", p.Late)
	}
	if due.IsZero() {
		if missed { // told once
			err = s.move(ctx, key, position{p.Spec, now, pos.N})
		}
		return p.Times.Next(now), err
	}
	c := p.Flags.command(bot, "schedule "+p.Name, p.Texts[pos.N%len(p.Texts)], due, p.Late)
	c.ID = id(bot, "post", p.Name, due.UTC().Format(time.RFC3339))
	if err := s.Publish(ctx, c); err != nil {
		return time.Time{}, fmt.Errorf("put what is due at %s on the bus: %w", due.Format(time.RFC3339), err)
	}
	s.Metrics.Posts.Add(1)
	s.Log.InfoContext(ctx, "a scheduled post is due", "bot", bot, "schedule", p.Name, "event", c.ID, "due", due)
	// A crash before this line asks again with the same id: dispatch takes it once (J1, J2).
	return p.Times.Next(now), s.move(ctx, key, position{p.Spec, due, pos.N + 1})
}

// latest is the last due time after from and up to now that is not late, zero
// if there is none; missed: others before it are passed over (J3).
func latest(t Times, from, now time.Time, late time.Duration) (due time.Time, missed bool) {
	edge := now.Add(-late)
	if first := t.Next(from); first.IsZero() || first.After(now) {
		return time.Time{}, false
	} else if !first.After(edge) {
		missed, from = true, edge
	}
	for next := t.Next(from); !next.IsZero() && !next.After(now); next = t.Next(next) {
		missed = missed || !due.IsZero()
		due = next
	}
	return due, missed
}

// position reads how far a schedule has come; a new or changed one begins now.
func (s *Scheduler) position(ctx context.Context, now time.Time, key, spec string) (position, error) {
	pos, ok := s.at[key]
	if !ok {
		text, err := s.Positions.Position(ctx, key)
		if err != nil {
			return pos, err
		}
		if text != "" {
			if err := json.Unmarshal([]byte(text), &pos); err != nil { // one must not keep the others waiting
				s.Log.ErrorContext(ctx, "a position that cannot be read; the schedule begins now", "schedule", key, "err", err)
				pos = position{}
			}
		}
	}
	if pos.At.Sub(now) > clockMoved {
		s.Log.WarnContext(ctx, "the clock was ahead; the schedule begins now", "schedule", key, "since", pos.At)
		pos.At = now
	}
	if pos.Spec != spec {
		pos = position{Spec: spec, At: now, N: pos.N}
		if err := s.move(ctx, key, pos); err != nil {
			return pos, err
		}
	}
	s.at[key] = pos
	return pos, nil
}

func (s *Scheduler) move(ctx context.Context, key string, pos position) error {
	pos.At = pos.At.UTC()
	text, err := json.Marshal(pos)
	if err != nil {
		return err
	}
	if err := s.Positions.SetPosition(ctx, key, string(text)); err != nil {
		return err
	}
	s.at[key] = pos
	return nil
}

// remind asks for what is due while users are silent. Commands that come again
// after a crash carry the same ids.
func (s *Scheduler) remind(ctx context.Context, now time.Time) (time.Time, error) {
	if s.Silence == nil {
		return time.Time{}, nil
	}
	due, err := s.Silence.Due(ctx, now, atOnce)
	if err != nil {
		return time.Time{}, err
	}
	var asked []string
	for _, c := range due {
		if err := s.Publish(ctx, c); err != nil {
			return time.Time{}, fmt.Errorf("put reminder %s on the bus: %w", c.Reminder, err)
		}
		s.Metrics.Reminders.Add(1)
		asked = append(asked, c.Reminder)
	}
	if len(asked) > 0 {
		if err := s.Silence.Asked(ctx, asked, now); err != nil {
			return time.Time{}, err
		}
	}
	if len(due) == atOnce {
		return now, nil
	}
	return s.Silence.Next(ctx)
}

// id is made from its cause, so that the same due time is the same event.
func id(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return "t-" + hex.EncodeToString(h.Sum(nil)[:12])
}

// earlier is the earlier of two times, of which zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
