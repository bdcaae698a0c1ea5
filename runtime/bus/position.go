package bus

import (
	"context"
	"fmt"
	"time"
)

// Position is where acknowledgement has come to.
type Position struct {
	Seq     uint64    // every message up to here is acknowledged; 0: none
	Created time.Time // of the stream: what was before is not on it
}

// Position reads it from the server.
func (b *JetStream) Position(ctx context.Context) (p Position, err error) {
	if err := b.enter(); err != nil {
		return p, err
	}
	defer b.mu.RUnlock()
	return b.position(ctx)
}

func (b *JetStream) position(ctx context.Context) (p Position, err error) {
	c, err := b.cons.Info(ctx)
	if err != nil {
		return p, fmt.Errorf("position: %w", err)
	}
	s, err := b.js.Stream(ctx, streamName)
	if err != nil {
		return p, fmt.Errorf("position: %w", err)
	}
	return Position{Seq: c.AckFloor.Stream, Created: s.CachedInfo().Created}, nil
}

// rewind puts the consumer back to its ack floor, or further back to o.Again
// (B6).
func (b *JetStream) rewind(ctx context.Context, o Options) error {
	to := uint64(0) // the ack floor
	if o.Again != nil {
		at, err := b.position(ctx)
		if err != nil {
			return err
		}
		if *o.Again < at.Seq {
			to = *o.Again + 1
		}
	}
	if _, err := b.js.ResetConsumerToSequence(ctx, streamName, consumerName, to); err != nil {
		return fmt.Errorf("back to the ack floor: %w", err)
	}
	return nil
}
