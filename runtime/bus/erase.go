package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Erase removes what the stream has of a user, toward one bot or, for "", every
// one, and returns how many messages it was. see is shown each before it goes,
// and may keep it by an error: what dispatch has not had yet may be a STOP.
//
// A purge leaves bodies in the files until their block is compacted, so each
// message is overwritten first. Whoever was handed one before may still ask to
// acknowledge it.
func (b *JetStream) Erase(ctx context.Context, bot, user string, see func(Message) error) (n int, err error) {
	if err := b.enter(); err != nil {
		return 0, err
	}
	defer b.mu.RUnlock()
	if bot == "" {
		bot = "*"
	} else if !validBot(bot) {
		return 0, fmt.Errorf("erase: bot name %q", bot)
	}
	filter := subjectPrefix + bot + ".*." + userToken(user)
	stream, err := b.js.Stream(ctx, streamName)
	if err != nil {
		return 0, fmt.Errorf("erase: %w", err)
	}
	for next := uint64(1); ; {
		raw, err := stream.GetMsg(ctx, next, jetstream.WithGetMsgSubject(filter))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			handoffs, err := b.eraseHandoffs(ctx, bot, user)
			if err != nil {
				return n, fmt.Errorf("erase handoffs: %w", err)
			}
			return n + handoffs, nil
		}
		if err != nil {
			return n, fmt.Errorf("erase: find messages: %w", err)
		}
		if err := see(decode(raw.Header, raw.Data, raw.Sequence)); err != nil {
			return n, fmt.Errorf("erase message %d: %w", raw.Sequence, err)
		}
		if err := stream.SecureDeleteMsg(ctx, raw.Sequence); err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
			return n, fmt.Errorf("erase message %d: %w", raw.Sequence, err)
		}
		n, next = n+1, raw.Sequence+1
	}
}

// Erase does the same to what is held. What was handed out stays in the hands
// that have it.
func (b *Memory) Erase(_ context.Context, bot, user string, see func(Message) error) (n int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0, ErrClosed
	}
	for i := range b.held {
		h := &b.held[i]
		if h.User != user || bot != "" && h.Bot != bot || h.Type == erasedType {
			continue
		}
		if err := see(h.Message); err != nil {
			return n, err
		}
		// The place in the order stays.
		h.Message = Message{ID: h.ID, Type: erasedType, Source: h.Source, Time: h.Time, Bot: h.Bot, User: NoUser, Data: []byte(`{"data":{}}`)}
		n++
	}
	return n, nil
}

const erasedType = "erased"
