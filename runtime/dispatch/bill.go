package dispatch

import (
	"time"

	"github.com/beckon-bot/beckon/runtime/budget"
	"github.com/beckon-bot/beckon/runtime/event"
)

// bill counts what X bills for an event, before it is applied. A resource is
// billed once a UTC day, however many events tell of it: a post that mentions
// and replies is one, each version of it another. Where an older version comes
// after a newer one it is counted again: rather a cent too many.
// X rule: resources are counted once a UTC day (facts.md, read 2026-11-25)
func (w *work) bill(e event.Event) error {
	c := w.Book.EventCost(e.Type, w.Now)
	if c.Micro == 0 {
		return nil
	}
	if (e.Kind == event.KindPost || e.Kind == event.KindDM) && e.Interaction != "" {
		st, err := w.State(e.Bot, e.User, e.Interaction)
		if err != nil {
			return err
		}
		i := st.Interaction
		if i.Message == e.Message && sameDay(i.LastAt, w.Now) {
			return nil
		}
	}
	w.Bill(e.Bot, c)
	return nil
}

func sameDay(a, b time.Time) bool { return budget.Day(a).Equal(budget.Day(b)) }
