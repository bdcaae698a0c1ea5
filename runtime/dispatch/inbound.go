package dispatch

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// How long the host's own words may wait: a confirmation is one of a stop that was
// said just now, and the others of a message that the user still has in mind. Later
// they would come out of the blue.
const (
	confirmWithin = 5 * time.Minute
	lineWithin    = time.Hour
)

// inbound takes in an act of a user: opt-out first, then state, then perhaps
// an answer. counted is false for an event whose state was applied before (the
// retry of a dead letter).
func (w *work) inbound(m bus.Delivery, e event.Event, counted bool) ([]gate.Record, error) {
	st, effects, tier, err := w.apply(m, e, counted)
	if err != nil {
		return nil, err
	}
	if st == nil { // the reducer failed; its dead letter is written
		return w.nothing(e, "The event could not be applied; it is kept as a dead letter. An opt-out in it counts.")
	}
	todo, err := w.effects(e.User, effects)
	if err != nil {
		return nil, err
	}
	if todo.stopped {
		w.TallyOptOut(e.Bot, w.Now.Sub(m.Time))
		if err := w.Tx.DropReminders(e.Bot, e.User); err != nil { // their text is of no use any more
			return nil, err
		}
	}
	if err := w.spoke(e, st.Conversation); err != nil {
		return nil, err
	}
	if todo.changed {
		if err := w.cancelAnswers(e); err != nil {
			return nil, err
		}
	}
	if todo.stopped {
		w.suppressed(e)
	}
	if todo.confirm != "" {
		return w.confirmed(m, e, todo)
	}
	why := w.silent(m, e, *st, tier, todo)
	if asksErasure(e) && !st.Suppression.Erased(e.At) {
		return w.forget(m, e, why == "")
	}
	if asksUnlink(e) && !st.Suppression.Erased(e.At) {
		return w.unlink(m, e, why == "")
	}
	if why != "" {
		return w.nothing(e, why)
	}
	bot, err := w.speaking(e)
	if err != nil {
		return nil, err
	}
	switch {
	case todo.ask != "" && bot.DoubtToDesk:
		return w.handOff(m, e, "a message that is perhaps a STOP")
	case todo.ask != "" && bot.StopQuestion != "":
		return w.askStop(m, e, todo.ask, bot.StopQuestion)
	case bot.HandoffWords && conversation.WantsPerson(e.Text):
		return w.person(m, e, tier)
	}
	return w.answer(m, e, tier)
}

// apply applies the event to its user's state. A nil state means that it
// could not, and that the event is a dead letter now.
func (w *work) apply(m bus.Delivery, e event.Event, counted bool) (*conversation.State, []conversation.Effect, conversation.Tier, error) {
	st, err := w.State(e.Bot, e.User, e.Interaction)
	if err != nil {
		return nil, nil, "", err
	}
	var tier conversation.Tier
	var effects []conversation.Effect
	fault := guard(func() error {
		tier = conversation.MatchLang(e.Text, e.Lang, st.Conversation.Flow != "")
		if !counted {
			return nil
		}
		st, effects = w.reduce(st, conversation.Received{
			Event: e, Tier: tier, TextHash: w.Key.Text(e.Text), Lang: conversation.LangOf(e.Text, e.Lang),
			Stale: w.stale(m, e), FromHostBot: w.botUsers[e.User],
		})
		return nil
	})
	if fault == nil {
		kept := st
		if st.Suppression.Erased(e.At) { // only an opt-out in it counts
			kept = conversation.State{Suppression: st.Suppression}
		}
		w.Keep(kept)
		return &st, effects, tier, nil
	}
	w.count(&w.Metrics.Panics)
	if err := w.deadLetter(m, e, stageReduce, fault.Error()); err != nil {
		return nil, nil, "", err
	}
	if tier.OptsOut() {
		return nil, nil, tier, w.forceStop(e.Bot, e.User, e.ID, cmp.Or(e.At, m.Time))
	}
	return nil, nil, tier, nil
}

