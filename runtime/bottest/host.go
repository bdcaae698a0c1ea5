package bottest

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/audit"
	"github.com/beckon-bot/beckon/runtime/backup"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/compliance"
	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/erasure"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/ingest"
	"github.com/beckon-bot/beckon/runtime/rollout"
	"github.com/beckon-bot/beckon/runtime/schedule"
	"github.com/beckon-bot/beckon/runtime/suppression"
	"github.com/beckon-bot/beckon/runtime/xapi"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

const (
	operator  = "acme"
	privacy   = "https://acme.example/privacy"
	hint      = "STOP ends this."
	question  = "Did you ask me to stop? STOP ends this."
	lastWord  = "A person takes over."
	unlinked  = "You are not linked to anything outside of X any more."
	confirmed = "You will not hear from this account again. START brings it back."
)

// otherLanguages is what every bot says in German; in Japanese it has a last word
// alone.
func otherLanguages() map[string]gate.Texts {
	return map[string]gate.Texts{
		"de": {
			OptOutHint: "STOP beendet das.", OptOutConfirmation: "Von diesem Konto kommt nichts mehr. START holt es zurück.",
			StopQuestion: "War das ein Stopp? STOP beendet das.", Handover: "Ein Mensch übernimmt.",
		},
		"ja": {Handover: "担当者が対応いたします。"},
	}
}

// host is a running Beckon: what cmd/beckon puts together, without its sockets
// and files of configuration.
type host struct {
	dir      string
	fault    *breakage
	store    *audit.Store
	copy     func(ctx context.Context, to string, keys func(db.TextKey) error) error
	bus      *bus.JetStream
	web      http.Handler
	desk     action.Desk
	rules    *rollout.Rollout
	sender   *action.Sender
	sent     *action.Metrics
	lost     *action.Reconciler
	duties   *compliance.Officer
	stops    *suppression.Keeper
	said     chan struct{}
	withdrew atomic.Bool
	owed     chan struct{}
	wake     chan struct{}
	doubt    chan struct{}
	armed    chan struct{}
	asks     chan struct{}

	orders *outside

	stop context.CancelFunc
	runs sync.WaitGroup
}

// hostKey is the key behind the hashes.
func hostKey() event.Key { return event.Key("bottest: a key for scenarios ...") }

