package rules

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// Effect is what becomes of a draft.
type Effect string

// Effects, from the mildest to the strictest. Decide returns the last three;
// None is what the gate records for an event that led to no draft.
const (
	None  Effect = "none"
	Allow Effect = "allow"
	Hold  Effect = "hold"
	Deny  Effect = "deny"
)

// stricter returns the stricter of two effects.
func stricter(a, b Effect) Effect {
	if a == Deny || b == Deny {
		return Deny
	}
	if a == Hold || b == Hold {
		return Hold
	}
	return Allow
}

// Obligation is something that must be done to a draft before it may leave.
// It is a closed set; what cannot be done is a deny, decided by the gate.
type Obligation string

const (
	AppendOptOutHint    Obligation = "append_opt_out_hint"
	AppendPrivacyLink   Obligation = "append_privacy_link"
	DiscloseAffiliate   Obligation = "disclose_affiliate"
	MarkMadeWithAI      Obligation = "mark_made_with_ai"
	MarkPaidPartnership Obligation = "mark_paid_partnership"
	HandOff             Obligation = "hand_off" // what may leave is the bot's last word: a person takes over
)

func obligations() []string {
	return []string{
		string(AppendOptOutHint), string(AppendPrivacyLink), string(DiscloseAffiliate),
		string(MarkMadeWithAI), string(MarkPaidPartnership), string(HandOff),
	}
}

// By is a rule that decided, and the conditions that made it so: those that
// held, where a rule fired; those that failed, where a permit did not.
type By struct {
	Rule       string   `json:"rule"`
	Conditions []string `json:"conditions,omitempty"`
}

// Truth is how a condition or a rule came out.
type Truth string

const (
	True  Truth = "T"
	False Truth = "F"
	Error Truth = "E" // stops a permit, fires everything else; a loaded rule cannot produce it
)

// Outcome is how the conditions of one rule came out together: F if one of
// them failed, else E if one could not be evaluated, else T. A rule fires at T;
// all but permits fire at E too.
type Outcome struct {
	Rule  string
	Value Truth
}

// Outcomes are the rules of the action's kind, platform first, each layer by
// rule id. Its JSON is one object in that order: {"x.dm":"T"}.
type Outcomes []Outcome

// MarshalJSON keeps the order, which a map would lose.
func (os Outcomes) MarshalJSON() ([]byte, error) {
	buf := append(make([]byte, 0, 32*len(os)+2), '{')
	for i, o := range os {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = append(strconv.AppendQuote(buf, o.Rule), ':')
		buf = strconv.AppendQuote(buf, string(o.Value))
	}
	return append(buf, '}'), nil
}

// UnmarshalJSON reads what MarshalJSON writes, in its order.
func (os *Outcomes) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if _, err := dec.Token(); err != nil {
		return err
	}
	*os = nil
	for dec.More() {
		var o Outcome
		key, err := dec.Token()
		if err != nil {
			return err
		}
		o.Rule, _ = key.(string)
		if err := dec.Decode(&o.Value); err != nil {
			return err
		}
		*os = append(*os, o)
	}
	return nil
}

// Query is one question to a rule set.
type Query struct {
	Input    Input
	Features []string // names that Set.Features returned for the event's text
	Lifted   []string // ids of rules whose hold a person's approval lifts
	Unknown  []string // features that nobody can tell any more, from Set.Unread; conditions on them are an Error
}

// Decision is the answer. What is left to apply of Obligations is the gate's
// to find: Decide does not know what the draft already carries.
type Decision struct {
	Effect      Effect       `json:"effect"`
	By          []By         `json:"by,omitempty"` // empty only where no rule is behind a deny
	Say         string       `json:"say"`          // one plain sentence
	Obligations []Obligation `json:"obligations,omitempty"`
	Outcomes    Outcomes     `json:"outcomes,omitempty"`
	Shadow      []Shadow     `json:"shadow,omitempty"` // by rule id; it is no part of the decision
}

// Shadow is a rule in shadow mode that would have changed the decision, and
// what the decision would have been with this rule alone in force beside the
// set's others.
type Shadow struct {
	By
	Effect      Effect       `json:"decision"`
	Obligations []Obligation `json:"obligations,omitempty"`
}
