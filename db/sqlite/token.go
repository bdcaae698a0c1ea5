package sqlite

import (
	"fmt"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite/gen"
)

func (t tx) Token(bot string) (db.Token, error) {
	r, err := t.q.ReadToken(background(), bot)
	if err != nil {
		return db.Token{}, fmt.Errorf("tokens of %s: %w", bot, found(err))
	}
	return tokenOf(r), nil
}

func (t tx) PutToken(k db.Token) error {
	var n int64
	var err error
	if k.Version == 0 {
		n, err = t.q.InsertToken(background(), gen.InsertTokenParams{
			Bot: k.Bot, State: string(k.State), Reason: k.Reason, Scopes: k.Scopes,
			LoginAt: millis(k.LoginAt), RefreshedAt: millis(k.RefreshedAt), ExpiresAt: millis(k.ExpiresAt),
			LeaseUntil: millis(k.LeaseUntil), Sealed: blob(k.Sealed),
		})
	} else {
		n, err = t.q.UpdateToken(background(), gen.UpdateTokenParams{
			Bot: k.Bot, Version: k.Version, State: string(k.State), Reason: k.Reason, Scopes: k.Scopes,
			LoginAt: millis(k.LoginAt), RefreshedAt: millis(k.RefreshedAt), ExpiresAt: millis(k.ExpiresAt),
			LeaseUntil: millis(k.LeaseUntil), Sealed: blob(k.Sealed),
		})
	}
	if err != nil {
		return fmt.Errorf("put tokens of %s: %w", k.Bot, err)
	}
	if n == 0 {
		return fmt.Errorf("put tokens of %s: %w", k.Bot, db.ErrStale)
	}
	return nil
}

func (t tx) ListTokens() ([]db.Token, error) {
	rows, err := t.q.ListTokens(background())
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return each(rows, tokenOf), nil
}

func tokenOf(r gen.Token) db.Token {
	return db.Token{
		Bot: r.Bot, Version: r.Version, State: db.TokenState(r.State), Reason: r.Reason, Scopes: r.Scopes,
		LoginAt: timeOf(r.LoginAt), RefreshedAt: timeOf(r.RefreshedAt), ExpiresAt: timeOf(r.ExpiresAt),
		LeaseUntil: timeOf(r.LeaseUntil), Sealed: r.Sealed,
	}
}
