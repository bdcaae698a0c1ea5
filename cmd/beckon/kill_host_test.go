package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// hostPatience is how long a host may take to start, to drain and to stop.
const hostPatience = time.Minute

// life is one process of the host, from its start to its end. Each reaches X
// by an address of its own, so that a call is known to be of this life however
// late X reads it.
type life struct {
	n     int
	cmd   *exec.Cmd
	x     *http.Server
	ready chan struct{} // closed when it says that it is
	ended chan struct{} // closed when the process is gone
	said  bytes.Buffer  // its log; read after ended
}

// makeBot writes the bot that init writes, with answers that tell which act
// they are for. Its tests go: they tell of its own answers.
func makeBot(ctx context.Context, bin, dir string) error {
	if out, err := exec.CommandContext(ctx, bin, "init", dir).CombinedOutput(); err != nil {
		return fmt.Errorf("beckon init: %w: %s", err, out)
	}
	var b strings.Builder
	b.WriteString("schema: beckon.answers/v1\nanswers:\n")
	for i := range topics {
		fmt.Fprintf(&b, "  - id: %[1]s\n    any_of: [%[1]s]\n    reply: %[2]q\n    dm: %[2]q\n", topic(i), answer(i))
	}
	for _, tests := range []string{"rules", "answers"} {
		if err := os.Remove(filepath.Join(dir, tests, "support_test.yaml")); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "answers", "support.yaml"), []byte(b.String()), 0o600)
}

// configure points the bot at X, and lets it choose its own addresses.
func configure(dir, x string) error {
	path := filepath.Join(dir, "beckon.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	data = regexp.MustCompile(`(?m)^(listen|admin): .*$`).ReplaceAll(data, []byte("$1: 127.0.0.1:0"))
	data = regexp.MustCompile(`(?m)^x_base_url: .*$`).ReplaceAll(data, []byte("x_base_url: "+x))
	return os.WriteFile(path, data, 0o600)
}

// start begins another life on the same data directory.
func (r *trial) start() (*life, error) {
	l := &life{n: len(r.lives) + 1, ready: make(chan struct{}), ended: make(chan struct{})}
	ln, err := new(net.ListenConfig).Listen(r.t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l.x = &http.Server{Handler: r.watched(l.n), ReadHeaderTimeout: hostPatience}
	go l.x.Serve(ln) //nolint:errcheck // it ends when it is closed
	if err := configure(r.dir, "http://"+ln.Addr().String()); err != nil {
		return nil, errors.Join(err, l.x.Close())
	}
	l.cmd = exec.Command(r.bin, "run", "-c", filepath.Join(r.dir, "beckon.yaml"), "--format", "json") //nolint:noctx // it is killed by name below
	log, err := l.cmd.StderrPipe()
	if err != nil {
		return nil, errors.Join(err, l.x.Close())
	}
	if err := l.cmd.Start(); err != nil {
		return nil, errors.Join(err, l.x.Close())
	}
	r.lives = append(r.lives, l)
	r.note("", "life %d begins, process %d", l.n, l.cmd.Process.Pid)
	go func() {
		defer close(l.ended)
		r.listen(l, log)
		_ = l.cmd.Wait() // how it ended is in ProcessState
	}()
	return l, nil
}

// listen keeps what a host says, and finds its webhook in it.
func (r *trial) listen(l *life, log io.Reader) {
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		l.said.Write(append(lines.Bytes(), '\n'))
		var line struct{ Msg, Webhook string }
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Msg != "ready" {
			continue
		}
		if u, err := url.Parse(line.Webhook); err == nil {
			r.door.Store(&u.Host)
			close(l.ready)
		}
	}
}

// kill ends a life as a power cut would end its process.
func (r *trial) kill(l *life) error {
	r.door.Store(new(string))
	err := l.cmd.Process.Kill()
	<-l.ended
	r.note("", "life %d is killed", l.n)
	if err != nil || !l.killed() {
		return fmt.Errorf("life %d ended by itself: %v\n%s", l.n, l.cmd.ProcessState, tail(l.said.Bytes()))
	}
	return nil
}

func (l *life) killed() bool {
	s, ok := l.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && s.Signaled() && s.Signal() == syscall.SIGKILL
}

// stop asks a host to end, which it does with 0.
func (r *trial) stop(l *life) error {
	if err := l.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-l.ended:
	case <-time.After(hostPatience):
		return fmt.Errorf("life %d does not stop", l.n)
	}
	r.note("", "life %d is stopped", l.n)
	if code := l.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("life %d ended with %d after SIGTERM\n%s", l.n, code, tail(l.said.Bytes()))
	}
	return nil
}

// up waits until a host takes events.
func (l *life) up() error {
	select {
	case <-l.ready:
		return nil
	case <-l.ended:
		return fmt.Errorf("life %d ended by itself: %v\n%s", l.n, l.cmd.ProcessState, tail(l.said.Bytes()))
	case <-time.After(hostPatience):
		return fmt.Errorf("life %d is not ready after %s", l.n, hostPatience)
	}
}

// open counts the actions that still wait or are under way, as an operator
// would: by asking the host.
func (r *trial) open() (int, error) {
	n := 0
	for _, s := range []event.State{event.Pending, event.Attempting} {
		rows, err := r.actions(s)
		if err != nil {
			return 0, err
		}
		n += rows
	}
	return n, nil
}

func (r *trial) actions(s event.State) (int, error) {
	var addr, token string
	for name, into := range map[string]*string{"admin.addr": &addr, "admin.token": &token} {
		b, err := os.ReadFile(filepath.Join(r.dir, "data", name))
		if err != nil {
			return 0, err
		}
		*into = strings.TrimSpace(string(b))
	}
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, "http://"+addr+"/v1/actions?state="+string(s), nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	var list struct{ Actions []json.RawMessage }
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil {
		return 0, err
	}
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("list actions: %s", resp.Status)
	}
	return len(list.Actions), nil
}

// tail is the end of a log.
func tail(log []byte) []byte {
	const most = 4000
	return log[max(0, len(log)-most):]
}
