package dispatch

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// Stages at which an event can fail, as its dead letter names them.
const (
	stageIngest = "ingest"
	stageDecode = "decode"
	stageReduce = "reduce"
	stageHandle = "handle"
	// Of a command, whatever went wrong: only such letters come back as one.
	stageCommand = "command"
	// Of a handler outside of this process: an answer that cannot be read, and a
	// question that nobody answered.
	stageAnswer = "answer"
	stageAsk    = "ask"
)

// RetrySource marks a message that brings a dead letter back, whose event may
// have been taken in before: "retry:", the stage at which it failed, ":", the
// letter's id.
func RetrySource(l db.DeadLetter) string { return retryPrefix + l.Stage + ":" + l.ID }

const retryPrefix = "retry:"

// RetryCommand begins the RetrySource of a letter that holds a command.
const RetryCommand = retryPrefix + stageCommand + ":"

// RetryQuestion begins the RetrySource of a letter that holds a question.
const RetryQuestion = retryPrefix + stageAsk + ":"

// work is one transaction of the dispatcher.
type work struct {
	*Dispatcher
	*action.Unit
	counted []*atomic.Int64 // one more each, once it is committed
	after   []func()        // called once it is committed
}

func (w *work) count(c *atomic.Int64) { w.counted = append(w.counted, c) }

// message turns one delivery into what became of its events.
func (w *work) message(m bus.Delivery) ([]Handled, error) {
	if m.Erased { // taken in before, or its user was erased: nobody can read it any more
		e := event.Event{ID: m.ID, Type: event.Type(m.Type), At: m.Time}
		return []Handled{{Seq: m.Seq, Event: e, Duplicate: true, Records: []gate.Record{w.none(m.Bot, e, "What it said is erased; nothing changes.")}}}, nil
	}
	done, err := w.taken(m)
	if err != nil {
		return nil, err
	}
	return done, w.release(m, done)
}

// release destroys the key of a DM that was taken in (vault, K6): what is kept of
// it on the bus is nobody's to read, unless the user agreed to its storage. Where
// an answer is open it does so when that ends (action.Unit.Move).
func (w *work) release(m bus.Delivery, done []Handled) error {
	if m.Key == "" || !w.Brief && !m.Private() {
		return nil
	}
	st, err := w.State(m.Bot, m.User, "")
	if err != nil || !w.Brief && st.Conversation.ConsentDMStorage {
		return err
	}
	if !m.Private() {
		k, err := w.Tx.TextKey(m.Key)
		if errors.Is(err, db.ErrNotFound) || err == nil && k.Of == "" { // gone, or of the day: from before the host was told to keep none
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the key of message %s: %w", m.ID, err)
		}
	}
	for _, h := range done {
		rows, err := w.Tx.ActionsOf(m.Bot, h.Event.Interaction)
		if err != nil {
			return fmt.Errorf("look for answers to interaction %s: %w", h.Event.Interaction, err)
		}
		if slices.ContainsFunc(rows, func(a db.Action) bool { return !a.State.Terminal() }) {
			return w.Tx.HoldTextKey(m.Key)
		}
	}
	return w.Tx.DropTextKey(m.Key)
}

// taken takes in what a message says.
func (w *work) taken(m bus.Delivery) ([]Handled, error) {
	if m.Dead != "" {
		return w.undecodable(m, stageIngest, m.Dead)
	}
	if commands(m) {
		return w.command(m)
	}
	if responds(m) {
		return w.response(m)
	}
	if judges(m) {
		return w.judgement(m)
	}
	if strings.HasPrefix(m.Source, RetryQuestion) {
		return w.askAgain(m)
	}
	var events []event.Event
	err := guard(func() (err error) {
		events, err = event.Decode(m.Data)
		return err
	})
	if err != nil {
		return w.undecodable(m, stageDecode, err.Error())
	}
	if len(events) == 0 {
		return []Handled{{Seq: m.Seq, Records: []gate.Record{w.none(m.Bot, event.Event{ID: m.ID}, "The body holds no event.")}}}, nil
	}
	done := make([]Handled, 0, len(events))
	for _, e := range events {
		h, err := w.event(m, e)
		if err != nil {
			return nil, err
		}
		done = append(done, h)
	}
	return done, nil
}

