// Package service starts and stops the parts of a host in order.
//
// What it owns: the order, the deadlines and the goroutines of the parts. What
// it refuses: to restart a part. A host that has lost one stops whole, and what
// supervises the process starts it again: what is durable makes that safe.
package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// ErrEnded is the fault of a part that returned from Run without an error and
// without being asked to.
var ErrEnded = errors.New("ended by itself")

// DefaultStop is how long a part may take to stop.
const DefaultStop = 10 * time.Second

// Service is one part of a host. Every function may be nil.
type Service struct {
	Name string
	// Start returns when the part is ready for what starts after it. Its ctx
	// ends when the host is told to stop. A part whose Start fails has cleaned
	// up after itself: Stop is not called.
	Start func(ctx context.Context) error
	// Run works until its ctx is cancelled, which comes after Stop has returned.
	// A return before that ends the host.
	Run func(ctx context.Context) error
	// Stop drains the part. Its ctx carries the deadline.
	Stop func(ctx context.Context) error
	// Deadline bounds Stop and the end of Run together; 0 is DefaultStop.
	Deadline time.Duration
}

// Group is the parts of one host, in the order in which they start. They stop
// in reverse: what feeds others is listed after them.
type Group struct {
	Log      *slog.Logger // nil: no log
	Services []Service
}

// part is a service that has started.
type part struct {
	Service
	cancel context.CancelFunc
	done   chan struct{} // closed when Run has returned
	err    error         // of Run; read after done
}

// Run starts all services, waits until ctx ends or one of them does, and stops
// what started, in reverse. It returns nil where ctx ended and everything
// stopped in time, else every fault joined, each wrapped with the step and the
// service's name. No goroutine of a service that kept its deadline is left.
func (g Group) Run(ctx context.Context) error {
	log := g.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	ended := make(chan *part, len(g.Services)) // never blocks a part
	var running []*part
	var fault error
	for _, s := range g.Services {
		if ctx.Err() != nil {
			break
		}
		if s.Start != nil {
			begin := time.Now()
			if err := s.Start(ctx); err != nil {
				fault = fmt.Errorf("start %s: %w", s.Name, err)
				break
			}
			log.DebugContext(ctx, "service started", "service", s.Name, "dur", time.Since(begin))
		}
		running = append(running, launch(ctx, s, ended))
	}
	if fault == nil {
		select {
		case <-ctx.Done():
		case p := <-ended:
			fault = fmt.Errorf("run %s: %w", p.Name, p.err)
		}
	}
	// The parts outlive ctx on purpose: each is cancelled at its turn.
	calm := context.WithoutCancel(ctx)
	faults := []error{fault}
	for i := len(running) - 1; i >= 0; i-- {
		begin := time.Now()
		err := running[i].stop(calm)
		log.DebugContext(calm, "service stopped", "service", running[i].Name, "dur", time.Since(begin), "err", err)
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// launch runs s in a goroutine of its own, under a context that only stop ends.
func launch(ctx context.Context, s Service, ended chan<- *part) *part {
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p := &part{Service: s, cancel: cancel, done: make(chan struct{})}
	if s.Run == nil {
		close(p.done)
		return p
	}
	go func() {
		defer close(p.done)
		p.err = s.Run(run)
		if run.Err() != nil {
			return // it was asked to
		}
		if p.err == nil {
			p.err = ErrEnded
		}
		ended <- p
	}()
	return p
}

// stop calls Stop, then cancels Run and waits for it, all within the deadline.
// Stop runs in a goroutine, because one that ignores its deadline must not keep
// the others from stopping.
func (p *part) stop(ctx context.Context) error {
	limit := p.Deadline
	if limit == 0 {
		limit = DefaultStop
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	defer p.cancel()

	stopped := make(chan error, 1)
	go func() {
		if p.Stop == nil {
			stopped <- nil
			return
		}
		stopped <- p.Stop(ctx)
	}()
	var err error
	select {
	case err = <-stopped:
	case <-ctx.Done():
		return fmt.Errorf("stop %s: still draining after %s: %w", p.Name, limit, ctx.Err())
	}
	p.cancel()
	select {
	case <-p.done:
	case <-ctx.Done():
		return fmt.Errorf("stop %s: still running after %s: %w", p.Name, limit, ctx.Err())
	}
	if err == nil && p.err != nil && !errors.Is(p.err, context.Canceled) {
		err = p.err
	}
	if err != nil {
		return fmt.Errorf("stop %s: %w", p.Name, err)
	}
	return nil
}
