package admin

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/audit"
	"github.com/beckon-bot/beckon/runtime/audit/bundle"
	"github.com/beckon-bot/beckon/runtime/audit/incident"
)

// Incident is the body of a request for what was accessed in a period.
type Incident struct {
	By   string    `json:"by"`
	Bot  string    `json:"bot,omitempty"` // "": all
	From time.Time `json:"from"`
	To   time.Time `json:"to"` // exclusive
}

// Gathered is the answer: the files to keep, and what a person has to add.
type Gathered struct {
	Files  []bundle.File `json:"files"`
	Sum    string        `json:"sum"` // of the evidence; the audit chain has it too
	Gaps   []string      `json:"gaps"`
	Faults int64         `json:"faults"` // that the check of the audit chain found
	Paused bool          `json:"paused"` // the kill switch of all bots is on
}

// incident only reads, and records that it did: with the checksum of what it
// hands out, so that evidence which was changed since is found (V32).
func (s *server) incident(r *http.Request) (any, error) {
	var in Incident
	if err := readBody(r, &in); err != nil {
		return nil, err
	}
	c := Change{By: in.By}
	if err := c.check(); err != nil {
		return nil, err
	}
	if in.Bot != "" && !slices.Contains(s.Bots, in.Bot) {
		return nil, fmt.Errorf("bot %q: %w; the bots are %s", in.Bot, db.ErrNotFound, strings.Join(s.Bots, ", "))
	}
	var setup incident.Setup
	if s.Setup != nil {
		setup = s.Setup()
	}
	e, err := incident.Collect(r.Context(), s.Store, incident.Options{
		From: in.From, To: in.To, Now: s.Now(), By: c.By, Bot: in.Bot, Setup: setup, Key: s.Desk.Key,
	})
	if errors.Is(err, incident.ErrPeriod) {
		return nil, badRequest(err.Error())
	}
	if err != nil {
		return nil, err
	}
	made, err := e.Files()
	if err != nil {
		return nil, err
	}
	a := actOf(r.Context())
	a.on = append(a.on, "from", in.From.UTC().Format(time.RFC3339), "to", in.To.UTC().Format(time.RFC3339), "evidence", made.Sum)
	// The evidence names posts of the bots by X's ids: it is given to whoever asks.
	_, err = audit.Give(r.Context(), s.Store, s.Now(), db.Redistribution{Recipient: c.By, What: "evidence of an incident", IDs: made.PostIDs, By: c.By})
	if errors.Is(err, audit.ErrCap) {
		return nil, badRequest(err.Error())
	}
	if err != nil {
		return nil, fmt.Errorf("record that the evidence was gathered: %w", err)
	}
	s.did(r.Context(), c.By, "incident", "evidence", made.Sum)
	out := Gathered{Files: made.Files, Sum: made.Sum, Gaps: made.Gaps, Faults: e.Faults()}
	for _, w := range e.Switches {
		out.Paused = out.Paused || w.Bot == db.AllBots && w.Paused
	}
	return out, nil
}
