package sqlite

import (
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite/gen"
)

func (t tx) PutQuestion(q db.Question) error {
	err := t.q.PutQuestion(background(), gen.PutQuestionParams{
		ID: q.ID, Bot: q.Bot, UserID: q.User, EventID: q.Event, Interaction: q.Interaction, Handler: q.Handler,
		State: string(q.State), AskedAt: millis(q.AskedAt), Deadline: millis(q.Deadline), NextAt: millis(q.NextAt),
		Attempts: int64(q.Attempts), Reason: q.Reason,
	})
	if err != nil {
		return fmt.Errorf("put question %s: %w", q.ID, err)
	}
	return nil
}

func (t tx) Question(id string) (db.Question, error) {
	r, err := t.q.Question(background(), id)
	if err != nil {
		return db.Question{}, fmt.Errorf("question %s: %w", id, found(err))
	}
	return questionOf(r), nil
}

func (t tx) DueQuestions(now time.Time, max int) ([]db.Question, error) {
	rows, err := t.q.DueQuestions(background(), millis(now), int64(max))
	if err != nil {
		return nil, fmt.Errorf("due questions: %w", err)
	}
	return each(rows, questionOf), nil
}

func (t tx) NextQuestion() (time.Time, error) {
	next, err := t.q.NextQuestion(background())
	if err != nil {
		return time.Time{}, fmt.Errorf("next question: %w", err)
	}
	return timeOf(next), nil
}

func (t tx) OpenQuestionsTo(user string) ([]db.Question, error) {
	rows, err := t.q.OpenQuestionsTo(background(), user)
	if err != nil {
		return nil, fmt.Errorf("open questions about user %s: %w", user, err)
	}
	return each(rows, questionOf), nil
}

// PutQuestionText needs the question's row: a text without one would never be
// dropped.
func (t tx) PutQuestionText(id string, sealed []byte) error {
	if err := t.q.PutQuestionText(background(), id, blob(sealed)); err != nil {
		return fmt.Errorf("put text of question %s: %w", id, err)
	}
	return nil
}

func (t tx) QuestionText(id string) ([]byte, error) {
	b, err := t.q.QuestionText(background(), id)
	if err != nil {
		return nil, fmt.Errorf("text of question %s: %w", id, found(err))
	}
	return b, nil
}

func (t tx) DropQuestionText(id string) error {
	if err := t.q.DropQuestionText(background(), id); err != nil {
		return fmt.Errorf("drop text of question %s: %w", id, err)
	}
	return nil
}

func (t tx) PruneQuestions(before time.Time, max int) (int, error) {
	if err := t.q.PruneQuestionTexts(background(), millis(before), int64(max)); err != nil {
		return 0, fmt.Errorf("prune texts of questions: %w", err)
	}
	n, err := t.q.PruneQuestions(background(), millis(before), int64(max))
	if err != nil {
		return 0, fmt.Errorf("prune questions: %w", err)
	}
	return int(n), nil
}

func questionOf(r gen.Question) db.Question {
	return db.Question{
		ID: r.ID, Bot: r.Bot, User: r.UserID, Event: r.EventID, Interaction: r.Interaction, Handler: r.Handler,
		State: db.QuestionState(r.State), AskedAt: timeOf(r.AskedAt), Deadline: timeOf(r.Deadline), NextAt: timeOf(r.NextAt),
		Attempts: int(r.Attempts), Reason: r.Reason,
	}
}

func (t tx) AddHandout(h db.Handout) error {
	err := t.q.AddHandout(background(), gen.AddHandoutParams{
		QuestionID: h.Question, Attempt: int64(h.Attempt), At: millis(h.At), Bot: h.Bot, Recipient: h.To, What: h.What, Bytes: h.Bytes,
	})
	if err != nil {
		return fmt.Errorf("add handout of question %s: %w", h.Question, err)
	}
	return nil
}

func (t tx) CountHandouts(to string, since time.Time) (int64, error) {
	n, err := t.q.CountHandouts(background(), to, millis(since))
	if err != nil {
		return 0, fmt.Errorf("count handouts to %s: %w", to, err)
	}
	return n, nil
}

func (t tx) ListHandouts(max int) ([]db.Handout, error) {
	rows, err := t.q.ListHandouts(background(), int64(max))
	if err != nil {
		return nil, fmt.Errorf("list handouts: %w", err)
	}
	return each(rows, func(r gen.Handout) db.Handout {
		return db.Handout{
			Question: r.QuestionID, Attempt: int(r.Attempt), At: timeOf(r.At), Bot: r.Bot, To: r.Recipient, What: r.What, Bytes: r.Bytes,
		}
	}), nil
}
