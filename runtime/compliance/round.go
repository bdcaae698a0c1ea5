package compliance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/retry"
)

const (
	namePrefix = "beckon-"
	byJob      = "job" // who told of a duty: X, when it was asked
	pollFirst  = 5 * time.Second
	pollMost   = 5 * time.Minute
	retryMost  = 30 * time.Minute
	chunk      = 500 // lines of a result a transaction
)

// round goes on with the round about posts or users, or begins one where it is
// time, or now is: name, make, upload, poll, read. Each step is stored before the
// next; a crash repeats the one it was in, and only asking X to make a job could
// be done twice by that, which the name prevents (K13).
func (o *Officer) round(ctx context.Context, now time.Time, about string, atOnce bool) (next time.Time, err error) {
	var j db.ComplianceJob
	err = o.Store.Read(ctx, func(tx db.Tx) (err error) {
		j, err = tx.LastComplianceJob(about)
		return err
	})
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return time.Time{}, err
	}
	if errors.Is(err, db.ErrNotFound) || !j.DoneAt.IsZero() {
		began := !errors.Is(err, db.ErrNotFound)
		at := j.BeganAt.Add(o.Every)
		if j.Step == db.JobFailed {
			at = j.DoneAt.Add(min(o.Every, retryMost))
		}
		switch {
		case atOnce:
		case o.Every == 0:
			return time.Time{}, nil
		case began && now.Before(at):
			return at, nil
		}
		if j, err = o.name(ctx, now, about); err != nil {
			return time.Time{}, err
		}
	}
	if atOnce {
		j.NextAt = now
	}
	for j.DoneAt.IsZero() && !now.Before(j.NextAt) {
		was := j
		if err := o.advance(ctx, now, &j); err != nil {
			if ctx.Err() != nil {
				return time.Time{}, ctx.Err()
			}
			j = was
			j.Attempts++
			j.Problem, j.NextAt = err.Error(), now.Add(retry.After(j.Attempts, pollFirst, retryMost))
			err = fmt.Errorf("ask X which %s are gone (%s, step %s): %w", about, j.Name, j.Step, err)
			return j.NextAt, errors.Join(err, o.keep(ctx, j))
		}
		if err := o.keep(ctx, j); err != nil {
			return time.Time{}, err
		}
	}
	if j.DoneAt.IsZero() {
		return j.NextAt, nil
	}
	return j.BeganAt.Add(o.Every), nil
}

func (o *Officer) keep(ctx context.Context, j db.ComplianceJob) error {
	return o.Store.Write(ctx, func(tx db.Tx) error { return tx.PutComplianceJob(j) })
}

// name begins a round: its name is on disk before X hears it.
func (o *Officer) name(ctx context.Context, now time.Time, about string) (db.ComplianceJob, error) {
	j := db.ComplianceJob{
		Name: namePrefix + about + "-" + o.Key.Text("round about " + about + now.UTC().Format(time.RFC3339Nano))[:16], About: about,
		Step: db.JobNamed, BeganAt: now, NextAt: now,
	}
	return j, o.keep(ctx, j)
}

// advance does one step of a round and writes into j how it stands then.
func (o *Officer) advance(ctx context.Context, now time.Time, j *db.ComplianceJob) error {
	switch j.Step {
	case db.JobNamed:
		return o.create(ctx, now, j)
	case db.JobCreated:
		return o.upload(ctx, now, j)
	case db.JobUploaded:
		return o.poll(ctx, now, j)
	}
	return fmt.Errorf("step %q, which this version does not know", j.Step)
}

// ids of what is asked about. A round that would ask about nothing asks nobody.
func (o *Officer) ids(ctx context.Context, about string) (ids []string, err error) {
	err = o.Store.Read(ctx, func(tx db.Tx) (err error) {
		if about == event.JobPosts {
			ids, err = tx.HeldPosts()
		} else {
			ids, err = tx.HeldUsers()
		}
		return err
	})
	kept := ids[:0]
	for _, id := range ids {
		if id != "" && len(id) <= 20 && strings.Trim(id, "0123456789") == "" {
			kept = append(kept, id)
		}
	}
	return kept, err
}

// create finds the job by its name, or has X make it. X runs one job of a type
// at a time: another one, of another host or lost, is waited for.
func (o *Officer) create(ctx context.Context, now time.Time, j *db.ComplianceJob) error {
	ids, err := o.ids(ctx, j.About)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		j.Step, j.DoneAt, j.Problem = db.JobDone, now, ""
		o.Metrics.Rounds.Add(1)
		return nil
	}
	jobs, err := o.X.Jobs(ctx, j.About, "")
	if err != nil {
		return err
	}
	busy := ""
	for _, x := range jobs {
		if x.Name == j.Name {
			j.Step, j.Remote, j.Attempts, j.Problem = db.JobCreated, x.ID, 0, ""
			return nil
		}
		if x.Status == event.JobCreated || x.Status == event.JobInProgress {
			busy = x.ID
		}
	}
	if busy != "" {
		return fmt.Errorf("X runs one job about %s at a time, and job %s is under way", j.About, busy)
	}
	x, err := o.X.CreateJob(ctx, j.About, j.Name)
	if err != nil {
		return err
	}
	j.Step, j.Remote, j.Attempts, j.Problem = db.JobCreated, x.ID, 0, ""
	return nil
}