// todo is what the reducer's effects leave to do.
type todo struct {
	confirm   event.ActionKind // confirm the opt-out this way; "": do not
	ask       event.ActionKind // ask this way whether they said stop; "": do not
	stopped   bool             // an opt-out stands
	changed   bool             // an edit changed the text
	cancelled int
}

// effects carries out what the reducer asked for, in its order.
func (w *work) effects(user string, effects []conversation.Effect) (t todo, err error) {
	for _, f := range effects {
		switch f := f.(type) {
		case conversation.CancelOpen:
			w.count(&w.Metrics.OptOuts)
			t.stopped = true
		case conversation.ConfirmOptOut:
			t.confirm = f.Kind
		case conversation.AskStop:
			t.ask = f.Kind
		case conversation.TextChanged:
			t.changed = true
		}
	}
	t.cancelled, err = w.CarryOut(user, effects)
	return t, err
}

// cancelAnswers cancels the answer to an earlier version of the post, if it
// still waits.
func (w *work) cancelAnswers(e event.Event) error {
	_, err := w.CancelOpenTo(e.User, "the post was edited and says something else", func(a db.Action) bool {
		return a.Bot == e.Bot && a.Interaction == e.Interaction && a.Version < e.Version && a.Purpose != event.OptOutConfirmation
	})
	return err
}

// silent says why an event gets no draft, "" if it may.
func (w *work) silent(m bus.Delivery, e event.Event, st conversation.State, tier conversation.Tier, t todo) string {
	switch {
	case st.Suppression.Erased(e.At):
		return erasedSince
	case tier.OptsOut() && st.Suppression.OptedOut:
		return fmt.Sprintf("The user said stop: %s; no confirmation is due.", cancelled(t.cancelled))
	case e.Kind == event.KindChat:
		return "An encrypted message cannot be read and may say stop: the user's conversation is held for a person."
	case e.Group:
		return "A group DM is recorded and never answered."
	case !e.Addresses():
		return "The post does not address the bot: no mention, reply or quote."
	case w.stale(m, e):
		return fmt.Sprintf("The event is older than %s: recorded, not answered.", w.MaxEventAge)
	case st.Conversation.HandedOver(w.Now):
		return "A person has taken over; the bot is silent toward this user."
	case st.Interaction.Superseded(e):
		return "A later version of this post is known."
	}
	return ""
}

// stale reports whether the event is too old to be answered. An event without
// a time of its own counts from when the host took it in.
func (w *work) stale(m bus.Delivery, e event.Event) bool {
	return w.Now.Sub(cmp.Or(e.At, m.Time)) > w.MaxEventAge
}

// answer asks the bot's handlers for a draft and the gate for permission.
func (w *work) answer(m bus.Delivery, e event.Event, tier conversation.Tier) ([]gate.Record, error) {
	st, err := w.State(e.Bot, e.User, e.Interaction)
	if err != nil {
		return nil, err
	}
	return w.askChain(m, e, st, tier, w.Handlers[e.Bot])
}

// askChain asks handlers of the bot, and decides what they say.
func (w *work) askChain(m bus.Delivery, e event.Event, st conversation.State, tier conversation.Tier, chain handlers.Chain) ([]gate.Record, error) {
	out, fault, err := w.handle(chain, e, st, tier)
	switch {
	case err != nil:
		return nil, err
	case fault != nil:
		return w.failed(m, e, fault)
	}
	return w.said(m, e, st, out)
}

// person gives a user who asks for a person to one: with the last word of the
// bot's own answers, where they have one for it, else with the host's.
func (w *work) person(m bus.Delivery, e event.Event, tier conversation.Tier) ([]gate.Record, error) {
	const why = "the user asked for a person"
	st, err := w.State(e.Bot, e.User, e.Interaction)
	if err != nil {
		return nil, err
	}
	out, fault, err := w.handle(w.Handlers[e.Bot], e, st, tier)
	if err != nil {
		return nil, err
	}
	if fault != nil {
		w.count(&w.Metrics.Panics)
	}
	if fault != nil || !out.Handoff || len(out.Drafts) == 0 {
		return w.handOff(m, e, why)
	}
	out.Why = why
	return w.said(m, e, st, out)
}

