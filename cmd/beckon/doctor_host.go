package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/doctor"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/ingest"
	"github.com/beckon-bot/beckon/runtime/rollout"
	"github.com/beckon-bot/beckon/runtime/xapi"
)

// clinic is the doctor at work: it has the facts gathered, remembers what was
// seen of each bot, and tells the gate.
type clinic struct {
	examiner
	log   *slog.Logger
	gate  *gate.Gate // nil: no host runs
	count *doctor.Metrics

	turn sync.Mutex        // one look at a time
	sick map[string]string // what a bot's profile lacks
	told map[string]string // what was logged last of a bot; "": of everything
	wake chan string       // bots whose profile has changed
}

// Between two looks at a profile that changes X's limit leaves room: users/me
// may be asked 75 times in 15 minutes.
const (
	lookDaily  = 24 * time.Hour
	lookBlind  = 15 * time.Minute // where X did not answer
	lookApart  = 15 * time.Second
	manyQueued = 64
)

// openClinic puts the doctor of a running host together.
func (h *host) openClinic(sys system, o hostOptions, x *xapi.Client, skew *xClock, g *gate.Gate) *clinic {
	c := &clinic{log: o.Log, gate: g, count: &doctor.Metrics{}, sick: map[string]string{}, told: map[string]string{}, wake: make(chan string, manyQueued)}
	c.examiner = examiner{
		sys: sys, cfg: o.Config, file: o.File, store: h.store, accounts: h.accounts, x: x, watch: h.ways.watch, skew: skew,
		vouched: map[string]bool{}, running: true,
		bus:    func(context.Context) doctor.Known[string] { return doctor.Fact(busDurability) },
		called: h.called,
		files: func(bot string) (answers, schedule string) {
			why := map[rollout.Kind]string{}
			for _, f := range h.files() {
				for _, s := range f.Status() {
					if s.Bot == bot && s.Failure != nil {
						why[s.Kind] = oneLine(s.Failure.Problems)
					}
				}
			}
			return why[rollout.Answers], why[rollout.Schedule]
		},
		rules: func(_ context.Context, bot string) (int, []string) {
			for _, s := range h.rules.Status() {
				if s.Bot == bot && s.Rules.Failure != nil {
					return s.Rules.Tests, s.Rules.Failure.Problems
				} else if s.Bot == bot {
					return s.Rules.Tests, nil
				}
			}
			return 0, nil
		},
	}
	for _, name := range o.Undisclosed {
		c.vouched[name] = true
	}
	return c
}

// oneLine is the first of several problems, and how many there are.
func oneLine(problems []string) string {
	switch n := len(problems) - 1; {
	case n < 0:
		return ""
	case n > 0:
		return fmt.Sprintf("%s, and %d more", problems[0], n)
	}
	return problems[0]
}

// What db/sqlite and runtime/bus assert before they work at all.
const (
	sqliteDurability = "WAL, synchronous FULL, foreign keys, deleted rows overwritten; read back at its opening"
	busDurability    = "every event is on disk before X gets its 200; asserted at its start"
)

// lateDoctor is the doctor for a command without a host.
func (h *host) lateDoctor(sys system, f operatorFlags) admin.Doctor {
	return lateClinic(func() (*clinic, error) {
		m, err := h.lateAccounts(sys)
		if err != nil {
			return nil, err
		}
		skew := &xClock{now: h.now}
		x, err := h.lateX(m, skew)
		if err != nil {
			return nil, err
		}
		c := &clinic{log: h.log, count: &doctor.Metrics{}, sick: map[string]string{}, told: map[string]string{}}
		c.examiner = examiner{
			sys: sys, cfg: h.cfg, file: f.file, store: h.store, accounts: m, x: x,
			watch: watchdog(h.cfg, x, positions{h.store}, ingest.WatchOptions{Now: h.now, Log: h.log}), skew: skew,
			bus: h.tryBus,
			files: func(bot string) (answers, schedule string) {
				c := h.cfg.Bots[bot]
				answers = oneLine(rollout.Problems(answersBot(bot, c, nil).File().Check()))
				if c.Schedule != "" {
					_, err := loadPlan(bot, c)
					schedule = oneLine(rollout.Problems(err))
				}
				return answers, schedule
			},
			rules: func(ctx context.Context, bot string) (int, []string) {
				tests, err := rollout.Try(ctx, h.cfg.Bots[bot].Rules, testDirectory(sys))
				return tests, rollout.Problems(err)
			},
		}
		return c, nil
	})
}

