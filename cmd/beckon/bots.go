package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/account"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/rollout"
)

// bots is what a configuration says of its accounts, loaded and checked.
type bots struct {
	gate    []gate.Bot
	chains  map[string]handlers.Chain
	answers map[string]*handlers.Live // that stand in the chains
	send    map[string]bool
	byUser  map[string]string // user id to configured name
	money   budget.Options
}

// book is what the bots' calls may be and cost.
func (b bots) book() *budget.Book { return budget.New(b.money) }

// readConfig reads and checks a configuration file.
func readConfig(sys system, path string) (*config.Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, exitError{exitUsage, fmt.Errorf("read the configuration: %w; `beckon init DIR` writes one", err)}
	}
	cfg, err := config.Load(path, data, config.Options{Dir: dirOf(path), Now: sys.now()})
	if err != nil {
		return nil, exitError{exitUsage, err}
	}
	return cfg, nil
}

// loadBots loads the rules and answers of every bot, and reports the faults of
// all of them.
func loadBots(cfg *config.Config) (bots, error) {
	b := bots{chains: map[string]handlers.Chain{}, answers: map[string]*handlers.Live{}, send: map[string]bool{}, byUser: map[string]string{}}
	var faults []error
	prices, err := loadPrices(cfg.Prices)
	faults = append(faults, err)
	b.money = budget.Options{Prices: prices, Budgets: budgets(cfg)}
	for _, name := range cfg.Names() {
		c := cfg.Bots[name]
		bot, err := gateBot(name, c, cfg.App.Tier)
		faults = append(faults, err)
		bot.DeskTold = cfg.Desk != (config.Desk{})
		answers, err := loadAnswers(c)
		faults = append(faults, err)
		b.gate = append(b.gate, bot)
		b.answers[name] = handlers.NewLive(answers)
		b.chains[name] = chainOf(cfg, c, b.answers[name])
		b.send[name] = c.Send
		b.byUser[c.UserID] = name
	}
	return b, errors.Join(faults...)
}

// loadPrices reads a file of prices; without one the shipped ones count.
func loadPrices(path string) (budget.Prices, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, exitError{exitUsage, fmt.Errorf("read prices: %w", err)}
	}
	p, err := budget.ParsePrices(path, data)
	if err != nil {
		return nil, exitError{exitUsage, err}
	}
	return p, nil
}

// budgets are what the bots may cost.
func budgets(cfg *config.Config) map[string]budget.Limits {
	of := map[string]budget.Limits{}
	for name, b := range cfg.Bots {
		of[name] = budget.Limits{Day: b.Budget.DayUSD, Month: b.Budget.MonthUSD}
	}
	return of
}

// quietOf is how long each bot is silent after a person spoke.
func quietOf(cfg *config.Config) action.Quiet {
	q := action.Quiet{}
	for name, b := range cfg.Bots {
		q[name] = b.PersonQuiet
	}
	return q
}

// record keeps the rule sets with their sources, so that any decision of theirs
// can be made again later. A host does it where it puts them in force.
func (b bots) record(ctx context.Context, store db.Store, now time.Time) error {
	if len(b.gate) == 0 {
		return nil
	}
	return store.Write(ctx, func(tx db.Tx) error {
		for _, bot := range b.gate {
			if err := rollout.Keep(tx, bot.Rules, now); err != nil {
				return fmt.Errorf("keep the rules of bot %s: %w", bot.Name, err)
			}
		}
		return nil
	})
}

// chainOf is the handlers of a bot, in the order in which they are asked.
func chainOf(cfg *config.Config, c config.Bot, answers handlers.Handler) handlers.Chain {
	o, ok := outsideOf(cfg, c.Ask)
	switch {
	case !ok:
		return handlers.Chain{handlers.Help{}, answers}
	case c.AskFirst:
		o.First = true
		return handlers.Chain{handlers.Help{}, o, answers}
	}
	return handlers.Chain{handlers.Help{}, answers, o}
}

// gateBot is what the gate must know of one account.
func gateBot(name string, c config.Bot, tier string) (gate.Bot, error) {
	zone, err := c.Location()
	if err != nil {
		return gate.Bot{}, err
	}
	set, err := rules.LoadDir(c.Rules, rules.Options{})
	if err != nil {
		return gate.Bot{}, err
	}
	return gate.Bot{
		Name: name, UserID: c.UserID, Username: c.Username, Operator: c.OperatorAccount,
		Tier: gateTier(tier), Zone: zone, PrivacyURL: c.PrivacyURL, LongPosts: c.LongPosts,
		OptOutHint: c.Texts.OptOutHint, OptOutConfirmation: c.Texts.OptOutConfirmation, StopQuestion: c.Texts.StopQuestion, Handover: c.Texts.Handover, ErasureNote: c.Texts.ErasureNote, UnlinkNote: c.Texts.UnlinkNote,
		Languages:    translations(c),
		HandoffWords: c.HandoffWords, HandoffQuiet: c.HandoffQuiet, HoldExpiry: c.HoldExpiry, PersonDone: c.PersonDone, DoubtToDesk: c.Doubt == "hand_off",
		Disclosure:     disclosureOf(c),
		LabelOn:        !c.Declared.Label.IsZero(),
		BioDiscloses:   !c.Declared.Bio.IsZero(),
		OperatorLinked: !c.Declared.Operator.IsZero(),
		AIApproved:     c.AIApproval.Reference != "",
		Rules:          set,
	}, nil
}

// translations is the fixed texts of a bot in other languages.
func translations(c config.Bot) map[string]gate.Texts {
	out := map[string]gate.Texts{}
	for lang, t := range c.InLanguages() {
		out[lang] = gate.Texts(t)
	}
	return out
}

// gateTier is the tier as rules know it: to them a free app is as any other
// outside Enterprise.
func gateTier(tier string) string {
	if tier == "free" {
		return "self_serve"
	}
	return tier
}

// disclosureOf says that a bot speaks, and whose.
func disclosureOf(c config.Bot) string {
	if c.Texts.Disclosure != "" {
		return c.Texts.Disclosure
	}
	return "Automated account, run by @" + c.OperatorAccount + "."
}

func loadAnswers(c config.Bot) (*handlers.Answers, error) {
	files, _, err := handlers.ReadSources(c.Answers)
	if err != nil {
		return nil, exitError{exitUsage, err}
	}
	a, err := handlers.Load(files, handlers.Options{LongPosts: c.LongPosts, PrivacyURL: c.PrivacyURL})
	if err != nil {
		return nil, exitError{exitUsage, err}
	}
	return a, nil
}

// secret resolves a reference of the configuration.
func secret(sys system, ref config.SecretRef) (account.Secret, error) {
	s, err := account.ParseSecretRef(string(ref), sys.getenv, os.ReadFile)
	if err != nil {
		return s, exitError{exitUsage, err}
	}
	return s, nil
}
