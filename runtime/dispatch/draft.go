package dispatch

import (
	"context"
	"time"

	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// Draft decides a draft that answers an event which was taken in before, as if
// a handler had made it at this moment. Timelines of rule tests tell so what a
// slow handler would meet.
func (d *Dispatcher) Draft(ctx context.Context, now time.Time, e event.Event, draft event.Draft) (gate.Record, error) {
	if err := handlerMay([]event.Draft{draft}); err != nil {
		return gate.Record{}, err
	}
	var rs []gate.Record
	err := action.Transact(ctx, d.Store, d.Key, d.Book, now, func(u *action.Unit) (err error) {
		w := &work{Dispatcher: d, Unit: u}
		m := bus.Delivery{Message: bus.Message{ID: e.ID, Type: string(e.Type), Time: e.At, Bot: e.Bot, User: e.User}}
		rs, err = w.propose(m, e, draft, e.At, e.At.Add(d.MaxEventAge))
		return err
	})
	if err != nil {
		return gate.Record{}, err
	}
	return rs[0], nil
}
