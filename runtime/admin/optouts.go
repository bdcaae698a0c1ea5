package admin

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
)

// OptOut is a standing opt-out. Who it is cannot be read from it.
type OptOut struct {
	UserHash string    `json:"user_hash"` // keyed hash of the X user id
	At       time.Time `json:"at"`        // the user's own time, UTC
	Tier     string    `json:"tier"`      // hard, phrase, doubt or operator
	Event    string    `json:"event,omitempty"`
}

// OptOuts is the answer to a list, by hash.
type OptOuts struct {
	OptOuts []OptOut `json:"optouts"`
}

// OptedOut is the answer to an opt-out that was recorded.
type OptedOut struct {
	User      string `json:"user"`
	Cancelled int    `json:"cancelled"` // actions that waited for the user
}

func (s *server) listOptOuts(r *http.Request) (any, error) {
	limit, err := readMax(r)
	if err != nil {
		return nil, err
	}
	out := OptOuts{OptOuts: []OptOut{}}
	err = s.Store.Read(r.Context(), func(tx db.Tx) error {
		rows, err := tx.OptedOut(r.FormValue("after"), limit)
		for _, p := range rows {
			out.OptOuts = append(out.OptOuts, OptOut{UserHash: p.UserHash, At: p.At, Tier: string(p.Tier), Event: p.EventID})
		}
		return err
	})
	return out, err
}

func (s *server) addOptOut(r *http.Request) (any, error) {
	c, err := readChange(r)
	if err != nil {
		return nil, err
	}
	if c.User == "" || len(c.User) > 20 || strings.Trim(c.User, "0123456789") != "" {
		return nil, badRequest(fmt.Sprintf("user: X's user id, which is digits, not %q; a handle can change", c.User))
	}
	n, err := s.Desk.OptOut(r.Context(), s.Now(), c.User, c.By)
	if err != nil {
		return nil, fmt.Errorf("record opt-out of user %s: %w", c.User, err)
	}
	s.did(r.Context(), c.By, "opt out", "user", c.User, "cancelled", n)
	return OptedOut{User: c.User, Cancelled: n}, nil
}
