package gate

import (
	"fmt"
	"strings"
	"time"
)

// Activation tells that a bot's rules were put in force, or a candidate beside
// them. It is an event of its own: a decision record on the host, and a line of
// a recorded log whose data has this form.
type Activation struct {
	Bot       string `json:"bot"`
	Candidate bool   `json:"candidate,omitempty"` // it decides nothing
	Was       string `json:"was,omitempty"`       // hash of the set before it; "" if there was none
	Set       string `json:"set"`
	Platform  string `json:"platform"`
	Account   string `json:"account"`
	Why       string `json:"why"` // start, change, signal, or operator NAME
}

// Activated is what a decision record says of an activation, besides its rules.
type Activated struct {
	Candidate bool   `json:"candidate,omitempty"`
	Was       string `json:"was,omitempty"`
	Why       string `json:"why"`
}

// Cause is what makes the activation, for the id of its record.
func (a Activation) Cause(at time.Time) []string {
	return []string{"rules", a.Bot, fmt.Sprint(a.Candidate), a.Was, a.Set, fmt.Sprint(at.UnixMilli())}
}

// Record writes the activation down under that id.
func (a Activation) Record(id string, at time.Time) Record {
	say := fmt.Sprintf("From now on these rules decide: %s (%s).", a.Account, a.Platform)
	if a.Candidate {
		say = fmt.Sprintf("From now on these rules are a candidate, which decides nothing: %s (%s).", a.Account, a.Platform)
	}
	return Record{
		ID: id, At: at.UTC(), Bot: a.Bot, Decision: None, Say: say,
		Rules:     &RulesRef{Set: a.Set, Platform: a.Platform, Account: a.Account},
		Activated: &Activated{Candidate: a.Candidate, Was: a.Was, Why: a.Why},
	}
}

// Activation reads from a record what Activation.Record wrote; false: the record
// is of something else.
func (r Record) Activation() (Activation, bool) {
	if r.Activated == nil || r.Rules == nil {
		return Activation{}, false
	}
	return Activation{
		Bot: r.Bot, Candidate: r.Activated.Candidate, Was: r.Activated.Was, Why: r.Activated.Why,
		Set: r.Rules.Set, Platform: r.Rules.Platform, Account: r.Rules.Account,
	}, true
}

// Check says what is missing of an activation that was read from a log.
func (a Activation) Check() error {
	for _, f := range []struct{ name, value string }{{"bot", a.Bot}, {"set", a.Set}, {"why", a.Why}} {
		if strings.TrimSpace(f.value) == "" {
			return fmt.Errorf("an activation of rules needs %s", f.name)
		}
	}
	return nil
}
