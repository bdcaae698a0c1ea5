package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

type stageKey struct{}

// stage is what one script has running.
type stage struct {
	procs map[string]*process
	doors map[string]*door
}

// patience is after how long a script that waits has failed.
const patience = time.Minute

func (s *stage) close() {
	for _, d := range s.doors {
		d.release()
		d.srv.Close()
	}
	for _, p := range s.procs {
		p.cmd.Process.Kill() // an error: it ended already
		<-p.ended
	}
}

// process is a program in the background and what it has said so far.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}

	mu   sync.Mutex
	out  bytes.Buffer
	read int           // up to here it was awaited
	more chan struct{} // closed when there is more
}

func (s *stage) start(ts *testscript.TestScript, name string, args []string) (*process, error) {
	p := &process{cmd: exec.Command(args[0], args[1:]...), ended: make(chan struct{}), more: make(chan struct{})}
	path, err := exec.LookPath(args[0])
	if err != nil {
		return nil, err
	}
	p.cmd.Path, p.cmd.Err = path, nil
	p.cmd.Dir = ts.MkAbs(".")
	p.cmd.Env = []string{"TMPDIR=" + ts.Getenv("TMPDIR"), "PATH=" + ts.Getenv("PATH"), "GOCOVERDIR=" + ts.Getenv("GOCOVERDIR")}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.cmd.Wait() // the code is in ProcessState
		close(p.ended)
	}()
	s.procs[name] = p
	return p, nil
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.more)
	p.more = make(chan struct{})
	return p.out.Write(b)
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// await waits until the process says what matches each of exprs, in any order,
// after what it was awaited to say before.
func (p *process) await(ts *testscript.TestScript, exprs ...string) error {
	late := time.NewTimer(patience)
	defer late.Stop()
	p.mu.Lock()
	from := p.read
	p.mu.Unlock()
	for _, expr := range exprs {
		end, err := p.awaitOne(ts, expr, from, late.C)
		if err != nil {
			return err
		}
		p.mu.Lock()
		p.read = max(p.read, end)
		p.mu.Unlock()
	}
	return nil
}

// awaitOne returns where in the output what matches expr ends.
func (p *process) awaitOne(ts *testscript.TestScript, expr string, from int, late <-chan time.Time) (int, error) {
	re := regexp.MustCompile("(?m)" + expr)
	ended := p.ended
	for {
		p.mu.Lock()
		text, more := p.out.String()[from:], p.more
		p.mu.Unlock()
		if at := re.FindStringIndex(text); at != nil {
			setGroups(ts, re, text)
			return from + at[1], nil
		}
		if ended == nil {
			return 0, fmt.Errorf("it ended without saying %s:\n%s", expr, p.said())
		}
		select {
		case <-more:
		case <-ended:
			ended = nil // look once more at all that it said
		case <-late:
			return 0, fmt.Errorf("it does not say %s:\n%s", expr, p.said())
		}
	}
}

func (p *process) wait() error {
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-p.ended:
		return nil
	case <-late.C:
		return fmt.Errorf("it does not end:\n%s", p.said())
	}
}

// door is an address that exists before what is behind it: a simulated X and a
// host each want to know the other's. It can hold up what goes through.
type door struct {
	srv  *http.Server
	to   atomic.Pointer[url.URL]
	shut atomic.Pointer[chan struct{}] // nil or closed: open
	held chan struct{}                 // has an element for each request held up
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	to := d.to.Load()
	if to == nil {
		http.Error(w, "nothing is behind this door yet", http.StatusBadGateway)
		return
	}
	if shut := d.shut.Load(); shut != nil {
		select {
		case <-*shut:
		default:
			d.held <- struct{}{}
			<-*shut
		}
	}
	(&httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) { p.Out.URL.Scheme, p.Out.URL.Host = to.Scheme, to.Host },
		// A host that has ended is no fault: X tries again as it would.
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}).ServeHTTP(w, r)
}

func (d *door) release() {
	if shut := d.shut.Swap(nil); shut != nil {
		close(*shut)
	}
}

// scriptDoor: door NAME makes a door; $NAME is its host:port.
func scriptDoor(ts *testscript.TestScript, s *stage, args []string) error {
	ln, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	d := &door{held: make(chan struct{}, 100)}
	d.srv = &http.Server{Handler: d, ReadHeaderTimeout: patience}
	go d.srv.Serve(ln)
	s.doors[args[0]] = d
	ts.Setenv(args[0], ln.Addr().String())
	return nil
}

var errNoDoor = errors.New("no such door")

// scriptPoint: point NAME URL says what is behind a door.
func scriptPoint(_ *testscript.TestScript, s *stage, args []string) error {
	d, ok := s.doors[args[0]]
	if !ok {
		return errNoDoor
	}
	to, err := url.Parse(args[1])
	if err != nil {
		return err
	}
	d.to.Store(to)
	return nil
}

// scriptHold: hold NAME holds up what comes to a door.
func scriptHold(_ *testscript.TestScript, s *stage, args []string) error {
	d, ok := s.doors[args[0]]
	if !ok {
		return errNoDoor
	}
	shut := make(chan struct{})
	d.shut.Store(&shut)
	return nil
}

// scriptHeld: held NAME waits until a request is held up.
func scriptHeld(_ *testscript.TestScript, s *stage, args []string) error {
	d, ok := s.doors[args[0]]
	if !ok {
		return errNoDoor
	}
	select {
	case <-d.held:
		return nil
	case <-time.After(patience):
		return errors.New("nothing comes to the door")
	}
}

// scriptRelease: release NAME lets it go on.
func scriptRelease(_ *testscript.TestScript, s *stage, args []string) error {
	d, ok := s.doors[args[0]]
	if !ok {
		return errNoDoor
	}
	d.release()
	return nil
}