// start puts a host together on the files in dir and runs its loops. It is
// called in a bubble.
func start(dir string, s *scenario, sim *xsim.Sim, log *slog.Logger, before func(*host, *http.Request), committed func(*host, []dispatch.Handled)) (_ *host, err error) {
	h := &host{dir: dir, fault: newBreakage(), sent: &action.Metrics{}, wake: make(chan struct{}, 1), doubt: make(chan struct{}, 1), armed: make(chan struct{}, 1), owed: make(chan struct{}, 1), asks: make(chan struct{}, 1), said: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	h.stop = cancel
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	f, err := h.openFiles(ctx, dir, s.Sealed)
	if err != nil {
		return nil, err
	}
	if err := s.appWindow(ctx, h.store); err != nil {
		return nil, err
	}
	again, err := backup.Again(ctx, h.store)
	if err != nil {
		return nil, err
	}
	if h.bus, err = bus.Open(ctx, bus.Options{Dir: filepath.Join(dir, "bus"), Sealer: f.sealer, Again: again}); err != nil {
		return nil, err
	}
	if err := backup.Rewound(ctx, h.store, time.Now()); err != nil {
		return nil, err
	}
	bots, chains, byUser, send := s.cast(h.fault)
	var inbox budget.Inbox
	x, err := xapi.New(xapi.Options{
		Learnt: func(w xapi.Window) {
			inbox.Put(w.Bot, w.Endpoint, budget.Told{Most: int64(w.Limit), Free: int64(w.Remaining), ResetsAt: w.Reset})
		},
		Gave: func(bot, endpoint string, ids []string) {
			if err := h.desk.BillCall(ctx, time.Now(), bot, endpoint, ids); err != nil && ctx.Err() == nil {
				log.Error("a read is not billed", "err", err)
			}
		},
		BaseURL: "http://127.0.0.1",
		HTTP:    &http.Client{Transport: wire{xsim.Direct(sim.Handler()), h.fault, func(r *http.Request) { before(h, r) }}},
		Auth: func(_ context.Context, as xapi.As) (xapi.Authorizer, error) {
			return xapi.Bearer("token-" + as.Bot), nil
		},
		UserID: func(bot string) string {
			return bots[slices.IndexFunc(bots, func(b gate.Bot) bool { return b.Name == bot })].UserID
		},
	})
	if err != nil {
		return nil, err
	}
	g := gate.New(bots)
	if err := h.startRules(ctx, s, g); err != nil {
		return nil, err
	}
	book := budget.New(budget.Options{Budgets: s.budgets()})
	h.desk = action.Desk{Store: h.store, Gate: g, Key: hostKey(), Book: book}
	h.sender = action.New(action.Options{
		Store: store{h.store, "sender", h.fault}, Gate: g, X: x, Key: hostKey(), Book: book, Told: inbox.Take,
		Send: send, Log: log, Metrics: h.sent,
		Lost: func() { nudge(h.doubt) },
	})
	h.lost = &action.Reconciler{Store: store{h.store, "reconciler", h.fault}, X: x, Key: hostKey(), Book: book, Settled: h.stir, Metrics: h.sent}
	d := dispatch.New(dispatch.Options{
		Store: store{h.store, "dispatch", h.fault}, Gate: g, Handlers: chains, Key: hostKey(), Book: book, MaxEventAge: s.MaxEventAge,
		Armed: func() { nudge(h.armed) }, Owed: func() { nudge(h.owed) },
	})
	clean := func(ctx context.Context) error {
		if h.fault.of("duties") == "stuck" {
			return errDown
		}
		return f.below.Scrub(ctx)
	}
	duties := store{h.store, "duties", h.fault}
	eraser := &erasure.Eraser{Store: duties, Bus: h.bus, Scrub: clean, Key: hostKey(), Book: book, Log: log}
	h.duties = compliance.New(compliance.Options{
		Store: duties, Bus: h.bus, Eraser: eraser, Scrub: clean, Key: hostKey(), Book: book, Bots: s.Bots, X: x, Every: s.Compliance, Log: log,
	})
	q := queue{h.bus, h.fault}
	h.web = ingest.New(ingest.Options{
		Secrets: [][]byte{[]byte(consumerSecret)}, Publish: q.Publish,
		Bots: func(user string) (string, bool) { name, ok := byUser[user]; return name, ok },
	})
	timers := schedule.New(schedule.Config{
		Plans: s.plans(), Positions: schedule.Store{DB: store{h.store, "timers", h.fault}}, Silence: schedule.Store{DB: store{h.store, "timers", h.fault}},
		Publish: func(ctx context.Context, c event.Command) error {
			m, err := dispatch.CommandMessage(c)
			if err != nil {
				return err
			}
			return q.Publish(ctx, m)
		},
	})
	bucket, err := h.bus.Bucket(ctx, bus.SuppressionBucket)
	if err != nil {
		return nil, err
	}
	h.stops = &suppression.Keeper{Store: h.store, Bucket: bucket, Desk: h.desk, Eraser: eraser, Log: log, Metrics: &suppression.Metrics{}, Withdrew: &h.withdrew}
	if _, err := h.stops.Start(ctx, time.Now()); err != nil {
		return nil, err
	}
	h.orders = newOutside(bots, store{h.store, "remote", h.fault}, q.Publish)
	if _, err := h.sender.Start(ctx, time.Now()); err != nil {
		return nil, err
	}
	if s.Stream {
		h.listen(ctx, x, log)
	}
	h.runs.Go(func() { _ = h.sender.Run(ctx, time.Now, h.wake) })
	h.runs.Go(func() { _ = timers.Run(ctx, h.armed) })
	h.runs.Go(func() { _ = h.stops.Run(ctx, time.Now, h.said) })
	h.runs.Go(func() { _ = h.duties.Run(ctx, time.Now, h.owed) })
	h.runs.Go(func() { _ = eraser.Run(ctx, time.Now, nil) })
	h.runs.Go(func() { _ = h.orders.Run(ctx, time.Now, h.asks) })
	h.runs.Go(func() { _ = h.lost.Run(ctx, time.Now, h.doubt) })
	h.runs.Go(func() {
		_ = d.Run(ctx, dispatch.Loop{Bus: q, Now: time.Now, Commit: func(done []dispatch.Handled) {
			committed(h, done)
			h.stir()
			nudge(h.asks)
		}})
	})
	return h, nil
}

// plans are the schedules of the scenario's bots: all have the same.
func (s *scenario) plans() (all []schedule.Plan) {
	for _, name := range s.Bots {
		p := s.plan
		p.Bot = name
		all = append(all, p)
	}
	return all
}

// files are what a host has open besides its store.
type files struct {
	below  *sqlite.Store
	sealer bus.Sealer
}

// openFiles opens the database in dir, with its audit chain.
func (h *host) openFiles(ctx context.Context, dir string, seals bool) (f files, err error) {
	file := filepath.Join(dir, "audit.key")
	signer, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		var fresh string
		if fresh, err = audit.NewKey(); err == nil {
			signer = []byte(fresh)
			err = os.WriteFile(file, signer, 0o600)
		}
	}
	if err != nil {
		return f, err
	}
	if f.below, err = sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(dir, "beckon.db")}); err != nil {
		return f, err
	}
	h.copy = f.below.Copy
	around, sealer, err := sealedStore(suppression.Watch(f.below, &h.withdrew, func() { nudge(h.said) }), dir, seals)
	if err == nil {
		f.sealer = sealer
		h.store, err = audit.Open(ctx, around, audit.Options{Key: hostKey(), Signer: string(signer), Now: time.Now})
	}
	if err == nil {
		err = h.store.Write(ctx, func(tx db.Tx) error { return tx.SetMeta(db.MetaHostKey, hostKey().Check()) })
	}
	if err != nil {
		return f, errors.Join(err, f.below.Close())
	}
	return f, nil
}

