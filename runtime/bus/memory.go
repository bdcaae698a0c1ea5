package bus

import (
	"bytes"
	"context"
	"fmt"
	"sync"
)

// MemoryOptions limits a Memory. The zero value is without limit.
type MemoryOptions struct {
	Limit int // messages held, those not yet acknowledged; ErrFull beyond
}

// Memory is a Bus without a disk, for tests and replay. It keeps what was not
// acknowledged, and forgets the rest at once. B1 and B3 hold as far as memory
// can hold them: over Close and Reopen, not over the end of the process.
type Memory struct {
	opts MemoryOptions

	mu     sync.Mutex
	held   []held // everything above the ack floor, in order
	next   int    // index in held of the first one not yet handed out
	seq    uint64 // of the newest message
	closed bool

	wake chan struct{} // holds one token when there may be something for Next
	done chan struct{} // closed by Close
}

type held struct {
	Delivery
	acked bool
}

// NewMemory makes an empty bus.
func NewMemory(opts MemoryOptions) *Memory {
	return &Memory{opts: opts, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// Publish implements Bus: all messages or none.
func (b *Memory) Publish(ctx context.Context, msgs ...Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	add := make([]held, len(msgs))
	for i, m := range msgs {
		m, err := clean(m)
		if err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		m.Data = bytes.Clone(m.Data)
		add[i].Delivery = Delivery{Message: m, Seq: b.seq + uint64(i) + 1}
	}
	if b.opts.Limit > 0 && len(b.held)+len(add) > b.opts.Limit {
		return ErrFull
	}
	b.held = append(b.held, add...)
	b.seq += uint64(len(add))
	b.signal()
	return nil
}

// Next implements Bus. It takes at least one message, whatever max says.
func (b *Memory) Next(ctx context.Context, max int) ([]Delivery, error) {
	for {
		if ds, err := b.take(ctx, max); len(ds) > 0 || err != nil {
			return ds, err
		}
		select {
		case <-b.done:
		case <-ctx.Done():
		case <-b.wake:
		}
	}
}

func (b *Memory) take(ctx context.Context, max int) ([]Delivery, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var ds []Delivery
	for b.next < len(b.held) && (len(ds) == 0 || len(ds) < max) {
		ds = append(ds, b.held[b.next].Delivery)
		b.next++
	}
	return ds, nil
}

// Ack implements Bus.
func (b *Memory) Ack(ds []Delivery) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return ErrClosed
	}
	for _, d := range ds {
		// Seqs in held are consecutive.
		if i := int(d.Seq - (b.seq - uint64(len(b.held)) + 1)); i >= 0 && i < b.next {
			b.held[i].acked = true
		}
	}
	n := 0
	for n < b.next && b.held[n].acked {
		n++
	}
	clear(b.held[:n]) // let go of the data
	b.held, b.next = b.held[n:], b.next-n
	return nil
}

// Pending counts the messages that are held and not acknowledged.
func (b *Memory) Pending(context.Context) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0, ErrClosed
	}
	var n int64
	for _, h := range b.held {
		if !h.acked {
			n++
		}
	}
	return n, nil
}

// Close implements Bus.
func (b *Memory) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return ErrClosed
	}
	b.closed = true
	close(b.done)
	return nil
}

// Reopen is the next start on the same messages: it closes the bus if it is
// open, and returns one that hands out everything above the ack floor again,
// even what was acknowledged out of order, as JetStream does (B3).
func (b *Memory) Reopen() *Memory {
	_ = b.Close() // ErrClosed is as good
	b.mu.Lock()
	defer b.mu.Unlock()
	n := NewMemory(b.opts)
	n.seq = b.seq
	for _, h := range b.held {
		n.held = append(n.held, held{Delivery: h.Delivery})
	}
	n.signal()
	return n
}

func (b *Memory) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}