// handle asks handlers of the bot. fault is theirs: they panicked, or want what
// is not a handler's to want.
func (w *work) handle(chain handlers.Chain, e event.Event, st conversation.State, tier conversation.Tier) (out handlers.Out, fault, err error) {
	bot, _ := w.Gate.Bot(e.Bot)
	slots, err := w.slots(e, st)
	if err != nil {
		return out, nil, err
	}
	fault = guard(func() error {
		out = chain.Handle(handlers.In{
			Event: e, Conversation: st.Conversation, Interaction: st.Interaction, Tier: tier, Slots: slots, Now: w.Now,
			Bot: handlers.BotInfo{Name: bot.Name, Username: bot.Username, Operator: bot.Operator, PrivacyURL: bot.PrivacyURL, UserID: bot.UserID},
		})
		return nil
	})
	if fault == nil {
		fault = errors.Join(handlerMay(out.Drafts), remindable(out))
	}
	return out, fault, nil
}

// said decides what a handler says, and keeps what it said of the conversation.
func (w *work) said(m bus.Delivery, e event.Event, st conversation.State, out handlers.Out) ([]gate.Record, error) {
	rs, err := w.offer(m, e, st, out)
	if err != nil {
		return nil, err
	}
	if rs[0].Decision != gate.Allow && rs[0].Decision != gate.Hold && len(out.Drafts) > 0 {
		out = unheard(out)
	}
	return rs, w.moved(e, st, out)
}

// offer decides a handler's draft, if it has one.
func (w *work) offer(m bus.Delivery, e event.Event, st conversation.State, out handlers.Out) ([]gate.Record, error) {
	switch {
	case len(out.Drafts) > 0:
		d := out.Drafts[0]
		d.Purpose = cmp.Or(d.Purpose, event.Answer)
		if out.Handoff {
			d = w.lastWord(d, st)
		}
		return w.propose(m, e, d, cmp.Or(e.At, m.Time), cmp.Or(e.At, m.Time).Add(w.MaxEventAge))
	case out.Ask != nil:
		return w.consult(m, e, *out.Ask)
	case out.Handoff:
		return w.nothing(e, "A person takes over: "+cmp.Or(out.Why, noWhy)+". The handler says nothing.")
	}
	return w.nothing(e, "No handler has an answer to this.")
}

// unheard is what is left of a handler's wishes where its draft never reaches
// the user: a question that nobody heard is not waited on.
func unheard(out handlers.Out) handlers.Out {
	if out.Flow != nil && *out.Flow != "" {
		out.Flow, out.Slots, out.Remind = nil, nil, nil
	}
	return out
}

// slots reads what handlers kept of the user. Slots belong to a flow: without
// an open one nothing is read.
func (w *work) slots(e event.Event, st conversation.State) (map[string]string, error) {
	if st.Conversation.Flow == "" {
		return nil, nil
	}
	sealed, err := w.Tx.Slots(e.Bot, e.User)
	if err != nil {
		return nil, fmt.Errorf("read slots of user %s: %w", e.User, err)
	}
	slots := make(map[string]string, len(sealed))
	for name, b := range sealed {
		plain, err := event.Open(b)
		if err != nil {
			return nil, fmt.Errorf("open slot %s of user %s: %w", name, e.User, err)
		}
		slots[name] = string(plain)
	}
	return slots, nil
}

// failed keeps an event as a dead letter whose draft could not be made or
// decided (E4): its state and its opt-out commit, the draft is none.
func (w *work) failed(m bus.Delivery, e event.Event, fault error) ([]gate.Record, error) {
	w.count(&w.Metrics.Panics)
	stage := stageHandle
	switch {
	case commands(m):
		stage = stageCommand
	case responds(m):
		stage = stageAnswer
	}
	if err := w.deadLetter(m, e, stage, fault.Error()); err != nil {
		return nil, err
	}
	return w.nothing(e, "The handler failed; the event is kept as a dead letter and nothing is answered.")
}

