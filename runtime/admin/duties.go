package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/compliance"
)

// Duty is something that has to be deleted, or was.
type Duty struct {
	ID       string           `json:"id"`
	What     string           `json:"what"`
	Target   string           `json:"target,omitempty"` // X's id, or a bot; "" once it is done
	Bot      string           `json:"bot,omitempty"`
	Cause    string           `json:"cause"`
	ToldBy   string           `json:"told_by"`
	Reason   string           `json:"reason,omitempty"`
	Since    time.Time        `json:"since"`
	OpenedAt time.Time        `json:"opened_at"`
	DueAt    time.Time        `json:"due_at"`
	StartAt  time.Time        `json:"start_at,omitzero"`
	DoneAt   time.Time        `json:"done_at,omitzero"`
	Step     string           `json:"step"`
	Attempts int              `json:"attempts,omitempty"`
	Problem  string           `json:"problem,omitempty"`
	Removed  map[string]int64 `json:"removed"`
}

// Round is one time that X was asked what is gone.
type Round struct {
	About   string    `json:"about"`
	Step    string    `json:"step"`
	BeganAt time.Time `json:"began_at"`
	NextAt  time.Time `json:"next_at,omitzero"` // zero: it is over
	DoneAt  time.Time `json:"done_at,omitzero"`
	IDs     int64     `json:"ids"`
	Found   int64     `json:"found"`
	Problem string    `json:"problem,omitempty"`
}

// Duties is what is due, what was done, and the latest rounds.
type Duties struct {
	Open     []Duty  `json:"open"` // by deadline
	Done     []Duty  `json:"done"` // newest first
	Rounds   []Round `json:"rounds"`
	EveryS   int64   `json:"every_s"` // seconds between rounds; 0: none
	NotAsked string  `json:"not_asked,omitempty"`

	Recalls []Recall      `json:"recalls"`        // exports to remove, by deadline
	Desk    []DeskRemoval `json:"desk,omitempty"` // what the desk has not taken yet, oldest first
}

// DeskRemoval is what the desk is told to remove of what it was told. It names
// nobody.
type DeskRemoval struct {
	Handoff  string    `json:"handoff"`
	Bot      string    `json:"bot"`
	What     string    `json:"what"` // post, dm, or user: everything of the handoff
	At       time.Time `json:"at"`
	DueAt    time.Time `json:"due_at"`
	NextAt   time.Time `json:"next_at,omitzero"` // zero: given up, it is a person's
	Attempts int       `json:"attempts"`
	Problem  string    `json:"problem,omitempty"`
}

// Deletion is the body of a request to delete something.
type Deletion struct {
	By    string    `json:"by"`
	Post  string    `json:"post,omitempty"` // one of these
	User  string    `json:"user,omitempty"`
	DM    string    `json:"dm,omitempty"`
	Cause string    `json:"cause"`       // who asks: x, user or law
	At    time.Time `json:"at,omitzero"` // when they asked; zero: now
}

// Wipe is the body of a request to delete everything of an account.
type Wipe struct {
	By  string    `json:"by"`
	Bot string    `json:"bot"`         // * is all
	At  time.Time `json:"at,omitzero"` // when access ended; zero: now
	Dry bool      `json:"dry,omitempty"`
}

// Wiped is the answer: what would go, or the duties under which it goes.
type Wiped struct {
	Would  map[string]int64 `json:"would,omitempty"`
	Duties []Duty           `json:"duties,omitempty"`
}

var errNoOfficer = errors.New("nothing can be deleted here")

// waits is how long a request waits for the end of what it began.
const waits = 20 * time.Second

func dutyOf(d db.Duty) (Duty, error) {
	v := Duty{
		ID: d.ID, What: string(d.What), Target: d.Target, Bot: d.Bot, Cause: string(d.Cause), ToldBy: d.ToldBy, Reason: d.Reason, Since: d.Since,
		OpenedAt: d.OpenedAt, DueAt: d.DueAt, StartAt: d.StartAt, DoneAt: d.DoneAt, Step: string(d.Step), Attempts: d.Attempts, Problem: d.Problem,
		Removed: map[string]int64{},
	}
	if d.Counts == "" {
		return v, nil
	}
	if err := json.Unmarshal([]byte(d.Counts), &v.Removed); err != nil {
		return v, fmt.Errorf("read what duty %s removed: %w", d.ID, err)
	}
	return v, nil
}

