package suppression

import (
	"context"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
)

// Watch returns the store, and tells of every transaction that wrote a
// suppression, after it. told must not wait.
func Watch(s db.Store, told func()) db.Store { return &watched{s, told} }

type watched struct {
	db.Store
	told func()
}

// Write implements db.Store.
func (w *watched) Write(ctx context.Context, fn func(db.Tx) error) error {
	put := false
	err := w.Store.Write(ctx, func(tx db.Tx) error { return fn(&watchedTx{tx, &put}) })
	if put { // also where the commit was reported as failed: it may be stored
		w.told()
	}
	return err
}

type watchedTx struct {
	db.Tx
	put *bool
}

func (t *watchedTx) PutSuppression(s conversation.Suppression) error {
	*t.put = true
	return t.Tx.PutSuppression(s)
}
