package db

import "time"

// QuestionState is where a question to a handler stands.
type QuestionState string

const (
	QuestionOpen      QuestionState = "open"      // asked until its deadline, or until it is answered
	QuestionAnswered  QuestionState = "answered"  // an answer was taken; another one changes nothing
	QuestionFailed    QuestionState = "failed"    // none came in time, or the handler could not give one
	QuestionWithdrawn QuestionState = "withdrawn" // the user said stop, or wrote something else
)

// Question is what a handler outside of this process is asked: about one
// event, until its deadline. It holds no text; that stands in QuestionText.
type Question struct {
	ID          string // made from its cause
	Bot         string
	User        string // who wrote
	Event       string // id of the event that it is about
	Interaction string
	Handler     string
	State       QuestionState
	AskedAt     time.Time
	Deadline    time.Time
	NextAt      time.Time // of an open one: when it is asked again, or given up
	Attempts    int       // times that it was handed to the handler, or was about to be
	Reason      string    // why it is in this state, in plain words for the operator
}

// Questions keeps what handlers outside of this process are asked.
type Questions interface {
	// PutQuestion adds or replaces.
	PutQuestion(q Question) error
	// Question returns ErrNotFound if there is none.
	Question(id string) (Question, error)
	// DueQuestions lists open ones with NextAt at or before now, by (next, id).
	DueQuestions(now time.Time, max int) ([]Question, error)
	// NextQuestion is the earliest NextAt of an open one; zero if there is none.
	NextQuestion() (time.Time, error)
	// OpenQuestionsTo lists open ones about the user, of every bot, by id.
	OpenQuestionsTo(user string) ([]Question, error)
	// PutQuestionText keeps the event that the question is about, sealed.
	PutQuestionText(id string, sealed []byte) error
	// QuestionText returns ErrNotFound if there is none.
	QuestionText(id string) ([]byte, error)
	DropQuestionText(id string) error
	// PruneQuestions forgets up to max that are not open and were asked before
	// the time, oldest first.
	PruneQuestions(before time.Time, max int) (n int, err error)
}

// Handout is one time that something of X's left the host for somebody who is
// neither X nor the operator: redistribution, as X counts it.
type Handout struct {
	Question string
	Attempt  int // of the question
	At       time.Time
	Bot      string
	To       string // host name of the recipient
	What     string // post or dm
	Bytes    int64  // of what people wrote; the text itself is not kept
}

// Handouts keeps a record of each, for the audit. None is ever removed by
// itself.
type Handouts interface {
	// AddHandout keeps h; the same question and attempt again is not an error.
	AddHandout(h Handout) error
	// CountHandouts counts those to the recipient since the time.
	CountHandouts(to string, since time.Time) (int64, error)
	// ListHandouts lists the newest max, newest first.
	ListHandouts(max int) ([]Handout, error)
}
