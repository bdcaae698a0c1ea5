package bus

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
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

// EditHandoffs goes through the handoffs that the desk's program has not taken,
// and puts another body in the place of one for which edit returns one. It
// returns how many it was.
//
//	1 publish the new one   a crash after it leaves both: the old one is found again,
//	                        and what is put in its place is dropped by the stream,
//	                        after an hour by the program, as of a handoff it has seen
//	2 delete the old one    what the program holds of it already it cannot acknowledge
//	                        any more
func (b *JetStream) EditHandoffs(ctx context.Context, edit func(body []byte) ([]byte, error)) (n int, err error) {
	if err := b.enter(); err != nil {
		return 0, err
	}
	defer b.mu.RUnlock()
	err = b.eachHandoff(ctx, handoffPrefix+"*.*", func(stream jetstream.Stream, raw *jetstream.RawStreamMsg) error {
		body, err := edit(raw.Data)
		if err != nil || body == nil {
			return err
		}
		msg := &nats.Msg{Subject: raw.Subject, Header: raw.Header, Data: body}
		sum := sha256.Sum256(body)
		msg.Header.Del(nats.MsgIdHdr)
		if _, err := b.js.PublishMsg(ctx, msg, jetstream.WithMsgID(hex.EncodeToString(sum[:]))); err != nil {
			return err
		}
		n++
		return secureDelete(ctx, stream, raw.Sequence)
	})
	if err != nil {
		return n, fmt.Errorf("edit handoffs: %w", err)
	}
	return n, nil
}

// eraseHandoffs removes the handoffs of a user, or "" for every one, as Erase
// does events. What tells the desk to remove something names nobody, and stays.
func (b *JetStream) eraseHandoffs(ctx context.Context, bot, user string) (n int, err error) {
	of := "*"
	if user != "" {
		of = userToken(user)
	}
	err = b.eachHandoff(ctx, handoffPrefix+bot+"."+of, func(stream jetstream.Stream, raw *jetstream.RawStreamMsg) error {
		if strings.HasSuffix(raw.Subject, "."+NoUser) {
			return nil
		}
		n++
		return secureDelete(ctx, stream, raw.Sequence)
	})
	return n, err
}

// eachHandoff goes through the stream, as far as it goes now; where there is no
// desk's program there is none.
func (b *JetStream) eachHandoff(ctx context.Context, filter string, do func(jetstream.Stream, *jetstream.RawStreamMsg) error) error {
	stream, err := b.js.Stream(ctx, HandoffStream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	last := stream.CachedInfo().State.LastSeq
	for next := uint64(1); next <= last; {
		raw, err := stream.GetMsg(ctx, next, jetstream.WithGetMsgSubject(filter))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if raw.Sequence > last {
			return nil
		}
		if err := do(stream, raw); err != nil {
			return err
		}
		next = raw.Sequence + 1
	}
	return nil
}

func secureDelete(ctx context.Context, stream jetstream.Stream, seq uint64) error {
	err := stream.SecureDeleteMsg(ctx, seq)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	return err
}
