package admin

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Unknown is an action whose outcome nobody knows, and the search for it.
type Unknown struct {
	Action
	Looks  int       `json:"looks"`            // times that X was asked
	Absent int       `json:"absent"`           // of these, whole answers without it
	LastAt time.Time `json:"last_at,omitzero"` // of the last look
	NextAt time.Time `json:"next_at,omitzero"` // left out: nobody looks again by itself
	Found  string    `json:"found,omitempty"`  // what the last look showed
}

// Unknowns is the answer to a list.
type Unknowns struct {
	Actions []Unknown `json:"actions"`
}

func (s *server) listUnknown(r *http.Request) (any, error) {
	most, err := readMax(r)
	if err != nil {
		return nil, err
	}
	out := Unknowns{Actions: []Unknown{}}
	err = s.Store.Read(r.Context(), func(tx db.Tx) error {
		rows, err := tx.InState(event.Unsettled, most)
		if err != nil {
			return err
		}
		for _, a := range rows {
			l, err := tx.Lookup(a.ID)
			if err != nil {
				return err
			}
			out.Actions = append(out.Actions, Unknown{
				Action: rowOf(a), Looks: l.Looks, Absent: l.Absent, LastAt: l.LastAt, NextAt: l.NextAt, Found: l.Found,
			})
		}
		return nil
	})
	return out, err
}

func (s *server) settle(r *http.Request) (any, error) {
	return s.change(r, "settle", func(ctx context.Context, now time.Time, id string, c Change) (db.Action, error) {
		switch {
		case c.Sent == nil:
			return db.Action{}, badRequest("sent: true or false, as you saw it on X")
		case c.Remote != "" && (!*c.Sent || len(c.Remote) > 19 || strings.Trim(c.Remote, "0123456789") != ""):
			return db.Action{}, badRequest("remote_id: X's id of the post or DM, digits only, and only with sent")
		}
		return s.Desk.Settle(ctx, now, id, c.By, action.Found{Sent: *c.Sent, RemoteID: c.Remote})
	})
}
