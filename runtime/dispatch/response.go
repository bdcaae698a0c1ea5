package dispatch

import (
	"errors"
	"fmt"
	"strings"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// ResponseMessage makes an answer ready for the bus. Whoever publishes it has
// made sure which handler gives it.
func ResponseMessage(r event.Response) (bus.Message, error) {
	body, err := r.Body()
	if err != nil {
		return bus.Message{}, fmt.Errorf("write answer %s: %w", r.ID, err)
	}
	return bus.Message{
		ID: r.ID, Type: string(event.AnswerType), Source: event.AnswerSource, Time: r.At.UTC(), Bot: r.Bot, User: r.User, Data: body,
	}, nil
}

// responds reports whether the message may be read as an answer: by its source,
// which the host writes itself.
func responds(m bus.Delivery) bool {
	return m.Source == event.AnswerSource || strings.HasPrefix(m.Source, retryPrefix+stageAnswer+":")
}

// response takes in what a handler outside of this process answered, or word
// that it did not.
func (w *work) response(m bus.Delivery) ([]Handled, error) {
	r, err := event.ReadResponse(m.Data)
	if err == nil && r.Bot != m.Bot {
		err = fmt.Errorf("%w: it is for bot %q and came for %q", event.ErrAnswer, r.Bot, m.Bot)
	}
	if err != nil {
		return w.undecodable(m, stageAnswer, err.Error())
	}
	h := Handled{Seq: m.Seq, Event: r.Event()}
	fresh, err := w.Tx.MarkSeen(r.Bot, r.ID, 0, w.Now)
	if err != nil {
		return nil, fmt.Errorf("mark answer %s as seen: %w", r.ID, err)
	}
	if !fresh && !strings.HasPrefix(m.Source, retryPrefix) { // E2
		h.Duplicate = true
		h.Records = []gate.Record{w.none(r.Bot, h.Event, saidBefore)}
		return []Handled{h}, nil
	}
	h.Records, err = w.responded(m, r)
	return []Handled{h}, err
}

// responded decides an answer, or records why it is none.
func (w *work) responded(m bus.Delivery, r event.Response) ([]gate.Record, error) {
	q, err := w.Tx.Question(r.Said.Question)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return nil, err
	}
	o, known := w.Handlers[r.Bot].Outside(r.Handler)
	if why := refused(q, r, known); why != "" {
		w.count(&w.Metrics.AnswersOut)
		return w.nothing(r.Event(), why)
	}
	of, err := AskedOf(w.Tx, q.ID)
	if errors.Is(err, ErrLost) {
		if err := w.end(q, db.QuestionFailed, ErrLost.Error()); err != nil {
			return nil, err
		}
		return w.nothing(r.Event(), fmt.Sprintf("Question %s: %s.", q.ID, ErrLost))
	}
	if err != nil {
		return nil, err
	}
	e := of.Event
	if r.Failed != "" {
		o.ID = r.Handler // also where the bot asks it no more: the question ends, in silence
		return w.unanswered(m, q, o, of, r.Failed)
	}
	w.count(&w.Metrics.AnswersIn)
	if err := w.end(q, db.QuestionAnswered, "answered"); err != nil {
		return nil, err
	}
	st, err := w.State(e.Bot, e.User, e.Interaction)
	if err != nil {
		return nil, err
	}
	if st.Interaction.Superseded(e) {
		return w.nothing(e, "A later version of this post is known.")
	}
	// The draft has the channel and the addressee of the event, whatever the
	// handler may have meant.
	d := r.Draft(handlers.Channel(e))
	d.AIGenerated = d.AIGenerated || o.AIGenerated
	if rest := w.Handlers[r.Bot].After(r.Handler); len(rest) > 0 && strings.TrimSpace(d.Text) == "" && !r.Said.Handoff {
		return w.passOn(m, e, st, rest)
	}
	why := ""
	if r.Said.Handoff {
		why = fmt.Sprintf("handler %s asked for a person", r.Handler)
	}
	return w.speak(m, e, st, d, why, fmt.Sprintf("Handler %s has no answer to this.", r.Handler))
}

