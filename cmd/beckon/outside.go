package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/remote"
	"github.com/beckon-bot/beckon/runtime/service"
)

// outsideOf is the handler outside of this process that the bot asks.
func outsideOf(cfg *config.Config, name string) (handlers.Outside, bool) {
	h, ok := cfg.Handlers[name]
	return handlers.Outside{
		ID: name, AIGenerated: h.AIGenerated || h.IsModel(), Deadline: h.Deadline,
		Fallback: handlers.Fallback{Reply: h.Fallback.Reply, DM: h.Fallback.DM, Handoff: h.Fallback.Handoff},
	}, ok
}

// logins are the handlers that may connect to the bus.
func logins(sys system, cfg *config.Config) (out []bus.Login, err error) {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(cfg.Handlers)) {
		ref := cfg.Handlers[name].Token
		if ref == "" {
			continue
		}
		token, err := secret(sys, ref)
		if err != nil {
			faults = append(faults, fmt.Errorf("handlers.%s.token: %w", name, err))
			continue
		}
		out = append(out, bus.Login{Name: name, Token: token.Reveal()})
	}
	return out, errors.Join(faults...)
}

// openRemote puts together who asks handlers outside of this process.
func (h *host) openRemote(count *remote.Metrics) error {
	o := remote.Options{
		Store: h.store, Publish: h.bus.Publish, Log: h.log, Metrics: count,
		Handlers: map[string]remote.Handler{}, Accounts: map[string]remote.Account{},
	}
	for name, b := range h.cfg.Bots {
		o.Accounts[name] = remote.Account{Username: b.Username, Operator: b.OperatorAccount, PrivacyURL: b.PrivacyURL, LongPosts: b.LongPosts}
	}
	for name, c := range h.cfg.Handlers {
		if c.Token != "" {
			o.Handlers[name] = remote.Handler{Line: remote.Wire{Publish: h.bus.Ask}, Again: c.Again}
		}
	}
	h.remote = remote.New(o)
	return nil
}

// remoteServices ask handlers outside, and let their answers in.
func (h *host) remoteServices() []service.Service {
	return []service.Service{
		{Name: "responses", Run: func(ctx context.Context) error { return h.bus.Answers(ctx, h.remote.Heard(h.now)) }},
		{Name: "requester", Run: func(ctx context.Context) error { return h.remote.Run(ctx, h.now, h.asks) }},
	}
}