// undecodable keeps a body as a dead letter, after the opt-out matcher has
// seen what can be salvaged of it (E3).
func (w *work) undecodable(m bus.Delivery, stage, reason string) ([]Handled, error) {
	e := event.Event{ID: m.ID, Type: event.Type(m.Type), At: m.Time}
	// Known by its bytes: what cannot be decoded may bear another body's id.
	fresh, err := w.Tx.MarkSeen(m.Bot, letterID(m, 0, stage), 0, w.Now)
	if err != nil {
		return nil, fmt.Errorf("mark body %s as seen: %w", m.ID, err)
	}
	if !fresh && !strings.HasPrefix(m.Source, retryPrefix) { // E2: a START since then stands
		return []Handled{{Seq: m.Seq, Event: e, Duplicate: true, Records: []gate.Record{w.none(m.Bot, e, saidBefore)}}}, nil
	}
	if fresh && m.Bot != bus.NoBot {
		if err := w.salvageStop(m); err != nil {
			return nil, err
		}
	}
	if err := w.deadLetter(m, e, stage, reason); err != nil {
		return nil, err
	}
	r := w.none(m.Bot, e, "Kept as a dead letter: "+reason)
	return []Handled{{Seq: m.Seq, Event: e, Records: []gate.Record{r}}}, w.Append(r)
}

// salvageStop applies an opt-out found in a body that cannot be decoded.
func (w *work) salvageStop(m bus.Delivery) error {
	var user string
	var texts []string
	if err := guard(func() error { _, user, texts = event.Salvage(m.Data); return nil }); err != nil || user == "" {
		return nil // nothing can be read of it at all; the dead letter says so
	}
	for _, text := range texts {
		if conversation.Match(text, false).OptsOut() {
			return w.forceStop(m.Bot, user, m.ID, m.Time)
		}
	}
	return nil
}

// forceStop records an opt-out without the event that carried it.
func (w *work) forceStop(bot, user, id string, at time.Time) error {
	_, effects, err := w.Reduce(bot, user, "", conversation.OptOutRecorded{At: at, ID: id})
	if err != nil {
		return err
	}
	_, err = w.effects(user, effects)
	return err
}

// deadLetter keeps a body until a person has looked.
func (w *work) deadLetter(m bus.Delivery, e event.Event, stage, reason string) error {
	bot := m.Bot
	if bot == bus.NoBot {
		bot = ""
	}
	w.count(&w.Metrics.DeadLetters)
	err := w.Tx.AppendDeadLetter(db.DeadLetter{
		ID: letterID(m, e.Index, stage), At: w.Now, Bot: bot, Event: e.ID,
		Stage: stage, Reason: reason, Raw: event.Seal(m.Data),
	})
	if err != nil {
		return fmt.Errorf("keep dead letter of event %s: %w", e.ID, err)
	}
	return nil
}

// letterID names a dead letter by its content and cause.
func letterID(m bus.Delivery, index int, stage string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d\x00%s", m.Bot, stage, index, m.Data))
	return "l-" + hex.EncodeToString(sum[:8])
}

const saidBefore = "This event was taken in before; nothing changes."

// event takes in one event: dedupe, then by what it means to the bot.
func (w *work) event(m bus.Delivery, e event.Event) (Handled, error) {
	e.Bot = m.Bot
	if w.botUsers[e.User] { // whatever its label
		e.Automated = event.Yes
	}
	if e.At.After(w.Now.Add(w.MaxEventAge)) {
		// No clock is that far ahead: the act has no time that could be trusted.
		// A STOP counts without one, a START does not.
		e.At = time.Time{}
	}
	h := Handled{Seq: m.Seq, Event: e}
	fresh, err := w.Tx.MarkSeen(e.Bot, e.ID, e.Index, w.Now)
	if err != nil {
		return h, fmt.Errorf("mark event %s as seen: %w", e.ID, err)
	}
	stage, retry := strings.CutPrefix(m.Source, retryPrefix)
	if !fresh && !retry { // E2
		h.Duplicate = true
		h.Records = []gate.Record{w.none(e.Bot, e, saidBefore)}
		return h, w.goneAgain(m, e)
	}
	if fresh && m.Source != event.PollSource { // which has been billed as a read
		if err := w.bill(e); err != nil {
			return h, err
		}
	}
	if !e.Known {
		w.count(&w.Metrics.Unknown)
	}
	for range e.Extra {
		w.count(&w.Metrics.ExtraFields)
	}
	if over, err := w.gone(m, e); over != nil || err != nil {
		h.Records = over
		return h, err
	}
	own := e.Kind == event.KindOwnPost || e.Kind == event.KindOwnDM
	gone, err := w.erased(e)
	if err != nil {
		return h, err
	}
	if own && gone {
		h.Records, err = w.nothing(e, erasedSince)
		return h, err
	}
	switch e.Kind {
	case event.KindPost, event.KindDM, event.KindChat:
		h.Records, err = w.inbound(m, e, fresh || strings.HasPrefix(stage, stageReduce))
	case event.KindOwnPost, event.KindOwnDM:
		h.Records, err = w.own(e)
	case event.KindDelete:
		h.Records, err = w.deleted(e)
	case event.KindRevoke:
		h.Records, err = w.revoked(e)
	case event.KindBlocked:
		h.Records, err = w.blocked(e)
	default:
		h.Records, err = w.nothing(e, fmt.Sprintf("%s permits no reply and no DM.", e.Type))
	}
	return h, err
}

