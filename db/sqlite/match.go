package sqlite

import (
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite/gen"
)

func (t tx) PutMatch(m db.Match) error {
	err := t.q.PutMatch(background(), gen.PutMatchParams{
		Bot: m.Bot, UserID: m.User, Purpose: m.Purpose, Basis: string(m.Basis), Sealed: blob(m.Sealed), RefHash: m.RefHash,
		EventID: m.Event, Source: m.Source, SetBy: m.By, At: millis(m.At), ExpiresAt: millis(m.ExpiresAt),
		EndedAt: millis(m.EndedAt), EndedBy: m.EndedBy,
	})
	if err != nil {
		return fmt.Errorf("put match of user %s to %s: %w", m.User, m.Bot, err)
	}
	return nil
}

func (t tx) MatchesOf(bot, user string) ([]db.Match, error) {
	rows, err := t.q.MatchesOf(background(), bot, user)
	return matchesOf(rows, err, "matches of user "+user+" to "+bot)
}

func (t tx) OpenMatchesOf(user string) ([]db.Match, error) {
	rows, err := t.q.OpenMatchesOf(background(), user)
	return matchesOf(rows, err, "open matches of user "+user)
}

func (t tx) OpenMatchesBy(event string) ([]db.Match, error) {
	rows, err := t.q.OpenMatchesBy(background(), event)
	return matchesOf(rows, err, "open matches by event "+event)
}

func (t tx) ExpiredMatches(now time.Time, max int) ([]db.Match, error) {
	rows, err := t.q.ExpiredMatches(background(), millis(now), int64(max))
	return matchesOf(rows, err, "expired matches")
}

func (t tx) PruneMatches(before time.Time, max int) ([]db.Match, error) {
	rows, err := t.q.PruneMatches(background(), millis(before), int64(max))
	return matchesOf(rows, err, "prune matches")
}

func matchesOf(rows []gen.Match, err error, what string) ([]db.Match, error) {
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return each(rows, func(r gen.Match) db.Match {
		return db.Match{
			Bot: r.Bot, User: r.UserID, Purpose: r.Purpose, Basis: db.MatchBasis(r.Basis), Sealed: orNil(r.Sealed), RefHash: r.RefHash,
			Event: r.EventID, Source: r.Source, By: r.SetBy, At: timeOf(r.At), ExpiresAt: timeOf(r.ExpiresAt),
			EndedAt: timeOf(r.EndedAt), EndedBy: r.EndedBy,
		}
	}), nil
}

func (t tx) AllMatches() ([]db.Match, error) {
	rows, err := t.q.AllMatches(background())
	if err != nil {
		return nil, fmt.Errorf("list matches: %w", err)
	}
	return each(rows, func(r gen.AllMatchesRow) db.Match {
		return db.Match{
			Bot: r.Bot, User: r.UserID, Purpose: r.Purpose, Basis: db.MatchBasis(r.Basis), RefHash: r.RefHash,
			Event: r.EventID, Source: r.Source, By: r.SetBy, At: timeOf(r.At), ExpiresAt: timeOf(r.ExpiresAt),
			EndedAt: timeOf(r.EndedAt), EndedBy: r.EndedBy,
		}
	}), nil
}
