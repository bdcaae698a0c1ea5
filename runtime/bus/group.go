package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/beckon-bot/beckon/runtime/event"
)

// offer is what one Publish wants stored, all or none.
type offer struct {
	msgs   []Message  // clean
	stored chan error // holds one
}

// offers is how many Publishes may wait without blocking on each other.
const offers = 256

// store hands messages to the publisher and waits until they are on disk (B1).
func (b *JetStream) store(ctx context.Context, msgs []Message) error {
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
	var all []Message
	for _, o := range group {
		all = append(all, o.msgs...)
	}
	out, err := b.seal(all)
	if err == nil {
		err = b.send(out)
	}
	refused := out != nil && (errors.Is(err, nats.ErrMaxPayload) || errors.As(err, new(*jetstream.APIError)))
	for _, o := range group {
		if refused && len(group) > 1 {
			err = b.send(out[:len(o.msgs)])
		}
		if out != nil {
			out = out[len(o.msgs):]
		}
		o.stored <- err
	}
}

// seal makes messages ready to be stored. What several callers offer at once
// costs one look for keys.
func (b *JetStream) seal(msgs []Message) ([]*nats.Msg, error) {
	out := make([]*nats.Msg, len(msgs))
	if b.sealer == nil {
		for i, m := range msgs {
			out[i] = encode(m, event.Seal(m.Data))
		}
		return out, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), sealWithin)
	defer cancel()
	data, err := b.sealer.Seal(ctx, msgs)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	for i, m := range msgs {
		out[i] = encode(m, data[i])
	}
	return out, nil
}

// sealWithin is how long a database may take to keep keys.
const sealWithin = 5 * time.Second

// open undoes seal. It returns an error only where another try may help.
func (b *JetStream) open(h nats.Header, data []byte, seq uint64) (Message, error) {
	if b.sealer == nil {
		return decode(h, data, seq, event.Open), nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), sealWithin)
	defer cancel()
	plain, key, err := b.sealer.Open(ctx, data)
	if err != nil && !errors.Is(err, ErrErased) {
		return Message{}, fmt.Errorf("open message %d: %w", seq, err)
	}
	m := decode(h, data, seq, func([]byte) ([]byte, error) { return plain, nil })
	m.Key, m.Erased = key, err != nil
	return m, nil
}