func (s *server) listDuties(r *http.Request) (any, error) {
	max, err := readMax(r)
	if err != nil {
		return nil, err
	}
	out := Duties{Open: []Duty{}, Done: []Duty{}, Rounds: []Round{}, Recalls: []Recall{}}
	if s.Officer != nil {
		out.EveryS = int64(s.Officer.Every / time.Second)
		if s.Officer.X == nil {
			out.NotAsked = compliance.ErrNotAsked.Error()
		}
	}
	err = s.Store.Read(r.Context(), func(tx db.Tx) error {
		open, err := tx.OpenDuties(max)
		if err != nil {
			return err
		}
		all, err := tx.ListDuties(max)
		if err != nil {
			return err
		}
		for _, d := range append(open, slices.DeleteFunc(all, func(d db.Duty) bool { return d.DoneAt.IsZero() })...) {
			v, err := dutyOf(d)
			if err != nil {
				return err
			}
			if d.DoneAt.IsZero() {
				out.Open = append(out.Open, v)
			} else {
				out.Done = append(out.Done, v)
			}
		}
		back, err := tx.OpenRecalls(max)
		if err != nil {
			return err
		}
		if back, err := recalls(tx, back); err != nil {
			return err
		} else if len(back) > 0 {
			out.Recalls = back
		}
		jobs, err := tx.ListComplianceJobs(min(max, 10))
		for _, j := range jobs {
			round := Round{About: j.About, Step: string(j.Step), BeganAt: j.BeganAt, DoneAt: j.DoneAt, IDs: j.IDs, Found: j.Found, Problem: j.Problem}
			if j.DoneAt.IsZero() {
				round.NextAt = j.NextAt
			}
			out.Rounds = append(out.Rounds, round)
		}
		if err != nil {
			return err
		}
		desk, err := tx.ListDeskRemovals(max)
		for _, d := range desk {
			out.Desk = append(out.Desk, DeskRemoval{
				Handoff: d.Handoff, Bot: d.Bot, What: string(d.What), At: d.At, DueAt: d.DueAt, NextAt: d.NextAt, Attempts: d.Attempts, Problem: d.Reason,
			})
		}
		return err
	})
	return out, err
}

// deletion opens a duty, and answers when it is done, or is about to be.
func (s *server) deletion(r *http.Request) (any, error) {
	var in Deletion
	if err := readBody(r, &in); err != nil {
		return nil, err
	}
	who := Change{By: in.By}
	if err := who.check(); err != nil {
		return nil, err
	}
	what, id, named := db.DutyPost, in.Post, 0
	for w, v := range map[db.DutyWhat]string{db.DutyPost: in.Post, db.DutyUser: in.User, db.DutyDM: in.DM} {
		if v != "" {
			what, id = w, v
			named++
		}
	}
	now := s.Now()
	switch {
	case s.Officer == nil:
		return nil, errNoOfficer
	case named != 1:
		return nil, badRequest("name one of post, user and dm")
	case len(id) > 20 || strings.Trim(id, "0123456789") != "":
		return nil, badRequest(fmt.Sprintf("%s: X's id, which is digits, not %q", what, id))
	case in.Cause != string(db.CauseX) && in.Cause != string(db.CauseUser) && in.Cause != string(db.CauseLaw):
		return nil, badRequest(fmt.Sprintf("cause: who asks for it, one of x, user, law, not %q", in.Cause))
	case in.At.After(now.Add(time.Minute)):
		return nil, badRequest("at: when it was asked for, which is not in the future")
	}
	d := compliance.Ordered(s.Officer.Key, now, what, id, in.By, db.Cause(in.Cause), in.At)
	s.did(r.Context(), in.By, "delete", "duty", d.ID, "what", what, "cause", in.Cause) // the log does not name what
	d, err := s.Officer.Order(r.Context(), s.Now, d, s.patience())
	if err != nil {
		return nil, err
	}
	s.Stir()
	return dutyOf(d)
}

// patience: where no host runs, nobody ends what is under way.
func (s *server) patience() time.Duration {
	if s.Rules == nil {
		return 0
	}
	return waits
}

func (s *server) rounds(r *http.Request) (any, error) {
	var in Change
	if err := readBody(r, &in); err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	if s.Officer == nil {
		return nil, errNoOfficer
	}
	if s.Officer.X == nil {
		return nil, Refusal{compliance.ErrNotAsked}
	}
	s.did(r.Context(), in.By, "ask X what is gone")
	if err := s.Officer.Ask(r.Context(), s.Now()); err != nil {
		return nil, err
	}
	s.Owed()
	return s.listDuties(r)
}

func (s *server) wipe(r *http.Request) (any, error) {
	var in Wipe
	if err := readBody(r, &in); err != nil {
		return nil, err
	}
	who := Change{By: in.By}
	if err := who.check(); err != nil && !(in.Dry && in.By == "") { // a dry run changes nothing
		return nil, err
	}
	now := s.Now()
	switch {
	case s.Officer == nil:
		return nil, errNoOfficer
	case in.Bot != db.AllBots && !slices.Contains(s.Bots, in.Bot):
		return nil, badRequest(fmt.Sprintf("bot: one of %s, or %s for all, not %q", strings.Join(s.Bots, ", "), db.AllBots, in.Bot))
	case in.At.After(now.Add(time.Minute)):
		return nil, badRequest("at: when access ended, which is not in the future")
	}
	if in.Dry {
		actOf(r.Context()).did = "wipe an account, a dry run"
		would, err := s.Officer.Plan(r.Context(), now, in.Bot)
		return Wiped{Would: would}, err
	}
	s.did(r.Context(), in.By, "wipe", "bot", in.Bot)
	ids, err := s.Officer.Wipe(r.Context(), now, in.Bot, in.By, in.At)
	if err == nil {
		err = s.Officer.Finish(r.Context(), s.Now, ids, s.patience())
	}
	if err != nil {
		return nil, err
	}
	s.Stir()
	var out Wiped
	return &out, s.Store.Read(r.Context(), func(tx db.Tx) error {
		for _, id := range ids {
			d, err := tx.Duty(id)
			if err != nil {
				return err
			}
			v, err := dutyOf(d)
			if err != nil {
				return err
			}
			out.Duties = append(out.Duties, v)
		}
		return nil
	})
}
