package suppression

import (
	"context"
	"sync/atomic"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
)

// Watch returns the store, and tells of every transaction that wrote a
// suppression, or in which a consent was withdrawn, after it. told must not wait.
func Watch(s db.Store, withdrew *atomic.Bool, told func()) db.Store {
	return &watched{s, withdrew, told}
}

type watched struct {
	db.Store
	withdrew *atomic.Bool
	told     func()
}

// Write implements db.Store.
func (w *watched) Write(ctx context.Context, fn func(db.Tx) error) error {
	put, withdrew := false, false
	err := w.Store.Write(ctx, func(tx db.Tx) error { return fn(&watchedTx{tx, &put, &withdrew}) })
	if withdrew {
		w.withdrew.Store(true)
	}
	if put || withdrew { // also where the commit was reported as failed: it may be stored
		w.told()
	}
	return err
}

type watchedTx struct {
	db.Tx
	put, withdrew *bool
}

func (t *watchedTx) PutConsent(c db.Consent) error {
	*t.withdrew = *t.withdrew || !c.WithdrawnAt.IsZero()
	return t.Tx.PutConsent(c)
}

func (t *watchedTx) PutSuppression(s conversation.Suppression) error {
	*t.put = true
	return t.Tx.PutSuppression(s)
}
