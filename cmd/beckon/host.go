package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/account"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/audit"
	"github.com/beckon-bot/beckon/runtime/backup"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/compliance"
	"github.com/beckon-bot/beckon/runtime/desk"
	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/erasure"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/hostkey"
	"github.com/beckon-bot/beckon/runtime/ingest"
	"github.com/beckon-bot/beckon/runtime/llm"
	"github.com/beckon-bot/beckon/runtime/obs"
	"github.com/beckon-bot/beckon/runtime/record"
	"github.com/beckon-bot/beckon/runtime/remote"
	"github.com/beckon-bot/beckon/runtime/rollout"
	"github.com/beckon-bot/beckon/runtime/service"
	"github.com/beckon-bot/beckon/runtime/suppression"
	"github.com/beckon-bot/beckon/runtime/vault"
	"github.com/beckon-bot/beckon/runtime/xapi"
)

// host is the parts of a running Beckon, put together and not yet started.
// Data goes one way: webhook, bus, dispatch, action log, sender, X.
type host struct {
	cfg      *config.Config
	log      *slog.Logger
	now      func() time.Time
	dir      *dataDir
	key      event.Key
	store    *audit.Store // around the engine: what is written is noted in the audit chain
	bus      *bus.JetStream
	webhook  *ingest.Webhook
	ways     *ways
	timers   *timers
	dispatch *dispatch.Dispatcher
	sender   *action.Sender
	accounts *account.Manager
	lost     *action.Reconciler
	judges   judges
	seals    *hostkey.Keeper // the key that logins, and the keys of texts, are sealed with
	ring     *vault.Ring     // the keys of texts
	remote   *remote.Requester
	models   []*llm.Line
	desk     action.Desk
	teller   *desk.Teller // nil: no desk is configured
	recorder *record.Recorder
	eraser   *erasure.Eraser
	duties   *compliance.Officer
	withdrew atomic.Bool                 // a consent was withdrawn
	stops    *suppression.Keeper         // opt-outs, outside the database
	scrub    func(context.Context) error // of the database's files
	copy     func(ctx context.Context, to string, keys func(db.TextKey) error) error
	backing  service.Turn // one backup at a time
	file     string       // that the configuration was read from; "": not known
	rules    *rollout.Rollout
	answers  *rollout.Files
	doctor   *clinic
	metrics  *obs.Metrics

	wake   chan struct{}            // the sender has something to look at
	doubt  chan struct{}            // the reconciler has
	asks   chan struct{}            // the requester has
	tells  chan struct{}            // the teller of the desk has
	owed   chan struct{}            // something has to be deleted
	said   chan struct{}            // an opt-out, its end or an erasure was stored
	called func() bool              // X has called the webhook since the start
	watch  func([]dispatch.Handled) // is told of what was committed; nil: nobody
	ready  readiness
}

// readiness is why a host takes no events now; nil where it does.
type readiness struct{ atomic.Pointer[error] }

func (r *readiness) set(err error) { r.Store(&err) }

func (r *readiness) err() error {
	if p := r.Load(); p != nil {
		return *p
	}
	return errStarting
}

var (
	errStarting = errors.New("starting")
	errDraining = errors.New("draining")
)

// hostOptions is what differs between run, demo and tests.
type hostOptions struct {
	Config *config.Config
	File   string // that it was read from; "": not known
	Log    *slog.Logger
	Now    func() time.Time
	Dry    bool         // nothing is sent, whatever the configuration says
	HTTP   *http.Client // to X; nil: a new one
	// Undisclosed are the bots that send whatever their profile shows.
	Undisclosed []string
}

