package gate

import (
	"slices"

	"github.com/beckon-bot/beckon/rules"
)

// Change is how a candidate's decision differs from the one that counts.
type Change string

// Changes. Duties: the same effect, with other obligations.
const (
	Same    Change = "same"
	Looser  Change = "looser"
	Tighter Change = "tighter"
	Duties  Change = "duties"
)

// Candidate is what a rule set on trial would have decided. What it says of its
// reasons is left out where it decides the same.
type Candidate struct {
	Set         string             `json:"set"` // hash
	Change      Change             `json:"change"`
	Decision    rules.Effect       `json:"decision"`
	By          []rules.By         `json:"by,omitempty"`
	Say         string             `json:"say,omitempty"`
	Obligations []rules.Obligation `json:"obligations,omitempty"`
}

// beside asks the candidate what was decided by v. A fault of it is no fault of
// the verdict (G7): then there is nothing to say.
func (bot Bot) beside(c Case, v Verdict) (out *Candidate) {
	defer func() {
		if recover() != nil {
			out = nil
		}
	}()
	d := bot.by(bot.Candidate, c).Decision
	out = &Candidate{Set: bot.Candidate.Hash(), Decision: d.Effect, Change: changeOf(v.Decision, d)}
	if out.Change != Same {
		out.By, out.Say, out.Obligations = d.By, d.Say, d.Obligations
	}
	return out
}

func changeOf(is, would rules.Decision) Change {
	strict := []rules.Effect{Allow, Hold, Deny}
	switch a, b := slices.Index(strict, is.Effect), slices.Index(strict, would.Effect); {
	case b < a:
		return Looser
	case b > a:
		return Tighter
	case !slices.Equal(is.Obligations, would.Obligations):
		return Duties
	}
	return Same
}
