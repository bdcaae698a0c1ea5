package main

import (
	"context"
	"slices"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/doctor"
	"github.com/beckon-bot/beckon/runtime/service"
	"github.com/beckon-bot/beckon/runtime/suppression"
)

// openSuppressions puts together what keeps opt-outs outside the database too.
func (h *host) openSuppressions(ctx context.Context, count *suppression.Metrics) error {
	bucket, err := h.bus.Bucket(ctx, bus.SuppressionBucket)
	if err != nil {
		return err
	}
	h.stops = &suppression.Keeper{Store: h.store, Bucket: bucket, Desk: h.desk, Eraser: h.eraser, Log: h.log, Metrics: count, Withdrew: &h.withdrew}
	return nil
}

// suppressionService merges before anything is sent or taken from the bus, and
// keeps the copy from then on.
func (h *host) suppressionService() service.Service {
	return service.Service{
		Name: "suppressions", Start: h.startSuppressions,
		Run: func(ctx context.Context) error { return h.stops.Run(ctx, h.now, h.said) },
	}
}

// startSuppressions merges.
func (h *host) startSuppressions(ctx context.Context) error {
	waits, err := h.stops.Start(ctx, h.now())
	if err == nil && !waits.At.IsZero() {
		h.log.ErrorContext(ctx, "nothing is sent: the database was restored, and the bus does not know who said stop since the backup; `beckon doctor` says what to do",
			"backup_at", waits.BackupAt, "restored_at", waits.At)
	}
	return err
}

// copyOf says how far the copy of the opt-outs is.
func (e *examiner) copyOf(ctx context.Context) doctor.Known[doctor.Copy] {
	s, err := suppression.Look(ctx, e.store)
	if err != nil {
		return doctor.None[doctor.Copy](err.Error())
	}
	c := doctor.Copy{Owed: s.Owed}
	if !s.Since.IsZero() {
		c.Behind = max(e.sys.now().Sub(s.Since), time.Millisecond)
	}
	return doctor.Fact(c)
}

// restoredOf says whether the database came back from a backup.
func (e *examiner) restoredOf(ctx context.Context) doctor.Known[doctor.Restored] {
	var r db.Restore
	err := e.store.Read(ctx, func(tx db.Tx) (err error) {
		r, err = tx.LastRestore()
		return err
	})
	if err != nil {
		return doctor.None[doctor.Restored](err.Error())
	}
	return doctor.Fact(doctor.Restored{At: r.At, BackupAt: r.BackupAt, Waits: !r.At.IsZero() && r.MergedAt.IsZero()})
}

// backupOf says when the newest backup was made, as far as acts are looked at.
func (e *examiner) backupOf(ctx context.Context) doctor.Known[time.Time] {
	const acts, back = 10_000, 30 * 24 * time.Hour
	var at time.Time
	err := e.store.Read(ctx, func(tx db.Tx) error {
		all, err := tx.ListOperatorActs("", e.sys.now().Add(-back), acts)
		if i := slices.IndexFunc(all, func(a db.OperatorAct) bool { return a.Did == "backup" && a.Refused == "" }); i >= 0 {
			at = all[i].At
		}
		return err
	})
	if err != nil {
		return doctor.None[time.Time](err.Error())
	}
	return doctor.Fact(at)
}