// openHost locks the data directory and puts the parts together. Close undoes
// it.
func openHost(ctx context.Context, sys system, o hostOptions) (_ *host, err error) {
	h := &host{cfg: o.Config, file: o.File, log: o.Log, now: o.Now, wake: make(chan struct{}, 1), doubt: make(chan struct{}, 1), asks: make(chan struct{}, 1), tells: make(chan struct{}, 1), owed: make(chan struct{}, 1), said: make(chan struct{}, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	b, err := loadBots(o.Config)
	if err != nil {
		return nil, err
	}
	if _, err := loadPlans(o.Config); err != nil {
		return nil, err
	}
	consumers, err := consumerSecrets(sys, o.Config)
	if err != nil {
		return nil, err
	}
	speakers, err := loadSpeakers(sys, o.Config)
	if err != nil {
		return nil, err
	}
	outsiders, err := logins(sys, o.Config)
	if err != nil {
		return nil, err
	}
	program, err := deskToken(sys, o.Config)
	if err != nil {
		return nil, err
	}
	if h.dir, err = openDataDir(o.Config.DataDir); err != nil {
		return nil, err
	}
	if err := h.openStore(ctx, sys); err != nil {
		return nil, err
	}
	again, err := backup.Again(ctx, h.store)
	if err != nil {
		return nil, err
	}
	at := h.busFiles()
	at.Listen, at.Logins, at.Desk, at.Again = o.Config.Bus.Listen, outsiders, program, again
	if h.bus, err = bus.Open(ctx, at); err != nil {
		return nil, err
	}
	if err := backup.Rewound(ctx, h.store, o.Now()); err != nil {
		return nil, err
	}
	h.judges.publish = h.bus.Publish
	logins := &account.Metrics{}
	h.accounts = h.openAccounts(speakers, o.HTTP, logins)
	calls, skew := &xapi.Metrics{}, &xClock{now: o.Now}
	var inbox budget.Inbox
	known, err := knownWindows(ctx, h.store)
	if err != nil {
		return nil, err
	}
	x, err := xapi.New(xapi.Options{
		Known:   known,
		Learnt:  func(w xapi.Window) { h.learnt(ctx, &inbox, w) },
		Gave:    func(bot, endpoint string, ids []string) { h.gave(ctx, bot, endpoint, ids) },
		BaseURL: o.Config.XBaseURL, HTTP: skew.watch(watched(h.accounts, o.HTTP)), Now: o.Now, Log: o.Log, Metrics: calls,
		Auth:   authorize(h.accounts),
		UserID: func(bot string) string { return o.Config.Bots[bot].UserID },
	})
	if err != nil {
		return nil, err
	}
	if o.Dry {
		b.send = nil
	}
	if err := recordConfig(ctx, h.store, o.Config, h.key, o.Now()); err != nil {
		return nil, err
	}
	g, book := gate.New(b.gate), b.book()
	tried := &rollout.Metrics{}
	if h.rules, err = startRules(ctx, sys, o, h.store, g, tried); err != nil {
		return nil, err
	}
	said := &rollout.AnswersMetrics{}
	if h.answers, err = startAnswers(o, b.answers, said); err != nil {
		return nil, err
	}
	h.desk = action.Desk{Store: h.store, Gate: g, Key: h.key, Book: book, PersonQuiet: quietOf(o.Config)}
	h.recorder = h.openRecorder(true, h.bus)
	h.eraser = h.openEraser(h.bus)
	owes, copied := &compliance.Metrics{}, &suppression.Metrics{}
	if err := h.openSuppressions(ctx, copied); err != nil {
		return nil, err
	}
	h.duties = h.openOfficer(h.bus, h.eraser, x, owes)
	sent, taken, met, events := &action.Metrics{}, &dispatch.Metrics{}, &ingest.Metrics{}, &ingest.EventMetrics{}
	h.sender = action.New(action.Options{
		Store: h.store, Gate: g, X: x, Key: h.key, Book: book, Told: inbox.Take, Send: b.send, PersonQuiet: quietOf(o.Config), Log: o.Log, Metrics: sent,
		Decided: func(r gate.Record) { h.rules.Saw(ctx, r) },
		Lost:    func() { nudge(h.doubt) },
	})
	h.lost = &action.Reconciler{Store: h.store, X: x, Key: h.key, Book: book, PersonQuiet: quietOf(o.Config), Settled: h.stir, Log: o.Log, Metrics: sent}
	if h.timers, err = h.openTimers(); err != nil {
		return nil, err
	}
	h.dispatch = dispatch.New(dispatch.Options{
		Judged: h.judges.told,
		Armed:  func() { nudge(h.timers.wake) }, Owed: func() { nudge(h.owed) },
		Store: h.store, Gate: g, Handlers: b.chains, Key: h.key, Book: book,
		PersonQuiet: quietOf(o.Config), MaxEventAge: o.Config.MaxEventAge, App: o.Config.App.ID, Brief: o.Config.Retention.Texts == 0, Log: o.Log, Metrics: taken,
	})
	h.ways = h.openWays(x, func(ctx context.Context, source string, body []byte) error { return h.webhook.Take(ctx, source, body) })
	h.webhook = ingest.New(ingest.Options{
		Secrets:  consumers,
		Publish:  h.bus.Publish,
		Bots:     func(user string) (string, bool) { name, ok := b.byUser[user]; return name, ok },
		Replayed: h.ways.replayed(),
		App:      o.Config.App.ID, Now: o.Now, Log: o.Log, Metrics: met, Events: events,
	})
	h.called = func() bool { return met.CRC.Load()+met.OK.Load() > 0 }
	asked, wrote := &remote.Metrics{}, &llm.Metrics{}
	if err := h.openRemote(sys, asked, wrote); err != nil {
		return nil, err
	}
	told := &desk.Metrics{}
	if err := h.openDesk(sys, told); err != nil {
		return nil, err
	}
	h.doctor = h.openClinic(sys, o, x, skew, g)
	if h.metrics, err = obs.NewMetrics(); err != nil {
		return nil, err
	}
	return h, h.metrics.Register(sent, taken, asked, wrote, met, events, calls, logins, tried, said, told, owes, copied, h.timers.count, h.timers.looks, h.timers.read, h.ways.watched, h.ways.streamed, h.ways.polled, h.doctor.count)
}

// openStore opens the database that belongs to the host key.
func (h *host) openStore(ctx context.Context, sys system) (err error) {
	if h.key, err = h.dir.key(); err != nil {
		return err
	}
	if backup.CutShort(h.dir.path) { // by a new database everybody would be answered again
		return exitError{exitUnsafe, fmt.Errorf("a restore into %s was cut short, and the database is not there yet: run beckon restore again", h.dir.path)}
	}
	below, err := sqlite.Open(ctx, sqlite.Options{Path: h.dir.file("beckon.db"), Log: h.log})
	if err != nil {
		return err
	}
	h.scrub, h.copy = below.Scrub, below.Copy
	if err = checkKey(ctx, below, h.key); err == nil {
		h.seals, err = h.dir.keeper(sys, h.cfg.App.TokenKey)
	}
	if err == nil {
		h.ring = vault.New(below, h.seals.Live, h.now)
		h.ring.Brief = h.cfg.Retention.Texts == 0
		h.store, err = h.dir.audited(ctx, h.ring.Around(suppression.Watch(below, &h.withdrew, func() { nudge(h.said) })), h.key, h.now)
	}
	if err != nil {
		err = errors.Join(err, below.Close())
	}
	if errors.Is(err, db.ErrWrongKey) {
		return unsafeKey("%s is not the key that the database beside it was made with", h.dir.file("host.key"))
	}
	return err
}

// Close releases what openHost took, in reverse.
func (h *host) Close() error {
	var errs []error
	if h.bus != nil {
		errs = append(errs, h.bus.Close())
	}
	if h.store != nil {
		errs = append(errs, h.store.Close())
	}
	if h.dir != nil {
		errs = append(errs, h.dir.Close())
	}
	return errors.Join(errs...)
}

// stir wakes the sender, and who tells the desk.
func (h *host) stir() {
	nudge(h.wake)
	nudge(h.tells)
}

// nudge wakes whoever listens, once however often it is called meanwhile.
func nudge(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// consumerSecrets resolves the app's consumer secrets, the one that X uses now
// first.
func consumerSecrets(sys system, cfg *config.Config) ([][]byte, error) {
	consumer, err := secret(sys, cfg.App.ConsumerSecret)
	errs := []error{err}
	consumers := [][]byte{[]byte(consumer.Reveal())}
	if cfg.App.ConsumerSecretNext != "" {
		next, err := secret(sys, cfg.App.ConsumerSecretNext)
		if err != nil {
			errs = append(errs, fmt.Errorf("app.consumer_secret_next: %w", err))
		}
		consumers = append(consumers, []byte(next.Reveal()))
	}
	return consumers, errors.Join(errs...)
}