// tryBus opens the event stream, which asserts its settings.
func (h *host) tryBus(ctx context.Context) doctor.Known[string] {
	b, err := bus.Open(ctx, h.busFiles())
	if err != nil {
		return doctor.None[string](err.Error())
	}
	if err := b.Close(); err != nil {
		return doctor.None[string](err.Error())
	}
	return doctor.Fact(busDurability)
}

// lateClinic makes a doctor when it is first asked for.
type lateClinic func() (*clinic, error)

func (get lateClinic) Examine(ctx context.Context, ask admin.DoctorAsk) ([]doctor.Finding, error) {
	c, err := get()
	if err != nil {
		return nil, err
	}
	return c.Examine(ctx, ask)
}

// Examine looks, remembers and acts.
func (c *clinic) Examine(ctx context.Context, ask admin.DoctorAsk) ([]doctor.Finding, error) {
	c.turn.Lock()
	defer c.turn.Unlock()
	names := c.cfg.Names()
	if ask.Bot != "" {
		names = []string{ask.Bot}
	}
	f, err := c.facts(ctx, names, ask, func(b doctor.Bot) error {
		seen := doctor.Look(b)
		seen.At = c.sys.now().UTC()
		c.tell(ctx, b.Name, seen, b.Before)
		return writeSeen(ctx, c.store, b.Name, c.cfg.Bots[b.Name], seen.Keep(b.Before))
	})
	if err != nil {
		return nil, err
	}
	found := doctor.Examine(f)
	c.count.Checks.Add(1)
	if ask.Bot == "" {
		c.count.Found(found)
	}
	return found, nil
}

// tell gives the gate what holds of a bot now. Where that changes whether the
// bot may speak, it is said once, and recorded beside the decisions that it
// changes.
func (c *clinic) tell(ctx context.Context, name string, seen, before doctor.Seen) {
	if c.gate == nil {
		return
	}
	label, bio, operator := seen.Holds(before, declaredOf(c.cfg.Bots[name]))
	stranger := seen.Stranger(before)
	vouched := c.vouched[name] && !stranger
	c.gate.Update(name, func(b *gate.Bot) {
		b.LabelOn, b.BioDiscloses, b.OperatorLinked = label || vouched, bio || vouched, operator || vouched
	})
	var missing []string
	for _, m := range []struct {
		lacks bool
		what  string
	}{
		{stranger, "a token of its own account"}, {!label, "the Automated label"},
		{!bio, "a bio that says bot, and whose"}, {!operator, "the link to the operator's account"},
	} {
		if m.lacks {
			missing = append(missing, m.what)
		}
	}
	is, was := strings.Join(missing, ", "), c.sick[name]
	if is == was {
		return
	}
	c.sick[name] = is
	switch {
	case is == "":
		c.log.InfoContext(ctx, "the profile is as X wants it again; the bot may send", "bot", name)
		c.record(ctx, name, "The profile is as X wants it again, or as it is declared: the bot may send.")
	case vouched:
		c.log.WarnContext(ctx, "the bot sends undisclosed, as the host was told by name", "bot", name, "missing", is)
		c.record(ctx, name, "By the word of who started the host (--send-undisclosed) the bot sends without "+is+". Decisions from now on take these for given.")
	default:
		c.log.ErrorContext(ctx, "nothing is sent: the profile is not as X wants it; `beckon doctor` says what to do", "bot", name, "missing", is)
		c.record(ctx, name, "Nothing is sent from now on. Missing: "+is+".")
	}
	n := int64(0)
	for bot, missing := range c.sick {
		if b, ok := c.gate.Bot(bot); ok && missing != "" && !(b.LabelOn && b.BioDiscloses && b.OperatorLinked) {
			n++
		}
	}
	c.count.Undisclosed.Store(n)
}

// record leaves a word among the decisions. That the gate knows is what counts:
// a database that does not take it is told, and stops nothing here.
func (c *clinic) record(ctx context.Context, bot, say string) {
	now := c.sys.now().UTC().Truncate(time.Millisecond)
	r := gate.Record{ID: action.DecisionID("doctor", bot, say, fmt.Sprint(now.UnixMilli())), At: now, Bot: bot, Decision: gate.None, Say: say}
	line, err := r.Line()
	if err == nil {
		err = c.store.Write(ctx, func(tx db.Tx) error {
			return tx.AppendDecision(db.Decision{ID: r.ID, At: r.At, Bot: bot, Record: line})
		})
	}
	if err != nil {
		c.log.WarnContext(ctx, "what the doctor saw is not among the decisions", "bot", bot, "err", err)
	}
}

// start tells the gate what the last look saw, before anything is sent.
func (c *clinic) start(ctx context.Context) error {
	c.turn.Lock()
	defer c.turn.Unlock()
	for _, name := range c.cfg.Names() {
		before, err := readSeen(ctx, c.store, name, c.cfg.Bots[name])
		if err != nil {
			return err
		}
		c.tell(ctx, name, unseen(), before)
	}
	return nil
}

