package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/desk"
	"github.com/beckon-bot/beckon/runtime/dial"
	"github.com/beckon-bot/beckon/runtime/service"
)

// deskToken is the password of the desk's program, "" where there is none.
func deskToken(sys system, cfg *config.Config) (string, error) {
	if cfg.Desk.Token == "" {
		return "", nil
	}
	token, err := secret(sys, cfg.Desk.Token)
	if err != nil {
		return "", fmt.Errorf("desk.token: %w", err)
	}
	return token.Reveal(), nil
}

// openDesk puts together who tells the desk, where one is configured.
func (h *host) openDesk(sys system, count *desk.Metrics) error {
	c := h.cfg.Desk
	if c == (config.Desk{}) {
		return nil
	}
	o := desk.Options{Store: h.store, URL: c.URL, Purposes: strings.Fields(c.Matches), Log: h.log, Metrics: count}
	if c.URL != "" {
		key, err := secret(sys, c.Secret)
		if err != nil {
			return fmt.Errorf("desk.secret: %w", err)
		}
		o.HTTP, o.Secret = dial.Client(dial.Options{Inside: c.Inside}), []byte(key.Reveal())
	}
	if c.Token != "" {
		o.Publish = func(ctx context.Context, e desk.Event) error {
			return h.bus.HandOff(ctx, bus.Message{
				ID: e.ID, Type: e.Type, Source: "beckon", Time: e.At, Bot: e.Bot, User: cmp.Or(e.User, bus.NoUser), Data: e.Body,
			})
		}
	}
	h.teller = desk.New(o)
	return nil
}

func (h *host) deskServices() []service.Service {
	if h.teller == nil {
		return nil
	}
	return []service.Service{{Name: "desk", Run: func(ctx context.Context) error { return h.teller.Run(ctx, h.now, h.tells) }}}
}
