package admin

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/audit"
	"github.com/beckon-bot/beckon/runtime/audit/bundle"
)

// Kept is the body of a check of the audit chain: checkpoints kept elsewhere.
type Kept struct {
	Checkpoints []string `json:"checkpoints,omitempty"`
}

// Report is the body of a request for an audit report.
type Report struct {
	By   string    `json:"by"`
	For  string    `json:"for"`  // who will have it
	From time.Time `json:"from"` // 00:00 UTC
	To   time.Time `json:"to"`   // 00:00 UTC of the day after the last
}

func (s *server) verifyAudit(r *http.Request) (any, error) {
	var in Kept
	if err := readBody(r, &in); err != nil {
		return nil, err
	}
	return audit.Verify(r.Context(), s.Store, s.Desk.Key, in.Checkpoints...)
}

// reportAudit collects a report. That it is given to somebody is recorded first,
// like everything that leaves; it holds no ids and no objects of X's.
func (s *server) reportAudit(r *http.Request) (any, error) {
	var in Report
	if err := readBody(r, &in); err != nil {
		return nil, err
	}
	c := Change{By: in.By}
	if err := c.check(); err != nil {
		return nil, err
	}
	if !wholeDay(in.From) || !wholeDay(in.To) || !in.From.Before(in.To) {
		return nil, badRequest("from, to: whole UTC days, from before to")
	}
	_, err := audit.Give(r.Context(), s.Store, s.Now(), db.Redistribution{Recipient: in.For, What: "audit report", By: in.By})
	if errors.Is(err, audit.ErrUnnamed) {
		return nil, badRequest("for: say who will have the report")
	}
	if err != nil {
		return nil, fmt.Errorf("record the export: %w", err)
	}
	var use []bundle.Line
	if s.Use != nil {
		use = s.Use()
	}
	report, err := bundle.Collect(r.Context(), s.Store, bundle.Options{
		From: in.From.UTC(), To: in.To.UTC(), Now: s.Now(), By: in.By, For: in.For, Use: use, Key: s.Desk.Key,
	})
	if err != nil {
		return nil, err
	}
	s.did(r.Context(), c.By, "audit report", "from", in.From.Format(time.DateOnly), "to", in.To.Format(time.DateOnly))
	return report, nil
}

func wholeDay(t time.Time) bool { return t.UTC().Truncate(24*time.Hour).Equal(t) && !t.IsZero() }
