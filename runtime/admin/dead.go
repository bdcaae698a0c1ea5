package admin

import (
	"fmt"
	"net/http"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/display"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Letter is a dead letter: an event that could not be used.
type Letter struct {
	ID     string    `json:"id"`
	At     time.Time `json:"at"` // UTC
	Bot    string    `json:"bot,omitempty"`
	Event  string    `json:"event,omitempty"`
	Stage  string    `json:"stage"`
	Reason string    `json:"reason"`

	// Only where one letter is asked for:
	Body  string         `json:"body,omitempty"`  // as it came; left out where something in it is gone
	Posts []display.Post `json:"posts,omitempty"` // what can be read in it
}

// Letters is the answer to a list.
type Letters struct {
	Letters []Letter `json:"dead"`
	Total   int64    `json:"total"` // of all, also those beyond max
}

func letterOf(l db.DeadLetter) Letter {
	return Letter{ID: l.ID, At: l.At, Bot: l.Bot, Event: l.Event, Stage: l.Stage, Reason: l.Reason}
}

func (s *server) listDead(r *http.Request) (any, error) {
	limit, err := readMax(r)
	if err != nil {
		return nil, err
	}
	out := Letters{Letters: []Letter{}}
	err = s.Store.Read(r.Context(), func(tx db.Tx) error {
		rows, err := tx.ListDeadLetters(limit)
		if err != nil {
			return err
		}
		for _, l := range rows {
			out.Letters = append(out.Letters, letterOf(l))
		}
		out.Total, err = tx.CountDeadLetters()
		return err
	})
	return out, err
}

func (s *server) showDead(r *http.Request) (any, error) {
	var out Letter
	err := s.Store.Read(r.Context(), func(tx db.Tx) error {
		l, err := tx.DeadLetter(r.PathValue("id"))
		if err != nil {
			return err
		}
		out = letterOf(l)
		body, err := event.Open(l.Raw)
		if err != nil {
			return err
		}
		posts, gone, err := s.postsIn(tx, l, body)
		if out.Posts = posts; !gone {
			out.Body = string(body)
		}
		return err
	})
	return out, err
}

// retryDead puts a letter back on the bus and drops it:
//
//	0 its key is made, which cannot be in the write
//	1 begin a write   dispatch cannot commit until it ends, so that an event
//	                  that fails again is kept anew and not taken for this letter
//	2 republish       durable; a crash after it leaves the letter, and the event
//	                  twice at worst: the keys of the action log (I2) bear that
//	3 drop, commit
func (s *server) retryDead(r *http.Request) (any, error) {
	c, err := readChange(r)
	if err != nil {
		return nil, err
	}
	var l db.DeadLetter
	if s.Prepare != nil {
		err := s.Store.Read(r.Context(), func(tx db.Tx) (err error) {
			l, err = tx.DeadLetter(r.PathValue("id"))
			return err
		})
		if err != nil {
			return nil, err
		}
		if err := s.Prepare(r.Context(), l); err != nil {
			return nil, fmt.Errorf("put dead letter %s back: %w", l.ID, err)
		}
	}
	err = s.Store.Write(r.Context(), func(tx db.Tx) error {
		if l, err = tx.DeadLetter(r.PathValue("id")); err != nil {
			return err
		}
		if err := s.Republish(r.Context(), l); err != nil {
			return fmt.Errorf("put dead letter %s back: %w", l.ID, err)
		}
		return tx.DropDeadLetter(l.ID)
	})
	if err != nil {
		return nil, err
	}
	s.did(r.Context(), c.By, "retry", "letter", l.ID, "bot", l.Bot, "event", l.Event)
	return letterOf(l), nil
}
