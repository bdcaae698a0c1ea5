package dispatch

import (
	"fmt"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// CommandMessage makes a command ready for the bus. Whoever publishes it has
// made sure who gives it.
func CommandMessage(c event.Command) (bus.Message, error) {
	body, err := c.Body()
	if err != nil {
		return bus.Message{}, fmt.Errorf("write command %s: %w", c.ID, err)
	}
	e := c.Event()
	return bus.Message{
		ID: c.ID, Type: string(e.Type), Source: event.CommandSource, Time: e.At, Bot: c.Bot, User: c.User, Data: body,
	}, nil
}

// commands reports whether the message may be read as a command: by its source,
// which the host writes itself. A body that comes by any way in from X is X's,
// whatever it says.
func commands(m bus.Delivery) bool {
	return m.Source == event.CommandSource || strings.HasPrefix(m.Source, RetryCommand)
}

// command takes in what an operator or a timer asks for.
func (w *work) command(m bus.Delivery) ([]Handled, error) {
	c, err := event.ReadCommand(m.Data)
	if err == nil && c.Bot != m.Bot {
		err = fmt.Errorf("%w: it is for bot %q and came for %q", event.ErrCommand, c.Bot, m.Bot)
	}
	if err != nil {
		return w.undecodable(m, stageCommand, err.Error())
	}
	h := Handled{Seq: m.Seq, Event: c.Event()}
	e := h.Event
	fresh, err := w.Tx.MarkSeen(e.Bot, e.ID, 0, w.Now)
	if err != nil {
		return nil, fmt.Errorf("mark command %s as seen: %w", e.ID, err)
	}
	if !fresh && !strings.HasPrefix(m.Source, retryPrefix) { // E2
		h.Duplicate = true
		h.Records = []gate.Record{w.none(e.Bot, e, saidBefore)}
		return []Handled{h}, nil
	}
	h.Records, err = w.commanded(m, e, c)
	return []Handled{h}, err
}

// commanded asks the gate about a command. A reply goes to the user of the act
// that it answers, whoever the command names.
func (w *work) commanded(m bus.Delivery, e event.Event, c event.Command) ([]gate.Record, error) {
	if c.Kind == event.Reply {
		st, err := w.State(e.Bot, e.User, e.Interaction)
		if err != nil {
			return nil, err
		}
		if act := st.Interaction; told(act) {
			e.User, e.Version, e.Message = act.User, act.Version, act.Message
		}
	}
	if gone, err := w.erased(e); gone || err != nil {
		if err != nil {
			return nil, err
		}
		return w.nothing(e, erasedSince)
	}
	until := e.At.Add(w.MaxEventAge)
	if !c.Until.IsZero() && c.Until.Before(until) {
		until = c.Until
	}
	if c.Reminder != "" {
		return w.reminded(m, e, c, until)
	}
	if !w.Now.Before(until) {
		return w.nothing(e, tooLate(c, until))
	}
	return w.propose(m, e, c.Draft(), e.At, until)
}

// tooLate says that nobody asked for it any more when it was taken in.
func tooLate(c event.Command, until time.Time) string {
	return fmt.Sprintf("What %s asked for was wanted until %s: it comes too late.", c.By, until.UTC().Format(time.RFC3339))
}

// told reports whether an event of X told of the act.
func told(i conversation.Interaction) bool { return i.Kind != "" && i.User != "" }