// cast makes the bots of a scenario, all with the same rules and answers.
func (s *scenario) cast(fault *breakage) (bots []gate.Bot, chains map[string]handlers.Chain, byUser map[string]string, send map[string]bool) {
	chains, byUser, send = map[string]handlers.Chain{}, map[string]string{}, map[string]bool{}
	declared := func(what string) bool {
		for _, u := range s.Undeclared {
			if u == what {
				return false
			}
		}
		return true
	}
	for i, name := range s.Bots {
		b := gate.Bot{
			Name: name, UserID: botID(i), Username: name, Operator: operator, Tier: s.Tier,
			OptOutHint: hint, OptOutConfirmation: confirmed, StopQuestion: question, Handover: lastWord, UnlinkNote: unlinked, Languages: otherLanguages(), HandoffWords: true, HandoffQuiet: s.HandoffQuiet, HoldExpiry: s.HoldExpiry, PersonDone: s.PersonDone, Disclosure: "Run by " + operator + ".",
			LabelOn: declared("label"), BioDiscloses: declared("bio"), OperatorLinked: declared("operator"),
			AIApproved: s.AIApproved, LongPosts: s.LongPosts, Rules: s.rules,
		}
		if !s.NoPrivacy {
			b.PrivacyURL = privacy
		}
		bots = append(bots, b)
		chains[name] = handlers.Chain{handlers.Help{}, touchy{s.Panics, fault}, s.answers}
		if s.Outside {
			o := handlers.Outside{
				ID: ordersName, Deadline: ordersDeadline, First: s.OutsideFirst,
				Fallback: handlers.Fallback{Reply: s.Fallback, DM: s.Fallback, Handoff: s.Fallback != ""},
			}
			at := len(chains[name])
			if s.OutsideFirst {
				at--
			}
			chains[name] = slices.Insert(chains[name], at, handlers.Handler(o))
		}
		byUser[b.UserID], send[name] = name, !s.Dry
	}
	return bots, chains, byUser, send
}

// touchy is a handler that panics on a text.
type touchy struct {
	text  string
	fault *breakage
}

func (touchy) Name() string { return "touchy" }

func (h touchy) Handle(in handlers.In) handlers.Out {
	if h.text != "" && strings.Contains(in.Event.Text, h.text) && h.fault.of("handler") != "calm" {
		panic("touched")
	}
	return handlers.Out{}
}

// stir wakes the sender.
func (h *host) stir() { nudge(h.wake) }

func nudge(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// close ends the host in order: the call under way is finished and settled.
func (h *host) close() error {
	h.stop()
	h.runs.Wait()
	var errs []error
	if h.bus != nil {
		errs = append(errs, h.bus.Close())
	}
	if h.store != nil {
		errs = append(errs, h.store.Close())
	}
	return errors.Join(errs...)
}

// kill is the end of the process: what the files held at this moment is what a
// new host will find, in to. What is left of the old one reaches neither them
// nor X any more; wait until the returned channel is closed. Nothing of the
// host may be at work when kill is called.
func (h *host) kill(to string) (gone <-chan struct{}, err error) {
	if err := os.CopyFS(to, os.DirFS(h.dir)); err != nil {
		return nil, err
	}
	close(h.fault.dead)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = h.close() // whatever its end says, nobody is there to hear it
	}()
	return done, nil
}

// appWindow is what X has said of the app's DMs before the scenario begins.
func (s *scenario) appWindow(ctx context.Context, store db.Store) error {
	if s.AppDMs == 0 {
		return nil
	}
	return store.Write(ctx, func(tx db.Tx) error {
		known, err := tx.RateWindows("send_dm", db.App)
		if err != nil || len(known) > 0 {
			return err
		}
		return tx.PutRateWindow(db.RateWindow{Endpoint: "send_dm", Owner: db.App, Span: 24 * time.Hour, Most: s.AppDMs})
	})
}

// budgets are the scenario's, for each of its bots.
func (s *scenario) budgets() map[string]budget.Limits {
	of := map[string]budget.Limits{}
	for _, name := range s.Bots {
		of[name] = budget.Limits{Day: s.DayUSD.Micro, Month: s.MonthUSD.Micro}
	}
	return of
}