// refused says why an answer is not taken, "" if it is. q is zero where nobody
// asked; known says that the bot still asks that handler.
func refused(q db.Question, r event.Response, known bool) string {
	late := r.Failed == "" && r.At.After(q.Deadline)
	switch {
	case q.ID == "":
		return fmt.Sprintf("Handler %s answers a question that was never asked, or is forgotten.", r.Handler)
	case q.Handler != r.Handler:
		return fmt.Sprintf("Handler %s answers a question that handler %s was asked.", r.Handler, q.Handler)
	case q.Bot != r.Bot || r.Said.Bot != "" && r.Said.Bot != q.Bot:
		return fmt.Sprintf("Handler %s answers for another bot than the one that asks.", r.Handler)
	case r.Said.User != "" && r.Said.User != q.User:
		return fmt.Sprintf("Handler %s answers another user than the one who wrote.", r.Handler)
	case q.State != db.QuestionOpen && r.Failed != "":
		return fmt.Sprintf("Question %s is no longer open: %s.", q.ID, q.Reason)
	case q.State == db.QuestionAnswered:
		return fmt.Sprintf("Handler %s has answered question %s before; the first answer counts.", r.Handler, q.ID)
	case late || q.State == db.QuestionFailed:
		return fmt.Sprintf("Handler %s answers question %s after its deadline.", r.Handler, q.ID)
	case q.State != db.QuestionOpen:
		return fmt.Sprintf("Question %s was withdrawn: %s.", q.ID, q.Reason)
	case !known && r.Failed == "":
		return fmt.Sprintf("The bot asks no handler %s any more.", r.Handler)
	}
	return ""
}

// passOn asks the handlers behind one that has nothing to say. The event was
// applied when that one was asked; what became of the user since counts.
func (w *work) passOn(m bus.Delivery, e event.Event, st conversation.State, rest handlers.Chain) ([]gate.Record, error) {
	if st.Conversation.HandedOver(w.Now) {
		return w.nothing(e, "A person has taken over; the bot is silent toward this user.")
	}
	tier := conversation.MatchLang(e.Text, e.Lang, st.Conversation.Flow != "")
	return w.askChain(m, e, st, tier, rest)
}

// speak decides what a handler says, and then hands over to a person if handoff
// says why: what was said is the bot's last word.
func (w *work) speak(m bus.Delivery, e event.Event, st conversation.State, d event.Draft, handoff, silence string) (rs []gate.Record, err error) {
	if strings.TrimSpace(d.Text) == "" {
		if handoff != "" {
			silence = "A person takes over: " + handoff + ". The handler says nothing."
		}
		rs, err = w.nothing(e, silence)
	} else if fault := handlerMay([]event.Draft{d}); fault != nil {
		return w.failed(m, e, fault)
	} else {
		if handoff != "" {
			d = w.lastWord(d, st)
		}
		rs, err = w.propose(m, e, d, e.At, e.At.Add(w.MaxEventAge))
	}
	if err != nil || handoff == "" {
		return rs, err
	}
	_, err = w.HandOff(w.handoffOf(e, handoff))
	return rs, err
}

// unanswered keeps a question that nobody answered as a dead letter, and says
// what the configuration says in its stead.
func (w *work) unanswered(m bus.Delivery, q db.Question, o handlers.Outside, of event.Asked, why string) ([]gate.Record, error) {
	w.count(&w.Metrics.NoAnswer)
	e := of.Event
	st, err := w.State(e.Bot, e.User, e.Interaction)
	if err != nil {
		return nil, err
	}
	if st.Suppression.OptedOut {
		if err := w.end(q, db.QuestionWithdrawn, "the user said stop"); err != nil {
			return nil, err
		}
		return w.nothing(e, fmt.Sprintf("The user said stop before handler %s answered.", o.ID))
	}
	if err := w.end(q, db.QuestionFailed, why); err != nil {
		return nil, err
	}
	body, err := of.Body()
	if err != nil {
		return nil, fmt.Errorf("write question %s: %w", q.ID, err)
	}
	letter := m
	letter.Data = body // what a retry asks again
	if err := w.deadLetter(letter, e, stageAsk, fmt.Sprintf("handler %s: %s", o.ID, why)); err != nil {
		return nil, err
	}
	if st.Interaction.Superseded(e) {
		return w.nothing(e, "A later version of this post is known.")
	}
	d := event.Draft{
		Kind: handlers.Channel(e), Purpose: event.Answer, Text: o.Fallback.Text(e), Handler: o.ID + "/fallback",
	}
	handoff := ""
	if o.Fallback.Handoff {
		handoff = fmt.Sprintf("handler %s gave no answer: %s", o.ID, why)
	}
	return w.speak(m, e, st, d, handoff, fmt.Sprintf("Handler %s gave no answer: %s.", o.ID, why))
}
