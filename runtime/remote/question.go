package remote

import (
	"context"
	"encoding/json"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/match"
)

// QuestionForm stands in every question.
const QuestionForm = "beckon.question/v1"

// Question is what a handler reads. handlers/examples/question.schema.json says
// the same for programs.
type Question struct {
	Form     string    `json:"form"`
	ID       string    `json:"question"` // to be given back in the answer
	Bot      string    `json:"bot"`
	Handler  string    `json:"handler"`
	Attempt  int       `json:"attempt"` // from 1: the same question may come several times
	AskedAt  time.Time `json:"asked_at"`
	Deadline time.Time `json:"deadline"` // an answer after it is refused

	Channel string `json:"channel"` // reply or dm: how the answer will go out
	Limit   int    `json:"limit"`   // characters that fit

	Message Message `json:"message"`
	Account Account `json:"account"`

	// Matches are the user's references outside of X, for the purposes that the
	// handler is configured for.
	Matches []match.Given `json:"matches,omitempty"`
}

// Message is what the user wrote.
type Message struct {
	ID          string    `json:"id"`          // of the post or DM
	Interaction string    `json:"interaction"` // the same for all versions of a post
	User        string    `json:"user"`        // X user id
	Name        string    `json:"name,omitempty"`
	Text        string    `json:"text"`
	Lang        string    `json:"lang,omitempty"`
	At          time.Time `json:"at"`
}

// Account is what the bot is.
type Account struct {
	Username   string `json:"username"`
	Operator   string `json:"operator"`
	PrivacyURL string `json:"privacy_url,omitempty"`
	LongPosts  bool   `json:"-"`
}

// MaxDM is the longest DM, in characters.
// X rule: DM text has 10,000 characters at most (facts.md, read 2026-11-25)
const MaxDM = 10_000

func question(q db.Question, of attempt, a Account) Question {
	e := of.of.Event
	kind := handlers.Channel(e)
	limit := event.MaxPost(a.LongPosts)
	if kind == event.DM {
		limit = MaxDM
	}
	return Question{
		Form: QuestionForm, ID: q.ID, Bot: q.Bot, Handler: q.Handler, Attempt: q.Attempts,
		AskedAt: q.AskedAt, Deadline: q.Deadline, Channel: string(kind), Limit: limit,
		Message: Message{
			ID: e.Message, Interaction: e.Interaction, User: e.User, Name: e.Name, Text: e.Text, Lang: e.Lang, At: e.At,
		},
		Account: a, Matches: of.given,
	}
}

// Wire is the line to handlers that speak NATS.
type Wire struct {
	Publish func(bot, handler string, question []byte) error // bus.JetStream's Ask
}

// Ask publishes the question.
func (w Wire) Ask(_ context.Context, q Question) error {
	body, err := json.Marshal(q)
	if err != nil {
		return err
	}
	return w.Publish(q.Bot, q.Handler, body)
}
