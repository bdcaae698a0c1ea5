package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite/gen"
)

func (t tx) PutDeskNotice(n db.DeskNotice) error {
	err := t.q.PutDeskNotice(background(), gen.PutDeskNoticeParams{
		ID: n.ID, Bot: n.Bot, UserID: n.User, Interaction: n.Interaction, Post: n.Post, Why: n.Why, At: millis(n.At),
		NextAt: millis(n.NextAt), Attempts: int64(n.Attempts), Reason: n.Reason,
		OnBus: bit(n.OnBus), Posted: bit(n.Posted),
	})
	if err != nil {
		return fmt.Errorf("put desk notice %s: %w", n.ID, err)
	}
	return nil
}

func (t tx) DeskNotice(bot, user string) (db.DeskNotice, error) {
	r, err := t.q.DeskNotice(background(), bot, user)
	if err != nil {
		return db.DeskNotice{}, fmt.Errorf("desk notice of %s about %s: %w", bot, user, found(err))
	}
	return deskNoticeOf(r), nil
}

func (t tx) DueDeskNotices(now time.Time, max int) ([]db.DeskNotice, error) {
	rows, err := t.q.DueDeskNotices(background(), millis(now), int64(max))
	if err != nil {
		return nil, fmt.Errorf("due desk notices: %w", err)
	}
	return each(rows, deskNoticeOf), nil
}

func (t tx) NextDeskNotice() (time.Time, error) {
	at, err := t.q.NextDeskNotice(background())
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, fmt.Errorf("next desk notice: %w", err)
	}
	return timeOf(at), nil
}

func (t tx) RetryDeskNotice(n db.DeskNotice) error {
	err := t.q.RetryDeskNotice(background(), gen.RetryDeskNoticeParams{
		NextAt: millis(n.NextAt), Attempts: int64(n.Attempts), Reason: n.Reason, OnBus: bit(n.OnBus), Posted: bit(n.Posted), ID: n.ID,
	})
	if err != nil {
		return fmt.Errorf("retry desk notice %s: %w", n.ID, err)
	}
	return nil
}

func (t tx) DropDeskNotice(id string) error {
	if err := t.q.DropDeskNotice(background(), id); err != nil {
		return fmt.Errorf("drop desk notice %s: %w", id, err)
	}
	return nil
}

func (t tx) DropDeskNotices(bot, user string) error {
	if err := t.q.DropDeskNotices(background(), bot, user); err != nil {
		return fmt.Errorf("drop desk notices of %s about %s: %w", bot, user, err)
	}
	return nil
}

func (t tx) PruneDeskNotices(before time.Time) error {
	if err := t.q.PruneDeskNotices(background(), millis(before)); err != nil {
		return fmt.Errorf("prune desk notices: %w", err)
	}
	return nil
}

func deskNoticeOf(r gen.DeskNotice) db.DeskNotice {
	return db.DeskNotice{
		ID: r.ID, Bot: r.Bot, User: r.UserID, Interaction: r.Interaction, Post: r.Post, Why: r.Why, At: timeOf(r.At),
		NextAt: timeOf(r.NextAt), Attempts: int(r.Attempts), Reason: r.Reason,
		OnBus: r.OnBus == 1, Posted: r.Posted == 1,
	}
}
