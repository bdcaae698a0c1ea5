package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/runtime/account"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/audit/bundle"
	"github.com/beckon-bot/beckon/runtime/audit/incident"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// operator calls the administration of a host: over loopback where one runs,
// in this process where none does. Either way admin.New answers.
type operator struct {
	http  *http.Client
	base  string
	token string
	now   time.Time
	flags operatorFlags
	runs  bool // a host runs
	close func() error
}

// operatorFlags are what operators' commands have in common.
type operatorFlags struct {
	file   string
	format string
	by     string
	token  string // the operator's own; "": the host's owner, by admin.token
	// scratch stands in for a data directory that is not there yet; "": that is an
	// error.
	scratch string
}

const defaultFile = "beckon.yaml"

// readFlags adds the common flags to those of fs and reads args. changes: the
// command wants to know who gives it.
func readFlags(sys system, fs *flag.FlagSet, args []string, changes bool) (f operatorFlags, rest []string, err error) {
	return readFlagsUnless(sys, fs, args, changes, new(bool))
}

// readFlagsUnless is readFlags for a command that a flag of its own, reads, makes
// one that changes nothing: then nobody has to say who they are.
func readFlagsUnless(sys system, fs *flag.FlagSet, args []string, changes bool, reads *bool) (f operatorFlags, rest []string, err error) {
	fs.StringVar(&f.file, "c", defaultFile, "configuration file")
	format := formatFlag(fs)
	tokenFile := fs.String("token-file", "", "file with your operator's token, which $BECKON_TOKEN may hold too (default: the host's owner)")
	f.token = strings.TrimSpace(sys.getenv("BECKON_TOKEN"))
	if changes {
		user := sys.getenv("USER")
		if f.token != "" { // it says who you are
			user = ""
		}
		fs.StringVar(&f.by, "by", user, "who you are, your `name`; a token says so itself")
	}
	if rest, err = parse(fs, args); err != nil {
		return f, nil, err
	}
	if *tokenFile != "" {
		if f.token, err = tokenOf(sys, *tokenFile); err != nil {
			return f, nil, err
		}
		if f.by == sys.getenv("USER") {
			f.by = ""
		}
	}
	f.format = *format
	if err := checkFormat(f.format); err != nil {
		return f, nil, err
	}
	if changes && !*reads && strings.TrimSpace(f.by) == "" && f.token == "" {
		return f, nil, usageError("say who you are: --by NAME")
	}
	return f, rest, nil
}

// tokenOf reads an operator's token from a file, or where none is named from the
// environment; "": there is none.
func tokenOf(sys system, file string) (string, error) {
	if file == "" {
		return strings.TrimSpace(sys.getenv("BECKON_TOKEN")), nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	token := strings.TrimSpace(string(b))
	if token == "" {
		return "", usageError("--token-file: " + file + " is empty")
	}
	return token, nil
}

// operate runs fn with a way to the host.
func operate(ctx context.Context, sys system, f operatorFlags, decides bool, fn func(*operator) error) error {
	o, err := connect(ctx, sys, f, decides)
	if err != nil {
		return err
	}
	return errors.Join(fn(o), o.close())
}

// Between its start and its first answer, and while another command works
// without one, a host cannot be reached for a moment.
const (
	reachWithin = 5 * time.Second
	reachAgain  = 50 * time.Millisecond
)

// connect finds the host that holds the data directory, or becomes it for one
// command. decides: the command decides on drafts, so the rules must load.
func connect(ctx context.Context, sys system, f operatorFlags, decides bool) (*operator, error) {
	cfg, err := readConfig(sys, f.file)
	if err != nil {
		return nil, err
	}
	dataDir := cfg.DataDir
	if _, err := os.Stat(dataDir); errors.Is(err, fs.ErrNotExist) && f.scratch != "" {
		dataDir = f.scratch
	} else if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is nothing yet: no host runs, and the data directory %s is not there; `beckon run -c %s` makes it", cfg.DataDir, f.file)
	}
	o := &operator{now: sys.now(), flags: f}
	late := time.NewTimer(reachWithin)
	defer late.Stop()
	for {
		dir, err := openDataDir(dataDir)
		if err == nil {
			if err := o.become(ctx, sys, cfg, dir, decides); err != nil {
				return nil, err
			}
			return o, nil
		}
		if !errors.Is(err, errLocked) {
			return nil, err
		}
		if err = o.reach(ctx, dataDir, cfg.Admin); err == nil {
			return o, nil
		}
		if e := (apiError{}); errors.As(err, &e) && e.status == http.StatusUnauthorized && o.flags.token != "" {
			return nil, errors.New("the host does not know your token (BECKON_TOKEN or --token-file): it was rotated, has expired, or you were removed; an admin makes another: beckon operators rotate NAME")
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-late.C:
			return nil, fmt.Errorf("%w, and does not answer: %w; if it is starting or stopping, try again", errLocked, err)
		case <-time.After(reachAgain):
		}
	}
}

