package bottest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"syscall"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
)

var (
	errDown = errors.New("broken by the scenario: nothing was stored")
	errLied = errors.New("broken by the scenario: stored, and reported as failed")
)

// breakage is how the parts of a host fail now.
type breakage struct {
	mu   sync.Mutex
	how  map[string]string // part to fault
	dead chan struct{}     // closed when the host is killed
	mend chan struct{}     // closed when x is mended
}

// ways lists the parts and how each can be broken.
var ways = map[string][]string{
	"dispatch": {"down", "lies"},          // its database transactions
	"sender":   {"down", "lies"},          // its database transactions
	"duties":   {"down", "lies", "stuck"}, // the transactions of deletions; files cannot be cleaned
	"bus":      {"down"},                  // publishing
	"acks":     {"lost"},
	"x":        {"stalls"}, // a call hangs before X sees any of it
	"handler":  {"calm"},   // it no longer panics
}

func newBreakage() *breakage {
	return &breakage{how: map[string]string{}, dead: make(chan struct{}), mend: make(chan struct{})}
}

func (b *breakage) of(part string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.how[part]
}

func (b *breakage) set(part, how string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if part == "x" && b.how[part] != "" {
		close(b.mend)
		b.mend = make(chan struct{})
	}
	b.how[part] = how
}

// store is the database as one part of the host sees it.
type store struct {
	db.Store
	part  string
	fault *breakage
}

func (s store) Write(ctx context.Context, fn func(db.Tx) error) error {
	switch s.fault.of(s.part) {
	case "down":
		return errDown
	case "lies":
		return errors.Join(s.Store.Write(ctx, fn), errLied)
	}
	return s.Store.Write(ctx, fn)
}

func (s store) Read(ctx context.Context, fn func(db.Tx) error) error {
	if s.fault.of(s.part) == "down" {
		return errDown
	}
	return s.Store.Read(ctx, fn)
}

// queue is the bus.
type queue struct {
	bus.Bus
	fault *breakage
}

func (q queue) Publish(ctx context.Context, msgs ...bus.Message) error {
	if q.fault.of("bus") != "" {
		return errDown
	}
	return q.Bus.Publish(ctx, msgs...)
}

func (q queue) Ack(ds []bus.Delivery) error {
	if q.fault.of("acks") != "" {
		return nil
	}
	return q.Bus.Ack(ds)
}

// wire is the way to X. before is called with each request that goes out.
type wire struct {
	http.RoundTripper
	fault  *breakage
	before func(*http.Request)
}

// RoundTrip lets a killed host reach nobody.
func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.fault.of("x") != "" {
		w.fault.mu.Lock()
		mend := w.fault.mend
		w.fault.mu.Unlock()
		select {
		case <-mend:
		case <-w.fault.dead:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	select {
	case <-w.fault.dead:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	default:
	}
	w.before(r)
	return w.RoundTripper.RoundTrip(r)
}
