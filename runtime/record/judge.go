package record

import (
	"errors"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/event"
)

// reason is why a message is not in a log.
type reason int

const (
	stays reason = iota
	noConsent
	deleted
	unreadable
)

// judge says whether a message may be in a recording now (T31).
func (e *entry) judge(tx db.Tx) (err error) {
	if e.private, err = private(tx, e.Message); err != nil {
		return err
	}
	if e.private {
		agreed, err := agreed(tx, e.Bot, e.User)
		if err != nil || !agreed {
			e.why = noConsent
			return err
		}
	}
	switch _, bad := events(e.Message); {
	case e.Erased:
		e.why = deleted
	case e.Dead != "" || bad != nil || strings.HasPrefix(e.Source, "retry:"): // the log has what failed; what mended it is not in it
		e.why = unreadable
	}
	return nil
}

func agreed(tx db.Tx, bot, user string) (bool, error) {
	c, err := tx.Conversation(bot, user)
	return c.ConsentDMStorage, err
}

// private reports whether a message is a DM, or is said by DM: what an operator
// writes, what a handler elsewhere answers to one, and a person's word on an
// answer, who may have written another.
func private(tx db.Tx, m bus.Message) (bool, error) {
	if m.Private() {
		es, err := event.Decode(m.Data)
		return err != nil || len(es) == 0 || slices.ContainsFunc(es, func(e event.Event) bool {
			return e.Type != event.DMRead && e.Type != event.DMIndicateTyping // these say nothing
		}), nil
	}
	switch m.Source {
	case event.CommandSource:
		c, err := event.ReadCommand(m.Data)
		return err != nil || c.Kind == event.DM, nil
	case event.JudgementSource:
		j, err := event.ReadJudgement(m.Data)
		if err != nil {
			return true, nil
		}
		a, err := tx.Action(j.Action)
		return err != nil || a.Kind == event.DM, missing(err)
	case event.AnswerSource:
		a, err := event.ReadResponse(m.Data)
		if err != nil {
			return true, nil
		}
		q, err := tx.Question(a.Said.Question)
		if err != nil {
			return true, missing(err)
		}
		i, err := tx.Interaction(q.Bot, q.Interaction)
		return i.Kind != event.KindPost, err
	}
	es, _ := event.Decode(m.Data)
	for _, e := range es { // of the older envelope, or by a type that hides it
		if e.Kind == event.KindDM || e.Kind == event.KindOwnDM || e.Kind == event.KindChat {
			return true, nil
		}
	}
	return false, nil
}

// missing makes a row that is gone no error.
func missing(err error) error {
	if errors.Is(err, db.ErrNotFound) {
		return nil
	}
	return err
}

// events is what a message tells of. A command's and a judgement's interaction is
// its own.
func events(m bus.Message) ([]event.Event, error) {
	switch m.Source {
	case event.CommandSource:
		c, err := event.ReadCommand(m.Data)
		return []event.Event{c.Event()}, err
	case event.JudgementSource:
		j, err := event.ReadJudgement(m.Data)
		return []event.Event{{ID: j.ID, Bot: j.Bot, User: j.User, At: j.At}}, err
	case event.AnswerSource:
		a, err := event.ReadResponse(m.Data)
		return []event.Event{{ID: a.ID, Bot: a.Bot, User: a.User, At: a.At}}, err
	}
	es, err := event.Decode(m.Data)
	for i := range es {
		es[i].Bot = m.Bot
	}
	return es, err
}