// unseen is a look that saw nothing.
func unseen() doctor.Seen {
	return doctor.Look(doctor.Bot{Profile: doctor.None[doctor.Profile]("not asked"), Human: doctor.None[doctor.Profile]("not asked")})
}

// disclose tells the gate of a command without a host what the last look saw.
func disclose(ctx context.Context, store db.Store, g *gate.Gate, name string, c config.Bot) error {
	before, err := readSeen(ctx, store, name, c)
	if err != nil {
		return err
	}
	g.Update(name, func(b *gate.Bot) {
		b.LabelOn, b.BioDiscloses, b.OperatorLinked = unseen().Holds(before, declaredOf(c))
	})
	return nil
}

// run looks at once, daily, and where a profile has changed.
func (c *clinic) run(ctx context.Context) error {
	last := map[string]time.Time{} // by bot; "": everything
	due := c.look(ctx, "", last)
	for {
		daily := time.NewTimer(time.Until(due))
		select {
		case <-ctx.Done():
			daily.Stop()
			return nil
		case <-daily.C:
			due = c.look(ctx, "", last)
		case bot := <-c.wake:
			daily.Stop()
			if wait := time.Until(last[bot].Add(lookApart)); wait > 0 {
				select {
				case <-ctx.Done():
					return nil
				case <-time.After(wait):
				}
			}
			c.look(ctx, bot, last)
		}
	}
}

// look examines, and returns when to look at everything again.
func (c *clinic) look(ctx context.Context, bot string, last map[string]time.Time) (next time.Time) {
	found, err := c.Examine(ctx, admin.DoctorAsk{Bot: bot})
	last[bot] = time.Now()
	switch {
	case ctx.Err() != nil:
		return time.Now()
	case err != nil:
		c.log.WarnContext(ctx, "doctor", "bot", bot, "err", err)
		return time.Now().Add(lookBlind)
	}
	level, attrs := slog.LevelInfo, []any{"bot", bot}
	if doctor.Worst(found) == doctor.Unsafe {
		level = slog.LevelWarn
	}
	for _, l := range []doctor.Level{doctor.Unsafe, doctor.Warn, doctor.Unknown, doctor.OK} {
		attrs = append(attrs, string(l), doctor.Count(found, l))
	}
	if say := fmt.Sprint(attrs...); c.told[bot] != say { // the metrics tell the rest
		c.told[bot] = say
		c.log.Log(ctx, level, "the doctor has looked; `beckon doctor` shows what it found", attrs...)
	}
	if slices.ContainsFunc(found, func(f doctor.Finding) bool { return f.Check == "account" && f.Level == doctor.Unknown }) {
		return time.Now().Add(lookBlind)
	}
	return time.Now().Add(lookDaily)
}

// heard is told of what was committed.
func (c *clinic) heard(done []dispatch.Handled) {
	for _, d := range done {
		if d.Duplicate || !strings.HasPrefix(string(d.Event.Type), "profile.update.") {
			continue
		}
		select {
		case c.wake <- d.Event.Bot:
		default: // as many looks as that wait already
		}
	}
}

// remembered is what the database keeps of the last look at a bot.
type remembered struct {
	User     string `json:"user"`
	Operator string `json:"operator"`
	doctor.Seen
}

func seenKey(bot string) string { return "doctor." + bot }

// readSeen is what the last look saw; of another account or operator it says
// nothing.
func readSeen(ctx context.Context, store db.Store, bot string, c config.Bot) (doctor.Seen, error) {
	var r remembered
	err := store.Read(ctx, func(tx db.Tx) error {
		v, err := tx.Meta(seenKey(bot))
		if err != nil || v == "" {
			return err
		}
		return json.Unmarshal([]byte(v), &r)
	})
	if err != nil {
		return doctor.Seen{}, fmt.Errorf("read what was last seen of bot %s: %w", bot, err)
	}
	if r.User != c.UserID || !strings.EqualFold(r.Operator, c.OperatorAccount) {
		return doctor.Seen{}, nil
	}
	return r.Seen, nil
}

func writeSeen(ctx context.Context, store db.Store, bot string, c config.Bot, s doctor.Seen) error {
	v, err := json.Marshal(remembered{c.UserID, c.OperatorAccount, s})
	if err != nil {
		return err
	}
	err = store.Write(ctx, func(tx db.Tx) error { return tx.SetMeta(seenKey(bot), string(v)) })
	if err != nil {
		return fmt.Errorf("remember what was seen of bot %s: %w", bot, err)
	}
	return nil
}