// own is a post or DM of the bot's own account, seen from outside.
func (w *work) own(e event.Event) ([]gate.Record, error) {
	what, a, err := w.Echo(e.Bot, e, w.App, w.PersonQuiet.Of(e.Bot))
	if err != nil {
		return nil, err
	}
	switch what {
	case action.EchoOurs:
		return w.nothing(e, fmt.Sprintf("This is our own %s, action %s.", a.Kind, a.ID))
	case action.EchoSettled:
		return w.nothing(e, fmt.Sprintf("This is our own %s: action %s is now known to be sent.", a.Kind, a.ID))
	case action.EchoWaits:
		if done, rs, err := w.givesBack(e); done || err != nil {
			return rs, err
		}
		return w.nothing(e, "It is judged when the send that is under way has ended.")
	}
	w.count(&w.Metrics.Persons)
	if done, rs, err := w.givesBack(e); done || err != nil {
		return rs, err
	}
	if e.User == "" {
		return w.nothing(e, "A person posted through the account; it answers nobody, so nobody is paused.")
	}
	who := "A person speaks through the account"
	if old, err := w.BeforeRestore(e.At); err != nil {
		return nil, err
	} else if old {
		who += ", or the bot did before the database was restored"
	}
	return w.nothing(e, fmt.Sprintf("%s; the bot is silent toward this user for %s.", who, w.PersonQuiet.Of(e.Bot)))
}

// blocked is a user who blocks the account: it counts like a stop toward this
// bot, and ends with the user's START.
func (w *work) blocked(e event.Event) ([]gate.Record, error) {
	_, effects, err := w.Reduce(e.Bot, e.User, "", conversation.Blocked{At: e.At, ID: e.ID})
	if err != nil {
		return nil, err
	}
	todo, err := w.effects(e.User, effects)
	if err != nil {
		return nil, err
	}
	w.suppressed(e)
	return w.nothing(e, fmt.Sprintf("The user blocks the account: %s; nothing goes to them until they say START.", cancelled(todo.cancelled)))
}

// erasedSince is said of what a user did, or was asked for, before they were
// erased.
const erasedSince = "What is kept of the user was erased after this: it is neither kept nor answered."

// erased reports whether the user was erased after the event.
func (w *work) erased(e event.Event) (bool, error) {
	if e.User == "" {
		return false, nil
	}
	st, err := w.State(e.Bot, e.User, "")
	return st.Suppression.Erased(e.At), err
}

// nothing records that an event led to no draft. The record of one from before
// an erasure names nobody.
func (w *work) nothing(e event.Event, say string) ([]gate.Record, error) {
	gone, err := w.erased(e)
	if err != nil {
		return nil, err
	}
	if gone {
		e.User = ""
	}
	r := w.none(e.Bot, e, say)
	return []gate.Record{r}, w.Append(r)
}

func (w *work) none(bot string, e event.Event, say string) gate.Record {
	if bot == bus.NoBot {
		bot = ""
	}
	return gate.Record{
		ID: action.DecisionID("none", bot, e.ID, fmt.Sprint(e.Index)), At: w.Now.UTC(), Bot: bot,
		User: e.User, Event: e.ID, Interaction: e.Interaction, Decision: gate.None, Say: say,
	}
}

// guard runs what must not take other events with it, and turns a panic into
// an error that names where it happened (E4).
func guard(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in %s: %s", panicked(), said(p))
		}
	}()
	return fn()
}

// said is what a panic may say in a record: the runtime's words, or only the
// type of a value that could hold a customer's text.
func said(p any) string {
	if err, ok := p.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("a %T", p)
}

// panicked names the function and line that panicked, for guard's recover.
func panicked() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") || !more {
			return fmt.Sprintf("%s, line %d", f.Function, f.Line)
		}
	}
}
