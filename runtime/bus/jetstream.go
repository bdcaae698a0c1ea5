package bus

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	streamName    = "BECKON_EVENTS"
	subjectPrefix = "beckon.v1.event."
)

// Options says where an embedded JetStream keeps its events, and how many. The
// zero value of all but Dir is good.
type Options struct {
	Dir      string        // directory of the files, made if missing; one process at a time
	MaxBytes int64         // of all stored events, acknowledged ones too; ErrFull beyond; default 4 GiB
	MaxAge   time.Duration // events are kept this long, acknowledged or not; default 72 h
	Log      *slog.Logger  // default: none
	Sealer   Sealer        // nil: data is stored as it is

	// Again hands out again what came after that position, acknowledged or not: for
	// a database that was brought back from a backup. nil: nothing.
	Again *uint64

	// Listen is where handlers in other processes reach the server, host:port;
	// "": it has no listener. Whoever connects must log in.
	Listen string
	Logins []Login
	Desk   string // password of the program that is told of handoffs; "": there is none
}

// JetStream is a Bus on a nats-server inside this process.
type JetStream struct {
	log     *slog.Logger
	sealer  Sealer
	listens bool
	srv     *server.Server
	nc      *nats.Conn
	js      jetstream.JetStream
	cons    jetstream.Consumer
	sub     jetstream.ConsumeContext

	queue   chan queued
	unacked map[uint64]jetstream.Msg // by Seq; Next and Ack only
	lastAck string                   // reply subject of the last Ack

	offers    chan offer
	published chan struct{} // closed when the publisher has ended

	mu     sync.RWMutex // held for reading by every method that talks to the server
	closed bool
	done   chan struct{} // closed by Close
}

// Open starts the server on the files in o.Dir and takes up where
// acknowledgement stopped (B3). It refuses to run where writes are not synced.
func Open(ctx context.Context, o Options) (_ *JetStream, err error) {
	b := &JetStream{
		sealer:  o.Sealer,
		log:     cmp.Or(o.Log, slog.New(slog.DiscardHandler)),
		queue:   make(chan queued, batch),
		unacked: map[uint64]jetstream.Msg{},
		done:    make(chan struct{}),
		offers:  make(chan offer, offers),
	}
	defer func() {
		if err != nil {
			b.stop()
			err = fmt.Errorf("open bus in %s: %w", o.Dir, err)
		}
	}()
	var password string
	if b.srv, password, err = startServer(o, b.log); err != nil {
		return nil, err
	}
	b.listens = o.Listen != ""
	// A connection inside the process is not lost but by a fault; what was under
	// way on it would come again too late, after newer messages. So there is no
	// reconnect: Next fails, and the next start takes up in order.
	opts := []nats.Option{nats.InProcessServer(b.srv), nats.Name("beckon"), nats.NoReconnect(),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { b.warn(err) })}
	if b.listens {
		opts = append(opts, nats.UserInfo(hostLogin, password))
	}
	b.nc, err = nats.Connect("", opts...)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if b.js, err = jetstream.New(b.nc); err != nil {
		return nil, err
	}
	if err = b.openStream(ctx, o); err != nil {
		return nil, fmt.Errorf("stream %s: %w", streamName, err)
	}
	if o.Desk != "" {
		if err = b.openHandoffs(ctx); err != nil {
			return nil, fmt.Errorf("stream %s: %w", HandoffStream, err)
		}
	}
	if err = b.openConsumer(ctx, o); err != nil {
		return nil, fmt.Errorf("consumer %s: %w", consumerName, err)
	}
	b.published = make(chan struct{})
	go b.publisher()
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
	<-b.published
	if b.lastAck != "" {
		// Acks are handled in order and apart from everything else, so the answer
		// to one more of the last one tells that all are. If none comes, they come
		// again at the next start. (Not nc.Request or nc.Flush: their pool of timers
		// is global, and a timer of one synctest bubble is fatal in the next.)
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
