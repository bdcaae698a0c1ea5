package bench

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/dispatch"
)

// call is one call to a transaction, to be made again.
type call func(tx db.Tx) error

// record dispatches the messages once and returns what it asked of the store,
// a list for each transaction.
func (d desk) record(b *testing.B, base string, msgs []bus.Message) [][]call {
	b.Helper()
	s := copied(b, base)
	defer func() { must(b, s.Close()) }()
	r := &recorder{Store: s}
	p := d.dispatcher(r)
	for batch := range slices.Chunk(deliveries(msgs), dispatch.MaxBatch) {
		_, err := p.Batch(b.Context(), day, batch)
		must(b, err)
	}
	return r.batches
}

// recorder is a store that keeps what its transactions were asked.
type recorder struct {
	db.Store
	batches [][]call
}

func (r *recorder) Write(ctx context.Context, fn func(tx db.Tx) error) error {
	return r.Store.Write(ctx, func(tx db.Tx) error {
		t := &recordedTx{Tx: tx}
		err := fn(t)
		r.batches = append(r.batches, t.calls)
		return err
	})
}

// recordedTx keeps the calls that dispatch makes; one that it does not know is
// missing from the replay, and from the figure.
type recordedTx struct {
	db.Tx
	calls []call
}

// keep makes a call and remembers it.
func keep[T any](t *recordedTx, fn func(tx db.Tx) (T, error)) (T, error) {
	t.calls = append(t.calls, func(tx db.Tx) error { _, err := fn(tx); return err })
	return fn(t.Tx)
}

func (t *recordedTx) put(c call) error {
	t.calls = append(t.calls, c)
	return c(t.Tx)
}

func (t *recordedTx) MarkSeen(bot, id string, index int, at time.Time) (bool, error) {
	return keep(t, func(tx db.Tx) (bool, error) { return tx.MarkSeen(bot, id, index, at) })
}

func (t *recordedTx) Conversation(bot, user string) (conversation.Conversation, error) {
	return keep(t, func(tx db.Tx) (conversation.Conversation, error) { return tx.Conversation(bot, user) })
}

func (t *recordedTx) Interaction(bot, key string) (conversation.Interaction, error) {
	return keep(t, func(tx db.Tx) (conversation.Interaction, error) { return tx.Interaction(bot, key) })
}

func (t *recordedTx) Suppression(hash string) (conversation.Suppression, error) {
	return keep(t, func(tx db.Tx) (conversation.Suppression, error) { return tx.Suppression(hash) })
}

func (t *recordedTx) Switch(bot string) (db.Switch, error) {
	return keep(t, func(tx db.Tx) (db.Switch, error) { return tx.Switch(bot) })
}

func (t *recordedTx) ActionsOf(bot, interaction string) ([]db.Action, error) {
	return keep(t, func(tx db.Tx) ([]db.Action, error) { return tx.ActionsOf(bot, interaction) })
}

func (t *recordedTx) InsertAction(a db.Action) error {
	return t.put(func(tx db.Tx) error { return tx.InsertAction(a) })
}

func (t *recordedTx) PutActionText(id string, sealed []byte) error {
	return t.put(func(tx db.Tx) error { return tx.PutActionText(id, sealed) })
}

func (t *recordedTx) AppendDecision(d db.Decision) error {
	return t.put(func(tx db.Tx) error { return tx.AppendDecision(d) })
}

func (t *recordedTx) PutConversation(c conversation.Conversation) error {
	return t.put(func(tx db.Tx) error { return tx.PutConversation(c) })
}

func (t *recordedTx) PutInteraction(i conversation.Interaction) error {
	return t.put(func(tx db.Tx) error { return tx.PutInteraction(i) })
}
