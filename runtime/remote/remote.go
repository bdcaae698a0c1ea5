// Package remote carries questions to handlers outside of this process, and
// lets their answers in.
//
// What it owns: the form of a question, how often it is asked and when it is
// given up, and who may say that an answer is whose. What it refuses: to decide.
// An answer becomes an event on the bus, and dispatch has the rest.
//
//   - U1 a question is handed out only after its attempt is committed: whatever
//     is killed when, it is asked again or given up, and never forgotten.
//   - U2 each question ends: by an answer, or at its deadline by word of there
//     being none; also where its handler is configured no more, and at once where
//     what it is about cannot be read any more. None keeps another waiting.
//   - U3 whose an answer is says the login by which it came, never the answer.
package remote

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/match"
)

// Line is the way to one handler.
type Line interface {
	// Ask hands over a question and does not wait for its answer. It may be
	// called again with the same question, before or after an answer.
	Ask(ctx context.Context, q Question) error
}

// Handler is a handler outside of this process.
type Handler struct {
	Line  Line
	Again time.Duration // a question without an answer is asked again after it

	// Purposes of matches with references outside of X that it may have; nil: none.
	Purposes []string
}

// Options is what a Requester needs.
type Options struct {
	Store    db.Store
	Publish  func(ctx context.Context, msgs ...bus.Message) error
	Handlers map[string]Handler
	Accounts map[string]Account // by bot's configured name
	Log      *slog.Logger       // nil: silent
	Metrics  *Metrics           // nil: not counted
}

// Requester asks what is due.
type Requester struct{ o Options }

// New returns a requester.
func New(o Options) *Requester {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = &Metrics{}
	}
	return &Requester{o}
}

const (
	atOnce = 64 // questions a step

	// settle is how long word of a missing answer has to come round before it is
	// given again: dispatch may stand still for its database.
	settle = time.Minute
)

// Step asks what is due, gives up what is past its deadline, and returns when
// it wants to be called again; the zero time is: when something new is asked.
func (r *Requester) Step(ctx context.Context, now time.Time) (next time.Time, err error) {
	var due []db.Question
	var about []attempt
	// 1 commit the attempt, 2 hand it out; a crash between loses one attempt.
	err = r.o.Store.Write(ctx, func(tx db.Tx) error {
		var err error
		about = nil
		if due, err = tx.DueQuestions(now, atOnce); err != nil {
			return err
		}
		for i := range due {
			a, err := r.attempt(tx, &due[i], now)
			if err != nil {
				return err
			}
			about = append(about, a)
		}
		next, err = tx.NextQuestion()
		return err
	})
	if err != nil {
		return now.Add(time.Second), fmt.Errorf("read what is to be asked: %w", err)
	}
	for i, q := range due {
		if about[i].giveUp == "" {
			r.ask(ctx, q, about[i])
			continue
		}
		if err := r.o.failed(ctx, q, now, about[i].giveUp); err != nil {
			return now.Add(time.Second), err
		}
	}
	return next, nil
}

// attempt is what is done about a question that is due.
type attempt struct {
	of     event.Asked
	given  []match.Given
	giveUp string // why it is no longer asked (U2); "": it is
}

// attempt counts one more try of a question, or of telling that it is given up.
// What can never be read again is given up at once: it must not keep the others
// from being asked.
func (r *Requester) attempt(tx db.Tx, q *db.Question, now time.Time) (a attempt, err error) {
	if now.Before(q.Deadline) {
		if a.of, err = dispatch.AskedOf(tx, q.ID); err != nil && !errors.Is(err, dispatch.ErrLost) {
			return a, err
		}
	}
	switch {
	case err != nil:
		a.giveUp = dispatch.ErrLost.Error()
		r.o.Log.Error("a question that cannot be read is given up", "bot", q.Bot, "question", q.ID, "handler", q.Handler, "err", err)
	case !now.Before(q.Deadline):
		a.giveUp = fmt.Sprintf("no answer within %s, asked %s", q.Deadline.Sub(q.AskedAt), times(q.Attempts))
	}
	if a.giveUp != "" {
		q.NextAt = now.Add(settle)
		return a, tx.PutQuestion(*q)
	}
	h := r.o.Handlers[q.Handler]
	if a.given, err = match.Give(tx, q.Bot, q.User, q.Handler, h.Purposes, now); err != nil { // anew each time: what has ended is not told again
		return a, err
	}
	q.Attempts++
	q.NextAt = q.Deadline
	if again := h.Again; again > 0 && now.Add(again).Before(q.Deadline) {
		q.NextAt = now.Add(again)
	}
	return a, tx.PutQuestion(*q)
}

// ask hands a question out. What goes wrong is the next attempt's.
func (r *Requester) ask(ctx context.Context, q db.Question, a attempt) {
	h, ok := r.o.Handlers[q.Handler]
	if !ok {
		r.o.Metrics.Failed.Add(1)
		r.o.Log.WarnContext(ctx, "a question to a handler that is not configured", "bot", q.Bot, "question", q.ID, "handler", q.Handler)
		return
	}
	r.o.Metrics.Attempts.Add(1)
	if err := h.Line.Ask(ctx, question(q, a, r.o.Accounts[q.Bot])); err != nil {
		r.o.Metrics.Failed.Add(1)
		r.o.Log.WarnContext(ctx, "ask a handler", "bot", q.Bot, "question", q.ID, "handler", q.Handler, "err", err)
	}
}

// failed puts word of a missing answer on the bus, for dispatch to end the
// question (U2).
func (o Options) failed(ctx context.Context, q db.Question, now time.Time, why string) error {
	m, err := dispatch.ResponseMessage(event.Response{
		ID:  event.AnswerID(q.ID, q.AskedAt, q.Handler, []byte("failed: "+why)),
		Bot: q.Bot, Handler: q.Handler, User: q.User, At: now,
		Said: event.Said{Form: event.AnswerForm, Question: q.ID}, Failed: why,
	})
	if err != nil {
		return err
	}
	if err := o.Publish(ctx, m); err != nil {
		return fmt.Errorf("give up question %s: %w", q.ID, err)
	}
	return nil
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

// Run steps until ctx ends. wake tells that something may be asked.
func (r *Requester) Run(ctx context.Context, now func() time.Time, wake <-chan struct{}) error {
	for {
		at := now()
		next, err := r.Step(ctx, at)
		if err != nil && ctx.Err() == nil {
			r.o.Log.ErrorContext(ctx, "ask handlers", "err", err)
		}
		var due <-chan time.Time // nil: never
		if !next.IsZero() {
			due = time.After(max(next.Sub(at), time.Millisecond))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-due:
		case <-wake:
		}
	}
}
