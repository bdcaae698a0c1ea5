package main

import (
	"context"
	"errors"
	"os"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/rollout"
)

// startRules puts the rules of all bots in force: exit 3 where they do not load,
// 4 where their own tests fail.
func startRules(ctx context.Context, sys system, o hostOptions, store db.Store, g *gate.Gate, m *rollout.Metrics) (*rollout.Rollout, error) {
	options := rollout.Options{Store: store, Gate: g, Now: o.Now, Log: o.Log, Metrics: m, Test: testDirectory(sys)}
	for _, name := range o.Config.Names() {
		b := o.Config.Bots[name]
		options.Bots = append(options.Bots, rollout.Bot{Name: name, Rules: b.Rules, Candidate: b.Candidate})
	}
	r := rollout.New(options)
	err := r.Start(ctx)
	if rollout.IsTests(err) && !errors.As(err, new(rules.Diagnostics)) {
		return nil, exitError{exitExpect, err}
	}
	return r, err
}

// startAnswers puts the answers of all bots in place: exit 2 where they do not
// load, 4 where their dialogues do not go as written.
func startAnswers(o hostOptions, live map[string]*handlers.Live, m *rollout.AnswersMetrics) (*rollout.Files, error) {
	a := &rollout.Files{Kind: rollout.Answers, Now: o.Now, Log: o.Log, Count: m.Counters()}
	for _, name := range o.Config.Names() {
		a.Bots = append(a.Bots, answersBot(name, o.Config.Bots[name], live[name]).File())
	}
	err := a.Start()
	switch {
	case err == nil:
		return a, nil
	case errors.As(err, new(rollout.DialogueError)):
		return nil, exitError{exitExpect, err}
	}
	return nil, exitError{exitUsage, err}
}

func answersBot(name string, b config.Bot, live *handlers.Live) rollout.AnswersBot {
	return rollout.AnswersBot{Name: name, Path: b.Answers, Options: handlers.Options{LongPosts: b.LongPosts, PrivacyURL: b.PrivacyURL}, Live: live}
}

// testDirectory runs the tests of a rules directory, timelines and replays too.
func testDirectory(sys system) func(context.Context, *rules.Set, []rules.TestFile) (rules.Report, error) {
	return func(ctx context.Context, set *rules.Set, files []rules.TestFile) (rules.Report, error) {
		for _, f := range files {
			if len(f.Timelines) == 0 && len(f.Replays) == 0 {
				continue
			}
			host, err := newRulesHost(ctx, sys)
			if err != nil {
				return rules.Report{}, err
			}
			return rules.RunTests(set, files, host), host.Close()
		}
		return rules.RunTests(set, files, nil), nil
	}
}

// files are what a running host keeps besides rules.
func (h *host) files() []*rollout.Files {
	if h.answers == nil || h.timers == nil {
		return nil
	}
	return []*rollout.Files{h.answers, h.timers.files}
}

// runHangup reloads the rules, answers and schedules of all bots at each SIGHUP.
func (h *host) runHangup(ctx context.Context, hangup <-chan os.Signal) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hangup:
			h.log.InfoContext(ctx, "SIGHUP: reload the rules, the answers and the schedules")
			for _, f := range h.files() {
				f.Reload(ctx)
			}
			if _, err := h.rules.Reload(ctx, "", rollout.WhySignal); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}
