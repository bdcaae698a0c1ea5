package bus

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// offer is what one Publish wants stored, all or none.
type offer struct {
	msgs   []*nats.Msg
	stored chan error // holds one
}

// offers is how many Publishes may wait without blocking on each other.
const offers = 256

// store hands messages to the publisher and waits until they are on disk (B1).
func (b *JetStream) store(ctx context.Context, msgs []*nats.Msg) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	o := offer{msgs, make(chan error, 1)}
	select {
	case b.offers <- o:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-o.stored:
		return err
	case <-ctx.Done():
		return ctx.Err() // it may be stored all the same
	}
}

// publisher stores what is offered, until Close. What came in while the disk
// was busy shares the next sync: nobody waits for company, and many at a time
// cost little more than one.
func (b *JetStream) publisher() {
	defer close(b.published)
	group := make([]offer, 0, offers)
	for {
		select {
		case first := <-b.offers:
			group = append(group[:0], first)
		case <-b.done:
			return
		}
		n := len(group[0].msgs)
		for n < batchLimit {
			var next offer
			select {
			case next = <-b.offers:
			default:
			}
			if next.msgs == nil {
				break
			}
			if n+len(next.msgs) > batchLimit {
				b.storeGroup(group)
				group, n = group[:0], 0
			}
			group = append(group, next)
			n += len(next.msgs)
		}
		b.storeGroup(group)
		clear(group) // holds no body any longer than it must
	}
}

// storeGroup stores offers as one batch and tells each. A batch is stored whole
// or not at all, so where it is refused each offer is tried alone: one
// that is too much for the room left must not take the others with it.
func (b *JetStream) storeGroup(group []offer) {
	var all []*nats.Msg
	for _, o := range group {
		all = append(all, o.msgs...)
	}
	err := b.send(all)
	refused := errors.Is(err, nats.ErrMaxPayload) || errors.As(err, new(*jetstream.APIError))
	for _, o := range group {
		if refused && len(group) > 1 {
			err = b.send(o.msgs)
		}
		o.stored <- err
	}
}
