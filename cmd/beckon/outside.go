package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/runtime/account"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/dial"
	"github.com/beckon-bot/beckon/runtime/llm"
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
func (h *host) openRemote(sys system, count *remote.Metrics, models *llm.Metrics) error {
	o := remote.Options{
		Store: h.store, Publish: h.bus.Publish, Log: h.log, Metrics: count,
		Handlers: map[string]remote.Handler{}, Accounts: map[string]remote.Account{},
	}
	for name, b := range h.cfg.Bots {
		o.Accounts[name] = remote.Account{Username: b.Username, Operator: b.OperatorAccount, PrivacyURL: b.PrivacyURL, LongPosts: b.LongPosts}
	}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(h.cfg.Handlers)) {
		c := h.cfg.Handlers[name]
		if !c.IsModel() {
			o.Handlers[name] = remote.Handler{Line: remote.Wire{Publish: h.bus.Ask}, Again: c.Again, Purposes: strings.Fields(c.Matches)}
			continue
		}
		line, err := h.openModel(sys, c.Model, models)
		if err != nil {
			faults = append(faults, fmt.Errorf("handlers.%s.model: %w", name, err))
			continue
		}
		h.models = append(h.models, line)
		o.Handlers[name] = remote.Handler{Line: line, Again: c.Again}
		h.log.Info("a language model writes drafts; its provider is on record as not training on them", "handler", name,
			"who", c.Model.NoTraining.Who, "date", c.Model.NoTraining.Date.Format(time.DateOnly), "terms", c.Model.NoTraining.Terms)
	}
	h.remote = remote.New(o)
	return errors.Join(faults...)
}

// openModel is the line to a language model. What it says comes in as the
// answer of any handler does.
func (h *host) openModel(sys system, c config.Model, count *llm.Metrics) (*llm.Line, error) {
	prompt, err := os.ReadFile(c.Prompt)
	if err != nil {
		return nil, exitError{exitUsage, fmt.Errorf("read the prompt: %w", err)}
	}
	var key account.Secret
	if c.Key != "" {
		if key, err = secret(sys, c.Key); err != nil {
			return nil, err
		}
	}
	line, err := llm.New(llm.Options{
		Store: h.store, HTTP: dial.Client(dial.Options{Inside: c.Inside}), URL: c.URL, Model: c.Name, Key: key.Reveal(),
		Prompt: strings.TrimSpace(string(prompt)), Now: h.now, Log: h.log, Metrics: count,
		Answer: func(ctx context.Context, bot, handler string, said []byte) error {
			return h.remote.Take(ctx, h.now(), bot, handler, said)
		},
	})
	if err != nil {
		return nil, exitError{exitUsage, err}
	}
	return line, nil
}

// closeModels ends the calls that are under way: their questions are asked again
// by the next start, or given up.
func (h *host) closeModels(context.Context) (err error) {
	for _, m := range h.models {
		err = errors.Join(err, m.Close())
	}
	return err
}

// remoteServices ask handlers outside, and let their answers in.
func (h *host) remoteServices() []service.Service {
	return []service.Service{
		{Name: "responses", Run: func(ctx context.Context) error { return h.bus.Answers(ctx, h.remote.Heard(h.now)) }},
		{Name: "requester", Run: func(ctx context.Context) error { return h.remote.Run(ctx, h.now, h.asks) }, Stop: h.closeModels},
	}
}
