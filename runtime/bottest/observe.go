package bottest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/event"
)

// stop is a change of a user's opt-out, once committed.
type stop struct {
	at       time.Time
	user     string
	optedOut bool
}

// committed notes how a batch changed opt-outs.
func (r *run) committed(h *host, done []dispatch.Handled) {
	seen := map[string]bool{}
	for _, d := range done {
		if d.Event.User == "" || seen[d.Event.User] {
			continue
		}
		seen[d.Event.User] = true
		if err := r.noteStop(h, d.Event.User); err != nil {
			r.broken("read the opt-out after a commit: %v", err)
		}
	}
}

func (r *run) noteStop(h *host, user string) error {
	return h.store.Read(context.Background(), func(tx db.Tx) error {
		s, err := tx.Suppression(hostKey().User(user))
		if err != nil {
			return err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if optedOut(r.stops, user, time.Now()) != s.OptedOut {
			r.stops = append(r.stops, stop{at: time.Now(), user: user, optedOut: s.OptedOut})
		}
		return nil
	})
}

// optedOut reports how a user's opt-out stood at a time.
func optedOut(stops []stop, user string, at time.Time) bool {
	out := false
	for _, s := range stops {
		if s.user == user && !s.at.After(at) {
			out = s.optedOut
		}
	}
	return out
}

// calling holds I1: whatever goes out stands in the log as attempting. Reading
// back changes nothing on X.
func (r *run) calling(h *host, req *http.Request) {
	if req.Method == http.MethodGet || strings.HasPrefix(req.URL.Path, "/2/compliance/") || strings.HasPrefix(req.URL.Path, "/_storage/") {
		return // nothing leaves that could reach anybody
	}
	err := h.store.Read(context.Background(), func(tx db.Tx) error {
		rows, err := tx.InState(event.Attempting, 1)
		if err == nil && len(rows) == 0 {
			return errors.New("no action is attempting")
		}
		return err
	})
	if err != nil {
		r.broken("I1: %s %s goes out, and %v", req.Method, req.URL.Path, err)
	}
}

func (r *run) broken(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}
