package sqlite

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite/gen"
	"github.com/beckon-bot/beckon/runtime/event"
)

// constraintUnique is SQLite's extended result code SQLITE_CONSTRAINT_UNIQUE.
const constraintUnique = 2067

// listMax is what ActionFilter.Max 0 means.
const listMax = 100

func (t tx) InsertAction(a db.Action) error {
	approval, err := encodeApproval(a.Approval)
	if err != nil {
		return fmt.Errorf("insert action %s: %w", a.ID, err)
	}
	n, err := t.q.InsertAction(background(), gen.InsertActionParams{
		ID:          a.ID,
		Bot:         a.Bot,
		Interaction: a.Interaction,
		Kind:        string(a.Kind),
		Purpose:     string(a.Purpose),
		Part:        int64(a.Part),
		Version:     int64(a.Version),
		UserID:      a.User,
		ReplyTo:     a.ReplyTo,
		EventID:     a.Event,
		State:       string(a.State),
		CreatedAt:   millis(a.CreatedAt),
		UpdatedAt:   millis(a.UpdatedAt),
		DueAt:       millis(a.DueAt),
		ExpiresAt:   millis(a.ExpiresAt),
		Attempts:    int64(a.Attempts),
		RemoteID:    a.RemoteID,
		Class:       string(a.Class),
		Reason:      a.Reason,
		TextHash:    a.TextHash,
		RuleSet:     a.RuleSet,
		DecisionID:  a.DecisionID,
		Approval:    approval,
		Draft:       string(a.Draft),
		Decision:    string(a.Decision),
		TurnAt:      millis(a.Turn),
		Price:       a.Cost.Price,
		Cost:        a.Cost.Micro,
		CostDay:     millis(a.Cost.Day),
	})
	if err == nil && n == 0 {
		err = db.ErrConflict
	}
	if err != nil {
		return fmt.Errorf("insert action %s: %w", a.ID, err)
	}
	return nil
}

func (t tx) UpdateAction(a db.Action, from event.State) error {
	approval, err := encodeApproval(a.Approval)
	if err != nil {
		return fmt.Errorf("update action %s: %w", a.ID, err)
	}
	n, err := t.q.UpdateAction(background(), gen.UpdateActionParams{
		UserID:     a.User,
		ReplyTo:    a.ReplyTo,
		EventID:    a.Event,
		State:      string(a.State),
		UpdatedAt:  millis(a.UpdatedAt),
		DueAt:      millis(a.DueAt),
		ExpiresAt:  millis(a.ExpiresAt),
		Attempts:   int64(a.Attempts),
		RemoteID:   a.RemoteID,
		Class:      string(a.Class),
		Reason:     a.Reason,
		TextHash:   a.TextHash,
		RuleSet:    a.RuleSet,
		DecisionID: a.DecisionID,
		Approval:   approval,
		Draft:      string(a.Draft),
		Decision:   string(a.Decision),
		TurnAt:     millis(a.Turn),
		Price:      a.Cost.Price,
		Cost:       a.Cost.Micro,
		CostDay:    millis(a.Cost.Day),
		ID:         a.ID,
		FromState:  string(from),
	})
	var se *sqlite.Error
	switch {
	case errors.As(err, &se) && se.Code() == constraintUnique:
		err = fmt.Errorf("%w: %w", db.ErrConflict, err) // the remote id belongs to another row
	case err == nil && n == 0:
		err = db.ErrStale
	}
	if err != nil {
		return fmt.Errorf("update action %s: %w", a.ID, err)
	}
	return nil
}

func (t tx) Action(id string) (db.Action, error) {
	r, err := t.q.Action(background(), id)
	if err != nil {
		return db.Action{}, fmt.Errorf("action %s: %w", id, found(err))
	}
	return actionOf(r)
}

func (t tx) ActionByRemoteID(bot, remoteID string) (db.Action, error) {
	r, err := t.q.ActionByRemoteID(background(), bot, remoteID)
	if err != nil {
		return db.Action{}, fmt.Errorf("action with remote id %q of %s: %w", remoteID, bot, found(err))
	}
	return actionOf(r)
}

func (t tx) DueActions(now time.Time, max int) ([]db.Action, error) {
	rows, err := t.q.DueActions(background(), millis(now), int64(max))
	return actionsOf("due", rows, err)
}

func (t tx) ExpiredActions(now time.Time, max int) ([]db.Action, error) {
	rows, err := t.q.ExpiredActions(background(), millis(now), int64(max))
	return actionsOf("expired", rows, err)
}

