package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
)

// Handoffs are told to a help desk's program on a stream of their own: it takes
// them in its own time, each until it has acknowledged it.
const (
	HandoffStream   = "BECKON_HANDOFFS"
	HandoffConsumer = "desk"        // the durable consumer that the program pulls from
	DeskLogin       = "beckon-desk" // its NATS user

	handoffPrefix = "beckon.v1.handoff."
	handoffAge    = 72 * time.Hour // as long as events

	// handoffWait is how long the program may take over one before it is handed
	// out again.
	handoffWait = time.Minute
)

// HandoffSubject is where the handoffs of a bot's user are stored.
func HandoffSubject(bot, user string) string { return handoffPrefix + bot + "." + userToken(user) }

// openHandoffs makes the stream and its consumer.
func (b *JetStream) openHandoffs(ctx context.Context) error {
	_, err := b.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name:       HandoffStream,
		Subjects:   []string{handoffPrefix + "*.*"},
		Retention:  jetstream.WorkQueuePolicy, // what the desk has acknowledged is gone
		Storage:    jetstream.FileStorage,
		Discard:    jetstream.DiscardOld,
		MaxBytes:   64 << 20,
		MaxAge:     handoffAge,
		Duplicates: time.Hour, // told again after a crash: once in the stream
	})
	if err != nil {
		return err
	}
	_, err = b.js.CreateOrUpdateConsumer(ctx, HandoffStream, jetstream.ConsumerConfig{
		Durable: HandoffConsumer, AckPolicy: jetstream.AckExplicitPolicy, AckWait: handoffWait, MaxDeliver: -1,
	})
	return err
}

// HandOff stores a handoff for the desk's program. Nil means that it is on disk.
// The same id again, within an hour, is stored once.
func (b *JetStream) HandOff(ctx context.Context, m Message) error {
	if err := b.enter(); err != nil {
		return err
	}
	defer b.mu.RUnlock()
	m, err := clean(m)
	if err != nil {
		return fmt.Errorf("hand off: %w", err)
	}
	msg := encode(m, nil)
	msg.Subject, msg.Data = HandoffSubject(m.Bot, m.User), m.Data
	if _, err := b.js.PublishMsg(ctx, msg, jetstream.WithMsgID(m.ID)); err != nil {
		return fmt.Errorf("hand off: %w", err)
	}
	return nil
}

// mayTake is what the desk's program may do: pull from its consumer and
// acknowledge, and nothing else.
func mayTake() *server.Permissions {
	return &server.Permissions{
		Publish: &server.SubjectPermission{Allow: []string{
			"$JS.API.CONSUMER.INFO." + HandoffStream + "." + HandoffConsumer,
			"$JS.API.CONSUMER.MSG.NEXT." + HandoffStream + "." + HandoffConsumer,
			"$JS.ACK." + HandoffStream + "." + HandoffConsumer + ".>",
		}},
		Subscribe: &server.SubjectPermission{Allow: []string{inboxPrefix + DeskLogin + ".>"}},
	}
}

// eraseHandoffs removes the handoffs of a user, or "" for every one, as Erase
// does events.
func (b *JetStream) eraseHandoffs(ctx context.Context, bot, user string) (n int, err error) {
	of := "*"
	if user != "" {
		of = userToken(user)
	}
	stream, err := b.js.Stream(ctx, HandoffStream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for next := uint64(1); ; n++ {
		raw, err := stream.GetMsg(ctx, next, jetstream.WithGetMsgSubject(handoffPrefix+bot+"."+of))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if err := stream.SecureDeleteMsg(ctx, raw.Sequence); err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
			return n, err
		}
		next = raw.Sequence + 1
	}
}
