package vault

import (
	"context"
	"errors"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
)

// Store is a db.Store that seals the texts which are written through it, and
// opens those that are read.
type Store struct {
	db.Store
	ring *Ring
}

// Around returns the store with its texts sealed. ring keeps its keys in the
// same database.
func (r *Ring) Around(s db.Store) *Store { return &Store{s, r} }

// Write implements db.Store.
func (s *Store) Write(ctx context.Context, fn func(db.Tx) error) error {
	var t *tx
	err := s.Store.Write(ctx, func(below db.Tx) error {
		t = s.tx(below)
		return fn(t)
	})
	if t == nil {
		return err
	}
	if err == nil {
		s.ring.hold(t.made)
	}
	for _, id := range t.dropped {
		s.ring.drop(id)
	}
	if t.forgets { // also where the commit was reported as failed (K7)
		s.ring.forget()
	}
	return err
}

// Read implements db.Store.
func (s *Store) Read(ctx context.Context, fn func(db.Tx) error) error {
	return s.Store.Read(ctx, func(below db.Tx) error { return fn(s.tx(below)) })
}

func (s *Store) tx(below db.Tx) *tx {
	return &tx{Tx: below, ring: s.ring, whose: map[string][2]string{}}
}

// tx is a transaction in which texts are sealed.
type tx struct {
	db.Tx
	ring    *Ring
	made    fresh
	whose   map[string][2]string // bot and user of actions and questions written here
	dropped []string
	forgets bool
}

func (t *tx) seal(bot, user string, text []byte) ([]byte, error) {
	o := t.ring.owner(bot, user, "")
	if id := t.ring.known(o); id != "" {
		if k := t.ring.held(id); k != nil {
			return sealed(k, id, text)
		}
	}
	id, k, err := t.ring.keyFor(t.Tx, o, &t.made)
	if err != nil {
		return nil, err
	}
	return sealed(k, id, text)
}

// open says db.ErrNotFound of a text whose key is destroyed (K5).
func (t *tx) open(text []byte) ([]byte, error) {
	id, body, ok := parse(text)
	if k := t.made.byID[id]; ok && k != nil {
		return opened(k, id, body)
	}
	plain, err := t.ring.open(t.Tx, text)
	if errors.Is(err, bus.ErrErased) {
		return nil, errors.Join(err, db.ErrNotFound)
	}
	return plain, err
}

func (t *tx) InsertAction(a db.Action) error {
	t.whose[a.ID] = [2]string{a.Bot, a.User}
	return t.Tx.InsertAction(a)
}

func (t *tx) PutActionText(id string, text []byte) error {
	w, ok := t.whose[id]
	if !ok {
		a, err := t.Tx.Action(id)
		if err != nil {
			return err
		}
		w = [2]string{a.Bot, a.User}
	}
	text, err := t.seal(w[0], w[1], text)
	if err != nil {
		return err
	}
	return t.Tx.PutActionText(id, text)
}

func (t *tx) ActionText(id string) ([]byte, error) {
	text, err := t.Tx.ActionText(id)
	if err != nil {
		return nil, err
	}
	return t.open(text)
}

func (t *tx) PutSlot(bot, user, name string, text []byte) error {
	text, err := t.seal(bot, user, text)
	if err != nil {
		return err
	}
	return t.Tx.PutSlot(bot, user, name, text)
}

// Slots leaves out what was erased.
func (t *tx) Slots(bot, user string) (map[string][]byte, error) {
	slots, err := t.Tx.Slots(bot, user)
	for name, text := range slots {
		plain, err := t.open(text)
		switch {
		case errors.Is(err, db.ErrNotFound):
			delete(slots, name)
		case err != nil:
			return nil, err
		default:
			slots[name] = plain
		}
	}
	return slots, err
}

func (t *tx) PutQuestion(q db.Question) error {
	t.whose[q.ID] = [2]string{q.Bot, q.User}
	return t.Tx.PutQuestion(q)
}

func (t *tx) PutQuestionText(id string, text []byte) error {
	w, ok := t.whose[id]
	if !ok {
		q, err := t.Tx.Question(id)
		if err != nil {
			return err
		}
		w = [2]string{q.Bot, q.User}
	}
	text, err := t.seal(w[0], w[1], text)
	if err != nil {
		return err
	}
	return t.Tx.PutQuestionText(id, text)
}

func (t *tx) QuestionText(id string) ([]byte, error) {
	text, err := t.Tx.QuestionText(id)
	if err != nil {
		return nil, err
	}
	return t.open(text)
}

func (t *tx) PutReminder(r db.Reminder) (err error) {
	if len(r.Sealed) > 0 {
		if r.Sealed, err = t.seal(r.Bot, r.User, r.Sealed); err != nil {
			return err
		}
	}
	return t.Tx.PutReminder(r)
}

func (t *tx) Reminder(id string) (db.Reminder, error) {
	r, err := t.Tx.Reminder(id)
	if err != nil {
		return r, err
	}
	return t.reminder(r)
}

func (t *tx) DueReminders(now time.Time, max int) ([]db.Reminder, error) {
	rows, err := t.Tx.DueReminders(now, max)
	for i := 0; i < len(rows) && err == nil; i++ {
		rows[i], err = t.reminder(rows[i])
	}
	return rows, err
}

// reminder opens what is said; of what was erased nothing is.
func (t *tx) reminder(r db.Reminder) (db.Reminder, error) {
	if len(r.Sealed) == 0 {
		return r, nil
	}
	plain, err := t.open(r.Sealed)
	if errors.Is(err, db.ErrNotFound) {
		plain, err = nil, nil
	}
	r.Sealed = plain
	return r, err
}

// AppendDeadLetter seals the body for the bot: nobody may know whose it is.
func (t *tx) AppendDeadLetter(d db.DeadLetter) (err error) {
	if d.Raw, err = t.seal(d.Bot, "", d.Raw); err != nil {
		return err
	}
	return t.Tx.AppendDeadLetter(d)
}

func (t *tx) DeadLetter(id string) (db.DeadLetter, error) {
	d, err := t.Tx.DeadLetter(id)
	if err != nil {
		return d, err
	}
	return t.letter(d)
}

func (t *tx) ListDeadLetters(max int) ([]db.DeadLetter, error) {
	rows, err := t.Tx.ListDeadLetters(max)
	for i := 0; i < len(rows) && err == nil; i++ {
		rows[i], err = t.letter(rows[i])
	}
	return rows, err
}

func (t *tx) letter(d db.DeadLetter) (db.DeadLetter, error) {
	plain, err := t.open(d.Raw)
	if errors.Is(err, db.ErrNotFound) {
		plain, err = nil, nil
	}
	d.Raw = plain
	return d, err
}

func (t *tx) DropTextKey(id string) error {
	t.dropped = append(t.dropped, id)
	return t.Tx.DropTextKey(id)
}

func (t *tx) DropHeldTextKeys(bot, user string) ([]string, error) {
	ids, err := t.Tx.DropHeldTextKeys(bot, user)
	t.dropped = append(t.dropped, ids...)
	return ids, err
}

func (t *tx) RetireTextKeys(bot, user string) error {
	t.forgets = true
	return t.Tx.RetireTextKeys(bot, user)
}

func (t *tx) DropTextKeys(bot, user string) (int, error) {
	t.forgets = true
	return t.Tx.DropTextKeys(bot, user)
}

func (t *tx) PruneTextKeys(before time.Time, max int) (int, error) {
	n, err := t.Tx.PruneTextKeys(before, max)
	t.forgets = t.forgets || n > 0
	return n, err
}