func (t tx) OpenActionsTo(user string) ([]db.Action, error) {
	rows, err := t.q.OpenActionsTo(background(), user)
	return actionsOf("open", rows, err)
}

func (t tx) UnsettledTo(bot, user string) ([]db.Action, error) {
	rows, err := t.q.UnsettledTo(background(), bot, user)
	return actionsOf("unsettled", rows, err)
}

func (t tx) ActionsOf(bot, interaction string) ([]db.Action, error) {
	rows, err := t.q.ActionsOf(background(), bot, interaction)
	return actionsOf("interaction's", rows, err)
}

// InState has three queries for one question: a partial index serves a query
// only where the query repeats its condition.
func (t tx) InState(s event.State, max int) ([]db.Action, error) {
	query := t.q.InState // reads the log by id: for terminal states
	switch s {
	case event.Hold, event.Pending:
		query = t.q.InStateOpen
	case event.Attempting, event.Unsettled:
		query = t.q.InStateUnsettled
	}
	rows, err := query(background(), string(s), int64(max))
	return actionsOf(string(s), rows, err)
}

func (t tx) ListActions(f db.ActionFilter) ([]db.Action, error) {
	if f.Max == 0 {
		f.Max = listMax
	}
	rows, err := t.q.ListActions(background(), gen.ListActionsParams{
		Bot: f.Bot, UserID: f.User, State: string(f.State), Max: int64(f.Max),
	})
	return actionsOf("filtered", rows, err)
}

func (t tx) CountActions() ([]db.ActionCount, error) {
	rows, err := t.q.CountActions(background())
	if err != nil {
		return nil, fmt.Errorf("count actions: %w", err)
	}
	return each(rows, func(r gen.CountActionsRow) db.ActionCount {
		return db.ActionCount{Bot: r.Bot, State: event.State(r.State), N: r.N}
	}), nil
}

// NextDue reads a pending row with the zero due time as due in 1970, so that
// it does not look like none.
func (t tx) NextDue() (time.Time, error) {
	var next time.Time
	for _, first := range []func() (int64, error){
		func() (int64, error) { return t.q.FirstDue(background()) },
		func() (int64, error) { return t.q.FirstExpiry(background()) },
	} {
		ms, err := first()
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return time.Time{}, fmt.Errorf("next due time: %w", err)
		}
		if at := time.UnixMilli(ms).UTC(); next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next, nil
}

func actionsOf(which string, rows []gen.Action, err error) ([]db.Action, error) {
	if err != nil {
		return nil, fmt.Errorf("list %s actions: %w", which, err)
	}
	var actions []db.Action
	for _, r := range rows {
		a, err := actionOf(r)
		if err != nil {
			return nil, err
		}
		actions = append(actions, a)
	}
	return actions, nil
}

func actionOf(r gen.Action) (db.Action, error) {
	a := db.Action{
		ID:          r.ID,
		Bot:         r.Bot,
		Interaction: r.Interaction,
		Kind:        event.ActionKind(r.Kind),
		Purpose:     event.Purpose(r.Purpose),
		Part:        int(r.Part),
		Version:     int(r.Version),
		User:        r.UserID,
		ReplyTo:     r.ReplyTo,
		Event:       r.EventID,
		State:       event.State(r.State),
		CreatedAt:   timeOf(r.CreatedAt),
		UpdatedAt:   timeOf(r.UpdatedAt),
		DueAt:       timeOf(r.DueAt),
		ExpiresAt:   timeOf(r.ExpiresAt),
		Attempts:    int(r.Attempts),
		RuleSet:     r.RuleSet,
		Decision:    bytesOf(r.Decision),
		DecisionID:  r.DecisionID,
		Draft:       bytesOf(r.Draft),
		TextHash:    r.TextHash,
		RemoteID:    r.RemoteID,
		Class:       event.Class(r.Class),
		Reason:      r.Reason,
		Turn:        timeOf(r.TurnAt),
		Cost:        db.Cost{Price: r.Price, Micro: r.Cost, Day: timeOf(r.CostDay)},
	}
	if r.Approval != "" {
		a.Approval = new(db.Approval)
		if err := json.Unmarshal([]byte(r.Approval), a.Approval); err != nil {
			return db.Action{}, fmt.Errorf("approval of action %s: %w", r.ID, err)
		}
	}
	return a, nil
}

func encodeApproval(a *db.Approval) (string, error) {
	if a == nil {
		return "", nil
	}
	b, err := json.Marshal(a)
	return string(b), err
}
