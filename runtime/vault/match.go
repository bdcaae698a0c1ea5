package vault

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"time"

	"github.com/beckon-bot/beckon/db"
)

// PutMatch seals the reference with a key that is for it alone, and destroys the
// key of the one before: what a match has lost cannot be read in any copy (K8).
// Such keys have no time (db.TextKeys): a match may stand for years.
func (t *tx) PutMatch(m db.Match) error {
	rows, err := t.Tx.MatchesOf(m.Bot, m.User)
	if err != nil {
		return err
	}
	for _, was := range rows {
		if id, _, ok := parse(was.Sealed); ok && was.Purpose == m.Purpose {
			if err := t.DropTextKey(id); err != nil {
				return err
			}
		}
	}
	if len(m.Sealed) > 0 {
		raw := make([]byte, idBytes)
		rand.Read(raw) // never fails
		id, k, err := t.ring.keyFor(t.Tx, t.ring.owner(m.Bot, m.User, db.KeyOfMatch+hex.EncodeToString(raw)), &t.made)
		if err != nil {
			return err
		}
		if m.Sealed, err = sealed(k, id, m.Sealed); err != nil {
			return err
		}
	}
	return t.Tx.PutMatch(m)
}

func (t *tx) MatchesOf(bot, user string) ([]db.Match, error) {
	rows, err := t.Tx.MatchesOf(bot, user)
	return t.matches(rows, err)
}

func (t *tx) OpenMatchesOf(user string) ([]db.Match, error) {
	rows, err := t.Tx.OpenMatchesOf(user)
	return t.matches(rows, err)
}

func (t *tx) OpenMatchesBy(event string) ([]db.Match, error) {
	rows, err := t.Tx.OpenMatchesBy(event)
	return t.matches(rows, err)
}

func (t *tx) ExpiredMatches(now time.Time, max int) ([]db.Match, error) {
	rows, err := t.Tx.ExpiredMatches(now, max)
	return t.matches(rows, err)
}

// matches opens the references; of what was erased there is none.
func (t *tx) matches(rows []db.Match, err error) ([]db.Match, error) {
	for i := 0; i < len(rows) && err == nil; i++ {
		if len(rows[i].Sealed) == 0 {
			continue
		}
		var plain []byte
		if plain, err = t.open(rows[i].Sealed); errors.Is(err, db.ErrNotFound) {
			plain, err = nil, nil
		}
		rows[i].Sealed = plain
	}
	return rows, err
}
