package handlers

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// TestResult is what became of one dialogue.
type TestResult struct {
	File   string `json:"file"`
	Line   int    `json:"line"` // of the dialogue, or of the step that failed
	Name   string `json:"name"`
	Passed bool   `json:"passed"`
	Why    string `json:"why,omitempty"` // what differs; "" where it passed
}

// TestReport is what became of all, and what none of them reached.
type TestReport struct {
	Results  []TestResult `json:"dialogues"`
	Parts    int          `json:"parts"`     // texts, steps and conditions that there are
	NotTried []string     `json:"not_tried"` // those that no dialogue reached
}

// Failed counts the dialogues that failed.
func (r TestReport) Failed() (n int) {
	for _, t := range r.Results {
		if !t.Passed {
			n++
		}
	}
	return n
}

// RunTests plays dialogues with the chain that a host runs: help, then the
// answers. The state between two messages is that of the host's reducer.
func (a *Answers) RunTests(files []TestFile) TestReport {
	t := &trace{hits: map[string]int{}}
	r := TestReport{Results: []TestResult{}, NotTried: []string{}}
	for _, f := range files {
		for _, d := range f.Dialogues {
			res := TestResult{File: f.Name, Line: d.Line, Name: d.Name, Passed: true}
			p := player{answers: a, trace: t, bot: f.Bot, start: f.Clock}
			for i, s := range d.Steps {
				if why := p.step(i, s); why != "" {
					res.Passed, res.Line, res.Why = false, s.Line, fmt.Sprintf("step %d: %s", i+1, why)
					break
				}
			}
			r.Results = append(r.Results, res)
		}
	}
	parts := a.parts()
	r.Parts = len(parts)
	for _, part := range parts {
		if t.hits[part] == 0 {
			r.NotTried = append(r.NotTried, part)
		}
	}
	return r
}

// player is one user of a dialogue.
type player struct {
	answers *Answers
	trace   *trace
	bot     BotInfo
	start   time.Time
	state   conversation.State
	slots   map[string]string
}

// step plays a step and says what is not as expected.
func (p *player) step(i int, s DialogueStep) string {
	now := p.start.Add(s.At)
	e := event.Event{
		ID: fmt.Sprint(i), Kind: event.KindDM, Type: event.DMReceived, Bot: p.bot.Name, User: "1", At: now, Lang: s.Lang,
		Interaction: fmt.Sprint(i), Message: fmt.Sprint(i), Text: s.User, Readable: s.User != "", Automated: event.No,
	}
	if s.Post {
		e.Kind, e.Type, e.Mentioned, e.Summoned = event.KindPost, event.PostMention, true, true
	}
	tier := conversation.Match(e.Text, p.state.Conversation.Flow != "")
	p.state.Interaction = conversation.Interaction{}
	p.state, _ = conversation.Reduce(p.state, conversation.Received{Event: e, Tier: tier, Lang: conversation.LangOf(e.Text, e.Lang)})
	var out Out
	if !p.state.Conversation.HandedOff && !p.state.Suppression.OptedOut {
		in := In{Event: e, Conversation: p.state.Conversation, Interaction: p.state.Interaction, Tier: tier, Bot: p.bot, Slots: maps.Clone(p.slots), Now: now}
		out = Chain{Help{}, watched{p.answers, p.trace}}.Handle(in)
	}
	kept, dropped := Keep(out.Slots)
	p.apply(out, kept)
	return p.differs(s, out, dropped)
}

// watched is answers whose coverage is counted.
type watched struct {
	*Answers
	trace *trace
}

func (w watched) Handle(in In) Out {
	if w.Answers == nil {
		return Out{}
	}
	return w.handle(in, w.trace)
}

// apply keeps what a handler said of the conversation, as dispatch does.
func (p *player) apply(out Out, kept map[string]string) {
	if p.slots == nil {
		p.slots = map[string]string{}
	}
	for name, value := range kept {
		if p.slots[name] = value; value == "" {
			delete(p.slots, name)
		}
	}
	inputs := []conversation.Input{}
	if out.Flow != nil {
		inputs = append(inputs, conversation.FlowMoved{Flow: *out.Flow})
	}
	switch {
	case out.Missed:
		inputs = append(inputs, conversation.Missed{})
	case len(out.Drafts) > 0 || out.Handoff:
		inputs = append(inputs, conversation.Understood{})
	}
	if out.Handoff {
		inputs = append(inputs, conversation.HandedOff{})
	}
	for _, in := range inputs {
		p.state, _ = conversation.Reduce(p.state, in)
	}
}

func (p *player) differs(s DialogueStep, out Out, dropped []string) string {
	said, by := "", "nobody"
	if len(out.Drafts) > 0 {
		said, by = out.Drafts[0].Text, out.Drafts[0].Handler
	}
	at := ""
	if place, ok := readPlace(p.state.Conversation.Flow); ok {
		at = place.flow + "/" + place.step
	}
	switch {
	case s.Silence && said != "":
		return fmt.Sprintf("want silence, %s says %q", by, said)
	case s.Bot != nil && *s.Bot != said:
		return fmt.Sprintf("want %q, %s says %q", *s.Bot, by, said)
	case s.Answer != "" && s.Answer != by:
		return fmt.Sprintf("want %s, %s answers: %q", s.Answer, by, said)
	case s.Handoff != nil && *s.Handoff != out.Handoff:
		return fmt.Sprintf("want handoff %t, got %t; %s says %q", *s.Handoff, out.Handoff, by, said)
	case s.Flow != nil && *s.Flow != at:
		return fmt.Sprintf("want the flow at %q, it is at %q; %s says %q", *s.Flow, at, by, said)
	case s.Slots != nil && !maps.Equal(s.Slots, p.slots):
		return fmt.Sprintf("want the slots %v, they are %v", s.Slots, p.slots)
	case s.Dropped != nil && !slices.Equal(s.Dropped, dropped):
		return fmt.Sprintf("want the slots %v dropped, got %v", s.Dropped, dropped)
	}
	for _, part := range s.Says {
		if !strings.Contains(said, part) {
			return fmt.Sprintf("want something with %q, %s says %q", part, by, said)
		}
	}
	return ""
}
