package rules

import (
	"slices"
	"time"
)

// Timeline is a story between one bot and its users, played through the real
// state machine, and what must be decided on the way.
type Timeline struct {
	Name  string
	File  string // as in Source.Name
	Line  int    // in its file, from 1
	Clock time.Time
	Bot   BotInput // of which label_on, bio_discloses, operator_linked, privacy_url_set, ai_approved and tier count
	Steps []Step
	// ByHand: the sender sends only in send steps; a timeline with one is so by
	// itself. Others send at once whatever may go, as the host does.
	ByHand bool
	Todo   string // why it is expected to fail; "" where it must hold
}

// Act says what happens in a step.
type Act string

// What can happen.
const (
	ActEvent   Act = "event"    // X delivers an event
	ActDraft   Act = "draft"    // a handler would like to say something
	ActApprove Act = "approve"  // a person says yes to a draft that waits
	ActReject  Act = "reject"   // a person says no to it
	ActSend    Act = "send"     // the sender takes what waits to it
	ActOptOut  Act = "opt_out"  // an operator enters a user's stop
	ActSpoke   Act = "spoke"    // a person writes to the user through the account
	ActHandOff Act = "hand_off" // a person takes over
	ActRelease Act = "release"  // and gives the user back
	ActPause   Act = "pause"    // the kill switch: on, off
)

// Acts are all that a step can be.
func Acts() []string {
	var out []string
	for _, a := range []Act{ActEvent, ActDraft, ActApprove, ActReject, ActSend, ActOptOut, ActSpoke, ActHandOff, ActRelease, ActPause} {
		out = append(out, string(a))
	}
	return out
}

// Step is one thing that happens.
type Step struct {
	Line int           // in its file, from 1
	At   time.Duration // since the clock
	Act  Act

	// What the act is: an event type, a kind of action, a user, on or off.
	What string
	Of   int // the step that it is about, from 1; 0: none was named

	User      string        // whom it is from, or to
	Text      string        // of the event or the draft
	Said      time.Duration // when the user did it, since the clock; At, where X delivers at once
	Edits     bool          // of an event: another version of the post of step Of
	Lang      string
	Automated string // yes, no or unknown
	Draft     DraftInput
	Purpose   string // of a draft
	Outcome   string // of a send

	Expect      Effect // "" where the step expects nothing
	By          []By
	Obligations []Obligation
}

// Host plays what a test file holds besides cases, as the host that runs the
// bot would.
type Host interface {
	// Play plays a timeline with a set's rules. The error says what could not
	// happen in it, and in which step.
	Play(*Set, Timeline) ([]Played, error)
	// Replay decides a recorded log with a set's rules, and says what is not as
	// recorded, a difference a string.
	Replay(*Set, Replay) ([]string, error)
}

// Played is the decision of a step that expects one.
type Played struct {
	Step     int // from 1
	Input    Input
	Features []string
	Lifted   []string
	Got      Decision
	// Wall is why the host stopped it, whatever the rules say; "" where the
	// rules decided. A test of rules does not hold because of a wall.
	Wall string
}

// ruled is the step with what the rules decided of it.
func (p Played) ruled(set *Set) Played {
	if p.Wall != "" && p.Input.outside() == "" {
		p.Got = set.Decide(Query{Input: p.Input, Features: p.Features, Lifted: p.Lifted})
		p.Got.Say += " What stops it is no rule, but a wall behind them: " + p.Wall
	}
	return p
}

// StepError says which step of a timeline could not happen.
type StepError struct {
	Step int // from 1
	Err  error
}

func (e *StepError) Error() string { return e.Err.Error() }
func (e *StepError) Unwrap() error { return e.Err }

// Replay is a recorded log and the decisions to expect on it.
type Replay struct {
	File, Events, Golden string // paths, from where the test runs
	Config, Bot          string // of whom it is; "" for the bot that init writes, and for all
	Line                 int
}

// wanted is what a step expects, as a case.
func (s Step) wanted(name, todo string) TestCase {
	return TestCase{Name: name, Line: s.Line, Expect: s.Expect, By: s.By, Obligations: s.Obligations, Todo: todo}
}

// cases are the steps with a decision of the rules as cases of a table, for
// coverage and mutation. What a wall behind the rules decided is none.
func (t Timeline) cases(set *Set, played []Played) (out []TestCase) {
	for _, p := range played {
		s := t.Steps[p.Step-1]
		c := s.wanted(stepName(t, p.Step), t.Todo)
		c.Input, c.Features, c.Lifted = p.Input, p.Features, p.Lifted
		d := set.Decide(c.query(set))
		if p.Input.outside() != "" || d.Effect != p.Got.Effect {
			continue
		}
		if !slices.Equal(d.Obligations, p.Got.Obligations) {
			c.Obligations = nil // the host keeps due what a draft carries
		}
		out = append(out, c)
	}
	return out
}
