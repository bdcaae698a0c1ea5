package main

import (
	"context"
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/account"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/vault"
)

// ring opens the keys of texts with the key that logins are sealed with too.
func (d *dataDir) ring(sys system, cfg *config.Config, store db.Store, now func() time.Time) (*vault.Ring, error) {
	var given account.Secret
	if cfg.App.TokenKey != "" {
		var err error
		if given, err = secret(sys, cfg.App.TokenKey); err != nil {
			return nil, fmt.Errorf("app.token_key: %w", err)
		}
	}
	key, err := d.tokenKey(given)
	if err != nil {
		return nil, err
	}
	return vault.New(store, key, now), nil
}

// makeKeys makes the keys that publishing the messages needs.
func (h *host) makeKeys(ctx context.Context, msgs ...bus.Message) error {
	_, err := h.ring.Seal(ctx, msgs)
	return err
}
