package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	consumerName = "dispatch"

	batch = 256 // what dispatch takes at once

	// ackWait is longer than a database outage is waited out with a batch in
	// memory. A redelivery after it is harmless, dispatch drops doubles.
	ackWait = 10 * time.Minute

	// pullBytes bounds what waits in the client behind the queue. It must hold
	// the largest message, and two pulls must stay below the 64 MiB at which the
	// client drops messages of a slow reader.
	pullBytes = 16 << 20
)

type queued struct {
	Delivery
	msg jetstream.Msg
}

// openConsumer puts the consumer back to its ack floor (B3). Left alone, the
// server would hand out newer messages first and what was not acknowledged
// only after ackWait. The reset changes no position, it only forgets what was
// handed out above the floor: a crash before or after it leaves the same floor
// on disk. If the consumer's own file is lost, everything comes again.
func (b *JetStream) openConsumer(ctx context.Context, o Options) (err error) {
	b.cons, err = b.js.CreateOrUpdateConsumer(ctx, streamName, jetstream.ConsumerConfig{
		Durable:       consumerName,
		DeliverPolicy: jetstream.DeliverAllPolicy,
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       ackWait,
		MaxDeliver:    -1,
		MaxAckPending: 8 * batch,
	})
	if err != nil {
		return err
	}
	if err := b.rewind(ctx, o); err != nil {
		return err
	}
	b.sub, err = b.cons.Consume(b.receive,
		jetstream.PullMaxMessagesWithBytesLimit(4*batch, pullBytes),
		jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) { b.warn(err) }))
	return err
}

// openAgain is how long is waited before a message whose key could not be read
// is tried again.
const openAgain = time.Second

// receive runs in the client's goroutine and blocks while the queue is full:
// then the server is asked for nothing more.
func (b *JetStream) receive(msg jetstream.Msg) {
	meta, err := msg.Metadata()
	if err != nil { // not of the stream: there is no position to acknowledge
		b.warn(err)
		return
	}
	seq := meta.Sequence.Stream
	m, err := b.open(msg.Headers(), msg.Data(), seq)
	for err != nil { // the database does not say: nothing may be passed over
		b.warn(err)
		select {
		case <-b.done:
			return
		case <-time.After(openAgain):
		}
		m, err = b.open(msg.Headers(), msg.Data(), seq)
	}
	q := queued{Delivery{m, seq}, msg}
	select {
	case b.queue <- q:
	case <-b.done:
	}
}

// Next implements Bus. It takes at least one message, whatever max says.
func (b *JetStream) Next(ctx context.Context, max int) ([]Delivery, error) {
	select { // a queue with messages in it must not win against these
	case <-b.done:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	default:
	}
	var ds []Delivery
	take := func(q queued) {
		b.unacked[q.Seq] = q.msg
		ds = append(ds, q.Delivery)
	}
	select {
	case <-b.done:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-b.sub.Closed():
		return nil, errors.New("bus: the embedded server no longer delivers")
	case q := <-b.queue:
		take(q)
	}
	for len(ds) < max {
		select {
		case q := <-b.queue:
			take(q)
		default:
			return ds, nil
		}
	}
	return ds, nil
}

// Ack implements Bus. It does not wait for the server.
func (b *JetStream) Ack(ds []Delivery) error {
	if err := b.enter(); err != nil {
		return err
	}
	defer b.mu.RUnlock()
	for _, d := range ds {
		msg, ok := b.unacked[d.Seq]
		if !ok {
			continue
		}
		if err := msg.Ack(); err != nil {
			return fmt.Errorf("ack %d: %w", d.Seq, err)
		}
		delete(b.unacked, d.Seq)
		b.lastAck = msg.Reply()
	}
	return nil
}
