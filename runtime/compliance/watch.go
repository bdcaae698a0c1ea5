package compliance

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/beckon-bot/beckon/db"
)

// Metrics counts what is due and what was done.
type Metrics struct {
	Open     atomic.Int64 `metric:"beckon_duties_open" type:"gauge" help:"Deletions that are due and not done."`
	Late     atomic.Int64 `metric:"beckon_duties_late" type:"gauge" help:"Deletions that are past their deadline."`
	Oldest   atomic.Int64 `metric:"beckon_duty_oldest_seconds" type:"gauge" unit:"seconds" help:"Age of the oldest deletion that is not done."`
	Done     atomic.Int64 `metric:"beckon_duties_done_total" help:"Deletions that were done."`
	Failures atomic.Int64 `metric:"beckon_duty_failures_total" help:"Attempts at a deletion that failed; they are repeated."`

	Rounds   atomic.Int64 `metric:"beckon_compliance_rounds_total" labels:"result=done" help:"Times that X was asked which posts or users are gone, by what came of it."`
	Unheard  atomic.Int64 `metric:"beckon_compliance_rounds_total" labels:"result=failed" help:"Times that X was asked which posts or users are gone, by what came of it."`
	Asked    atomic.Int64 `metric:"beckon_compliance_ids_total" help:"Ids of posts and users that X was asked about."`
	Answered atomic.Int64 `metric:"beckon_compliance_redactions_total" help:"Ids that X said are gone or changed."`
	LastAge  atomic.Int64 `metric:"beckon_compliance_round_age_seconds" type:"gauge" unit:"seconds" help:"Time since X was last asked, and answered, which posts and users are gone; the older of both."`
}

// watch counts what is open, and tells somebody at half of a duty's time and at
// its end (K15). That it was told is stored, so that it is told once each. It
// returns when there is something to tell, or to begin, next.
func (o *Officer) watch(ctx context.Context, now time.Time) (next time.Time, err error) {
	var tell []db.Duty
	sooner := func(at time.Time) {
		if now.Before(at) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	err = o.Store.Read(ctx, func(tx db.Tx) error {
		open, err := tx.OpenDuties(most)
		if err != nil {
			return err
		}
		n, err := tx.CountOpenDuties()
		if err != nil {
			return err
		}
		var late int64
		var oldest time.Duration
		for _, d := range open {
			if !now.Before(d.DueAt) {
				late++
			}
			oldest = max(oldest, now.Sub(d.OpenedAt))
			half := d.OpenedAt.Add(d.DueAt.Sub(d.OpenedAt) / 2)
			sooner(half)
			sooner(d.DueAt)
			sooner(d.StartAt)
			if unsaid := d.AlarmedAt.IsZero() || !now.Before(d.DueAt) && d.AlarmedAt.Before(d.DueAt); unsaid && !now.Before(half) {
				tell = append(tell, d)
			}
		}
		o.Metrics.Open.Store(n)
		o.Metrics.Late.Store(late)
		o.Metrics.Oldest.Store(int64(oldest))
		return o.roundAge(tx, now)
	})
	if err != nil || len(tell) == 0 {
		return next, err
	}
	err = o.Store.Write(ctx, func(tx db.Tx) error {
		for _, d := range tell {
			d.AlarmedAt = now
			if err := tx.UpdateDuty(d); err != nil {
				return err
			}
		}
		return nil
	})
	for _, d := range tell {
		what := "half of the time for a deletion is over"
		if !now.Before(d.DueAt) {
			what = "a deletion is late"
		}
		o.Log.ErrorContext(ctx, what+"; see `beckon compliance status`", "duty", d.ID, "what", d.What, "bot", d.Bot, "due", d.DueAt, "attempts", d.Attempts)
	}
	return next, err
}

// roundAge is how long ago X last said what is gone.
func (o *Officer) roundAge(tx db.Tx, now time.Time) error {
	jobs, err := tx.ListComplianceJobs(100)
	if err != nil || o.Every == 0 {
		return err
	}
	last := map[string]time.Time{}
	for _, j := range jobs {
		if j.Step == db.JobDone && j.BeganAt.After(last[j.About]) {
			last[j.About] = j.BeganAt
		}
	}
	var age time.Duration
	for _, at := range last {
		age = max(age, now.Sub(at))
	}
	o.Metrics.LastAge.Store(int64(age))
	return nil
}
