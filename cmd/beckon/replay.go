package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/term"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/ingest"
	"github.com/beckon-bot/beckon/runtime/replay"
)

type replayOptions struct {
	logs    []string
	config  string
	expect  string
	format  string
	skipBad bool

	// For the tools that replay on the way to something else; both may be nil.
	bots func(bots) error                     // may give the bots other rules
	emit func(bots bots, s replay.Step) error // gets the steps instead of the output
}

func replayCommand(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("replay", flag.ContinueOnError)
	var o replayOptions
	fs.StringVar(&o.config, "c", "", "configuration `file`; none: the bot that init writes plays the accounts of the log")
	fs.StringVar(&o.expect, "expect", "", "`file` of the decision records to expect")
	fs.BoolVar(&o.skipBad, "skip-bad", false, "report bad lines and go on")
	format := formatFlag(fs)
	logs, err := parse(fs, args)
	if err != nil {
		return err
	}
	o.logs, o.format = logs, *format
	if err := checkFormat(o.format); err != nil {
		return err
	}
	if len(o.logs) == 0 {
		return usageError("name at least one event log; - is the standard input")
	}
	return playLogs(ctx, sys, o)
}

// playLogs reads the logs twice: ahead for what they say of accounts and
// outcomes, then to decide them.
func playLogs(ctx context.Context, sys system, o replayOptions) error {
	tmp, err := os.MkdirTemp("", "beckon-replay-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	r := &replayRun{sys: sys, o: o, tmp: tmp}
	if err := r.keepPipes(); err != nil {
		return err
	}
	if err := r.readAhead(); err != nil {
		return err
	}
	store, err := sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(tmp, "replay.db"), Temporary: true})
	if err != nil {
		return err
	}
	err = replay.Within(ctx, store, func(s db.Store) error { return r.play(ctx, s) })
	if err = errors.Join(err, store.Close()); err != nil {
		return err
	}
	return r.report()
}

// replayRun is one call of `beckon replay`.
type replayRun struct {
	sys   system
	o     replayOptions
	tmp   string
	logs  []eventLog
	cfg   *config.Config
	bots  bots
	known *replay.Recorded
	total int // lines of the logs

	events, bad int
	diff        *goldenDiff
}

// readAhead finds the accounts that the logs address and the outcomes that
// they record.
func (r *replayRun) readAhead() (err error) {
	accounts := map[string]bool{}
	r.known = replay.NewRecorded()
	var lines []replay.Line // of own events, until the bots are known
	err = r.scan(func(l replay.Line) error {
		r.total++
		if l.Outcome != nil {
			lines = append(lines, l)
			return nil
		}
		if l.Activated != nil {
			return nil
		}
		head, err := event.Scan(l.Body)
		if err != nil {
			return nil // it becomes a dead letter
		}
		accounts[head.BotUser] = true
		if head.Type == event.PostCreate || head.Type == event.DMSent {
			lines = append(lines, l)
		}
		return nil
	}, true)
	if err != nil {
		return err
	}
	if r.cfg, err = r.configuration(slices.Sorted(maps.Keys(accounts))); err != nil {
		return err
	}
	if r.bots, err = loadBots(r.cfg); err != nil {
		return err
	}
	if r.o.bots != nil {
		if err := r.o.bots(r.bots); err != nil {
			return err
		}
	}
	for _, l := range lines {
		r.known.Add(l, func(user string) string { return r.bots.byUser[user] })
	}
	return nil
}

// configuration is the one named, or the example bot under the ids of the
// accounts that the logs address.
func (r *replayRun) configuration(accounts []string) (*config.Config, error) {
	if r.o.config != "" {
		return readConfig(r.sys, r.o.config)
	}
	dir := filepath.Join(r.tmp, "bot")
	if err := writeBot(dir); err != nil {
		return nil, err
	}
	cfg, err := readConfig(r.sys, filepath.Join(dir, "beckon.yaml"))
	if err != nil {
		return nil, err
	}
	bot := cfg.Bots["support"]
	clear(cfg.Bots)
	for _, id := range accounts {
		if id == "" {
			continue
		}
		name := "support"
		if n := len(cfg.Bots); n > 0 {
			name = fmt.Sprintf("support-%d", n+1)
		}
		bot.UserID = id
		cfg.Bots[name] = bot
	}
	return cfg, nil
}

