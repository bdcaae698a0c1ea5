package admin

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/audit"
	"github.com/beckon-bot/beckon/runtime/record"
)

// Recording is the body of a request to record what comes in.
type Recording struct {
	By    string    `json:"by"`
	Bot   string    `json:"bot,omitempty"`   // "": every bot
	Since time.Time `json:"since,omitzero"`  // zero: from now on
	Plain bool      `json:"plain,omitempty"` // under real names
}

// Finish is the body of a request for the log of a recording.
type Finish struct {
	By   string `json:"by"`
	For  string `json:"for"`
	File string `json:"file,omitempty"`
	Key  string `json:"key"`            // of the pseudonyms, base64
	Many bool   `json:"many,omitempty"` // other logs have the key
}

// Recorded is the answer: the log, which the host knows as an export.
type Recorded struct {
	Log    string      `json:"log,omitempty"`
	Export string      `json:"export"`
	Events int         `json:"events"`
	Users  int         `json:"users"`
	Left   record.Left `json:"left_out"`
	Full   bool        `json:"full,omitempty"`
}

var errNoRecorder = errors.New("nothing can be recorded here")

// beginRecording is an agent's: they read the same texts one by one. Under real
// names it is an admin's.
func (s *server) beginRecording(r *http.Request) (any, error) {
	var in Recording
	if err := readBody(r, &in); err != nil {
		return nil, err
	}
	who := Change{By: in.By}
	if err := who.check(); err != nil {
		return nil, err
	}
	switch {
	case s.Recorder == nil:
		return nil, errNoRecorder
	case in.Bot != "" && !slices.Contains(s.Bots, in.Bot):
		return nil, badRequest(fmt.Sprintf("bot: one of %s, not %q", strings.Join(s.Bots, ", "), in.Bot))
	case in.Since.After(s.Now()):
		return nil, badRequest("since: a time in the past")
	case in.Plain && !may(actOf(r.Context()).role, db.RoleAdmin):
		return nil, forbidden("real names are recorded by an admin")
	}
	st, err := s.Recorder.Begin(r.Context(), record.Ask{Bot: in.Bot, Since: in.Since, Plain: in.Plain})
	if errors.Is(err, record.ErrNoHost) || errors.Is(err, record.ErrBusy) {
		return nil, Refusal{err}
	}
	if err != nil {
		return nil, err
	}
	s.did(r.Context(), in.By, "record", "recording", st.ID, "bot", in.Bot, "plain", in.Plain)
	return st, nil
}

func (s *server) showRecording(r *http.Request) (any, error) {
	if s.Recorder == nil {
		return nil, errNoRecorder
	}
	st, err := s.Recorder.State(r.PathValue("id"))
	if errors.Is(err, record.ErrNone) {
		return nil, Refusal{err}
	}
	return st, err
}

// finishRecording hands over the log. That it is given to somebody is recorded
// first (V5); what is refused then is not given, and is gone.
func (s *server) finishRecording(r *http.Request) (any, error) {
	var in Finish
	if err := readBody(r, &in); err != nil {
		return nil, err
	}
	who := Change{By: in.By}
	if err := who.check(); err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(in.Key)
	switch {
	case s.Recorder == nil:
		return nil, errNoRecorder
	case err != nil || len(key) < 32:
		return nil, badRequest("key: 32 bytes or more, in base64")
	case strings.TrimSpace(in.For) == "":
		return nil, badRequest("for: say who will have the log")
	}
	if err := checkFile(in.File); err != nil {
		return nil, err
	}
	log, err := s.Recorder.Finish(r.Context(), r.PathValue("id"), key, in.Many)
	if errors.Is(err, record.ErrNone) {
		return nil, Refusal{err}
	}
	if err != nil {
		return nil, err
	}
	given := db.Redistribution{Recipient: in.For, What: "recording under pseudonyms", File: in.File, By: in.By}
	if log.Plain {
		given.What = "recording under real names"
		given.Hydrated = int64(len(log.Users) + len(log.Items))
		given.IDs = given.Hydrated
	}
	id, err := audit.Give(r.Context(), s.Store, s.Now(), given, Marks(s.Desk.Key, log.Users, log.Items, log.Bots)...)
	if errors.Is(err, audit.ErrCap) {
		return nil, Refusal{err}
	}
	if err != nil {
		return nil, fmt.Errorf("record the export: %w", err)
	}
	s.did(r.Context(), in.By, "end a recording", "export", id, "events", log.Events, "plain", log.Plain)
	return Recorded{Log: string(log.Text), Export: id, Events: log.Events, Users: len(log.Users), Left: log.Left, Full: log.Full}, nil
}
