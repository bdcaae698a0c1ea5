package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/pseudonym"
	"github.com/beckon-bot/beckon/runtime/replay"
)

// exportNotice is the first line of an export. X forbids the training of models
// with its content (facts.md, read 2026-11-25).
const exportNotice = `{"specversion":"1.0","id":"notice","source":"/beckon/export","type":"` + replay.NoticeType + `",` +
	`"data":{"text":"Pseudonymised events of X, for tests of a bot. Not for training or fine-tuning of models, and not to be joined with other data to find out who wrote them."}}`

// exportCommand writes logs under pseudonyms. Its output holds no id, handle or
// post of X as it was, so nobody is given anything that X's caps count; but it is
// what its users wrote, so the host whose log it is has to know of it.
func exportCommand(ctx context.Context, sys system, args []string) error {
	flags := flag.NewFlagSet("export", flag.ContinueOnError)
	file := flags.String("c", "", "configuration `file` whose bots decide; none: the bot that init writes")
	out := flags.String("out", "", "`file` to make; the standard output where it is left out")
	keyFile := flags.String("key", "", "`file` with the key, made where it is missing: logs with one key have the same pseudonyms; none: a key of this call, thrown away")
	whom := flags.String("for", "the operator's tests", "`who` will have it; the host of -c records it")
	f, token := operatorFlags{}, flags.String("token-file", "", "`file` with your operator's token, which $BECKON_TOKEN may hold too")
	flags.StringVar(&f.by, "by", "", "who you are (your login); a token says so itself")
	skip := flags.Bool("skip-bad", false, "leave lines out that cannot be read")
	logs, err := parse(flags, args)
	if err != nil {
		return err
	}
	if len(logs) == 0 {
		return usageError("name at least one event log; - is the standard input")
	}
	if *out != "" {
		if _, err := os.Lstat(*out); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is there already; name another file with --out", *out)
		}
	}
	key, err := exportKey(*keyFile)
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "beckon-export-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	e := &exporting{sys: sys, config: *file, skip: *skip, path: filepath.Join(tmp, "export.jsonl")}
	read := &replayRun{sys: sys, o: replayOptions{logs: logs}, tmp: tmp}
	if err := read.keepPipes(); err != nil {
		return err
	}
	e.logs = read.logs
	if err := e.run(ctx, pseudonym.Options{Key: key, Many: *keyFile != ""}); err != nil {
		return err
	}
	if f.token, err = tokenOf(sys, *token); err != nil {
		return err
	}
	if f.by == "" && f.token == "" {
		f.by = sys.getenv("USER")
	}
	if err := e.register(ctx, f, *whom, *out); err != nil {
		return err
	}
	return e.deliver(*out)
}

// register tells the host of an export before anything is given out, so that it
// can be recalled. The host is that of the configuration, running or not. Without
// one, or where it has no data directory, the log is no host's here, and nothing
// can be recorded.
func (e *exporting) register(ctx context.Context, f operatorFlags, whom, out string) error {
	if e.config == "" {
		fmt.Fprintln(e.sys.stderr, "not recorded: no host is named; -c names the one whose log it is")
		return nil
	}
	cfg, err := readConfig(e.sys, e.config)
	if err != nil {
		return err
	}
	if _, err := os.Stat(cfg.DataDir); errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(e.sys.stderr, "not recorded: the host of the configuration has no data directory yet, so the log is not of it")
		return nil
	}
	f.file, f.format = e.config, "text"
	if f.by == "" && f.token == "" {
		return usageError("say who you are: --by NAME")
	}
	told := admin.Export{By: f.by, For: whom, What: "event log under pseudonyms", Bots: cfg.Names()}
	if out != "" {
		told.File = filepath.Base(out)
	}
	told.Users, told.Items = e.users, e.items
	return operate(ctx, e.sys, f, false, func(o *operator) error {
		id, err := o.tellExport(ctx, told)
		if err == nil {
			fmt.Fprintf(e.sys.stderr, "recorded as export %s\n", id)
		}
		return err
	})
}

// tellExport records an export, in as many requests as it takes.
func (o *operator) tellExport(ctx context.Context, e admin.Export) (id string, err error) {
	const most = 100_000 // ids in one request
	users, items := e.Users, e.Items
	for first := true; first || len(users)+len(items) > 0; first = false {
		n := min(len(users), most)
		e.Users, users = users[:n], users[n:]
		n = min(len(items), most-n)
		e.Items, items = items[:n], items[n:]
		var done admin.Export
		if _, err := o.call(ctx, http.MethodPost, "/v1/exports", e, &done); err != nil {
			return "", err
		}
		e.ID = done.ID
	}
	return e.ID, nil
}

// exportKey reads the key that several logs share, or makes one.
func exportKey(name string) ([]byte, error) {
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh) // never fails
	if name == "" {
		return fresh, nil
	}
	key, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, os.WriteFile(name, fresh, 0o600)
	}
	if err == nil && len(key) < 32 {
		err = fmt.Errorf("%s has %d bytes, and a key has 32; name a file that is not there and it is made", name, len(key))
	}
	return key, err
}

type exporting struct {
	sys    system
	config string
	skip   bool
	told   []string // lines that were left out
	path   string   // of the export until it is found good
	logs   []eventLog

	lines        int
	users, items []string // whom and what the logs are about
}

