package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// demoFiles is the desk of the demo and its day. day.jsonl has one thing a
// line: something that somebody does on X, an operator's act, or a fault.
//
//go:embed all:demo
var demoFiles embed.FS

// demoStart is when the day of the demo begins.
func demoStart() time.Time { return time.Date(2026, 3, 2, 8, 55, 0, 0, time.UTC) }

func demoCommand(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("demo", flag.ContinueOnError)
	keep := fs.Bool("keep", false, "go on running after the day, for your own events")
	format := formatFlag(fs)
	rest, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usageError(fmt.Sprintf("unexpected argument %q", rest[0]))
	}
	if err := checkFormat(*format); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "beckon-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	d, err := openDemo(ctx, sys, tmp, newDemoPrinter(sys.stdout, *format))
	if err != nil {
		return err
	}
	err = d.day(ctx)
	if err == nil && *keep {
		err = d.keep(ctx)
	}
	return errors.Join(err, d.Close())
}

// demo is everything in one process: a simulated X, a host, and a clock that
// the day moves.
type demo struct {
	*host
	sim   *xsim.Sim
	web   *http.Server // the webhook, on a real loopback socket
	api   *http.Server // the simulated X
	clock *demoClock
	out   *demoPrinter
	ids   map[string]string // name in the day to id on X
	all   [][]byte          // every body delivered, for the end

	forged, refused int
	changed         bool // the second delivery of everything changed something
}

// demoClock stands until it is set; run lets it go on with the machine's.
type demoClock struct {
	mu   sync.Mutex
	at   time.Time
	base time.Time // real time at which it began to run; zero: it stands
}

func (c *demoClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.base.IsZero() {
		return c.at
	}
	return c.at.Add(time.Since(c.base))
}

func (c *demoClock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = t
}

func (c *demoClock) run() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.base = time.Now()
}

// openDemo puts the parts together in a temporary folder and on free loopback
// ports.
func openDemo(ctx context.Context, sys system, tmp string, out *demoPrinter) (_ *demo, err error) {
	d := &demo{clock: &demoClock{at: demoStart()}, out: out, ids: map[string]string{}}
	secrets := map[string]string{
		"DEMO_SECRET": "demo-consumer-secret", "DEMO_TOKEN_HELP": "demo-token-help", "DEMO_TOKEN_CARE": "demo-token-care",
		"DEMO_TOKEN_SUPPORT": "demo-token-support",
	}
	sys.getenv = func(name string) string { return secrets[name] }
	sys.now = d.clock.now
	cfg, err := demoConfig(sys, tmp)
	if err != nil {
		return nil, err
	}
	webhook, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen on a loopback port: %w", err)
	}
	cfg.Listen, cfg.Admin = webhook.Addr().String(), "127.0.0.1:0"
	if d.sim, err = demoX(cfg, secrets, d.clock.now, "http://"+cfg.Listen+webhookPath); err != nil {
		return nil, err
	}
	out.name = func(user string) string {
		if u, ok := d.sim.User(user); ok {
			return "@" + u.Username
		}
		return user
	}
	api, xLn, err := listen("127.0.0.1:0", d.sim.Handler())
	if err != nil {
		return nil, err
	}
	d.api = api
	go api.Serve(xLn) // ends with Close
	cfg.XBaseURL = "http://" + xLn.Addr().String()
	d.host, err = openHost(ctx, sys, hostOptions{Config: cfg, Log: slog.New(slog.DiscardHandler), Now: d.clock.now})
	if err != nil {
		return nil, errors.Join(err, api.Close())
	}
	d.web = &http.Server{Handler: d.host.handler(), ReadHeaderTimeout: 5 * time.Second}
	go d.web.Serve(webhook)
	if _, err := d.sender.Start(ctx, d.clock.now()); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// demoConfig writes the desk's files into tmp and reads them as any other's.
func demoConfig(sys system, tmp string) (*config.Config, error) {
	sub, err := fs.Sub(demoFiles, "demo")
	if err != nil {
		return nil, err
	}
	if err := os.CopyFS(tmp, sub); err != nil {
		return nil, fmt.Errorf("write the demo's files: %w", err)
	}
	support := filepath.Join(tmp, "support")
	if err := writeBot(support); err != nil {
		return nil, err
	}
	for _, tests := range []string{"rules", "answers"} { // of the bot that init writes: `beckon rules test` runs them
		if err := os.Remove(filepath.Join(support, tests, "support_test.yaml")); err != nil {
			return nil, err
		}
	}
	return readConfig(sys, filepath.Join(tmp, "beckon.yaml"))
}

func demoX(cfg *config.Config, secrets map[string]string, now func() time.Time, webhook string) (*xsim.Sim, error) {
	o := xsim.Options{
		ConsumerSecret: []byte(secrets["DEMO_SECRET"]), WebhookURL: webhook, Now: now,
		Users: []xsim.User{{ID: "1000000000000000009", Username: "acme"}},
	}
	for name, token := range map[string]string{"help": "DEMO_TOKEN_HELP", "care": "DEMO_TOKEN_CARE", "support": "DEMO_TOKEN_SUPPORT"} {
		b := cfg.Bots[name]
		o.Accounts = append(o.Accounts, xsim.Account{
			User:  xsim.User{ID: b.UserID, Username: b.Username, Automated: true, Bio: "Bot by @acme"},
			Token: secrets[token],
		})
	}
	return xsim.New(o)
}

func (d *demo) now() time.Time { return d.clock.now() }

// Close ends the servers and the host.
func (d *demo) Close() error {
	return errors.Join(d.web.Close(), d.api.Close(), d.host.Close())
}

// keep goes on as `beckon run` would, for a person with curl.
func (d *demo) keep(ctx context.Context) error {
	if err := d.web.Shutdown(ctx); err != nil { // serve binds the same address again
		return err
	}
	d.clock.run()
	d.out.keepHint(d)
	d.watch = d.out.live
	echoes, stop := context.WithCancel(ctx)
	defer stop()
	go d.sim.Run(echoes)
	return d.serve(ctx, nil)
}
