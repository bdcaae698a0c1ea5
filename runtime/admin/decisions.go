package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Decided is a row of the decision log: what was decided about what, by which
// rule and why. It holds no text. Times are UTC.
type Decided struct {
	ID          string           `json:"id"`
	At          time.Time        `json:"at"`
	Bot         string           `json:"bot,omitempty"`
	User        string           `json:"user,omitempty"`
	Event       string           `json:"event,omitempty"`
	Interaction string           `json:"interaction,omitempty"`
	Kind        event.ActionKind `json:"kind,omitempty"` // of what was drafted; "": nothing was
	Purpose     event.Purpose    `json:"purpose,omitempty"`
	Stage       string           `json:"stage,omitempty"`
	Decision    string           `json:"decision"` // allow, hold, deny, or none
	Rules       []string         `json:"rules,omitempty"`
	Say         string           `json:"say"` // the reason
	Obligations []string         `json:"obligations,omitempty"`
	Action      string           `json:"action,omitempty"` // "": it left no action
	Record      json.RawMessage  `json:"record,omitempty"` // only where one decision is asked for
}

// Decisions is the answer to a list, newest first.
type Decisions struct {
	Decisions []Decided `json:"decisions"`
	Post      *Fate     `json:"post,omitempty"` // where the list is about one
}

// wire is what a list shows of a record (rules.md).
type wire struct {
	User        string `json:"user"`
	Interaction string `json:"interaction"`
	Action      *struct {
		Kind    event.ActionKind `json:"kind"`
		Purpose event.Purpose    `json:"purpose"`
		Stage   string           `json:"stage"`
	} `json:"action"`
	Decision string `json:"decision"`
	By       []struct {
		Rule string `json:"rule"`
	} `json:"by"`
	Say         string   `json:"say"`
	Obligations []string `json:"obligations"`
}

func decidedOf(d db.Decision) (Decided, error) {
	var r wire
	if err := json.Unmarshal(d.Record, &r); err != nil {
		return Decided{}, fmt.Errorf("decision %s has no record that can be read: %w", d.ID, err)
	}
	out := Decided{
		ID: d.ID, At: d.At, Bot: d.Bot, User: r.User, Event: d.Event, Interaction: r.Interaction,
		Decision: r.Decision, Say: r.Say, Obligations: r.Obligations, Action: d.Action,
	}
	for _, by := range r.By {
		out.Rules = append(out.Rules, by.Rule)
	}
	if a := r.Action; a != nil {
		out.Kind, out.Purpose, out.Stage = a.Kind, a.Purpose, a.Stage
	}
	return out, nil
}

// stretch is how many decisions are looked through at once.
const stretch = 5000

// find collects decisions, newest first, until there are enough.
func find(tx db.Tx, f db.DecisionFilter, most int, pick func(Decided) bool) (out []Decided, err error) {
	f.Look = stretch
	for {
		found, next, err := tx.FindDecisions(f)
		if err != nil {
			return nil, err
		}
		for _, d := range found {
			one, err := decidedOf(d)
			if err != nil {
				return nil, err
			}
			if !pick(one) {
				continue
			}
			if out = append(out, one); len(out) == most {
				return out, nil
			}
		}
		if next == 0 {
			return out, nil
		}
		f.Before = next
	}
}

// mark is how a member of a record stands in it.
func mark(key, value string) string {
	v, _ := json.Marshal(value) // a string always can be
	return `"` + key + `":` + string(v)
}

func (s *server) listDecisions(r *http.Request) (any, error) {
	f := db.DecisionFilter{Bot: r.FormValue("bot")}
	if f.Bot != "" {
		if err := s.known(f.Bot); err != nil {
			return nil, err
		}
	}
	most, err := readMax(r)
	if err != nil {
		return nil, err
	}
	if v := r.FormValue("since"); v != "" {
		if f.Since, err = time.Parse(time.RFC3339, v); err != nil {
			return nil, badRequest(fmt.Sprintf("since: a time such as 2026-12-01T09:30:00Z, not %q", v))
		}
	}
	denied := r.FormValue("denied") == "true"
	if post := r.FormValue("post"); post != "" {
		return s.decisionsOn(r.Context(), f, post, most, denied)
	}
	if denied {
		f.Mark = mark("decision", deny)
	}
	out := Decisions{Decisions: []Decided{}}
	err = s.Store.Read(r.Context(), func(tx db.Tx) error {
		found, err := find(tx, f, most, func(d Decided) bool { return !denied || d.Decision == deny })
		out.Decisions = append(out.Decisions, found...)
		return err
	})
	return out, err
}

const deny = "deny"

func (s *server) showDecision(r *http.Request) (any, error) {
	id := r.PathValue("id")
	var out []Decided
	err := s.Store.Read(r.Context(), func(tx db.Tx) error {
		f := db.DecisionFilter{Mark: mark("id", id), Look: stretch}
		for {
			found, next, err := tx.FindDecisions(f)
			if err != nil {
				return err
			}
			if i := slices.IndexFunc(found, func(d db.Decision) bool { return d.ID == id }); i >= 0 {
				one, err := decidedOf(found[i])
				one.Record = found[i].Record
				out = append(out, one)
				return err
			}
			if next == 0 {
				return fmt.Errorf("decision %s: %w", id, db.ErrNotFound)
			}
			f.Before = next
		}
	})
	if err != nil {
		return nil, err
	}
	return out[0], nil
}
