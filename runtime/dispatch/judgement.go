package dispatch

import (
	"fmt"
	"strings"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// stageJudge is of a person's word that cannot be read.
const stageJudge = "judge"

// JudgementMessage makes a person's word on a held draft ready for the bus.
// Whoever publishes it has made sure whose word it is.
func JudgementMessage(j event.Judgement) (bus.Message, error) {
	body, err := j.Body()
	if err != nil {
		return bus.Message{}, fmt.Errorf("write judgement %s: %w", j.ID, err)
	}
	return bus.Message{
		ID: j.ID, Type: string(event.JudgementType), Source: event.JudgementSource, Time: j.At.UTC(), Bot: j.Bot, User: j.User, Data: body,
	}, nil
}

// judges reports whether the message may be read as a person's word: by its
// source, which the host writes itself.
func judges(m bus.Delivery) bool {
	return m.Source == event.JudgementSource || strings.HasPrefix(m.Source, retryPrefix+stageJudge+":")
}

// judgement does what a person says of a held draft. Where that changes nothing,
// the record says why, and so does Judged.
func (w *work) judgement(m bus.Delivery) ([]Handled, error) {
	j, err := event.ReadJudgement(m.Data)
	if err == nil && j.Bot != m.Bot {
		err = fmt.Errorf("%w: it is for bot %q and came for %q", event.ErrJudgement, j.Bot, m.Bot)
	}
	if err != nil {
		return w.undecodable(m, stageJudge, err.Error())
	}
	h := Handled{Seq: m.Seq, Event: j.Event()}
	fresh, err := w.Tx.MarkSeen(j.Bot, j.ID, 0, w.Now)
	if err != nil {
		return nil, fmt.Errorf("mark judgement %s as seen: %w", j.ID, err)
	}
	if !fresh {
		h.Duplicate = true
		h.Records = []gate.Record{w.none(j.Bot, h.Event, saidBefore)}
		return []Handled{h}, nil
	}
	a, r, err := w.Judge(w.Gate, j)
	if err != nil && !action.Judged(err) {
		return nil, fmt.Errorf("judge action %s: %w", j.Action, err)
	}
	w.tell(j.ID, a, err)
	switch {
	case err != nil:
		h.Records, err = w.nothing(h.Event, fmt.Sprintf("What %s says of it changes nothing: %v.", j.By, err))
	case r.ID == "":
		h.Records, err = w.nothing(h.Event, fmt.Sprintf("%s rejects action %s.", j.By, a.ID))
	default:
		h.Records = []gate.Record{r}
	}
	return []Handled{h}, err
}

// tell tells who waits for it what came of a judgement, once it is committed.
func (w *work) tell(id string, a db.Action, err error) {
	if w.Judged != nil {
		w.after = append(w.after, func() { w.Judged(id, a, err) })
	}
}