func (r *replayRun) play(ctx context.Context, store db.Store) error {
	door := ingest.New(ingest.Options{
		Bots: func(user string) (string, bool) { name, ok := r.bots.byUser[user]; return name, ok },
		Now:  func() time.Time { return time.Time{} },
	})
	out, finish, err := r.output()
	if err != nil {
		return err
	}
	money := r.bots.money
	money.NoWindows = true // nothing reaches X
	p := replay.New(replay.Options{
		Store: store, Gate: gate.New(r.bots.gate), Handlers: r.bots.chains, MaxEventAge: r.cfg.MaxEventAge, Book: budget.New(money),
		Route: door.Message, Emit: out,
	}, r.known)
	progress := r.progress()
	n := 0
	err = r.scan(func(l replay.Line) error {
		if n++; n%64 == 0 {
			progress(n)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		return p.Play(ctx, l)
	}, false)
	progress(-1)
	return errors.Join(err, p.Close(), finish())
}

// output returns where steps go and what ends it.
func (r *replayRun) output() (func(replay.Step) error, func() error, error) {
	if r.o.emit != nil {
		return func(s replay.Step) error { r.events++; return r.o.emit(r.bots, s) }, func() error { return nil }, nil
	}
	w := bufio.NewWriterSize(r.sys.stdout, 64<<10)
	if r.o.expect != "" {
		var err error
		if r.diff, err = newGoldenDiff(r.o.expect); err != nil {
			return nil, nil, err
		}
	}
	quiet := r.diff != nil && r.o.format == "text"
	emit := func(s replay.Step) error {
		r.events++
		for _, rec := range s.Records {
			line, err := rec.Line()
			if err != nil {
				return err
			}
			r.diff.add(line)
			switch {
			case quiet:
			case r.o.format == "json":
				w.Write(line)
				w.WriteByte('\n')
			default:
				fmt.Fprintln(w, sayRecord(s.Event, rec))
			}
		}
		return nil
	}
	return emit, w.Flush, nil
}

// scan reads all logs in order; with ahead, bad lines are passed over in
// silence, since the second reading tells of them.
func (r *replayRun) scan(fn func(replay.Line) error, ahead bool) error {
	for _, log := range r.logs {
		f, err := os.Open(log.path)
		if err != nil {
			return exitError{exitUsage, fmt.Errorf("open event log: %w", err)}
		}
		checked := false
		err = replay.Scan(log.name, f, fn, func(err error) error {
			if !checked {
				checked = true
				if err := errNotLines(log); err != nil {
					return err
				}
			}
			switch {
			case ahead:
				return nil
			case r.o.skipBad:
				r.bad++
				fmt.Fprintf(r.sys.stderr, "skipped: %v\n", err)
				return nil
			}
			return fmt.Errorf("%w (--skip-bad goes on)", err)
		})
		f.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// progress shows how far a long log is, where a person watches.
func (r *replayRun) progress() func(n int) {
	f, ok := r.sys.stderr.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || r.total < 5000 {
		return func(int) {}
	}
	var last time.Time
	return func(n int) {
		switch now := time.Now(); {
		case n < 0:
			fmt.Fprintf(f, "\r\x1b[K")
		case now.Sub(last) > 200*time.Millisecond:
			last = now
			fmt.Fprintf(f, "\r%d of %d lines (%d%%)", n, r.total, 100*n/r.total)
		}
	}
}

// report ends a replay: what was expected and did not come is exit 4.
func (r *replayRun) report() error {
	if r.bad > 0 {
		fmt.Fprintf(r.sys.stderr, "%s skipped\n", plural(r.bad, "bad line"))
	}
	if r.events == 0 {
		fmt.Fprintln(r.sys.stderr, "no events, nothing to decide")
	}
	if r.diff == nil {
		return nil
	}
	if n := r.diff.write(r.sys.stderr); n > 0 {
		return exitError{exitExpect, fmt.Errorf("%s not as expected in %s", plural(n, "decision"), r.o.expect)}
	}
	var w io.Writer = r.sys.stdout
	if r.o.format == "json" {
		w = r.sys.stderr
	}
	fmt.Fprintf(w, "%s, %s, all as expected in %s\n", plural(r.events, "event"), plural(r.diff.n, "decision"), r.o.expect)
	return nil
}
