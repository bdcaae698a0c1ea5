// Package llm asks a language model behind an OpenAI-compatible endpoint for an
// answer.
//
// What it owns: what is sent to the model, how much, and the record of it. What
// it refuses: to decide, to send, to let a model or a user choose more than
// words. A model's answer takes the way of every handler outside of the process.
//
//   - F1 a call is on record before it is made: whatever leaves is counted, and
//     never more in a day than MaxADay to one recipient.
//   - F2 what leaves is the operator's prompt, the house rules and the text of one
//     message: no id, no name, nothing of anybody else. What a user writes stands
//     in a message of its own and is never part of the instructions.
//   - F3 what comes back is words, marked as a model's: an addressee, a tool or a
//     flag in it is text like any other.
package llm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/remote"
)

const (
	// MaxADay is how many messages go to one recipient in 24 hours.
	// X rule: of what it says on redistribution, the lower figure: 500 a day
	// (facts.md, read 2026-11-25)
	MaxADay = 500

	// MaxPrompt is the longest prompt of an operator, in characters.
	MaxPrompt = 8_000

	// atOnce is how many calls are under way; one more is asked again later.
	atOnce = 8
)

var (
	errBusy = errors.New("as many calls as may be are under way")
	errCap  = fmt.Errorf("%d messages went to the provider within 24 hours, and no more may", MaxADay)
)

// Options is what a Line needs.
type Options struct {
	Store db.Store
	HTTP  *http.Client // of package dial, with its time-out
	URL   string
	Model string // as the endpoint knows it
	Key   string // "": none is sent

	Prompt string // what the operator tells the model of its task

	// Answer lets in what the model said, as the handler of the question.
	Answer func(ctx context.Context, bot, handler string, said []byte) error

	Now     func() time.Time
	Log     *slog.Logger // nil: silent
	Metrics *Metrics     // nil: not counted
}

// Line is the way to a model. It is safe for concurrent use.
type Line struct {
	o  Options
	to string // host name of the endpoint

	mu     sync.Mutex
	under  map[string]bool // questions under way, by id
	closed bool
	calls  sync.WaitGroup
	ctx    context.Context
	stop   context.CancelFunc
}

// New returns a line; Close ends it.
func New(o Options) (*Line, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Hostname() == "" {
		return nil, fmt.Errorf("model endpoint %q: want an address such as https://models.example/v1/chat/completions", o.URL)
	}
	if n := len([]rune(o.Prompt)); n == 0 || n > MaxPrompt {
		return nil, fmt.Errorf("the prompt has %d characters; it wants 1 to %d", n, MaxPrompt)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = &Metrics{}
	}
	l := &Line{o: o, to: u.Hostname(), under: map[string]bool{}}
	l.ctx, l.stop = context.WithCancel(context.Background())
	return l, nil
}

// Ask starts a call and returns. While the same question is under way it does
// nothing; a call that fails is made again when the question is asked again.
func (l *Line) Ask(_ context.Context, q remote.Question) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed || l.under[q.ID]:
		return nil
	case len(l.under) >= atOnce:
		return errBusy
	}
	l.under[q.ID] = true
	l.calls.Go(func() {
		defer func() {
			l.mu.Lock()
			delete(l.under, q.ID)
			l.mu.Unlock()
		}()
		if err := l.call(l.ctx, q); err != nil && l.ctx.Err() == nil {
			l.o.Metrics.Failed.Add(1)
			l.o.Log.WarnContext(l.ctx, "a model gave no answer", "bot", q.Bot, "handler", q.Handler, "question", q.ID, "err", err)
		}
	})
	return nil
}

// Close ends the calls that are under way and waits for them.
func (l *Line) Close() error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.stop()
	l.calls.Wait()
	return nil
}

// call asks the model once: 1 the record of it is committed, 2 the call is made,
// 3 the answer is put on the bus. A crash after 1 counts a call too many.
func (l *Line) call(ctx context.Context, q remote.Question) error {
	ctx, cancel := context.WithTimeout(ctx, q.Deadline.Sub(l.o.Now()))
	defer cancel()
	r := l.request(q)
	if err := l.record(ctx, q, r); err != nil {
		return err
	}
	l.o.Metrics.Handouts.Add(1)
	text, err := l.complete(ctx, r)
	if err != nil {
		return err
	}
	said := event.Said{Form: event.AnswerForm, Question: q.ID, Text: text, AIGenerated: true}
	if text == handoffWord {
		said.Text, said.Handoff = "", true
	}
	if why := tooLong(q, said.Text); why != nil {
		return why
	}
	body, err := json.Marshal(said)
	if err != nil {
		return err
	}
	if err := l.o.Answer(ctx, q.Bot, q.Handler, body); err != nil {
		return fmt.Errorf("take in the answer: %w", err)
	}
	l.o.Metrics.Answered.Add(1)
	return nil
}

// record counts what is about to leave (F1).
func (l *Line) record(ctx context.Context, q remote.Question, r request) error {
	now := l.o.Now()
	what := "post"
	if q.Channel == string(event.DM) {
		what = "dm"
	}
	return l.o.Store.Write(ctx, func(tx db.Tx) error {
		n, err := tx.CountHandouts(l.to, now.Add(-24*time.Hour))
		if err != nil {
			return err
		}
		if n >= MaxADay {
			return errCap
		}
		return tx.AddHandout(db.Handout{
			Question: q.ID, Attempt: q.Attempt, At: now, Bot: q.Bot, To: l.to, What: what, Bytes: int64(len(r.user())),
		})
	})
}
