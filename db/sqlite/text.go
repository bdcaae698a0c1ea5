package sqlite

import (
	"fmt"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite/gen"
)

// PutActionText needs the action's row: a text without one would never be
// dropped.
func (t tx) PutActionText(actionID string, sealed []byte) error {
	if err := t.q.PutActionText(background(), actionID, blob(sealed)); err != nil {
		return fmt.Errorf("put text of action %s: %w", actionID, err)
	}
	return nil
}

func (t tx) ActionText(actionID string) ([]byte, error) {
	b, err := t.q.ActionText(background(), actionID)
	if err != nil {
		return nil, fmt.Errorf("text of action %s: %w", actionID, found(err))
	}
	return b, nil
}

func (t tx) DropActionText(actionID string) error {
	if err := t.q.DropActionText(background(), actionID); err != nil {
		return fmt.Errorf("drop text of action %s: %w", actionID, err)
	}
	return nil
}

func (t tx) PutSlot(bot, user, name string, sealed []byte) error {
	err := t.q.PutSlot(background(), gen.PutSlotParams{Bot: bot, UserID: user, Name: name, Sealed: blob(sealed)})
	if err != nil {
		return fmt.Errorf("put slot %s of %s for %s: %w", name, bot, user, err)
	}
	return nil
}

func (t tx) Slots(bot, user string) (map[string][]byte, error) {
	rows, err := t.q.Slots(background(), bot, user)
	if err != nil {
		return nil, fmt.Errorf("slots of %s for %s: %w", bot, user, err)
	}
	slots := make(map[string][]byte, len(rows))
	for _, r := range rows {
		slots[r.Name] = r.Sealed
	}
	return slots, nil
}

func (t tx) DropSlots(bot, user string) error {
	if err := t.q.DropSlots(background(), bot, user); err != nil {
		return fmt.Errorf("drop slots of %s for %s: %w", bot, user, err)
	}
	return nil
}

func (t tx) PutEcho(e db.Echo) error {
	err := t.q.PutEcho(background(), gen.PutEchoParams{
		Bot: e.Bot, RemoteID: e.RemoteID, UserID: e.User, TextHash: e.TextHash, At: millis(e.At),
	})
	if err != nil {
		return fmt.Errorf("put echo %s of %s: %w", e.RemoteID, e.Bot, err)
	}
	return nil
}

func (t tx) EchoesTo(bot, user string) ([]db.Echo, error) {
	rows, err := t.q.EchoesTo(background(), bot, user)
	if err != nil {
		return nil, fmt.Errorf("echoes of %s to %s: %w", bot, user, err)
	}
	return each(rows, func(r gen.Echo) db.Echo {
		return db.Echo{Bot: r.Bot, RemoteID: r.RemoteID, User: r.UserID, TextHash: r.TextHash, At: timeOf(r.At)}
	}), nil
}

func (t tx) DropEcho(bot, remoteID string) error {
	if err := t.q.DropEcho(background(), bot, remoteID); err != nil {
		return fmt.Errorf("drop echo %s of %s: %w", remoteID, bot, err)
	}
	return nil
}

func (t tx) AppendDeadLetter(d db.DeadLetter) error {
	err := t.q.AppendDeadLetter(background(), gen.AppendDeadLetterParams{
		ID: d.ID, At: millis(d.At), Bot: d.Bot, EventID: d.Event, Stage: d.Stage, Reason: d.Reason, Raw: blob(d.Raw),
	})
	if err != nil {
		return fmt.Errorf("append dead letter %s: %w", d.ID, err)
	}
	return nil
}

func (t tx) ListDeadLetters(max int) ([]db.DeadLetter, error) {
	rows, err := t.q.ListDeadLetters(background(), int64(max))
	if err != nil {
		return nil, fmt.Errorf("list dead letters: %w", err)
	}
	return each(rows, deadLetterOf), nil
}

func (t tx) DeadLetter(id string) (db.DeadLetter, error) {
	r, err := t.q.DeadLetter(background(), id)
	if err != nil {
		return db.DeadLetter{}, fmt.Errorf("dead letter %s: %w", id, found(err))
	}
	return deadLetterOf(r), nil
}

func (t tx) DropDeadLetter(id string) error {
	if err := t.q.DropDeadLetter(background(), id); err != nil {
		return fmt.Errorf("drop dead letter %s: %w", id, err)
	}
	return nil
}

func (t tx) CountDeadLetters() (int64, error) {
	n, err := t.q.CountDeadLetters(background())
	if err != nil {
		return 0, fmt.Errorf("count dead letters: %w", err)
	}
	return n, nil
}

func deadLetterOf(r gen.DeadLetter) db.DeadLetter {
	return db.DeadLetter{
		ID: r.ID, At: timeOf(r.At), Bot: r.Bot, Event: r.EventID, Stage: r.Stage, Reason: r.Reason, Raw: r.Raw,
	}
}
