package main

import (
	"maps"
	"slices"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/runtime/audit/incident"
)

// setupOf says which accounts and secrets a configuration has: names, no values.
func setupOf(cfg *config.Config) incident.Setup {
	s := incident.Setup{
		App: cfg.App.ID, Bearer: cfg.App.Bearer != "", Login: cfg.App.ClientSecret != "",
		Desk: cfg.Desk.Secret != "" || cfg.Desk.Token != "",
	}
	for _, name := range cfg.Names() {
		b := cfg.Bots[name]
		s.Accounts = append(s.Accounts, incident.Account{
			Bot: name, UserID: b.UserID, Username: b.Username, Operator: b.OperatorAccount, By: string(b.SpeaksBy()),
		})
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Handlers)) {
		h := cfg.Handlers[name]
		if h.Token != "" {
			s.Handlers = append(s.Handlers, name)
		}
		if h.Model.Key != "" {
			s.Models = append(s.Models, name)
		}
	}
	return s
}
