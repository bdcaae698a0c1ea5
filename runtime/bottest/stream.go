package bottest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/ingest"
	"github.com/beckon-bot/beckon/runtime/xapi"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// listen makes the host hold X's activity stream, which then brings what the
// webhook would.
func (h *host) listen(ctx context.Context, x *xapi.Client, log *slog.Logger) {
	s := ingest.NewStream(ingest.StreamOptions{
		X: x, Positions: positions{h.store}, Log: log,
		Take: func(ctx context.Context, body []byte) error {
			return h.web.(*ingest.Webhook).Take(ctx, ingest.StreamSource, body)
		},
	})
	h.runs.Go(func() { _ = s.Run(ctx) })
}

// positions keeps how far the stream has come, in the database.
type positions struct{ store db.Store }

func (p positions) Position(ctx context.Context, name string) (v string, err error) {
	err = p.store.Read(ctx, func(tx db.Tx) error {
		v, err = tx.Meta("ingest/" + name)
		return err
	})
	return v, err
}

func (p positions) SetPosition(ctx context.Context, name, value string) error {
	return p.store.Write(ctx, func(tx db.Tx) error { return tx.SetMeta("ingest/"+name, value) })
}

// pour gives bodies to whoever holds the stream. Where nobody does X keeps them:
// they come with the gap.
func (r *run) pour(ctx context.Context, bodies ...[]byte) error {
	for _, b := range bodies {
		if err := r.sim.Deliver(ctx, b); err != nil && !errors.Is(err, xsim.ErrNoWebhook) {
			return err
		}
	}
	return nil
}

// stream breaks what is open.
func (r *run) stream(s step) error {
	n, err := r.sim.BreakStreams(xsim.StreamFault(s.args[0]))
	if err == nil && n == 0 {
		err = fmt.Errorf("no stream is open; bot.yaml has stream: %t", r.s.Stream)
	}
	return err
}
