package admin

import (
	"errors"
	"net/http"
	"path/filepath"
	"time"

	"github.com/beckon-bot/beckon/runtime/action"
)

// Backup is the body of a request for one.
type Backup struct {
	By   string `json:"by"`
	Dir  string `json:"dir"`            // folder of backups on the host's machine, an absolute path
	Keep int    `json:"keep,omitempty"` // how many stay in it; 0: all
}

// BackedUp says what a backup has.
type BackedUp struct {
	Dir      string    `json:"dir"` // of this backup
	At       time.Time `json:"at"`
	Files    int       `json:"files"`
	Bytes    int64     `json:"bytes"`
	TextKeys int       `json:"text_keys"`
	KeysFile string    `json:"keys_file"`
	Without  []string  `json:"without"` // what is not in it
}

var errNoBackup = errors.New("no backup can be made here")

func (s *server) backup(r *http.Request) (any, error) {
	var in Backup
	if err := readBody(r, &in); err != nil {
		return nil, err
	}
	who := Change{By: in.By}
	if err := who.check(); err != nil {
		return nil, err
	}
	switch {
	case s.Backup == nil:
		return nil, errNoBackup
	case !filepath.IsAbs(in.Dir):
		return nil, badRequest("dir: an absolute path on the host's machine")
	case in.Keep < 0:
		return nil, badRequest("keep: how many backups stay, 0 for all")
	}
	done, err := s.Options.Backup(r.Context(), in)
	if err != nil {
		return nil, err
	}
	s.did(r.Context(), in.By, "backup", "dir", done.Dir)
	return done, nil
}

// acceptRestore takes an operator's word in place of what the bus would know.
func (s *server) acceptRestore(r *http.Request) (any, error) {
	c, err := readChange(r)
	if err != nil {
		return nil, err
	}
	err = s.Desk.Merged(r.Context(), s.Now(), c.By)
	if errors.Is(err, action.ErrNotRestored) {
		return nil, Refusal{err}
	}
	if err != nil {
		return nil, err
	}
	s.did(r.Context(), c.By, "accept a restore without newer opt-outs")
	s.Stir()
	return struct{}{}, nil
}
