package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

const (
	// batchLimit is the most messages that the server stores atomically.
	batchLimit = 1000

	// codeStoreFailed is the server's error code for a message that a limit of
	// the stream refused.
	codeStoreFailed jetstream.ErrorCode = 10077
)

// Publish implements Bus. Several messages, up to 1000 of them, are stored all
// or none. A ctx without a deadline waits five seconds for the disk.
func (b *JetStream) Publish(ctx context.Context, msgs ...Message) error {
	if err := b.enter(); err != nil {
		return err
	}
	defer b.mu.RUnlock()
	out := make([]Message, len(msgs))
	for i, m := range msgs {
		m, err := clean(m)
		if err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		out[i] = m
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

// send sends messages and waits until they are on disk. Only the last one asks
// for an answer, which then speaks for all.
func (b *JetStream) send(msgs []*nats.Msg) error {
	last := len(msgs) - 1
	id := nuid.Next()
	for i, m := range msgs {
		delete(m.Header, "Nats-Batch-Commit") // of an earlier try, in company
		if last > 0 {
			m.Header["Nats-Batch-Id"] = []string{id}
			m.Header["Nats-Batch-Sequence"] = []string{strconv.Itoa(i + 1)}
		} else {
			delete(m.Header, "Nats-Batch-Id")
			delete(m.Header, "Nats-Batch-Sequence")
		}
	}
	if last > 0 {
		msgs[last].Header["Nats-Batch-Commit"] = []string{"1"}
	}
	for _, m := range msgs[:last] {
		if err := b.nc.PublishMsg(m); err != nil {
			return err
		}
	}
	_, err := b.js.PublishMsg(context.Background(), msgs[last]) // waits five seconds
	return err
}
