package sqlite

import (
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite/gen"
)

func (t tx) OpenDuty(d db.Duty) (bool, error) {
	n, err := t.q.OpenDuty(background(), gen.OpenDutyParams{
		ID: d.ID, What: string(d.What), Target: d.Target, Hash: d.Hash, Bot: d.Bot, Owner: d.Owner, Version: int64(d.Version),
		Cause: string(d.Cause), ToldBy: d.ToldBy, Reason: d.Reason, Since: millis(d.Since), OpenedAt: millis(d.OpenedAt), DueAt: millis(d.DueAt),
		StartAt: millis(d.StartAt), DoneAt: millis(d.DoneAt), AlarmedAt: millis(d.AlarmedAt), Step: string(d.Step),
		Attempts: int64(d.Attempts), Problem: d.Problem, Counts: d.Counts,
	})
	if err != nil {
		return false, fmt.Errorf("open duty %s: %w", d.ID, err)
	}
	return n == 1, nil
}

func (t tx) UpdateDuty(d db.Duty) error {
	err := t.q.UpdateDuty(background(), gen.UpdateDutyParams{
		Target: d.Target, Owner: d.Owner, StartAt: millis(d.StartAt), DoneAt: millis(d.DoneAt), AlarmedAt: millis(d.AlarmedAt),
		Step: string(d.Step), Attempts: int64(d.Attempts), Problem: d.Problem, Counts: d.Counts, ID: d.ID,
	})
	if err != nil {
		return fmt.Errorf("update duty %s: %w", d.ID, err)
	}
	return nil
}

func (t tx) Duty(id string) (db.Duty, error) {
	r, err := t.q.Duty(background(), id)
	if err != nil {
		return db.Duty{}, fmt.Errorf("duty %s: %w", id, found(err))
	}
	return dutyOf(r), nil
}

func (t tx) OpenDuties(max int) ([]db.Duty, error) {
	rows, err := t.q.OpenDuties(background(), int64(max))
	if err != nil {
		return nil, fmt.Errorf("open duties: %w", err)
	}
	return each(rows, dutyOf), nil
}

func (t tx) CountOpenDuties() (int64, error) {
	n, err := t.q.CountOpenDuties(background())
	if err != nil {
		return 0, fmt.Errorf("count open duties: %w", err)
	}
	return n, nil
}

func (t tx) ListDuties(max int) ([]db.Duty, error) {
	rows, err := t.q.ListDuties(background(), int64(max))
	if err != nil {
		return nil, fmt.Errorf("list duties: %w", err)
	}
	return each(rows, dutyOf), nil
}

func (t tx) DutiesOn(h [4]string) ([]db.Duty, error) {
	rows, err := t.q.DutiesOn(background(), gen.DutiesOnParams{First: h[0], Second: h[1], Third: h[2], Fourth: h[3]})
	if err != nil {
		return nil, fmt.Errorf("duties on an event: %w", err)
	}
	return each(rows, dutyOf), nil
}

func (t tx) PruneDuties(before time.Time, max int) (int, error) {
	n, err := t.q.PruneDuties(background(), millis(before), int64(max))
	if err == nil {
		err = t.q.PruneComplianceJobs(background(), millis(before))
	}
	if err != nil {
		return 0, fmt.Errorf("prune duties: %w", err)
	}
	return int(n), nil
}

func dutyOf(r gen.Duty) db.Duty {
	return db.Duty{
		ID: r.ID, What: db.DutyWhat(r.What), Target: r.Target, Hash: r.Hash, Bot: r.Bot, Owner: r.Owner, Version: int(r.Version),
		Cause: db.Cause(r.Cause), ToldBy: r.ToldBy, Reason: r.Reason, Since: timeOf(r.Since), OpenedAt: timeOf(r.OpenedAt), DueAt: timeOf(r.DueAt),
		StartAt: timeOf(r.StartAt), DoneAt: timeOf(r.DoneAt), AlarmedAt: timeOf(r.AlarmedAt), Step: db.DutyStep(r.Step),
		Attempts: int(r.Attempts), Problem: r.Problem, Counts: r.Counts,
	}
}

func (t tx) PutComplianceJob(j db.ComplianceJob) error {
	err := t.q.PutComplianceJob(background(), gen.PutComplianceJobParams{
		Name: j.Name, About: j.About, Step: string(j.Step), Remote: j.Remote, BeganAt: millis(j.BeganAt), NextAt: millis(j.NextAt),
		DoneAt: millis(j.DoneAt), Ids: j.IDs, Found: j.Found, Attempts: int64(j.Attempts), Problem: j.Problem,
	})
	if err != nil {
		return fmt.Errorf("put compliance job %s: %w", j.Name, err)
	}
	return nil
}

func (t tx) LastComplianceJob(about string) (db.ComplianceJob, error) {
	r, err := t.q.LastComplianceJob(background(), about)
	if err != nil {
		return db.ComplianceJob{}, fmt.Errorf("last compliance job about %s: %w", about, found(err))
	}
	return jobOf(r), nil
}

func (t tx) ListComplianceJobs(max int) ([]db.ComplianceJob, error) {
	rows, err := t.q.ListComplianceJobs(background(), int64(max))
	if err != nil {
		return nil, fmt.Errorf("list compliance jobs: %w", err)
	}
	return each(rows, jobOf), nil
}

func jobOf(r gen.ComplianceJob) db.ComplianceJob {
	return db.ComplianceJob{
		Name: r.Name, About: r.About, Step: db.JobStep(r.Step), Remote: r.Remote, BeganAt: timeOf(r.BeganAt), NextAt: timeOf(r.NextAt),
		DoneAt: timeOf(r.DoneAt), IDs: r.Ids, Found: r.Found, Attempts: int(r.Attempts), Problem: r.Problem,
	}
}
