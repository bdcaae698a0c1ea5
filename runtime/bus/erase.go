package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Stored is a message as the stream has it.
type Stored struct {
	Message
	Taken bool   // dispatch has had it, and everything before it
	Seq   uint64 // its position
}

// Erase removes what the streams have of a user, or for "" of every one, toward
// one bot or, for "", every one, and returns how many messages it was. see is shown each before it goes,
// and may keep it by an error: what dispatch has not had yet may be a STOP.
func (b *JetStream) Erase(ctx context.Context, bot, user string, see func(Message) error) (n int, err error) {
	n, err = b.Remove(ctx, bot, user, func(m Stored) (bool, error) { return true, see(m.Message) })
	if err != nil {
		return n, err
	}
	if err := b.enter(); err != nil {
		return n, err
	}
	defer b.mu.RUnlock()
	handoffs, err := b.eraseHandoffs(ctx, cmp.Or(bot, "*"), user)
	if err != nil {
		return n, fmt.Errorf("erase handoffs: %w", err)
	}
	return n + handoffs, nil
}

// Remove goes through what the stream has toward a bot, or "" for every one, of
// a user, or "" for every one, and removes what pick says. An error of pick's
// ends it. It returns how many went.
//
// A purge leaves bodies in the files until their block is compacted, so each
// message is overwritten first. Whoever was handed one before may still ask to
// acknowledge it.
func (b *JetStream) Remove(ctx context.Context, bot, user string, pick func(Stored) (bool, error)) (n int, err error) {
	if err := b.enter(); err != nil {
		return 0, err
	}
	defer b.mu.RUnlock()
	of := "*"
	if bot == "" {
		bot = "*"
	} else if !validBot(bot) {
		return 0, fmt.Errorf("erase: bot name %q", bot)
	}
	if user != "" {
		of = userToken(user)
	}
	filter := subjectPrefix + bot + ".*." + of
	stream, err := b.js.Stream(ctx, streamName)
	if err != nil {
		return 0, fmt.Errorf("erase: %w", err)
	}
	info, err := b.cons.Info(ctx)
	if err != nil {
		return 0, fmt.Errorf("erase: how far dispatch is: %w", err)
	}
	for next := uint64(1); ; {
		raw, err := stream.GetMsg(ctx, next, jetstream.WithGetMsgSubject(filter))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			break
		}
		if err != nil {
			return n, fmt.Errorf("erase: find messages: %w", err)
		}
		next = raw.Sequence + 1
		m, err := b.open(raw.Header, raw.Data, raw.Sequence)
		if err != nil {
			return n, err
		}
		goes, err := pick(Stored{m, raw.Sequence <= info.AckFloor.Stream, raw.Sequence})
		if err != nil {
			return n, fmt.Errorf("message %d: %w", raw.Sequence, err)
		}
		if !goes {
			continue
		}
		if err := stream.SecureDeleteMsg(ctx, raw.Sequence); err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
			return n, fmt.Errorf("erase message %d: %w", raw.Sequence, err)
		}
		n++
	}
	return n, nil
}

// See shows what the stream has toward a bot, or "" for every one, of a user, or
// "" for every one, in its order. Nothing is taken or changed; an error of see's
// ends it.
func (b *JetStream) See(ctx context.Context, bot, user string, see func(Stored) error) error {
	_, err := b.Remove(ctx, bot, user, func(m Stored) (bool, error) { return false, see(m) })
	return err
}

// Erase implements what JetStream does.
func (b *Memory) Erase(ctx context.Context, bot, user string, see func(Message) error) (n int, err error) {
	return b.Remove(ctx, bot, user, func(m Stored) (bool, error) { return true, see(m.Message) })
}

// See implements what JetStream does, of what is held.
func (b *Memory) See(ctx context.Context, bot, user string, see func(Stored) error) error {
	_, err := b.Remove(ctx, bot, user, func(m Stored) (bool, error) { return false, see(m) })
	return err
}

// Remove does the same to what is held. What was handed out stays in the hands
// that have it.
func (b *Memory) Remove(_ context.Context, bot, user string, pick func(Stored) (bool, error)) (n int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0, ErrClosed
	}
	for i := range b.held {
		h := &b.held[i]
		if user != "" && h.User != user || bot != "" && h.Bot != bot || h.Type == erasedType {
			continue
		}
		goes, err := pick(Stored{h.Message, h.acked, h.Seq})
		if err != nil {
			return n, err
		}
		if !goes {
			continue
		}
		// The place in the order stays.
		h.Message = Message{ID: h.ID, Type: erasedType, Source: h.Source, Time: h.Time, Bot: h.Bot, User: NoUser, Data: []byte(`{"data":{}}`)}
		n++
	}
	return n, nil
}

const erasedType = "erased"
