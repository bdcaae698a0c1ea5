package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/event"
)

// errNoBot is what a handler hears that answers for a bot of nobody's.
var errNoBot = errors.New("no bot of that name on this host")

// Take lets in what a handler says, by the login that it used (U3): it is
// stored on the bus, and decided there. An error is what is wrong with it.
func (r *Requester) Take(ctx context.Context, now time.Time, bot, handler string, body []byte) error {
	err := r.take(ctx, now, bot, handler, body)
	if err != nil {
		r.o.Metrics.Bad.Add(1)
		// The error names keys and sizes, and quotes nothing that was said.
		r.o.Log.WarnContext(ctx, "an answer that cannot be taken", "bot", bot, "handler", handler, "err", err)
	}
	return err
}

func (r *Requester) take(ctx context.Context, now time.Time, bot, handler string, body []byte) error {
	if _, ok := r.o.Accounts[bot]; !ok {
		return errNoBot
	}
	said, err := event.ReadSaid(body)
	if err != nil {
		return err
	}
	var q db.Question
	err = r.o.Store.Read(ctx, func(tx db.Tx) (err error) {
		q, err = tx.Question(said.Question)
		return err
	})
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return fmt.Errorf("find the question: %w", err)
	}
	// An unknown question goes on too: dispatch refuses it, on the record.
	m, err := dispatch.ResponseMessage(event.Response{
		ID:  event.AnswerID(said.Question, q.AskedAt, handler, body),
		Bot: bot, Handler: handler, User: q.User, At: now, Said: said,
	})
	if err != nil {
		return err
	}
	return r.o.Publish(ctx, m)
}

// Told is what a handler reads of its answer: that it is stored, or why not.
// Whether it is sent is decided later, and is not the handler's to know.
type Told struct {
	Stored bool   `json:"stored"`
	Error  string `json:"error,omitempty"`
}

// Heard is Take for bus.JetStream's Answers.
func (r *Requester) Heard(now func() time.Time) func(ctx context.Context, bot, handler string, body []byte) []byte {
	return func(ctx context.Context, bot, handler string, body []byte) []byte {
		t := Told{Stored: true}
		if err := r.Take(ctx, now(), bot, handler, body); err != nil {
			t = Told{Error: err.Error()}
		}
		out, err := json.Marshal(t)
		if err != nil { // two plain fields: it cannot
			return nil
		}
		return out
	}
}