// upload gives the job its ids. Its addresses are read anew: they expire, and
// are not stored.
func (o *Officer) upload(ctx context.Context, now time.Time, j *db.ComplianceJob) error {
	x, err := o.X.Job(ctx, j.Remote)
	if err != nil {
		return err
	}
	switch x.Status {
	case event.JobCreated:
	case event.JobInProgress, event.JobComplete: // the upload's answer was lost
		j.Step, j.Attempts, j.NextAt = db.JobUploaded, 0, now
		return nil
	default:
		return o.gaveUp(ctx, now, j, x.Status)
	}
	ids, err := o.ids(ctx, j.About)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return o.gaveUp(ctx, now, j, "nothing is left to ask about")
	}
	if err := o.X.Upload(ctx, x, ids); err != nil {
		return err
	}
	o.Metrics.Asked.Add(int64(len(ids)))
	j.Step, j.IDs, j.Attempts, j.Problem, j.NextAt = db.JobUploaded, int64(len(ids)), 0, "", now.Add(pollFirst)
	return nil
}

// poll asks how the job stands, and reads its result.
func (o *Officer) poll(ctx context.Context, now time.Time, j *db.ComplianceJob) error {
	x, err := o.X.Job(ctx, j.Remote)
	if err != nil {
		return err
	}
	switch x.Status {
	case event.JobComplete:
	case event.JobFailed, event.JobExpired:
		return o.gaveUp(ctx, now, j, x.Status)
	default:
		j.Attempts++
		j.NextAt = now.Add(retry.After(j.Attempts, pollFirst, pollMost))
		return nil
	}
	found, err := o.apply(ctx, now, j.About, x)
	if err != nil {
		return err
	}
	o.Metrics.Rounds.Add(1)
	o.Metrics.Answered.Add(found)
	j.Step, j.Found, j.DoneAt, j.Problem = db.JobDone, found, now, ""
	return nil
}

// gaveUp ends a round without a result. Another one follows soon.
func (o *Officer) gaveUp(ctx context.Context, now time.Time, j *db.ComplianceJob, status event.JobStatus) error {
	o.Metrics.Unheard.Add(1)
	o.Log.WarnContext(ctx, "X did not say which posts or users are gone; it is asked again", "about", j.About, "job", j.Remote, "status", status)
	j.Step, j.DoneAt, j.Problem = db.JobFailed, now, "X's job is "+string(status)
	return nil
}

// apply makes a duty of each line of a result. A result that is cut short is
// read again; what it told already is there (K14).
func (o *Officer) apply(ctx context.Context, now time.Time, about string, x event.Job) (found int64, err error) {
	var lines []event.Redaction
	flush := func() error {
		if len(lines) == 0 {
			return nil
		}
		err := o.Store.Write(ctx, func(tx db.Tx) error {
			for _, r := range lines {
				if err := o.take(tx, now, about, r); err != nil {
					return err
				}
			}
			return nil
		})
		found += int64(len(lines))
		lines = lines[:0]
		return err
	}
	err = o.X.Download(ctx, x, func(r event.Redaction) error {
		if lines = append(lines, r); len(lines) < chunk {
			return nil
		}
		return flush()
	})
	if err != nil {
		return found, err
	}
	return found, flush()
}

// take makes a duty of one line. X's reason counts, not its action; a reason
// that this version does not know deletes.
func (o *Officer) take(tx db.Tx, now time.Time, about string, r event.Redaction) error {
	told := Told{By: byJob, Reason: r.Reason, Since: r.At}
	d := db.Duty{}
	switch {
	case about == event.JobPosts && r.Reason == "scrub_geo":
		d = Item(o.Key, now, db.DutyGeo, r.ID, told)
	case about == event.JobPosts:
		d = Item(o.Key, now, db.DutyPost, r.ID, told)
	case r.Reason == "protected" || r.Reason == "withheld":
		d = User(o.Key, now, db.DutyPosts, r.ID, told)
	default: // deleted, suspended, deactivated
		d = User(o.Key, now, db.DutyUser, r.ID, told)
	}
	if d.Owner == "" {
		acts, err := tx.ActsWith(r.ID)
		if err != nil {
			return err
		}
		if len(acts) > 0 {
			d.Owner = acts[0].User
		}
	}
	known, err := o.known(tx, d)
	if err != nil || known {
		return err
	}
	_, err = tx.OpenDuty(d)
	return err
}

// known reports whether nothing new could come of a duty: a post was deleted
// here before, or the user's posts were and none came since.
func (o *Officer) known(tx db.Tx, d db.Duty) (bool, error) {
	before, err := tx.DutiesOn([4]string{d.Hash})
	if err != nil {
		return false, err
	}
	for _, was := range before {
		if was.What != d.What || was.DoneAt.IsZero() {
			continue
		}
		switch d.What {
		case db.DutyPost, db.DutyGeo:
			return true, nil
		case db.DutyPosts:
			posts, err := tx.PostsOf(d.Target)
			if err != nil {
				return false, err
			}
			newer := false
			for _, p := range posts {
				newer = newer || p.LastAt.After(was.OpenedAt)
			}
			if !newer {
				return true, nil
			}
		}
	}
	return false, nil
}
