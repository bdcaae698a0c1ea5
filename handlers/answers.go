package handlers

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Answers answers by keyword and pattern, asks for what is missing in flows of
// several steps, and knows when to give up. It is made by Load and never
// changes.
//
// Keywords are found as whole words, in any case and any Unicode form, outside
// of mentions and links. Where several answers are found, the one with the most
// letters in one keyword wins; among equals the one in the language of the message; then
// the one that stands first. A winner without a text for the channel is silence.
// What is said in several languages is said in that of the message: X's word for
// it, or words of the answers, or the language in which the user wrote last.
// The default answers only where nothing was found.
type Answers struct {
	all       []*answer
	byFirst   map[string][]keyword // by first word
	patterns  []expression
	languages []tongue
	flows     map[string]*flow
	slots     map[string]*slot
	hours     map[string]*hours
	other     *answer  // the default; nil is silence
	unclear   *unclear // nil: the default for ever
	files     int
}

type answer struct {
	id        string
	lang      string // "" for every language
	when      []rules.Condition
	reply, dm texts
	flow      string // begins in DMs
	handoff   bool
	invite    bool        // X shows a button that opens a DM
	draft     event.Draft // flags only
}

// unclear is what follows when nothing was understood several times in a row.
type unclear struct {
	limit  int64
	answer *answer
}

// Name is answers.
func (*Answers) Name() string { return "answers" }

// Handle drafts the best answer, or the next step of an open flow. Without files
// there is none.
func (a *Answers) Handle(in In) Out {
	if a == nil {
		return Out{}
	}
	return a.handle(in, nil)
}

// handle is Handle, watched.
func (a *Answers) handle(in In, t *trace) Out {
	if !in.Event.Addresses() || in.Event.Text == "" && !in.Event.Readable {
		return Out{} // nothing that anybody could read
	}
	s := a.state(in, t)
	if channel(in.Event) == event.DM && in.Conversation.Flow != "" {
		if out, done := s.resume(); done {
			return out
		}
	}
	found := s.find()
	if found.answer < 0 {
		return s.missed()
	}
	return s.give(a.all[found.answer], found.lang)
}

// turn is one message at work.
type turn struct {
	*Answers
	in    In
	trace *trace
	words []string
	lang  string            // of the message; "" if nobody knows
	kept  map[string]string // slots as far as they are known now
	out   Out
}

func (a *Answers) state(in In, t *trace) *turn {
	s := &turn{Answers: a, in: in, trace: t, words: slices.Collect(conversation.Words(in.Event.Text))}
	s.lang = cmp.Or(language(in.Event), a.guess(s.words))
	return s
}

func (s *turn) find() finding {
	lang := language(s.in.Event)
	return s.Answers.find(plain(s.in.Event.Text), s.words, cmp.Or(lang, s.lang), func(a *answer) bool {
		if a.lang != "" && lang != "" && a.lang != lang { // a guess leaves nobody out
			return false
		}
		return s.holds("answers/"+a.id, a.when)
	})
}

// give gives an answer; lang is that of the keyword by which it was found.
func (s *turn) give(a *answer, lang string) Out {
	lang = cmp.Or(s.lang, lang)
	if a.flow != "" && channel(s.in.Event) == event.DM {
		s.trace.hit("answers/" + a.id)
		return s.begin(s.flows[a.flow], cmp.Or(lang, a.lang, s.in.Conversation.Lang))
	}
	said := a.reply
	if channel(s.in.Event) == event.DM {
		said = a.dm
	}
	text, in := said.in(lang, a.lang, s.in.Conversation.Lang)
	if a.handoff {
		s.hand("the answer " + a.id + " hands over")
	}
	if text == "" {
		return s.out
	}
	s.trace.said("answers/"+a.id, channel(s.in.Event), in)
	flags := a.draft
	flags.InviteDM = a.invite && channel(s.in.Event) == event.Reply
	s.say(text, flags, a.id)
	return s.out
}

// hand gives the user to a person.
func (s *turn) hand(why string) { s.out.Handoff, s.out.Why = true, why }

// say drafts a text.
func (s *turn) say(text string, flags event.Draft, id string) {
	said := Say(s.in, event.Answer, fill(text, s.in.Bot, s.kept))
	for _, d := range said.Drafts {
		flags.Kind, flags.Purpose, flags.Text = d.Kind, d.Purpose, d.Text
		flags.Handler = s.Name() + "/" + id
		s.out.Drafts = append(s.out.Drafts, flags)
	}
}

// missed is a message that nobody understands: the default, until it has been
// said often enough.
func (s *turn) missed() Out {
	u := s.unclear
	if u != nil && s.in.Conversation.Missed+1 >= u.limit {
		out := s.give(u.answer, "")
		out.Missed, out.Why = false, fmt.Sprintf("%d messages in a row were not understood", u.limit)
		return out
	}
	if s.other == nil {
		return s.out
	}
	out := s.give(s.other, "")
	out.Missed = len(out.Drafts) > 0
	return out
}

// holds evaluates named conditions: all must hold.
func (s *turn) holds(what string, when []rules.Condition) bool {
	for _, c := range when {
		yes := c.Holds(s.field)
		s.trace.condition(what, c.Name, yes)
		if !yes {
			return false
		}
	}
	return true
}

// Size is how much was loaded.
type Size struct {
	Files   int `json:"files"`
	Answers int `json:"answers"`
	Flows   int `json:"flows"`
	Steps   int `json:"steps"`
	Slots   int `json:"slots"`
}

// Size counts what was loaded.
func (a *Answers) Size() Size {
	n := Size{Files: a.files, Answers: len(a.all), Flows: len(a.flows), Slots: len(a.slots)}
	for _, f := range a.flows {
		n.Steps += len(f.steps)
	}
	return n
}
