package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// span is a time in which X may have told us something that we did not take.
type span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

func (s span) empty() bool { return !s.From.Before(s.To) }

// join is the span over both.
func (s span) join(t span) span {
	switch {
	case s.empty():
		return t
	case t.empty():
		return s
	}
	if t.From.Before(s.From) {
		s.From = t.From
	}
	if t.To.After(s.To) {
		s.To = t.To
	}
	return s
}

// missed is what is to be replayed, kept durably: the span that nobody has asked
// for yet, and the job that is under way.
type missed struct {
	Want  span      `json:"want"`
	Job   string    `json:"job,omitempty"`
	Of    span      `json:"of"` // what the job replays
	Asked time.Time `json:"asked"`
}

const (
	missedPosition = "missed"

	// X rule: a replay is of the last 24 h, from at least 31 and to at least 10
	// minutes ago; a job takes about 2 hours (facts.md, read 2026-11-25)
	replayDeepest = 24*time.Hour - 2*time.Minute
	replayFrom    = 32 * time.Minute
	replayTo      = 11 * time.Minute
	replayLost    = 6 * time.Hour // after which a job counts as incomplete: its end was not told
)

// due is the span to ask for now. lost: it has a part that X no longer keeps.
// wait is how long until it can be asked for, 0 if now, and ok is whether there
// is anything at all.
func (m missed) due(now time.Time) (ask span, lost bool, wait time.Duration, ok bool) {
	if m.Want.empty() || m.Job != "" {
		return span{}, false, 0, false
	}
	if m.Want.To.After(now) { // noted by a clock that was ahead
		m.Want.To = now
	}
	ask = span{m.Want.From.Add(-overlap), m.Want.To.Add(overlap)}
	if wait := ask.To.Sub(now.Add(-replayTo)); wait > 0 {
		return span{}, false, wait, true
	}
	if latest := now.Add(-replayFrom); ask.From.After(latest) {
		ask.From = latest // X takes no later one: what comes twice does no harm
	}
	if oldest := now.Add(-replayDeepest); ask.From.Before(oldest) {
		ask.From, lost = oldest, m.Want.From.Before(oldest)
	}
	return ask, lost, 0, !ask.empty()
}

// ended takes X's word on a job, and reports whether it was ours.
func (m missed) ended(s ReplayStatus) (missed, bool) {
	if m.Job == "" || m.Job != s.JobID {
		return m, false
	}
	if s.State != "Complete" {
		m.Want = m.Want.join(m.Of)
	}
	m.Job, m.Of = "", span{}
	return m, true
}

// overdue gives a job up whose end was never told.
func (m missed) overdue(now time.Time) missed {
	if m.Job != "" && now.Sub(m.Asked) > replayLost {
		m, _ = m.ended(ReplayStatus{JobID: m.Job})
	}
	return m
}

func readMissed(ctx context.Context, p Positions) (m missed, err error) {
	v, err := p.Position(ctx, missedPosition)
	if err != nil || v == "" {
		return m, err
	}
	if err := json.Unmarshal([]byte(v), &m); err != nil {
		return m, fmt.Errorf("position %s: %w", missedPosition, err)
	}
	return m, nil
}

func (m missed) store(ctx context.Context, p Positions) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return p.SetPosition(ctx, missedPosition, string(b))
}
