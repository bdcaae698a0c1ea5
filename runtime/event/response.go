package event

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// An answer is what a handler outside of this process says to a question. It
// is believed by where it comes from, as a Command is.
const (
	AnswerType   Type = "beckon.answer"
	AnswerSource      = "/beckon/answer"
)

// ErrAnswer is what ReadSaid and ReadResponse wrap for a body that is no answer.
var ErrAnswer = errors.New("no answer of this version")

// AnswerForm stands in what a handler writes.
const AnswerForm = "beckon.answer/v1"

// MaxSaid is the longest answer of a handler, in bytes: room for the longest
// DM, and for a JSON that escapes every character of it.
const MaxSaid = 64 << 10

// Said is what a handler writes. It has no addressee and no kind: the answer
// goes to whoever wrote, by the way by which they wrote.
type Said struct {
	Form     string `json:"form"`
	Question string `json:"question"`
	// Bot and User may repeat what the question says; where they are there and
	// say something else, the answer is refused.
	Bot  string `json:"bot,omitempty"`
	User string `json:"user,omitempty"`

	Text    string `json:"text,omitempty"`    // "": the handler has nothing to say
	Handoff bool   `json:"handoff,omitempty"` // a person shall take over

	// SplitAt lets a DM go out as up to MaxParts messages of at most so many
	// characters each; 0: it is one message.
	SplitAt int `json:"split_at,omitempty"`

	AIGenerated        bool `json:"ai_generated,omitempty"`
	Promotional        bool `json:"promotional,omitempty"`
	Affiliate          bool `json:"affiliate,omitempty"`
	AffiliateDisclosed bool `json:"affiliate_disclosed,omitempty"`
	PaidPartnership    bool `json:"paid_partnership,omitempty"`
}

// ReadSaid reads what a handler wrote. An unknown key is an error: whoever
// writes "to" or "kind" must learn that it has no effect.
func ReadSaid(body []byte) (Said, error) {
	var s Said
	if len(body) > MaxSaid {
		return s, fmt.Errorf("%w: %d bytes; at most %d", ErrAnswer, len(body), MaxSaid)
	}
	if !utf8.Valid(body) { // which would be read as U+FFFD, and said to a user
		return s, fmt.Errorf("%w: it is not UTF-8", ErrAnswer)
	}
	if err := strict(body, &s); err != nil {
		return Said{}, fmt.Errorf("%w: %w", ErrAnswer, unquoted(err))
	}
	switch {
	case s.Form != AnswerForm:
		return Said{}, fmt.Errorf("%w: form: write %q", ErrAnswer, AnswerForm)
	case s.SplitAt != 0 && (s.SplitAt < MinSplitAt || s.SplitAt > MaxSplitAt):
		return Said{}, fmt.Errorf("%w: split_at: %d lies not between %d and %d", ErrAnswer, s.SplitAt, MinSplitAt, MaxSplitAt)
	case s.Question == "":
		return Said{}, fmt.Errorf("%w: question: name the id of the question", ErrAnswer)
	case len(s.Question) > maxQuestion:
		return Said{}, fmt.Errorf("%w: question: an id of at most %d bytes, as the question gave it", ErrAnswer, maxQuestion)
	}
	return s, nil
}

// maxQuestion is far beyond the ids of questions.
const maxQuestion = 64

// unquoted is an error of encoding/json without what stands in the answer: it
// goes to the log, and a user's words may be in it. Of an unknown key the start
// stays: whoever wrote it must find it.
func unquoted(err error) error {
	const longest = 40
	var wrong *json.UnmarshalTypeError
	switch text := err.Error(); {
	case errors.As(err, &wrong):
		value, _, _ := strings.Cut(wrong.Value, " ") // of a number, the number follows
		return fmt.Errorf("%s: want a %s, got %s", cmp.Or(wrong.Field, "the answer"), wrong.Type.Kind(), value)
	case len(text) > longest+len("json: unknown field") && strings.HasPrefix(text, "json: unknown field"):
		return fmt.Errorf("%s…", strings.ToValidUTF8(text[:longest+len("json: unknown field")], ""))
	}
	return err
}

