package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/runtime/rollout"
	"github.com/beckon-bot/beckon/runtime/schedule"
	"github.com/beckon-bot/beckon/runtime/service"
)

// timers is what comes due by itself: posts by the clock and reminders, and
// the feeds.
type timers struct {
	clock *schedule.Scheduler
	feeds *schedule.Feeds
	files *rollout.Files // the schedules that both go by
	count *schedule.Metrics
	looks *schedule.FeedMetrics
	read  *rollout.ScheduleMetrics
	wake  chan struct{} // something new may be due
}

// loadPlans reads the schedules of all bots, and reports the faults of all.
func loadPlans(cfg *config.Config) ([]schedule.Plan, error) {
	var plans []schedule.Plan
	var faults []error
	for _, name := range cfg.Names() {
		b := cfg.Bots[name]
		if b.Schedule == "" {
			continue
		}
		p, err := loadPlan(name, b)
		if err != nil {
			faults = append(faults, exitError{exitUsage, err})
		}
		plans = append(plans, p)
	}
	return plans, errors.Join(faults...)
}

func loadPlan(name string, b config.Bot) (schedule.Plan, error) {
	data, err := os.ReadFile(b.Schedule)
	return makePlan(name, b, data, err)
}

// makePlan makes a plan of what was read of its file.
func makePlan(name string, b config.Bot, data []byte, err error) (schedule.Plan, error) {
	if err != nil {
		return schedule.Plan{}, fmt.Errorf("read the schedule of bot %s: %w", name, err)
	}
	zone, err := b.Location()
	if err != nil {
		return schedule.Plan{}, err
	}
	return schedule.Load(b.Schedule, data, schedule.Options{Bot: name, Zone: zone, LongPosts: b.LongPosts})
}

// openTimers puts together what comes due by itself, by the schedules as they are
// now.
func (h *host) openTimers() (*timers, error) {
	t := &timers{count: &schedule.Metrics{}, looks: &schedule.FeedMetrics{}, read: &rollout.ScheduleMetrics{}, wake: make(chan struct{}, 1)}
	due := schedule.Store{DB: h.store}
	c := schedule.Config{
		Positions: due, Silence: due, Publish: commander(h.bus.Publish), Now: h.now, Log: h.log, Metrics: t.count,
	}
	t.clock, t.feeds = schedule.New(c), schedule.NewFeeds(c, t.looks)
	t.files = &rollout.Files{Kind: rollout.Schedule, Now: h.now, Log: h.log, Count: t.read.Counters()}
	for _, name := range h.cfg.Names() {
		if b := h.cfg.Bots[name]; b.Schedule != "" {
			t.files.Bots = append(t.files.Bots, t.file(name, b))
		}
	}
	if err := t.files.Start(); err != nil {
		return nil, exitError{exitUsage, err}
	}
	return t, nil
}

// file is how a bot's schedule is loaded.
func (t *timers) file(name string, b config.Bot) rollout.File {
	return rollout.File{Bot: name, Path: b.Schedule, Read: func() rollout.Content {
		data, fault := os.ReadFile(b.Schedule)
		return rollout.Content{Digest: sha256.Sum256(fmt.Append(data, fault)), Load: func() (func(), []rollout.Count, error) {
			p, err := makePlan(name, b, data, fault)
			if err != nil {
				return nil, nil, err
			}
			place := func() {
				t.clock.Replace(p)
				t.feeds.Replace(p)
				nudge(t.wake)
			}
			return place, []rollout.Count{{What: "post", N: len(p.Posts)}, {What: "feed", N: len(p.Feeds)}}, nil
		}}
	}}
}

func (t *timers) services() []service.Service {
	return []service.Service{
		{Name: "timers", Run: func(ctx context.Context) error { return t.clock.Run(ctx, t.wake) }},
		{Name: "feeds", Run: t.feeds.Run},
		{Name: "schedules", Run: t.files.Watch},
	}
}
