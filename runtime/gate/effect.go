package gate

import (
	"slices"

	"github.com/beckon-bot/beckon/rules"
)

// What a decision can say, under the gate's name: nothing above the gate needs
// to know the rule engine.
type (
	Effect = rules.Effect
	By     = rules.By
)

const (
	None  = rules.None // an event that led to no draft
	Allow = rules.Allow
	Hold  = rules.Hold
	Deny  = rules.Deny
)

// Denied is the decision of a caller that stands as a wall behind the rules:
// the verdict becomes a denial by that wall.
func (v *Verdict) Denied(by, say string) {
	v.Decision.Effect, v.Decision.By, v.Decision.Say, v.Decision.Obligations = Deny, []By{{Rule: by}}, say, nil
	v.Decision.Shadow, v.Candidate = nil, nil // no rule would have changed that
}

// Held is the same for a wall that a person may lift: what the rules allowed is
// held, and what they hold is held by the wall too.
func (v *Verdict) Held(by, say string) {
	switch v.Decision.Effect {
	case Allow:
		v.Decision.Effect, v.Decision.By, v.Decision.Say = Hold, []By{{Rule: by}}, say
		v.Decision.Shadow, v.Candidate = nil, nil // likewise
	case Hold:
		v.Decision.By = append(slices.Clone(v.Decision.By), By{Rule: by})
		v.Decision.Say += " " + say
	}
}
