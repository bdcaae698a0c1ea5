package dispatch

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// consult keeps a question to a handler outside of this process. Who carries it
// there takes it from the database: a question that is asked is committed with
// its event. What no answer could be sent to is not asked: what the user wrote
// leaves the host only where the rules would let something come of it.
func (w *work) consult(m bus.Delivery, e event.Event, q handlers.Question) ([]gate.Record, error) {
	taken := cmp.Or(e.At, m.Time)
	d := event.Draft{Kind: handlers.Channel(e), Purpose: event.Answer, Handler: q.Handler, AIGenerated: q.AIGenerated}
	j, err := w.judge(e, d, taken)
	if err != nil {
		return nil, err
	}
	if j.fault != nil {
		return w.failed(m, e, j.fault)
	}
	if j.verdict.Decision.Effect == gate.Deny {
		return w.propose(m, e, d, taken, taken.Add(w.MaxEventAge))
	}
	asked, err := w.askedAlready(e, q.Handler)
	if err != nil {
		return nil, err
	}
	if asked {
		return w.nothing(e, fmt.Sprintf("Handler %s is asked about this already.", q.Handler))
	}
	return w.ask(m, e, q.Handler, q.Deadline)
}

// askedAlready finds an open question about the same act, and withdraws one
// about an older version of it.
func (w *work) askedAlready(e event.Event, handler string) (bool, error) {
	open, err := w.Tx.OpenQuestionsTo(e.User)
	if err != nil {
		return false, fmt.Errorf("find what is asked about user %s: %w", e.User, err)
	}
	for _, q := range open {
		if q.Bot != e.Bot || q.Interaction != e.Interaction || q.Handler != handler {
			continue
		}
		of, err := AskedOf(w.Tx, q.ID)
		if errors.Is(err, ErrLost) {
			if err := w.end(q, db.QuestionFailed, ErrLost.Error()); err != nil {
				return false, err
			}
			continue
		}
		if err != nil {
			return false, err
		}
		if of.Event.Version >= e.Version {
			return true, nil
		}
		if err := w.end(q, db.QuestionWithdrawn, "the post was edited"); err != nil {
			return false, err
		}
	}
	return false, nil
}

// ask opens a question about e.
func (w *work) ask(m bus.Delivery, e event.Event, handler string, within time.Duration) ([]gate.Record, error) {
	e.At = cmp.Or(e.At, m.Time)
	body, err := event.Asked{Handler: handler, Event: e}.Body()
	if err != nil {
		return nil, fmt.Errorf("write question about event %s: %w", e.ID, err)
	}
	q := db.Question{
		ID: event.QuestionID(e.Bot, e.ID, e.Index, handler), Bot: e.Bot, User: e.User, Event: e.ID, Interaction: e.Interaction,
		Handler: handler, State: db.QuestionOpen, AskedAt: w.Now, Deadline: w.Now.Add(within), NextAt: w.Now, Reason: "asked",
	}
	if err := w.Tx.PutQuestion(q); err != nil {
		return nil, err
	}
	if err := w.Tx.PutQuestionText(q.ID, event.Seal(body)); err != nil {
		return nil, err
	}
	w.count(&w.Metrics.Asked)
	return w.nothing(e, fmt.Sprintf("Handler %s is asked, question %s; its answer is decided when it comes, within %s.", handler, q.ID, within))
}

// end closes a question and drops what it was about.
func (w *work) end(q db.Question, state db.QuestionState, reason string) error {
	q.State, q.Reason = state, reason
	if err := w.Tx.PutQuestion(q); err != nil {
		return err
	}
	return w.Tx.DropQuestionText(q.ID)
}

// ErrLost is what AskedOf wraps where what a question is about is gone for good:
// removed, or in a form of another version. Any other error is the database's.
var ErrLost = errors.New("what it is about cannot be read any more")

// AskedOf reads what a question is about.
func AskedOf(tx db.Tx, id string) (event.Asked, error) {
	sealed, err := tx.QuestionText(id)
	if errors.Is(err, db.ErrNotFound) {
		return event.Asked{}, fmt.Errorf("question %s: %w", id, ErrLost)
	}
	if err != nil {
		return event.Asked{}, err
	}
	a, err := event.OpenAsked(sealed)
	if err != nil {
		return a, fmt.Errorf("question %s: %w: %w", id, ErrLost, err)
	}
	return a, nil
}

// askAgain is a dead letter of a question, put back: the handler is asked anew,
// if the bot still has it and the event is not too old.
func (w *work) askAgain(m bus.Delivery) ([]Handled, error) {
	of, err := event.ReadAsked(m.Data)
	if err == nil && of.Event.Bot != m.Bot {
		err = fmt.Errorf("it is of bot %q and came for %q", of.Event.Bot, m.Bot)
	}
	if err != nil {
		return w.undecodable(m, stageAsk, err.Error())
	}
	e := of.Event
	h := Handled{Seq: m.Seq, Event: e}
	o, known := w.Handlers[e.Bot].Outside(of.Handler)
	st, err := w.State(e.Bot, e.User, e.Interaction)
	if err != nil {
		return nil, err
	}
	switch {
	case !known:
		h.Records, err = w.nothing(e, fmt.Sprintf("The bot asks no handler %s any more.", of.Handler))
	case w.stale(m, e):
		h.Records, err = w.nothing(e, fmt.Sprintf("The event is older than %s: recorded, not answered.", w.MaxEventAge))
	case st.Interaction.Superseded(e):
		h.Records, err = w.nothing(e, "A later version of this post is known.")
	default:
		h.Records, err = w.consult(m, e, handlers.Question{Handler: o.ID, AIGenerated: o.AIGenerated, Deadline: o.Deadline})
	}
	return []Handled{h}, err
}
