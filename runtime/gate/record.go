package gate

import (
	"encoding/json"
	"time"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Stages say at which moment a decision was made.
const (
	StageDraft   = "draft"   // when the draft was made
	StageClaim   = "claim"   // by the sender, right before the send
	StageApprove = "approve" // when a person approved a held draft
	StageEdit    = "edit"    // when a person changed the text of a held draft
	StageRewrite = "rewrite" // the same, where they said that all of it is theirs now
)

// Record is the decision record, one JSON object a line, its keys in this
// order. It holds no text: ids, features and hashes only. From it and the
// rule set it names the decision can be made again.
type Record struct {
	ID           string             `json:"id"`
	At           time.Time          `json:"at"`
	Bot          string             `json:"bot"`
	User         string             `json:"user,omitempty"`
	Event        string             `json:"event,omitempty"`
	Interaction  string             `json:"interaction,omitempty"`
	Action       *ActionRef         `json:"action,omitempty"`
	Decision     rules.Effect       `json:"decision"`
	By           []rules.By         `json:"by,omitempty"`
	Say          string             `json:"say"`
	Obligations  []rules.Obligation `json:"obligations,omitempty"`
	Outcomes     rules.Outcomes     `json:"outcomes,omitempty"`
	Rules        *RulesRef          `json:"rules,omitempty"`
	StateVersion int64              `json:"state_version,omitempty"`
	Input        *InputRef          `json:"input,omitempty"`
	Shadow       []rules.Shadow     `json:"shadow,omitempty"`    // what rules on trial would have changed
	Candidate    *Candidate         `json:"candidate,omitempty"` // what a set on trial would have decided
	Activated    *Activated         `json:"activated,omitempty"` // not a decision: the rules named above came in force
}

// ActionRef names what was decided on.
type ActionRef struct {
	Kind    event.ActionKind `json:"kind"`
	Purpose event.Purpose    `json:"purpose"`
	ID      string           `json:"id,omitempty"`      // the action's row, where there is one
	Stage   string           `json:"stage"`             // draft, claim or approve
	Handler string           `json:"handler,omitempty"` // who drafted it
	Lang    string           `json:"lang,omitempty"`    // the user's language: what the host says itself is said in it, where there is a text
	Part    int              `json:"part,omitempty"`    // of an answer in several messages, from 1; 0: all of it
	Parts   int              `json:"parts,omitempty"`   // in how many messages it goes out; 0: in one
}

// RulesRef names the rule set that decided.
type RulesRef struct {
	Set      string `json:"set"`
	Platform string `json:"platform"`
	Account  string `json:"account"`
}

// InputRef is the whole input of a decision.
type InputRef struct {
	Tree     string             `json:"tree"` // hash of the input tree that Values belongs to
	Values   rules.Input        `json:"values"`
	Features []string           `json:"features,omitempty"`
	Unknown  []string           `json:"unknown,omitempty"` // features that were not looked for while the text was at hand
	Lifted   []string           `json:"lifted,omitempty"`  // rules whose hold a person lifted
	Applied  []rules.Obligation `json:"applied,omitempty"` // obligations that the draft carried when decided
}

// Line is the record as it is stored and printed, without a newline.
func (r Record) Line() ([]byte, error) { return json.Marshal(r) }