// moved keeps what a handler said of the conversation, and nothing that X
// forbids to store of a user.
// rules.Sensitive has what that is.
func (w *work) moved(e event.Event, st conversation.State, out handlers.Out) error {
	kept, dropped := handlers.Keep(out.Slots)
	for range dropped {
		w.count(&w.Metrics.SlotsDropped)
	}
	for _, name := range slices.Sorted(maps.Keys(kept)) {
		if err := w.Tx.PutSlot(e.Bot, e.User, name, event.Seal([]byte(kept[name]))); err != nil {
			return fmt.Errorf("keep slot %s of user %s: %w", name, e.User, err)
		}
	}
	var inputs []conversation.Input
	if out.Flow != nil {
		inputs = append(inputs, conversation.FlowMoved{Flow: *out.Flow})
	}
	switch {
	case out.Missed:
		inputs = append(inputs, conversation.Missed{})
	case st.Conversation.Missed > 0 && (len(out.Drafts) > 0 || out.Handoff):
		inputs = append(inputs, conversation.Understood{})
	}
	for _, in := range inputs {
		if _, _, err := w.Reduce(e.Bot, e.User, "", in); err != nil {
			return err
		}
	}
	if out.Handoff {
		if _, err := w.HandOff(w.handoffOf(e, cmp.Or(out.Why, noWhy))); err != nil {
			return err
		}
	}
	return w.arm(e, out)
}

var (
	errPurpose = errors.New("a handler may draft with the purposes answer and notice only")
	errSeveral = errors.New("one interaction is answered once: a handler returns one draft at most")
	errLine    = errors.New("the host's own lines are not a handler's to draft")
	errKind    = errors.New("a handler answers: it may draft replies and DMs only")
)

// handlerMay refuses drafts that are not a handler's to make.
func handlerMay(drafts []event.Draft) error {
	if len(drafts) == 0 {
		return nil
	}
	d := drafts[0]
	if len(drafts) > 1 {
		return fmt.Errorf("handler %s returned %d drafts: %w", d.Handler, len(drafts), errSeveral)
	}
	if d.Kind != event.Reply && d.Kind != event.DM {
		return fmt.Errorf("handler %s drafted a %s: %w", d.Handler, d.Kind, errKind)
	}
	if d.Line != event.NoLine {
		return fmt.Errorf("handler %s drafted the host's own line %s: %w", d.Handler, d.Line, errLine)
	}
	if d.Purpose != "" && d.Purpose != event.Answer && d.Purpose != event.Notice {
		return fmt.Errorf("handler %s drafted with the purpose %s: %w", d.Handler, d.Purpose, errPurpose)
	}
	return nil
}

// confirmed is an opt-out whose confirmation is due: two records, of the stop
// and of what the rules say of its confirmation.
func (w *work) confirmed(m bus.Delivery, e event.Event, t todo) ([]gate.Record, error) {
	stopped, err := w.nothing(e, fmt.Sprintf("The user said stop: %s; its confirmation is decided next.", cancelled(t.cancelled)))
	if err != nil {
		return nil, err
	}
	confirmation, err := w.confirm(m, e, t.confirm)
	return append(stopped, confirmation...), err
}

// confirm drafts the opt-out confirmation: fixed text, the one purpose that
// may reach a user who opted out, in the channel that the STOP came by.
func (w *work) confirm(m bus.Delivery, e event.Event, kind event.ActionKind) ([]gate.Record, error) {
	bot, err := w.speaking(e)
	if err != nil {
		return nil, err
	}
	d := event.Draft{Kind: kind, Purpose: event.OptOutConfirmation, Text: bot.OptOutConfirmation, Handler: "opt-out"}
	return w.propose(m, e, d, w.Now, w.Now.Add(confirmWithin))
}

