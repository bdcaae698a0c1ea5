package sqlite

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite/gen"
)

func (t tx) PutLookup(l db.Lookup) error {
	err := t.q.PutLookup(background(), gen.PutLookupParams{
		ActionID: l.Action, Looks: int64(l.Looks), Absent: int64(l.Absent),
		LastAt: millis(l.LastAt), NextAt: millis(l.NextAt), Found: l.Found,
	})
	if err != nil {
		return fmt.Errorf("put lookup of action %s: %w", l.Action, err)
	}
	return nil
}

func (t tx) Lookup(actionID string) (db.Lookup, error) {
	r, err := t.q.Lookup(background(), actionID)
	if errors.Is(err, sql.ErrNoRows) {
		return db.Lookup{Action: actionID}, nil
	}
	if err != nil {
		return db.Lookup{}, fmt.Errorf("lookup of action %s: %w", actionID, err)
	}
	return lookupOf(r), nil
}

func (t tx) NextLookup() (db.Lookup, error) {
	r, err := t.q.NextLookup(background())
	if errors.Is(err, sql.ErrNoRows) {
		return db.Lookup{}, nil
	}
	if err != nil {
		return db.Lookup{}, fmt.Errorf("next lookup: %w", err)
	}
	return lookupOf(r), nil
}

func (t tx) DropLookup(actionID string) error {
	if err := t.q.DropLookup(background(), actionID); err != nil {
		return fmt.Errorf("drop lookup of action %s: %w", actionID, err)
	}
	return nil
}

func lookupOf(r gen.Lookup) db.Lookup {
	return db.Lookup{
		Action: r.ActionID, Looks: int(r.Looks), Absent: int(r.Absent),
		LastAt: timeOf(r.LastAt), NextAt: timeOf(r.NextAt), Found: r.Found,
	}
}
