package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

const (
	streamName    = "BECKON_EVENTS"
	subjectPrefix = "beckon.v1.event."
	consumerName  = "dispatch"

	batch = 256 // what dispatch takes at once

	// ackWait is longer than a database outage is waited out with a batch in
	// memory. A redelivery after it is harmless, dispatch drops doubles.
	ackWait = 10 * time.Minute

	// pullBytes bounds what waits in memory for Next. It must hold the largest
	// message, and two pulls must stay below the 64 MiB at which the client
	// drops messages of a slow reader.
	pullBytes = 16 << 20

	// batchLimit is the most messages that the server stores atomically.
	batchLimit = 1000

	// codeStoreFailed is the server's error code for a message that a limit of
	// the stream refused.
	codeStoreFailed jetstream.ErrorCode = 10077
)

// Options says where an embedded JetStream keeps its events, and how many. The
// zero value of all but Dir is good.
type Options struct {
	Dir      string        // directory of the files, made if missing; one process at a time
	MaxBytes int64         // of all stored events, acknowledged ones too; ErrFull beyond; default 4 GiB
	MaxAge   time.Duration // events are kept this long, acknowledged or not; default 72 h
	Log      *slog.Logger  // default: none
}

// JetStream is a Bus on a nats-server inside this process.
type JetStream struct {
	log  *slog.Logger
	srv  *server.Server
	nc   *nats.Conn
	js   jetstream.JetStream
	cons jetstream.Consumer
	sub  jetstream.ConsumeContext

	queue   chan queued
	unacked map[uint64]jetstream.Msg // by Seq; Next and Ack only
	lastAck string                   // reply subject of the last Ack

	mu     sync.RWMutex // held for reading by every method that talks to the server
	closed bool
	done   chan struct{} // closed by Close
}

type queued struct {
	Delivery
	msg jetstream.Msg
}

// Open starts the server on the files in o.Dir and takes up where
// acknowledgement stopped (B3). It refuses to run where writes are not synced.
func Open(ctx context.Context, o Options) (_ *JetStream, err error) {
	b := &JetStream{
		log:     cmp.Or(o.Log, slog.New(slog.DiscardHandler)),
		queue:   make(chan queued, batch),
		unacked: map[uint64]jetstream.Msg{},
		done:    make(chan struct{}),
	}
	defer func() {
		if err != nil {
			b.stop()
			err = fmt.Errorf("open bus in %s: %w", o.Dir, err)
		}
	}()
	if b.srv, err = startServer(o.Dir, b.log); err != nil {
		return nil, err
	}
	// A connection inside the process is not lost but by a fault; what was under
	// way on it would come again too late, after newer messages. So there is no
	// reconnect: Next fails, and the next start takes up in order.
	b.nc, err = nats.Connect("", nats.InProcessServer(b.srv), nats.Name("beckon"), nats.NoReconnect(),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { b.warn(err) }))
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if b.js, err = jetstream.New(b.nc); err != nil {
		return nil, err
	}
	if err = b.openStream(ctx, o); err != nil {
		return nil, fmt.Errorf("stream %s: %w", streamName, err)
	}
	if err = b.openConsumer(ctx); err != nil {
		return nil, fmt.Errorf("consumer %s: %w", consumerName, err)
	}
	return b, nil
}

func (b *JetStream) openStream(ctx context.Context, o Options) error {
	_, err := b.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name:      streamName,
		Subjects:  []string{subjectPrefix + "*.*.*"},
		Retention: jetstream.LimitsPolicy,
		Storage:   jetstream.FileStorage,
		Discard:   jetstream.DiscardNew, // a full stream refuses; the other policy drops the oldest
		MaxBytes:  cmp.Or(o.MaxBytes, 4<<30),
		MaxAge:    cmp.Or(o.MaxAge, 72*time.Hour),
		// Several messages of one Publish: all or none, in order, one sync.
		AllowAtomicPublish: true,
	})
	return err
}

// openConsumer puts the consumer back to its ack floor (B3). Left alone, the
// server would hand out newer messages first and what was not acknowledged
// only after ackWait. The reset changes no position, it only forgets what was
// handed out above the floor: a crash before or after it leaves the same floor
// on disk. If the consumer's own file is lost, everything comes again.
func (b *JetStream) openConsumer(ctx context.Context) (err error) {
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
	if _, err := b.js.ResetConsumer(ctx, streamName, consumerName); err != nil {
		return fmt.Errorf("back to the ack floor: %w", err)
	}
	b.sub, err = b.cons.Consume(b.receive,
		jetstream.PullMaxMessagesWithBytesLimit(4*batch, pullBytes),
		jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) { b.warn(err) }))
	return err
}

