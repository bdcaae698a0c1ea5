package admin

import (
	"fmt"
	"net/http"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
)

// OptOut is a standing opt-out. Who it is cannot be read from it.
type OptOut struct {
	UserHash string    `json:"user_hash"` // keyed hash of the X user id
	At       time.Time `json:"at"`        // the user's own time, UTC
	Tier     string    `json:"tier"`      // hard, phrase, operator or blocked
	Event    string    `json:"event,omitempty"`
}

// OptOuts is the answer to a list, by hash.
type OptOuts struct {
	HostKey string   `json:"host_key"` // check value of the key behind the hashes
	OptOuts []OptOut `json:"optouts"`
}

// Import is the body of an import. The hashes must be of this host's key.
type Import struct {
	By      string   `json:"by"`
	HostKey string   `json:"host_key"`
	OptOuts []OptOut `json:"optouts"`
}

// Imported is the answer to an import.
type Imported struct {
	Read      int `json:"read"`
	Changed   int `json:"changed"`   // not known here, or later than what stood here
	Cancelled int `json:"cancelled"` // actions that waited for those users
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
	out := OptOuts{HostKey: s.Desk.Key.Check(), OptOuts: []OptOut{}}
	err = s.Store.Read(r.Context(), func(tx db.Tx) error {
		rows, err := tx.OptedOut(r.FormValue("after"), limit)
		for _, p := range rows {
			out.OptOuts = append(out.OptOuts, OptOut{UserHash: p.UserHash, At: p.At, Tier: string(p.Tier), Event: p.EventID})
		}
		return err
	})
	return out, err
}

func (s *server) importOptOuts(r *http.Request) (any, error) {
	var in Import
	if err := readBody(r, &in); err != nil {
		return nil, err
	}
	c := Change{By: in.By}
	if err := c.check(); err != nil {
		return nil, err
	}
	if in.HostKey != s.Desk.Key.Check() {
		return nil, badRequest("host_key: these opt-outs are kept under another host key and match nobody here; both hosts need the same data_dir/host.key")
	}
	told := make([]action.KeptOptOut, len(in.OptOuts))
	for i, p := range in.OptOuts {
		told[i] = action.KeptOptOut(p)
		if err := told[i].Check(); err != nil {
			return nil, badRequest(fmt.Sprintf("optouts[%d]: %v", i, err))
		}
	}
	changed, cancelled, err := s.Desk.Import(r.Context(), s.Now(), told)
	if err != nil {
		return nil, fmt.Errorf("import opt-outs: %w", err)
	}
	s.did(r.Context(), c.By, "import opt-outs", "read", len(told), "changed", changed, "cancelled", cancelled)
	return Imported{Read: len(told), Changed: changed, Cancelled: cancelled}, nil
}

func (s *server) addOptOut(r *http.Request) (any, error) {
	c, err := readChange(r)
	if err != nil {
		return nil, err
	}
	if !userID(c.User) {
		return nil, badUser(c.User)
	}
	n, err := s.Desk.OptOut(r.Context(), s.Now(), c.User, c.By)
	if err != nil {
		return nil, fmt.Errorf("record opt-out of user %s: %w", c.User, err)
	}
	s.did(r.Context(), c.By, "opt out", "user", c.User, "cancelled", n)
	return OptedOut{User: c.User, Cancelled: n}, nil
}
