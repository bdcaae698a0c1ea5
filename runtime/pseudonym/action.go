package pseudonym

import (
	"strings"

	"github.com/beckon-bot/beckon/runtime/event"
)

// action finds which cause an action's id was made of, and makes it again of the
// cause's pseudonym: a log's outcomes name their sends by it.
func (p *Log) action(id string) string {
	if p.actions == nil {
		p.actions = map[string]string{}
		for cause := range p.causes {
			as := p.cause(cause)
			for bot := range p.bots {
				p.actionsOf(bot, cause, as)
			}
		}
	}
	p.link()
	if as, ok := p.actions[id]; ok {
		return as
	}
	return "a-" + p.letters("action", id, 16, "0123456789abcdef")
}

func (p *Log) actionsOf(bot, cause, as string) {
	put := func(kind event.ActionKind, purpose event.Purpose, part, version int) {
		p.actions[event.ActionID(bot, cause, kind, purpose, part, version)] = event.ActionID(bot, as, kind, purpose, part, version)
	}
	purposes := []event.Purpose{event.Answer, event.OptOutConfirmation, event.Notice, event.Reminder, event.Operator, event.Scheduled}
	for _, kind := range []event.ActionKind{event.Reply, event.DM, event.Quote, event.Post} {
		for _, purpose := range purposes {
			for version := range 5 { // X allows as many edits
				put(kind, purpose, 0, version)
			}
		}
	}
	for part := 1; part < 4; part++ { // only an answer by DM has them
		put(event.DM, event.Answer, part, 0)
	}
}

// question is the same of a question that a handler outside of the host was
// asked.
func (p *Log) question(id string) string {
	if p.questions == nil {
		p.questions = map[string]string{}
		for cause := range p.causes {
			for bot := range p.bots {
				for handler := range p.handlers {
					for index := range 4 { // of a message in its event
						p.questions[event.QuestionID(bot, cause, index, handler)] = event.QuestionID(bot, p.cause(cause), index, handler)
					}
				}
			}
		}
	}
	p.link()
	if as, ok := p.questions[id]; ok {
		return as
	}
	return "q-" + p.letters("question", id, 16, "0123456789abcdef")
}

// named is an event that was rewritten, by the names that others are made of.
type named struct {
	id, as           string
	index            int
	interaction, now string
}

// link makes the names of actions and questions for the events that were rewritten
// since the last call. It is surer than the search by ids: it knows an event as
// the host does, however the body was formed.
func (p *Log) link() {
	if p.actions != nil {
		for _, e := range p.pairs[p.acted:] {
			for bot := range p.bots {
				if e.interaction != "" {
					p.actionsOf(bot, e.interaction, e.now)
				}
			}
		}
		p.acted = len(p.pairs)
	}
	if p.questions != nil {
		for _, e := range p.pairs[p.questioned:] {
			for bot := range p.bots {
				for handler := range p.handlers {
					p.questions[event.QuestionID(bot, e.id, e.index, handler)] = event.QuestionID(bot, e.as, e.index, handler)
				}
			}
		}
		p.questioned = len(p.pairs)
	}
}

// pair remembers which events became which: actions and questions further down
// the log are named after them.
func (p *Log) pair(was, is []byte) {
	before, err := event.Decode(was)
	if err != nil {
		return
	}
	after, err := event.Decode(is)
	if err != nil || len(after) != len(before) {
		return
	}
	for i, e := range before {
		p.pairs = append(p.pairs, named{e.ID, after[i].ID, e.Index, e.Interaction, after[i].Interaction})
	}
}

// cause is the pseudonym of an interaction: an id of X, or an event's id with the
// place of a message in it.
func (p *Log) cause(s string) string {
	if id, n, ok := strings.Cut(s, "."); ok {
		return p.eventID(id) + "." + n
	}
	return p.eventID(s)
}