// receive runs in the client's goroutine and blocks while the queue is full:
// then the server is asked for nothing more.
func (b *JetStream) receive(msg jetstream.Msg) {
	meta, err := msg.Metadata()
	if err != nil { // not of the stream: there is no position to acknowledge
		b.warn(err)
		return
	}
	seq := meta.Sequence.Stream
	q := queued{Delivery{decode(msg.Headers(), msg.Data(), seq), seq}, msg}
	select {
	case b.queue <- q:
	case <-b.done:
	}
}

// Publish implements Bus. Several messages, up to 1000 of them, are stored all
// or none. A ctx without a deadline waits five seconds for the disk.
func (b *JetStream) Publish(ctx context.Context, msgs ...Message) error {
	if err := b.enter(); err != nil {
		return err
	}
	defer b.mu.RUnlock()
	out := make([]*nats.Msg, len(msgs))
	for i, m := range msgs {
		m, err := clean(m)
		if err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		out[i] = encode(m)
	}
	stored := 0
	for chunk := range slices.Chunk(out, batchLimit) {
		err := b.store(ctx, chunk)
		var refused *jetstream.APIError
		switch {
		case err == nil:
			stored += len(chunk)
		case stored > 0: // hides ErrFull: something was stored
			return fmt.Errorf("publish: %d of %d stored: %v", stored, len(out), err)
		case errors.As(err, &refused) && refused.ErrorCode == codeStoreFailed:
			return ErrFull
		default:
			return fmt.Errorf("publish: %w", err)
		}
	}
	return nil
}

// store sends messages and waits until they are on disk (B1). Only the last
// one asks for an answer, which then speaks for all.
func (b *JetStream) store(ctx context.Context, msgs []*nats.Msg) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	last := len(msgs) - 1
	if last > 0 {
		id := nuid.Next()
		for i, m := range msgs {
			m.Header["Nats-Batch-Id"] = []string{id}
			m.Header["Nats-Batch-Sequence"] = []string{strconv.Itoa(i + 1)}
		}
		msgs[last].Header["Nats-Batch-Commit"] = []string{"1"}
	}
	for _, m := range msgs[:last] {
		if err := b.nc.PublishMsg(m); err != nil {
			return err
		}
	}
	_, err := b.js.PublishMsg(ctx, msgs[last])
	return err
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

// Pending counts the messages that are stored and not acknowledged.
func (b *JetStream) Pending(ctx context.Context) (int64, error) {
	if err := b.enter(); err != nil {
		return 0, err
	}
	defer b.mu.RUnlock()
	info, err := b.cons.Info(ctx)
	if err != nil {
		return 0, fmt.Errorf("pending: %w", err)
	}
	return int64(info.NumPending) + int64(info.NumAckPending), nil
}

// Close lets every Publish and Ack under way finish, then stops the consumer,
// the connection and the server, in this order, and waits for each.
func (b *JetStream) Close() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return ErrClosed
	}
	b.closed = true
	close(b.done)
	b.mu.Unlock()
	if b.lastAck != "" {
		// Acks are handled in order and apart from everything else, so the answer
		// to one more of the last one tells that all are. If none comes, they come
		// again at the next start.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_, err := b.nc.RequestWithContext(ctx, b.lastAck, []byte("+ACK"))
		cancel()
		if err != nil {
			b.warn(err)
		}
	}
	b.stop()
	return nil
}

// stop ends what runs; Open calls it too, with less of it running.
func (b *JetStream) stop() {
	if b.sub != nil {
		b.sub.Stop()
		<-b.sub.Closed()
	}
	if b.nc != nil {
		b.nc.Close()
	}
	if b.srv != nil {
		stopServer(b.srv)
	}
}

// enter holds off Close until b.mu.RUnlock.
func (b *JetStream) enter() error {
	b.mu.RLock()
	if b.closed {
		b.mu.RUnlock()
		return ErrClosed
	}
	return nil
}

func (b *JetStream) warn(err error) { b.log.Warn("bus", "err", err) }
