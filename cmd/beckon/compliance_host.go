package main

import (
	"context"
	"errors"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/compliance"
	"github.com/beckon-bot/beckon/runtime/desk"
	"github.com/beckon-bot/beckon/runtime/erasure"
	"github.com/beckon-bot/beckon/runtime/event"
)

// openOfficer puts together who deletes what has to be deleted. X is asked what
// is gone where the app can speak for itself.
func (h *host) openOfficer(events handoffBus, eraser *erasure.Eraser, x compliance.X, count *compliance.Metrics) *compliance.Officer {
	o := compliance.Options{
		Store: h.store, Bus: events, Eraser: eraser, Scrub: h.scrub, Key: h.key, Book: h.desk.Book, Bots: h.cfg.Names(),
		Every: h.cfg.Compliance.Every, Log: h.log, Metrics: count,
	}
	o.Unpost = func(ctx context.Context, duties []db.Duty) ([]int64, error) {
		n := make([]int64, len(duties))
		_, err := events.EditHandoffs(ctx, desk.UnpostAll(duties, n))
		return n, err
	}
	o.Told = func() { nudge(h.tells) }
	if h.cfg.App.Bearer != "" || h.cfg.App.ConsumerKey != "" {
		o.X = x
	}
	return compliance.New(o)
}

// handoffBus is a bus on which handoffs wait for the desk's program.
type handoffBus interface {
	compliance.Bus
	EditHandoffs(ctx context.Context, edit func(body []byte) ([]byte, error)) (int, error)
}

// startDuties says what a host without the app's own token does not do.
func (h *host) startDuties(ctx context.Context) error {
	if h.duties.X == nil {
		h.log.WarnContext(ctx, "nobody tells this host what users delete on X, and X wants it deleted here too: set app.bearer or app.consumer_key, or `beckon compliance delete` by hand")
	}
	return nil
}

// Remove opens the bus for as long as one removal takes.
func (l lateBus) Remove(ctx context.Context, bot, user string, pick func(bus.Stored) (bool, error)) (int, error) {
	b, err := bus.Open(ctx, l.h.busFiles())
	if err != nil {
		return 0, err
	}
	n, err := b.Remove(ctx, bot, user, pick)
	return n, errors.Join(err, b.Close())
}

// EditHandoffs does the same.
func (l lateBus) EditHandoffs(ctx context.Context, edit func(body []byte) ([]byte, error)) (int, error) {
	b, err := bus.Open(ctx, l.h.busFiles())
	if err != nil {
		return 0, err
	}
	n, err := b.EditHandoffs(ctx, edit)
	return n, errors.Join(err, b.Close())
}

// lateJobs asks X for a command without a host.
type lateJobs struct {
	h   *host
	sys system
}

func (l lateJobs) x() (compliance.X, error) {
	m, err := l.h.lateAccounts(l.sys)
	if err != nil {
		return nil, err
	}
	return l.h.lateX(m, &xClock{now: l.h.now})
}

func (l lateJobs) CreateJob(ctx context.Context, about, name string) (event.Job, error) {
	x, err := l.x()
	if err != nil {
		return event.Job{}, err
	}
	return x.CreateJob(ctx, about, name)
}

func (l lateJobs) Job(ctx context.Context, id string) (event.Job, error) {
	x, err := l.x()
	if err != nil {
		return event.Job{}, err
	}
	return x.Job(ctx, id)
}

func (l lateJobs) Jobs(ctx context.Context, about string, status event.JobStatus) ([]event.Job, error) {
	x, err := l.x()
	if err != nil {
		return nil, err
	}
	return x.Jobs(ctx, about, status)
}

func (l lateJobs) Upload(ctx context.Context, j event.Job, ids []string) error {
	x, err := l.x()
	if err != nil {
		return err
	}
	return x.Upload(ctx, j, ids)
}

func (l lateJobs) Download(ctx context.Context, j event.Job, each func(event.Redaction) error) error {
	x, err := l.x()
	if err != nil {
		return err
	}
	return x.Download(ctx, j, each)
}
