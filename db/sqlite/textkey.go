package sqlite

import (
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite/gen"
)

func (t tx) PutTextKey(k db.TextKey) error {
	err := t.q.PutTextKey(background(), gen.PutTextKeyParams{
		ID: k.ID, Bot: k.Bot, UserID: k.User, Day: millis(k.Day), Message: k.Of, Sealed: k.Sealed,
	})
	if err != nil {
		return fmt.Errorf("put text key %s: %w", k.ID, err)
	}
	return nil
}

func (t tx) TextKey(id string) (db.TextKey, error) {
	r, err := t.q.TextKey(background(), id)
	if err != nil {
		return db.TextKey{}, fmt.Errorf("text key %s: %w", id, found(err))
	}
	return textKeyOf(r), nil
}

func (t tx) TextKeyFor(bot, user string, day time.Time, of string) (db.TextKey, error) {
	r, err := t.q.TextKeyFor(background(), gen.TextKeyForParams{UserID: user, Bot: bot, Day: millis(day), Message: of})
	if err != nil {
		return db.TextKey{}, fmt.Errorf("text key of %s for %s: %w", bot, day.Format(time.DateOnly), found(err))
	}
	return textKeyOf(r), nil
}

func (t tx) WalkTextKeys(after string, max int) ([]db.TextKey, error) {
	rows, err := t.q.WalkTextKeys(background(), after, int64(max))
	if err != nil {
		return nil, fmt.Errorf("list text keys after %q: %w", after, err)
	}
	return each(rows, textKeyOf), nil
}

func (t tx) ResealTextKey(id string, sealed []byte) error {
	n, err := t.q.ResealTextKey(background(), sealed, id)
	if err == nil && n == 0 {
		err = db.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("seal text key %s again: %w", id, err)
	}
	return nil
}

func (t tx) DropTextKey(id string) error {
	if err := t.q.DropTextKey(background(), id); err != nil {
		return fmt.Errorf("drop text key %s: %w", id, err)
	}
	return nil
}

func (t tx) HoldTextKey(id string) error {
	if err := t.q.HoldTextKey(background(), id); err != nil {
		return fmt.Errorf("hold text key %s: %w", id, err)
	}
	return nil
}

func (t tx) DropHeldTextKeys(bot, user string) ([]string, error) {
	ids, err := t.q.DropHeldTextKeys(background(), user, bot)
	if err != nil {
		return nil, fmt.Errorf("drop held text keys: %w", err)
	}
	return ids, nil
}

func (t tx) RetireTextKeys(bot, user string) error {
	if err := t.q.RetireTextKeys(background(), user, bot); err != nil {
		return fmt.Errorf("retire text keys: %w", err)
	}
	return nil
}

func (t tx) DropTextKeys(bot, user string) (int, error) {
	n, err := t.q.DropTextKeys(background(), user, bot)
	if err != nil {
		return 0, fmt.Errorf("drop text keys: %w", err)
	}
	return int(n), nil
}

func (t tx) PruneTextKeys(before time.Time, max int) (int, error) {
	n, err := t.q.PruneTextKeys(background(), millis(before), int64(max))
	if err != nil {
		return 0, fmt.Errorf("prune text keys: %w", err)
	}
	return int(n), nil
}

func textKeyOf(r gen.TextKey) db.TextKey {
	return db.TextKey{ID: r.ID, Bot: r.Bot, User: r.UserID, Day: timeOf(r.Day), Of: r.Message, Sealed: r.Sealed}
}
