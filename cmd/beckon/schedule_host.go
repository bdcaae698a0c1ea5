package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/runtime/schedule"
	"github.com/beckon-bot/beckon/runtime/service"
)

// timers is what comes due by itself: posts by the clock and reminders, and
// the feeds.
type timers struct {
	clock *schedule.Scheduler
	feeds *schedule.Feeds
	count *schedule.Metrics
	looks *schedule.FeedMetrics
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
	if err != nil {
		return schedule.Plan{}, fmt.Errorf("read the schedule of bot %s: %w", name, err)
	}
	zone, err := b.Location()
	if err != nil {
		return schedule.Plan{}, err
	}
	return schedule.Load(b.Schedule, data, schedule.Options{Bot: name, Zone: zone, LongPosts: b.LongPosts})
}

func (h *host) openTimers(plans []schedule.Plan) *timers {
	t := &timers{count: &schedule.Metrics{}, looks: &schedule.FeedMetrics{}, wake: make(chan struct{}, 1)}
	due := schedule.Store{DB: h.store}
	c := schedule.Config{
		Plans: plans, Positions: due, Silence: due, Publish: commander(h.bus.Publish), Now: h.now, Log: h.log, Metrics: t.count,
	}
	t.clock, t.feeds = schedule.New(c), schedule.NewFeeds(c, t.looks)
	return t
}

func (t *timers) services() []service.Service {
	return []service.Service{
		{Name: "timers", Run: func(ctx context.Context) error { return t.clock.Run(ctx, t.wake) }},
		{Name: "feeds", Run: t.feeds.Run},
	}
}
