package xsim

import (
	"bytes"
	"context"
	"net/http"
	"time"
)

// job redelivers to a webhook what happened in a window of time.
type job struct {
	id       string
	webhook  *webhook
	from, to time.Time
	due      time.Time
	done     bool
}

// createReplay takes a job; Flush or Run does it once Options.ReplayTakes is
// over. X's bounds: the last 24 hours, from at least 31 and to at least 10
// minutes ago, one job a webhook (facts.md, read 2026-11-25).
func (s *Sim) createReplay(r *request) answer {
	var in struct {
		Webhook string `json:"webhook_id"`
		From    string `json:"from_date"`
		To      string `json:"to_date"`
	}
	if err := strict(r, &in); err != nil {
		return badRequest(err.Error())
	}
	const layout = "200601021504"
	from, err1 := time.Parse(layout, in.From)
	to, err2 := time.Parse(layout, in.To)
	h := s.hook(in.Webhook)
	switch {
	case err1 != nil || err2 != nil:
		return badRequest("from_date and to_date are yyyymmddhhmm, UTC")
	case h == nil:
		return badRequest("WebhookIdInvalid: webhook_id is none of this app's")
	case !from.Before(to):
		return badRequest("from_date is not before to_date")
	case r.now.Sub(from) > window24:
		return badRequest("from_date is more than 24 hours ago")
	case r.now.Sub(from) < 31*time.Minute:
		return badRequest("from_date is less than 31 minutes ago")
	case r.now.Sub(to) < 10*time.Minute:
		return badRequest("to_date is less than 10 minutes ago")
	}
	for _, j := range s.jobs {
		if j.webhook == h && !j.done {
			return refuse(http.StatusConflict, "", "ReplayConflictError: a replay job is running for this webhook.")
		}
	}
	j := &job{id: s.newID(r.now), webhook: h, from: from, to: to, due: r.now.Add(s.opts.ReplayTakes)}
	s.jobs = append(s.jobs, j)
	s.poke()
	return answer{status: http.StatusOK, made: j.id, body: object{{"data", object{{"created_at", stamp(r.now)}, {"job_id", j.id}}}}}
}

// replay does the jobs that are due, and tells the webhook how each ended.
func (s *Sim) replay(ctx context.Context) {
	for {
		s.mu.Lock()
		var j *job
		for _, x := range s.jobs {
			if !x.done && !x.due.After(s.now()) {
				j = x
				break
			}
		}
		var bodies [][]byte
		fails := 0
		if j != nil {
			j.done = true
			for _, h := range s.history {
				if !h.at.Before(j.from) && h.at.Before(j.to) {
					bodies = append(bodies, s.forHook(h, j.webhook)...)
				}
			}
			if s.failReplays > 0 {
				s.failReplays--
				fails = len(bodies)/2 + 1
			}
		}
		s.mu.Unlock()
		if j == nil {
			return
		}
		if fails > 0 { // an incomplete job delivers its first half
			bodies = bodies[:max(len(bodies)-fails, 0)]
		}
		for _, b := range bodies {
			if err := s.send(ctx, j.webhook, b); err != nil {
				s.opts.Log.WarnContext(ctx, "replayed event not delivered", "job", j.id, "err", err)
				fails++
			}
		}
		state, says := "Complete", "Job completed successfully"
		if fails > 0 {
			state, says = "Incomplete", "Job failed to deliver all events, please retry your replay job"
		}
		end := line(object{{"replay_job_status", object{
			{"webhook_id", j.webhook.id}, {"job_state", state}, {"job_state_description", says}, {"job_id", j.id},
		}}})
		if err := s.send(ctx, j.webhook, bytes.TrimSpace(end)); err != nil {
			s.opts.Log.WarnContext(ctx, "end of a replay job not delivered", "job", j.id, "err", err)
		}
	}
}

// FailReplays makes the next n replay jobs deliver half and end Incomplete.
func (s *Sim) FailReplays(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failReplays = n
}
