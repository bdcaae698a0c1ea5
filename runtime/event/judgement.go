package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// A judgement is a person's word on a held draft. It is believed by where it
// comes from, as a Command is.
const (
	JudgementType   Type = "beckon.judgement"
	JudgementSource      = "/beckon/judgement"
)

// ErrJudgement is what ReadJudgement wraps for a body that is no judgement.
var ErrJudgement = errors.New("no judgement of this version")

// Word is what a person says of a held draft.
type Word string

// The words.
const (
	Approve Word = "approve"
	Reject  Word = "reject"
	Edit    Word = "edit"
)

// Judgement is a person's word on a held draft. It is a wish; whatever they say,
// the gate decides again.
type Judgement struct {
	ID     string    `json:"id"` // what it is deduplicated by
	Bot    string    `json:"bot"`
	User   string    `json:"user"`   // whom the draft would reach
	Action string    `json:"action"` // id of the draft's row
	At     time.Time `json:"at"`
	By     string    `json:"by"` // the operator
	Word   Word      `json:"word"`
	Why    string    `json:"why,omitempty"` // of a rejection

	// Of is the keyed hash of the text that was judged; where the draft has another
	// by now, the word is void. "": whatever it says.
	Of string `json:"of,omitempty"`

	Text      string `json:"text,omitempty"`      // of an edit: the whole text, never logged
	Rewritten bool   `json:"rewritten,omitempty"` // of an edit: nothing that a model wrote is left
}

const judgementForm = "beckon.judgement/v1"

type judgementBody struct {
	Form string `json:"form"`
	Judgement
}

// Body is the judgement as it travels.
func (j Judgement) Body() ([]byte, error) { return json.Marshal(judgementBody{judgementForm, j}) }

// ReadJudgement reads what Body wrote. The caller must know that the bytes come
// from this host.
func ReadJudgement(body []byte) (Judgement, error) {
	var b judgementBody
	if err := strict(body, &b); err != nil {
		return Judgement{}, fmt.Errorf("%w: %w", ErrJudgement, err)
	}
	switch {
	case b.Form != judgementForm:
		return Judgement{}, fmt.Errorf("%w: its form is %q, not %q", ErrJudgement, b.Form, judgementForm)
	case b.ID == "" || b.Bot == "" || b.Action == "" || b.By == "" || b.At.IsZero():
		return Judgement{}, fmt.Errorf("%w: id, bot, action, by and at are needed", ErrJudgement)
	case b.Word != Approve && b.Word != Reject && b.Word != Edit:
		return Judgement{}, fmt.Errorf("%w: word: approve, reject or edit, not %q", ErrJudgement, b.Word)
	}
	return b.Judgement, nil
}

// Event is the judgement as dispatch takes it in. It is nobody's act.
func (j Judgement) Event() Event {
	return Event{
		ID: j.ID, Type: JudgementType, Kind: KindOther, Known: true, Bot: j.Bot, User: j.User, At: j.At.UTC(), Automated: Unknown,
	}
}