// judged is what the gate says of a draft, and on what it said so.
type judged struct {
	id      string // of the action that it would be
	state   conversation.State
	money   gate.Budget
	verdict gate.Verdict
	fault   error // the gate panicked: there is no verdict
}

// judge asks the gate about a draft that answers e, and stores nothing. taken
// is the event's time where X gave none.
func (w *work) judge(e event.Event, d event.Draft, taken time.Time) (j judged, err error) {
	if j.state, err = w.State(e.Bot, e.User, e.Interaction); err != nil {
		return j, err
	}
	paused, _, err := w.Paused(e.Bot)
	if err != nil {
		return j, err
	}
	j.id = event.ActionID(e.Bot, e.Interaction, d.Kind, d.Purpose, 0, e.Version)
	repeats, err := w.Repeats(e.Bot, j.id, gate.PrintOf(d))
	if err != nil {
		return j, err
	}
	if j.money, err = w.Quote(e.Bot, d.Kind, j.state.Interaction.Summoned, db.Cost{}); err != nil {
		return j, err
	}
	agreed, err := w.OptedIn(e.Bot, e.User, d.About)
	if err != nil {
		return j, err
	}
	j.fault = guard(func() error {
		j.verdict = w.Gate.Draft(e, d, taken, gate.Case{
			OptedIn: agreed,
			Bot:     e.Bot, State: j.state, Paused: paused, Repeats: repeats, Budget: j.money, Now: w.Now,
		})
		return nil
	})
	return j, nil
}

// propose asks the gate about a draft that answers e and stores its verdict.
// taken is the event's time where X gave none.
func (w *work) propose(m bus.Delivery, e event.Event, d event.Draft, taken, expires time.Time) ([]gate.Record, error) {
	j, err := w.judge(e, d, taken)
	if err != nil {
		return nil, err
	}
	if j.fault != nil {
		return w.failed(m, e, j.fault)
	}
	a := db.Action{
		ID:  j.id,
		Bot: e.Bot, Interaction: e.Interaction, Kind: d.Kind, Purpose: d.Purpose, Version: e.Version,
		User: e.User, Event: e.ID, DueAt: w.Now, ExpiresAt: expires,
	}
	if d.Kind != event.DM { // a DM answers a DM, of which X wants no id
		a.ReplyTo = e.Message
	}
	var holds time.Time
	if bot, _ := w.Gate.Bot(e.Bot); bot.HoldExpiry > 0 {
		holds = w.Now.Add(bot.HoldExpiry)
	}
	asked := taken
	for _, t := range []time.Time{e.At, m.Time} {
		if !t.IsZero() && t.Before(asked) {
			asked = t
		}
	}
	r, err := w.Propose(action.Proposal{Action: a, Verdict: j.verdict, Asked: asked, HoldsUntil: holds, Budget: j.money, State: j.state, Record: gate.Record{
		ID: action.DecisionID(gate.StageDraft, e.Bot, e.ID, fmt.Sprint(e.Index), string(d.Kind), string(d.Purpose)),
		At: w.Now.UTC(), Bot: e.Bot, User: e.User, Event: e.ID, Interaction: e.Interaction,
		Action: &gate.ActionRef{Kind: d.Kind, Purpose: d.Purpose, Stage: gate.StageDraft, Handler: d.Handler},
	}})
	if err != nil {
		return nil, err
	}
	if why := j.verdict.HandsOff(); why != "" && r.Decision != gate.Deny {
		if _, err := w.HandOff(w.handoffOf(e, why)); err != nil {
			return nil, err
		}
	}
	return []gate.Record{r}, nil
}

// cancelled says how many waiting answers an opt-out stopped.
func cancelled(n int) string {
	switch n {
	case 0:
		return "nothing was waiting"
	case 1:
		return "one waiting answer is cancelled"
	}
	return fmt.Sprintf("%d waiting answers are cancelled", n)
}
