package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/obs"
	"github.com/beckon-bot/beckon/runtime/service"
)

func runCommand(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("run", flag.ContinueOnError)
	file := fs.String("c", defaultFile, "configuration `file`")
	dry := fs.Bool("dry", false, "decide and record everything, send nothing")
	undisclosed := sendFlag(fs)
	level := fs.String("log", "info", "log this `level` and up: debug, info, warn or error")
	format := formatFlag(fs)
	rest, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usageError(fmt.Sprintf("unexpected argument %q", rest[0]))
	}
	log, err := newLogger(sys, *format, *level)
	if err != nil {
		return err
	}
	cfg, err := readConfig(sys, *file)
	if err != nil {
		return err
	}
	for _, name := range *undisclosed {
		if _, ok := cfg.Bots[name]; !ok {
			return usageError(fmt.Sprintf("--send-undisclosed: no bot %q; the bots are %s", name, strings.Join(cfg.Names(), ", ")))
		}
	}
	h, err := openHost(ctx, sys, hostOptions{Config: cfg, File: *file, Log: log, Now: sys.now, Dry: *dry, Undisclosed: *undisclosed})
	if err != nil {
		return err
	}
	var hangup <-chan os.Signal
	if sys.hangup != nil {
		on, off := sys.hangup()
		defer off()
		hangup = on
	}
	if err := errors.Join(h.serve(ctx, hangup), h.Close()); err != nil {
		return err
	}
	log.Info("stopped")
	return nil
}

func newLogger(sys system, format, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, usageError(fmt.Sprintf("--log is debug, info, warn or error, not %q", level))
	}
	if err := checkFormat(format); err != nil {
		return nil, err
	}
	return obs.NewLogger(sys.stderr, format, l)
}

// serve runs the host until ctx ends, then drains: readiness off, ingest
// stops, what is queued stays on the bus, the send in flight finishes. Parts
// start in this order and stop in the reverse.
func (h *host) serve(ctx context.Context, hangup <-chan os.Signal) error {
	admin, err := h.adminServer(ctx)
	if err != nil {
		return err
	}
	web, err := h.webServer()
	if err != nil {
		return errors.Join(err, admin.Stop(ctx))
	}
	parts := []service.Service{
		admin,
		{Name: "audit", Run: h.runAudit, Stop: h.checkpoint},
		{Name: "accounts", Start: h.startAccounts, Run: h.accounts.Run},
		{Name: "doctor", Start: h.doctor.start, Run: h.doctor.run},
		h.suppressionService(),
		{Name: "sender", Start: h.startSender, Run: func(ctx context.Context) error { return h.sender.Run(ctx, h.now, h.wake) }, Deadline: sendDeadline},
		{Name: "reconciler", Run: func(ctx context.Context) error { return h.lost.Run(ctx, h.now, h.doubt) }},
		{Name: "dispatch", Run: h.runDispatch},
		{Name: "prune", Run: h.runPrune},
		{Name: "erasure", Run: func(ctx context.Context) error { return h.eraser.Run(ctx, h.now, nil) }},
		{Name: "duties", Start: h.startDuties, Run: func(ctx context.Context) error { return h.duties.Run(ctx, h.now, h.owed) }},
		{Name: "rules", Run: h.rules.Watch},
		{Name: "answers", Run: h.answers.Watch},
		{Name: "hangup", Run: func(ctx context.Context) error { return h.runHangup(ctx, hangup) }},
	}
	parts = append(append(append(parts, h.deskServices()...), h.remoteServices()...), web)
	return service.Group{Log: h.log, Services: append(append(parts, h.timers.services()...), h.ways.services()...)}.Run(ctx)
}

// sendDeadline lets the call that is under way end by its own time-out.
const sendDeadline = 40 * time.Second

// startSender applies the start-up rule (I3).
func (h *host) startSender(ctx context.Context) error {
	n, err := h.sender.Start(ctx, h.now())
	if n > 0 {
		h.log.WarnContext(ctx, "sends were under way when the host stopped; X is read back whether they went out, see `beckon actions unknown`", "actions", n)
	}
	return err
}

func (h *host) runDispatch(ctx context.Context) error {
	return h.dispatch.Run(ctx, dispatch.Loop{
		Bus: bus.Tap{Bus: h.bus, Took: func(ds []bus.Delivery) { h.recorder.Took(ctx, ds) }}, Now: h.now,
		Commit: func(done []dispatch.Handled) {
			h.stir()
			nudge(h.asks)
			h.doctor.heard(done)
			for _, d := range done {
				for _, r := range d.Records {
					h.rules.Saw(ctx, r)
				}
			}
			if h.watch != nil {
				h.watch(done)
			}
		},
		Healthy: func(err error) {
			if h.ready.err() != errDraining {
				h.ready.set(err)
			}
		},
	})
}

// runPrune forgets what is past its time, a chunk at a time.
func (h *host) runPrune(ctx context.Context) error {
	r := h.cfg.Retention
	keep := dispatch.Keep{Decisions: r.Decisions, Interactions: r.Interactions, Conversations: r.Conversations, DeadLetters: r.DeadLetters}
	for {
		next, err := dispatch.Prune(ctx, h.store, h.now(), keep)
		if err != nil && ctx.Err() == nil {
			h.log.WarnContext(ctx, "prune", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(next.Sub(h.now())):
		}
	}
}

// webServer serves the webhook. It is the last to start and the first to stop.
func (h *host) webServer() (service.Service, error) {
	srv, ln, err := listen(h.cfg.Listen, h.handler())
	if err != nil {
		return service.Service{}, fmt.Errorf("webhook: %w", err)
	}
	return service.Service{
		Name: "webhook",
		Start: func(ctx context.Context) error {
			h.ready.set(nil)
			h.log.InfoContext(ctx, "ready", "webhook", "http://"+ln.Addr().String()+webhookPath, "bots", len(h.cfg.Bots))
			return nil
		},
		Run: func(ctx context.Context) error { return serveHTTP(ctx, srv, ln) },
		Stop: func(ctx context.Context) error {
			h.log.InfoContext(ctx, "draining: no new events, the send in flight finishes")
			h.ready.set(errDraining)
			h.webhook.Drain()
			return srv.Shutdown(ctx)
		},
	}, nil
}

// handler is what X reaches.
func (h *host) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(webhookPath, h.webhook)
	return mux
}

const webhookPath = "/x/webhook"

// listen binds now, so that a taken port is told before anything starts.
func listen(addr string, handler http.Handler) (*http.Server, net.Listener, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, nil, err // it names the address
	}
	return &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute}, ln, nil
}

// serveHTTP serves until the server is shut down, and then until ctx ends: a
// part of the host that returns before it is told to has failed.
func serveHTTP(ctx context.Context, srv *http.Server, ln net.Listener) error {
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-ctx.Done()
	return nil
}