// Response is an answer as it travels on the bus, or word that there is none.
type Response struct {
	ID      string    `json:"id"` // what it is deduplicated by
	Bot     string    `json:"bot"`
	Handler string    `json:"handler"` // who said it, by whom it was let in
	User    string    `json:"user,omitempty"`
	At      time.Time `json:"at"`

	Said Said `json:"said"`

	// Failed is why there is no answer, in the host's own words; "" if there is
	// one. No handler writes it.
	Failed string `json:"failed,omitempty"`
}

// answerForm marks the body of an answer on the bus.
const answerForm = "beckon.answer.event/v1"

type answerBody struct {
	Form string `json:"form"`
	Response
}

// AnswerID is made from the question, the moment at which it was asked and what
// was said: the same words twice are one answer.
func AnswerID(question string, asked time.Time, handler string, said []byte) string {
	h := sha256.New()
	for _, part := range []string{question, strconv.FormatInt(asked.UnixMilli(), 10), handler, string(said)} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return "n-" + hex.EncodeToString(h.Sum(nil)[:8])
}

// QuestionID is made from the event that the question is about.
func QuestionID(bot, eventID string, index int, handler string) string {
	h := sha256.New()
	for _, part := range []string{bot, eventID, strconv.Itoa(index), handler} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return "q-" + hex.EncodeToString(h.Sum(nil)[:8])
}

// Body is the answer as it travels.
func (a Response) Body() ([]byte, error) { return json.Marshal(answerBody{answerForm, a}) }

// ReadResponse reads what Body wrote. The caller must know that the bytes come
// from this host.
func ReadResponse(body []byte) (Response, error) {
	var b answerBody
	if err := strict(body, &b); err != nil {
		return Response{}, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	if b.Form != answerForm {
		return Response{}, fmt.Errorf("%w: its form is %q, not %q", ErrAnswer, b.Form, answerForm)
	}
	if b.ID == "" || b.Bot == "" || b.Handler == "" || b.Said.Question == "" || b.At.IsZero() {
		return Response{}, fmt.Errorf("%w: id, bot, handler, question and at are needed", ErrAnswer)
	}
	return b.Response, nil
}

// Event is the answer as dispatch takes it in. It is nobody's act.
func (a Response) Event() Event {
	return Event{
		ID: a.ID, Type: AnswerType, Kind: KindOther, Known: true, Bot: a.Bot, User: a.User, At: a.At.UTC(), Automated: Unknown,
	}
}

// Draft is what the handler would have said, in the channel of the event.
func (a Response) Draft(kind ActionKind) Draft {
	s := a.Said
	return Draft{
		Kind: kind, Purpose: Answer, Text: s.Text, SplitAt: s.SplitAt, Handler: a.Handler,
		AIGenerated: s.AIGenerated, Promotional: s.Promotional, Affiliate: s.Affiliate,
		AffiliateDisclosed: s.AffiliateDisclosed, PaidPartnership: s.PaidPartnership,
	}
}

// strict reads one JSON value and nothing besides.
func strict(body []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("it goes on after its end")
	}
	return nil
}

// Asked is what a handler outside of this process is asked about. It is kept,
// sealed, until the question ends, and never leaves the host in this form.
type Asked struct {
	Handler string `json:"handler"`
	Event   Event  `json:"event"`
}

// askedForm marks its body.
const askedForm = "beckon.question.event/v1"

type askedBody struct {
	Form string `json:"form"`
	Asked
}

// Body is the question as it is kept.
func (a Asked) Body() ([]byte, error) { return json.Marshal(askedBody{askedForm, a}) }

// OpenAsked reads what Body wrote, as it is kept.
func OpenAsked(sealed []byte) (Asked, error) {
	plain, err := Open(sealed)
	if err != nil {
		return Asked{}, err
	}
	return ReadAsked(plain)
}

// ReadAsked reads what Body wrote.
func ReadAsked(body []byte) (Asked, error) {
	var b askedBody
	if err := json.Unmarshal(body, &b); err != nil {
		return Asked{}, fmt.Errorf("read question: %w", err)
	}
	if b.Form != askedForm || b.Handler == "" || b.Event.Bot == "" || b.Event.User == "" {
		return Asked{}, fmt.Errorf("read question: its form is %q, and handler, bot and user are needed", b.Form)
	}
	return b.Asked, nil
}
