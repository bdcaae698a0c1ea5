package main

import (
	"context"
	"fmt"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/xapi"
)

// knownWindows are the limits that X told of before this start.
func knownWindows(ctx context.Context, store db.Store) (known []xapi.Window, err error) {
	err = store.Read(ctx, func(tx db.Tx) error {
		known = nil
		all, err := tx.ListRateWindows()
		for _, w := range all {
			if w.Owner == db.App || w.ToldAt.IsZero() {
				continue
			}
			known = append(known, xapi.Window{
				Bot: w.Owner, Endpoint: w.Endpoint, Limit: int(w.Most), Remaining: int(w.Free), Reset: w.ResetsAt,
			})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read rate windows: %w", err)
	}
	return known, nil
}

// learnt takes in what an answer of X said of a limit: the sender stores it
// with the settlement of its call, a read's is stored at once.
func (h *host) learnt(ctx context.Context, inbox *budget.Inbox, w xapi.Window) {
	t := budget.Told{Most: int64(w.Limit), Free: int64(w.Remaining), ResetsAt: w.Reset}
	inbox.Put(w.Bot, w.Endpoint, t)
	if err := h.desk.LearnRead(context.WithoutCancel(ctx), h.now(), w.Bot, w.Endpoint, t); err != nil {
		h.log.WarnContext(ctx, "what X said of a limit is not kept over a restart", "bot", w.Bot, "kind", w.Endpoint, "err", err)
	}
}

// gave bills what a call of X gave.
func (h *host) gave(ctx context.Context, bot, endpoint string, ids []string) {
	if err := h.desk.BillCall(context.WithoutCancel(ctx), h.now(), bot, endpoint, ids); err != nil {
		h.log.WarnContext(ctx, "what X bills for a read is not counted", "bot", bot, "kind", endpoint, "err", err)
	}
}
