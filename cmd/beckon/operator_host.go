package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/account"
	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/audit/bundle"
	"github.com/beckon-bot/beckon/runtime/audit/incident"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/ingest"
	"github.com/beckon-bot/beckon/runtime/service"
	"github.com/beckon-bot/beckon/runtime/xapi"
)

// Files by which commands find the host that runs.
const (
	adminAddrFile  = "admin.addr"
	adminTokenFile = "admin.token"
)

// adminServer binds the loopback address now, and tells commands where it is
// once the host starts.
func (h *host) adminServer(context.Context) (service.Service, error) {
	token := newToken()
	srv, ln, err := listen(h.cfg.Admin, admin.New(admin.Options{
		Store: h.store, Desk: h.desk, Now: h.now, Token: token, Bots: h.cfg.Names(),
		Heard:     heard(h.bus),
		Eraser:    h.eraser,
		Key:       h.seals,
		Officer:   h.duties,
		Owed:      func() { nudge(h.owed) },
		Accounts:  lazily(func() (*account.Manager, error) { return h.accounts, nil }),
		Recorder:  h.recorder,
		Watch:     adminWatch{h.cfg, func() (*ingest.Watchdog, *xapi.Client, error) { return h.ways.watch, h.ways.x, nil }},
		Doctor:    h.doctor,
		Backup:    h.backup(h.bus.Position),
		Use:       func() []bundle.Line { return dataUse(h.cfg) },
		Setup:     func() incident.Setup { return setupOf(h.cfg) },
		Republish: republisher(h.cfg, h.bus.Publish),
		Prepare:   republisher(h.cfg, h.makeKeys),
		Publish:   commander(h.bus.Publish),
		Judge:     h.judges.judge,
		Ready:     h.ready.err, Metrics: h.metrics.Handler(), Stir: h.stir, Log: h.log,
		Rules: h.rules, Files: h.files(),
	}))
	if err != nil {
		return service.Service{}, fmt.Errorf("admin: %w", err)
	}
	stop := func(ctx context.Context) error {
		gone := errors.Join(h.dir.forgetAdmin(), srv.Shutdown(ctx))
		if err := ln.Close(); !errors.Is(err, net.ErrClosed) { // where Run never came
			gone = errors.Join(gone, err)
		}
		return gone
	}
	return service.Service{
		Name: "admin",
		Start: func(ctx context.Context) error {
			err := errors.Join(
				writeSecret(h.dir.file(adminTokenFile), token+"\n"),
				writeSecret(h.dir.file(adminAddrFile), ln.Addr().String()+"\n"))
			if err != nil {
				return errors.Join(fmt.Errorf("tell commands where the host is: %w", err), stop(ctx))
			}
			return nil
		},
		Run:  func(ctx context.Context) error { return serveHTTP(ctx, srv, ln) },
		Stop: stop,
	}, nil
}

func newToken() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func (d *dataDir) forgetAdmin() error {
	var errs []error
	for _, name := range []string{adminAddrFile, adminTokenFile} {
		if err := os.Remove(d.file(name)); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// commander puts operators' commands on a bus.
func commander(publish func(context.Context, ...bus.Message) error) func(context.Context, event.Command) error {
	return func(ctx context.Context, c event.Command) error {
		m, err := dispatch.CommandMessage(c)
		if err != nil {
			return err
		}
		return publish(ctx, m)
	}
}

// heard shows what a bus has of a user toward a bot.
func heard(b interface {
	See(ctx context.Context, bot, user string, see func(bus.Stored) error) error
}) func(ctx context.Context, bot, user string, see func(body []byte, taken bool) error) error {
	return func(ctx context.Context, bot, user string, see func([]byte, bool) error) error {
		return b.See(ctx, bot, user, func(m bus.Stored) error {
			if m.Erased {
				return nil
			}
			return see(m.Data, m.Taken)
		})
	}
}

// republisher puts dead letters back on a bus. What the configuration says now
// counts: a letter that came for a bot unknown then finds it.
func republisher(cfg *config.Config, publish func(context.Context, ...bus.Message) error) func(context.Context, db.DeadLetter) error {
	return func(ctx context.Context, l db.DeadLetter) error {
		body, err := event.Open(l.Raw)
		if err != nil {
			return fmt.Errorf("open its body: %w", err)
		}
		m := bus.Message{
			ID: cmp.Or(l.Event, event.BodyID(body)), Type: "unknown", Source: dispatch.RetrySource(l),
			Time: l.At, Bot: l.Bot, Data: body,
		}
		if c, err := event.ReadCommand(body); err == nil && strings.HasPrefix(m.Source, dispatch.RetryCommand) {
			m.Type, m.User = string(c.Event().Type), c.User
			return publish(ctx, m)
		}
		if a, err := event.ReadAsked(body); err == nil && strings.HasPrefix(m.Source, dispatch.RetryQuestion) {
			m.Type, m.User = string(a.Event.Type), a.Event.User
			return publish(ctx, m)
		}
		head, err := event.Scan(body)
		if err == nil {
			if !head.Type.Known() {
				return fmt.Errorf("%w: this version does not know its type, %s; update first", admin.ErrUnusable, head.Type)
			}
			m.Type, m.User = string(head.Type), head.User
		} else { // dispatch will say what is wrong; the opt-out matcher sees it first
			head.BotUser, m.User, _ = event.Salvage(body)
		}
		if m.Bot == "" {
			m.Bot = botOf(cfg, head.BotUser)
		}
		if _, ok := cfg.Bots[m.Bot]; !ok {
			return fmt.Errorf("%w: it is for no bot of this host (account %q, bot %q); configure it first",
				admin.ErrUnusable, head.BotUser, m.Bot)
		}
		return publish(ctx, m)
	}
}

// botOf is the configured name of the bot with that X user id, "" if there is
// none.
func botOf(cfg *config.Config, user string) string {
	for _, name := range cfg.Names() {
		if user != "" && cfg.Bots[name].UserID == user {
			return name
		}
	}
	return ""
}