// run writes the export and decides both logs: one that a replay decides in
// another way is of no use as a test.
func (e *exporting) run(ctx context.Context, o pseudonym.Options) error {
	var paths []string
	for _, l := range e.logs {
		paths = append(paths, l.path)
	}
	was, err := e.decide(ctx, paths, func(b bots) {
		for id, name := range b.byUser {
			o.Keep, o.Bots = append(o.Keep, id), append(o.Bots, name)
		}
	})
	if err != nil {
		return err
	}
	if err := e.write(pseudonym.New(o)); err != nil {
		return err
	}
	is, err := e.decide(ctx, []string{e.path}, nil)
	if err != nil {
		return fmt.Errorf("replay the export: %w", err)
	}
	for n := range max(len(was), len(is)) {
		a, b := "nothing", "nothing"
		if n < len(was) {
			a = was[n]
		}
		if n < len(is) {
			b = is[n]
		}
		if a != b {
			return exitError{exitExpect, fmt.Errorf("decision %d would be another under pseudonyms, so nothing is written: it was %s and would be %s; is it a rule that asks for a handle, a link or a number?", n+1, a, b)}
		}
	}
	fmt.Fprintf(e.sys.stderr, "%s, %s: the same under pseudonyms\n", plural(e.lines, "line"), plural(len(was), "decision"))
	return nil
}

// decide lists what a replay decides, without the ids that pseudonyms change.
func (e *exporting) decide(ctx context.Context, logs []string, know func(bots)) (said []string, err error) {
	quiet := e.sys
	quiet.stderr = io.Discard
	err = playLogs(ctx, quiet, replayOptions{
		logs: logs, config: e.config, format: "json", skipBad: e.skip,
		bots: func(b bots) error {
			if know != nil {
				know(b)
			}
			return nil
		},
		emit: func(_ bots, s replay.Step) error {
			for _, r := range s.Records {
				var w strings.Builder
				fmt.Fprintf(&w, "%s of %s at %s", r.Decision, r.Bot, r.At.Format("2006-01-02T15:04:05.000Z07:00"))
				if r.Action != nil {
					fmt.Fprintf(&w, " on %s %s (%s)", r.Action.Kind, r.Action.Purpose, r.Action.Stage)
				}
				for _, by := range r.By {
					fmt.Fprintf(&w, " by %s", by.Rule)
				}
				said = append(said, w.String())
			}
			return nil
		},
	})
	return said, err
}

func (e *exporting) write(p *pseudonym.Log) (err error) {
	for _, pass := range []func([]byte) error{func(l []byte) error { p.Accounts(l); return nil }, p.Learn} {
		if err := e.each(pass); err != nil {
			return err
		}
	}
	e.users, e.items = p.Holds()
	f, err := os.OpenFile(e.path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, exportNotice)
	err = e.each(func(l []byte) error {
		line, err := p.Line(l)
		if err != nil {
			return err
		}
		e.lines++
		w.Write(line)
		return w.WriteByte('\n')
	})
	return errors.Join(err, w.Flush())
}

// each calls fn for each line of the logs. One that replay would refuse is
// refused here, or left out with --skip-bad.
func (e *exporting) each(fn func(line []byte) error) error {
	for _, log := range e.logs {
		f, err := os.Open(log.path)
		if err != nil {
			return err
		}
		in := bufio.NewScanner(f)
		in.Buffer(make([]byte, 64<<10), 8<<20)
		n := 0
		for err == nil && in.Scan() {
			n++
			line := bytes.TrimSpace(bytes.TrimPrefix(in.Bytes(), []byte("\ufeff")))
			if len(line) == 0 || isNotice(line) {
				continue
			}
			line = slices.Clone(line)
			if bad := readable(line); bad != nil {
				err = bad
			} else {
				err = fn(line)
			}
			if err != nil {
				err = fmt.Errorf("%s:%d: %w", log.name, n, err)
				if e.skip {
					e.leftOut(err.Error())
					err = nil
				}
			}
		}
		err = errors.Join(err, in.Err(), f.Close())
		if err != nil {
			return err
		}
	}
	return nil
}

// leftOut says once of a line that it is not in the export: logs are read twice.
func (e *exporting) leftOut(why string) {
	if slices.Contains(e.told, why) {
		return
	}
	e.told = append(e.told, why)
	fmt.Fprintf(e.sys.stderr, "left out: %s\n", why)
}

// readable says why a replay cannot read a line.
func readable(line []byte) error {
	err := replay.Scan("", bytes.NewReader(line), func(replay.Line) error { return nil }, nil)
	var at *replay.LineError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

func isNotice(line []byte) bool {
	var e struct {
		SpecVersion string `json:"specversion"`
		Type        string `json:"type"`
	}
	return json.Unmarshal(line, &e) == nil && e.SpecVersion != "" && e.Type == replay.NoticeType
}

// deliver puts the finished export where it is wanted.
func (e *exporting) deliver(out string) error {
	f, err := os.Open(e.path)
	if err != nil {
		return err
	}
	defer f.Close()
	if out == "" {
		_, err := io.Copy(e.sys.stdout, f)
		return err
	}
	to, err := os.OpenFile(out, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(to, f); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", out, err), to.Close(), os.Remove(out))
	}
	return to.Close()
}
