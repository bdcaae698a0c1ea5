package main

import (
	"context"

	"github.com/beckon-bot/beckon/runtime/bus"
)

// makeKeys makes the keys that publishing the messages needs.
func (h *host) makeKeys(ctx context.Context, msgs ...bus.Message) error {
	_, err := h.ring.Seal(ctx, msgs)
	return err
}
