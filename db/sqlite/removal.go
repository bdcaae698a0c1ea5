package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite/gen"
)

func (t tx) PutDeskTold(d db.DeskTold) error {
	err := t.q.PutDeskTold(background(), gen.PutDeskToldParams{
		ID: d.ID, Bot: d.Bot, UserID: d.User, Interaction: d.Interaction, Post: d.Post, At: millis(d.At),
	})
	if err != nil {
		return fmt.Errorf("put that the desk is told of handoff %s: %w", d.ID, err)
	}
	return nil
}

func (t tx) DeskTold(id string) (db.DeskTold, error) {
	r, err := t.q.DeskTold(background(), id)
	if err != nil {
		return db.DeskTold{}, fmt.Errorf("what the desk was told of handoff %s: %w", id, found(err))
	}
	return db.DeskTold{ID: r.ID, Bot: r.Bot, User: r.UserID, Interaction: r.Interaction, Post: r.Post, At: timeOf(r.At)}, nil
}

// TakeBack opens the removals first: what it forgets after that says which.
func (t tx) TakeBack(what db.DutyWhat, bot, target string, at, due time.Time) (int, error) {
	var n int64
	var err error
	switch what {
	case db.DutyPost, db.DutyDM:
		n, err = t.q.TakeBackItem(background(), gen.TakeBackItemParams{What: string(what), At: millis(at), DueAt: millis(due), Bot: bot, Item: target})
		if err == nil {
			err = t.q.ForgetItemTold(background(), bot, target)
		}
	case db.DutyPosts:
		n, err = t.q.TakeBackPosts(background(), gen.TakeBackPostsParams{At: millis(at), DueAt: millis(due), Bot: bot, UserID: target})
		if err == nil {
			err = t.q.ForgetPostsTold(background(), bot, target)
		}
	case db.DutyUser, db.DutyAccount:
		if what == db.DutyAccount {
			target = ""
		} else if target == "" {
			return 0, errors.New("take back what the desk was told: of no user")
		}
		n, err = t.q.TakeBackUser(background(), gen.TakeBackUserParams{At: millis(at), DueAt: millis(due), Bot: bot, UserID: target})
		if err == nil {
			err = t.q.ForgetUserTold(background(), bot, target)
		}
	default:
		return 0, fmt.Errorf("take back what the desk was told: of %q", what)
	}
	if err != nil {
		return 0, fmt.Errorf("take back what the desk was told of %s %s: %w", what, target, err)
	}
	return int(n), nil
}

func (t tx) DueDeskRemovals(now time.Time, max int) ([]db.DeskRemoval, error) {
	rows, err := t.q.DueDeskRemovals(background(), millis(now), int64(max))
	if err != nil {
		return nil, fmt.Errorf("due desk removals: %w", err)
	}
	return each(rows, deskRemovalOf), nil
}

func (t tx) ListDeskRemovals(max int) ([]db.DeskRemoval, error) {
	rows, err := t.q.ListDeskRemovals(background(), int64(max))
	if err != nil {
		return nil, fmt.Errorf("list desk removals: %w", err)
	}
	return each(rows, deskRemovalOf), nil
}

func (t tx) NextDeskRemoval() (time.Time, error) {
	at, err := t.q.NextDeskRemoval(background())
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, fmt.Errorf("next desk removal: %w", err)
	}
	return timeOf(at), nil
}

func (t tx) RetryDeskRemoval(r db.DeskRemoval) error {
	err := t.q.RetryDeskRemoval(background(), gen.RetryDeskRemovalParams{
		NextAt: millis(r.NextAt), Attempts: int64(r.Attempts), Reason: r.Reason, OnBus: bit(r.OnBus), Posted: bit(r.Posted), ID: r.ID,
	})
	if err != nil {
		return fmt.Errorf("retry desk removal %s: %w", r.ID, err)
	}
	return nil
}

func (t tx) DropDeskRemoval(id string) error {
	if err := t.q.DropDeskRemoval(background(), id); err != nil {
		return fmt.Errorf("drop desk removal %s: %w", id, err)
	}
	return nil
}

func (t tx) PruneDeskTold(before time.Time, max int) (int, error) {
	if err := t.q.PruneDeskRemovals(background(), millis(before)); err != nil {
		return 0, fmt.Errorf("prune desk removals: %w", err)
	}
	n, err := t.q.PruneDeskTold(background(), millis(before), int64(max))
	if err != nil {
		return 0, fmt.Errorf("prune what the desk was told: %w", err)
	}
	return int(n), nil
}

func deskRemovalOf(r gen.DeskRemoval) db.DeskRemoval {
	return db.DeskRemoval{
		ID: r.ID, Handoff: r.Handoff, Bot: r.Bot, What: db.DutyWhat(r.What), At: timeOf(r.At), DueAt: timeOf(r.DueAt),
		NextAt: timeOf(r.NextAt), Attempts: int(r.Attempts), Reason: r.Reason, OnBus: r.OnBus == 1, Posted: r.Posted == 1,
	}
}
