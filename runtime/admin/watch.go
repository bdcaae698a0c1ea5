package admin

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"
)

// Watch sees and mends what X tells the app.
type Watch interface {
	Check(ctx context.Context, o Subscribe) ([]Found, error)
	// Connections lists the app's streams; shut closes all of them, other hosts'
	// too, and returns how many.
	Connections(ctx context.Context, shut bool) (open []Connection, closed int, err error)
}

// Subscribe is the body of a check.
type Subscribe struct {
	Mend  bool   `json:"mend"`
	Prune bool   `json:"prune"`
	Bot   string `json:"bot,omitempty"` // "": all
}

// Found is one thing that was checked.
type Found struct {
	Bot  string `json:"bot,omitempty"`
	What string `json:"what"`
	Is   string `json:"is"`
	Done string `json:"done,omitempty"`
	Err  string `json:"error,omitempty"`
}

// FoundList is the answer to a check.
type FoundList struct {
	Found []Found `json:"found"`
}

// Connection is a stream of the app's that is open.
type Connection struct {
	ID       string    `json:"id"`
	Endpoint string    `json:"endpoint"`
	From     string    `json:"from"` // address of the client
	At       time.Time `json:"at"`
}

// ConnectionList is the answer to a question for connections.
type ConnectionList struct {
	Open   []Connection `json:"open"`
	Closed int          `json:"closed"`
}

var errNoWatch = Refusal{errors.New("nothing here speaks to X")}

func (s *server) subscribe(r *http.Request) (any, error) {
	var in Subscribe
	if err := readBody(r, &in); err != nil {
		return nil, err
	}
	if in.Bot != "" && !slices.Contains(s.Bots, in.Bot) {
		return nil, badRequest("there is no bot " + in.Bot)
	}
	if s.Watch == nil {
		return nil, errNoWatch
	}
	found, err := s.Watch.Check(r.Context(), in)
	if err != nil {
		return nil, Refusal{err}
	}
	if in.Mend {
		s.Log.InfoContext(r.Context(), "operator: subscribe", "bot", in.Bot, "prune", in.Prune)
	}
	return FoundList{Found: found}, nil
}

func (s *server) connections(r *http.Request) (any, error) {
	var in struct {
		Close bool `json:"close"`
	}
	if err := readBody(r, &in); err != nil {
		return nil, err
	}
	if s.Watch == nil {
		return nil, errNoWatch
	}
	open, closed, err := s.Watch.Connections(r.Context(), in.Close)
	if err != nil {
		return nil, Refusal{err}
	}
	if in.Close {
		s.Log.InfoContext(r.Context(), "operator: streams closed", "connections", closed)
	}
	return ConnectionList{Open: open, Closed: closed}, nil
}
