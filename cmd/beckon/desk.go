package main

import (
	"context"
	"fmt"

	"github.com/beckon-bot/beckon/runtime/desk"
	"github.com/beckon-bot/beckon/runtime/dial"
	"github.com/beckon-bot/beckon/runtime/service"
)

// openDesk puts together who tells the desk, where one is configured.
func (h *host) openDesk(sys system, count *desk.Metrics) error {
	c := h.cfg.Desk
	if c.URL == "" {
		return nil
	}
	key, err := secret(sys, c.Secret)
	if err != nil {
		return fmt.Errorf("desk.secret: %w", err)
	}
	h.teller = desk.New(desk.Options{
		Store: h.store, HTTP: dial.Client(dial.Options{Inside: c.Inside}), URL: c.URL, Secret: []byte(key.Reveal()),
		Log: h.log, Metrics: count,
	})
	return nil
}

func (h *host) deskServices() []service.Service {
	if h.teller == nil {
		return nil
	}
	return []service.Service{{Name: "desk", Run: func(ctx context.Context) error { return h.teller.Run(ctx, h.now, h.tells) }}}
}
