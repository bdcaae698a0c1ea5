package bottest

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"

	"github.com/beckon-bot/beckon/runtime/xsim"
)

// open makes the simulated X and the first host.
func (r *run) open(x Judge) (err error) {
	o := xsim.Options{
		ConsumerSecret: []byte(consumerSecret), AppToken: "token-", WebhookURL: webhookURL, Validate: x, Retries: -1,
		Client: &http.Client{Transport: xsim.Direct(http.HandlerFunc(r.webhook))},
		Log:    slog.New(slog.DiscardHandler),
	}
	if r.s.Stream {
		o.WebhookURL = ""
	}
	switch r.s.Echo {
	case "", "after":
		o.Echo = xsim.EchoAfter
	case "before":
		o.Echo = xsim.EchoBefore
	case "off":
		o.Echo = xsim.EchoOff
	default:
		return fmt.Errorf("echo: %q is none of before, after, off", r.s.Echo)
	}
	for i, name := range r.s.Bots {
		o.Accounts = append(o.Accounts, xsim.Account{
			User: xsim.User{ID: botID(i), Username: name, Automated: true}, Token: "token-" + name, Enterprise: r.s.Tier == "enterprise", Long: r.s.LongPosts,
		})
		r.names[botID(i)] = name
	}
	if r.sim, err = xsim.New(o); err != nil {
		return err
	}
	h, err := r.start(r.t.TempDir())
	if err == nil {
		r.live <- h
	}
	return err
}

func (r *run) start(dir string) (*host, error) {
	return start(dir, r.s, r.sim, slog.New(&r.alarms), r.calling, r.committed)
}

// host waits for one that lives.
func (r *run) host() *host {
	h := <-r.live
	r.live <- h
	return h
}

// replace puts another host in the place of the one that lives. Meanwhile X
// waits at the door.
func (r *run) replace(fn func(*host) (*host, error)) error {
	old := <-r.live
	h, err := fn(old)
	if err != nil {
		h = old
	}
	r.live <- h
	return err
}

// webhook is the way from X to whatever host lives, and notes what it took.
func (r *run) webhook(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	rec := &recorder{ResponseWriter: w, status: http.StatusOK}
	r.host().web.ServeHTTP(rec, req)
	if req.Method == http.MethodPost && rec.status == http.StatusOK {
		r.mu.Lock()
		r.accepted = append(r.accepted, body)
		r.mu.Unlock()
	}
}

type recorder struct {
	http.ResponseWriter
	status int
}

func (w *recorder) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// crash kills the host between two of its steps, and starts another one on
// what its files held.
func (r *run) crash() error {
	dir := r.t.TempDir()
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return r.replace(func(h *host) (*host, error) {
		gone, err := h.kill(dir)
		if err != nil {
			return nil, err
		}
		r.gone = append(r.gone, gone)
		return r.start(dir)
	})
}
