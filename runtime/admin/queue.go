package admin

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
)

// Queue is what waits to leave, and the one alarm where X takes nothing.
type Queue struct {
	Cap     *Cap      `json:"cap,omitempty"`
	Waiting []Waiting `json:"waiting"`
}

// Cap is X's refusal of the whole app.
type Cap struct {
	Since   time.Time `json:"since"`
	NextTry time.Time `json:"next_try"`
	Reason  string    `json:"reason"`
}

// Waiting are actions of one bot that wait for the same call and cause.
type Waiting struct {
	Bot      string       `json:"bot"`
	Endpoint string       `json:"endpoint"`
	Cause    action.Cause `json:"cause"`
	Why      string       `json:"why"`
	N        int          `json:"n"`
	Oldest   time.Time    `json:"oldest"`
	Next     time.Time    `json:"next,omitzero"` // left out, as last: when a person says so
	Last     time.Time    `json:"last,omitzero"` // by X's limits, if nothing comes between
	Late     int          `json:"late"`          // of these, how many expire before their turn
	Window   *Window      `json:"window,omitempty"`
}

// Window is a limit of X that is used up.
type Window struct {
	App      bool      `json:"app"` // shared by all bots of the app
	Most     int64     `json:"most"`
	Seconds  int64     `json:"seconds"`
	ResetsAt time.Time `json:"resets_at"`
}

func (s *server) queue(r *http.Request) (any, error) {
	bot, err := s.oneOrAll(r)
	if err != nil {
		return nil, err
	}
	q, err := s.Desk.Queue(r.Context(), s.Now(), bot)
	if err != nil {
		return nil, err
	}
	out := Queue{Waiting: []Waiting{}}
	if !q.Cap.Since.IsZero() {
		out.Cap = &Cap{Since: q.Cap.Since, NextTry: q.Cap.Until, Reason: q.Cap.Reason}
	}
	for _, w := range q.Waiting {
		line := Waiting{
			Bot: w.Bot, Endpoint: w.Endpoint, Cause: w.Cause, Why: w.Why, N: w.N,
			Oldest: w.Oldest.UTC(), Next: w.Next.UTC(), Last: w.Last.UTC(), Late: w.Late,
		}
		if w.Window != nil {
			line.Window = &Window{
				App: w.Window.Owner == db.App, Most: w.Window.Most,
				Seconds: int64(w.Window.Span / time.Second), ResetsAt: w.Window.ResetsAt.UTC(),
			}
		}
		out.Waiting = append(out.Waiting, line)
	}
	return out, nil
}

// oneOrAll reads the bot that a request is about; without one all are meant.
func (s *server) oneOrAll(r *http.Request) (string, error) {
	bot := r.FormValue("bot")
	switch {
	case bot == "":
		return db.AllBots, nil
	case !slices.Contains(s.Bots, bot):
		return "", fmt.Errorf("bot %q: %w; the bots are %s", bot, db.ErrNotFound, strings.Join(s.Bots, ", "))
	}
	return bot, nil
}