// reach talks to the host that runs. A first question shows that the files are
// its own and no left-overs.
func (o *operator) reach(ctx context.Context, dataDir, configured string) error {
	addr, err := os.ReadFile(filepath.Join(dataDir, adminAddrFile))
	if err != nil && o.flags.token == "" {
		return err
	}
	if err != nil { // an operator need not read the host's files
		addr = []byte(configured)
	}
	token := []byte(o.flags.token)
	if len(token) == 0 {
		if token, err = os.ReadFile(filepath.Join(dataDir, adminTokenFile)); err != nil {
			return err
		}
	}
	at := strings.TrimSpace(string(addr))
	if host, _, err := net.SplitHostPort(at); err != nil || !isLoopback(host) {
		return fmt.Errorf("%s holds %q, which is no loopback address", adminAddrFile, at)
	}
	way := &http.Transport{} // no proxy: the host is on this machine
	o.http, o.base, o.token, o.runs = &http.Client{Transport: way, Timeout: 2 * time.Minute}, "http://"+at, strings.TrimSpace(string(token)), true
	o.close = func() error { way.CloseIdleConnections(); return nil }
	_, err = o.call(ctx, http.MethodGet, "/v1/switches", nil, nil)
	return err
}

// become opens what a host would, and answers the command in this process.
// Nothing is sent: what the command changes waits for the next host.
func (o *operator) become(ctx context.Context, sys system, cfg *config.Config, dir *dataDir, decides bool) (err error) {
	log, err := newLogger(sys, "text", "warn")
	if err != nil {
		return errors.Join(err, dir.Close())
	}
	h := &host{cfg: cfg, file: o.flags.file, log: log, now: sys.now, dir: dir}
	o.close = h.Close
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	b := bots{money: budget.Options{Budgets: budgets(cfg)}} // what is not decided again has its price
	if decides {
		if b, err = loadBots(cfg); err != nil {
			return err
		}
	}
	if err := h.openStore(ctx, sys); err != nil {
		return err
	}
	if err := b.record(ctx, h.store, h.now()); err != nil {
		return err
	}
	g := gate.New(b.gate)
	for _, known := range b.gate {
		if err := disclose(ctx, h.store, g, known.Name, cfg.Bots[known.Name]); err != nil {
			return err
		}
	}
	h.desk = action.Desk{Store: h.store, Gate: g, Key: h.key, Book: b.book(), PersonQuiet: quietOf(cfg)}
	eraser := h.openEraser(lateBus{h})
	owner := newToken()
	o.base, o.token = "http://localhost", cmp.Or(o.flags.token, owner)
	o.http = &http.Client{Transport: inProcess{admin.New(admin.Options{
		Store: h.store, Now: h.now, Token: owner, Bots: cfg.Names(), Log: log,
		Desk:      h.desk,
		Heard:     heard(lateBus{h}),
		Eraser:    eraser,
		Key:       h.seals,
		Officer:   h.openOfficer(lateBus{h}, eraser, lateJobs{h, sys}, nil),
		Accounts:  lazily(func() (*account.Manager, error) { return h.lateAccounts(sys) }),
		Recorder:  h.openRecorder(false, lateBus{h}),
		Watch:     h.lateWatch(sys),
		Doctor:    h.lateDoctor(sys, o.flags),
		Backup:    h.backup(lateBus{h}.Position),
		Use:       func() []bundle.Line { return dataUse(cfg) },
		Setup:     func() incident.Setup { return setupOf(cfg) },
		Republish: republisher(cfg, h.publishOnce),
		Prepare:   republisher(cfg, h.makeKeys),
		Publish:   commander(h.publishOnce),
		Judge:     h.judgeAlone,
	})}}
	return nil
}

// publishOnce opens the bus for one message.
func (h *host) publishOnce(ctx context.Context, msgs ...bus.Message) error {
	b, err := bus.Open(ctx, h.busFiles())
	if err != nil {
		return err
	}
	return errors.Join(b.Publish(ctx, msgs...), b.Close())
}

// apiError is what the administration answered instead.
type apiError struct {
	status int
	msg    string
}

func (e apiError) Error() string { return e.msg }

// call sends in as JSON, reads the answer into out unless that is nil, and
// returns it as it came.
func (o *operator) call(ctx context.Context, method, path string, in, out any) ([]byte, error) {
	var body io.Reader = http.NoBody
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, o.base+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+o.token)
	resp, err := o.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		e := struct{ Error string }{}
		if json.Unmarshal(raw, &e) != nil || e.Error == "" {
			e.Error = "the host answered " + resp.Status
		}
		if resp.StatusCode == http.StatusBadRequest {
			return nil, usageError(e.Error)
		}
		return nil, apiError{resp.StatusCode, e.Error}
	}
	if out == nil {
		return raw, nil
	}
	return raw, json.Unmarshal(raw, out)
}

// inProcess answers requests without a socket.
type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := &answered{code: http.StatusOK, header: http.Header{}}
	p.ServeHTTP(w, r)
	return &http.Response{
		Status: http.StatusText(w.code), StatusCode: w.code, Header: w.header, Request: r,
		Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()),
	}, nil
}

// answered is a response in memory.
type answered struct {
	code   int
	header http.Header
	body   bytes.Buffer
}

func (w *answered) Header() http.Header         { return w.header }
func (w *answered) WriteHeader(code int)        { w.code = code }
func (w *answered) Write(b []byte) (int, error) { return w.body.Write(b) }
