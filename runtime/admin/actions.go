package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/display"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Action is a row of the action log, without text. Times are UTC.
type Action struct {
	ID          string           `json:"id"`
	Bot         string           `json:"bot"`
	User        string           `json:"user"`
	Kind        event.ActionKind `json:"kind"`
	Purpose     event.Purpose    `json:"purpose"`
	State       event.State      `json:"state"`
	Reason      string           `json:"reason"`
	Class       event.Class      `json:"class,omitempty"`
	Attempts    int              `json:"attempts"`
	CreatedAt   time.Time        `json:"created_at"`
	UpdatedAt   time.Time        `json:"updated_at"`
	DueAt       time.Time        `json:"due_at,omitzero"`
	ExpiresAt   time.Time        `json:"expires_at,omitzero"`
	Event       string           `json:"event"`
	Interaction string           `json:"interaction"`
	ReplyTo     string           `json:"reply_to,omitempty"`
	RemoteID    string           `json:"remote_id,omitempty"`
	DecisionID  string           `json:"decision_id"`
	RuleSet     string           `json:"rule_set"`
	Approval    *db.Approval     `json:"approval,omitempty"`
	Part        int              `json:"part,omitempty"` // of an answer that goes out in several messages, the second and on: 2, 3 ...
}

// Actions is the answer to a list.
type Actions struct {
	Actions []Action `json:"actions"`
}

// ActionDetail is one action with what led to it.
type ActionDetail struct {
	Action
	Decision json.RawMessage `json:"decision,omitempty"` // the record (rules.md)
	Text     string          `json:"text,omitempty"`     // as it would leave; kept until the action has ended
	Rest     []Part          `json:"rest,omitempty"`     // the messages that follow it, where it is the first of an answer in several
	Answers  *display.Post   `json:"answers,omitempty"`  // the user's post or DM that it answers
	Link     string          `json:"link,omitempty"`     // to what became of it on X
}

// Part is a later message of an answer.
type Part struct {
	ID    string      `json:"id"`
	State event.State `json:"state"`
	Text  string      `json:"text,omitempty"` // likewise
}

func rowOf(a db.Action) Action {
	part := 0
	if a.Part > 0 {
		part = a.Part + 1
	}
	return Action{
		Part: part,
		ID:   a.ID, Bot: a.Bot, User: a.User, Kind: a.Kind, Purpose: a.Purpose, State: a.State,
		Reason: a.Reason, Class: a.Class, Attempts: a.Attempts,
		CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt, DueAt: a.DueAt, ExpiresAt: a.ExpiresAt,
		Event: a.Event, Interaction: a.Interaction, ReplyTo: a.ReplyTo, RemoteID: a.RemoteID,
		DecisionID: a.DecisionID, RuleSet: a.RuleSet, Approval: a.Approval,
	}
}

// states are what a filter may ask for, in the order of an action's life.
var states = []string{
	string(event.Hold), string(event.Pending), string(event.Attempting), string(event.Sent),
	string(event.Failed), string(event.Unsettled), string(event.Denied), string(event.Cancelled),
}

func (s *server) listActions(r *http.Request) (any, error) {
	f := db.ActionFilter{Bot: r.FormValue("bot"), User: r.FormValue("user"), State: event.State(r.FormValue("state"))}
	if f.State != "" && !slices.Contains(states, string(f.State)) {
		return nil, badRequest(fmt.Sprintf("state: one of %s, not %q", strings.Join(states, ", "), f.State))
	}
	var err error
	if f.Max, err = readMax(r); err != nil {
		return nil, err
	}
	out := Actions{Actions: []Action{}}
	err = s.Store.Read(r.Context(), func(tx db.Tx) error {
		rows, err := tx.ListActions(f)
		for _, a := range rows {
			out.Actions = append(out.Actions, rowOf(a))
		}
		return err
	})
	return out, err
}

func (s *server) showAction(r *http.Request) (any, error) {
	var out ActionDetail
	var a db.Action
	id := r.PathValue("id")
	err := s.Store.Read(r.Context(), func(tx db.Tx) (err error) {
		if a, err = tx.Action(id); err != nil {
			return err
		}
		out = ActionDetail{Action: rowOf(a), Decision: a.Decision}
		if out.Link, err = s.own(tx, a); err != nil {
			return err
		}
		if out.Text, err = textOf(tx, id); err != nil || a.Part > 0 {
			return err
		}
		parts, err := action.Parts(tx, a)
		if err != nil {
			return err
		}
		for _, p := range parts[1:] {
			text, err := textOf(tx, p.ID)
			if err != nil {
				return err
			}
			out.Rest = append(out.Rest, Part{ID: p.ID, State: p.State, Text: text})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if out.Answers, err = s.answered(r.Context(), a); err != nil {
		return nil, err
	}
	who := actOf(r.Context())
	if !may(who.role, db.RoleAgent) { // O3
		out.Text = ""
		if out.Answers != nil {
			blind := out.Answers.Blind(roleNoText)
			out.Answers = &blind
		}
		for i := range out.Rest {
			out.Rest[i].Text = ""
		}
	} else if out.Text != "" || out.Answers != nil && out.Answers.Text != "" {
		who.did = "read the text"
	}
	return out, nil
}

// textOf is an action's text, "" where it is kept no more.
func textOf(tx db.Tx, id string) (string, error) {
	sealed, err := tx.ActionText(id)
	if errors.Is(err, db.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read text of action %s: %w", id, err)
	}
	text, err := event.Open(sealed)
	return string(text), err
}

func (s *server) approve(r *http.Request) (any, error) { return s.judge(r, event.Approve) }
func (s *server) reject(r *http.Request) (any, error)  { return s.judge(r, event.Reject) }
func (s *server) edit(r *http.Request) (any, error)    { return s.judge(r, event.Edit) }

// judge passes on a person's word on a held draft, about the text that it has
// now.
func (s *server) judge(r *http.Request, word event.Word) (any, error) {
	return s.change(r, string(word), func(ctx context.Context, now time.Time, id string, c Change) (db.Action, error) {
		if word == event.Edit && strings.TrimSpace(c.Text) == "" {
			return db.Action{}, badRequest("text: say what the action shall say instead")
		}
		var a db.Action
		err := s.Store.Read(ctx, func(tx db.Tx) (err error) {
			a, err = tx.Action(id)
			return err
		})
		if err != nil {
			return a, err
		}
		return s.Judge(ctx, event.Judgement{
			ID: randomID("j-"), Bot: a.Bot, User: a.User, Action: a.ID, Of: a.TextHash, At: now.UTC(), By: c.By, Word: word, Why: c.Why, Text: c.Text, Rewritten: c.Rewritten,
		})
	})
}

func (s *server) retryAction(r *http.Request) (any, error) {
	return s.change(r, "retry", func(ctx context.Context, now time.Time, id string, _ Change) (db.Action, error) {
		return s.Desk.Retry(ctx, now, id)
	})
}

// change is the way of every change to an action; the answer is the action as
// it stands then.
func (s *server) change(r *http.Request, what string, do func(context.Context, time.Time, string, Change) (db.Action, error)) (any, error) {
	c, err := readChange(r)
	if err != nil {
		return nil, err
	}
	a, err := do(r.Context(), s.Now(), r.PathValue("id"), c)
	if err != nil {
		return nil, err
	}
	s.did(r.Context(), c.By, what, "action", a.ID, "bot", a.Bot, "user", a.User, "state", a.State)
	s.Stir()
	return rowOf(a), nil
}
