package bottest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/audit"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// watch holds, after each line, that no action left a terminal state and that
// an unknown one was at most settled (I3, I5).
func (r *run) watch() {
	l, err := r.ledger()
	if err != nil {
		r.broken("read the action log: %v", err)
		return
	}
	for _, fault := range moved(r.past, l.Actions) {
		if id, ok := strings.CutSuffix(fault, isGone); ok && r.erased(id[len("I5: action "):]) {
			continue
		}
		r.broken("%s", fault)
	}
	clear(r.past)
	for _, a := range l.Actions {
		r.past[a.ID] = a
	}
	r.remember(l)
}

const isGone = " is gone"

// moved says which actions went where none may go.
func moved(past map[string]db.Action, now []db.Action) (bad []string) {
	seen := map[string]bool{}
	for _, a := range now {
		seen[a.ID] = true
		was, ok := past[a.ID]
		switch {
		case !ok || was.State == a.State:
		case was.State.Terminal():
			bad = append(bad, fmt.Sprintf("I5: action %s was %s and is %s", a.ID, was.State, a.State))
		case was.State == event.Unsettled && a.State != event.Sent && a.State != event.Failed:
			bad = append(bad, fmt.Sprintf("I3: action %s was unknown and is %s", a.ID, a.State))
		}
	}
	for id := range past {
		if !seen[id] {
			bad = append(bad, "I5: action "+id+isGone)
		}
	}
	return bad
}

// check holds the laws over what came of the scenario.
func (r *run) check() ledger {
	l, err := r.ledger()
	if err != nil {
		r.t.Fatal(err)
	}
	w := witness{ledger: r.before(l), bots: map[string]string{}, stops: r.stops, accepted: r.accepted}
	for i, name := range r.s.Bots {
		w.bots[botID(i)] = name
	}
	w.chain = func(post string) string {
		if p, ok := r.sim.Post(post); ok && len(p.History) > 0 {
			return p.History[0]
		}
		return post
	}
	for _, fault := range append(r.faults, w.laws()...) {
		r.t.Error(fault)
	}
	for _, err := range r.sim.Violations() {
		r.t.Errorf("X's contract: %v", err)
	}
	return l
}

// again delivers everything once more, and then kills the host and starts it
// again: neither may change anything. It is called in a bubble.
func (r *run) again() {
	before, err := r.ledger()
	if err != nil {
		r.t.Fatal(err)
	}
	same := func(what string) {
		after, err := r.ledger()
		if err != nil {
			r.t.Fatal(err)
		}
		after.AfterStop, after.Duties = before.AfterStop, before.Duties // what was deleted goes from the bus again
		if diff := cmp.Diff(before, after); diff != "" {
			r.t.Errorf("%s changed something (-before +after):\n%s", what, diff)
		}
	}
	ctx := context.Background()
	for _, part := range []string{"dispatch", "sender", "bus", "acks", "x"} {
		if r.host().fault.of(part) != "" {
			r.t.Fatalf("the script ends with %s broken", part)
		}
	}
	if open := slices.ContainsFunc(before.Actions, func(a db.Action) bool { return a.State == event.Attempting }); open {
		r.t.Fatal("the script ends with a call under way")
	}
	if err := r.replay(ctx); err != nil {
		r.t.Fatal(err)
	}
	for _, m := range r.asked {
		if err := r.host().bus.Publish(ctx, m); err != nil {
			r.t.Fatalf("ask again: %v", err)
		}
	}
	synctest.Wait()
	if slices.ContainsFunc(before.Duties, func(d db.Duty) bool { return d.Step != db.DutyVoid }) {
		time.Sleep(time.Minute) // what was deleted and came again goes again
		synctest.Wait()
	}
	same("delivering everything again")
	if err := r.crash(); err != nil {
		r.t.Fatal(err)
	}
	synctest.Wait()
	same("a crash and a restart")
	r.audit()
}

// replay has X tell once more of everything that it told.
func (r *run) replay(ctx context.Context) error {
	for _, b := range slices.Clone(r.accepted) {
		if r.s.Stream {
			if err := r.pour(ctx, b); err != nil {
				return fmt.Errorf("deliver again: %w", err)
			}
			continue
		}
		if status, err := r.sim.DeliverAs(ctx, b, r.sim.Sign(b)); err != nil || status != 200 {
			return fmt.Errorf("deliver again: %d, %w", status, err)
		}
	}
	return nil
}

// audit holds that the audit chain tells of everything that was written, through
// every fault and crash of the scenario.
func (r *run) audit() {
	got, err := audit.Verify(context.Background(), r.host().store, hostKey())
	if err != nil {
		r.t.Fatal(err)
	}
	for _, f := range got.Faults {
		r.t.Errorf("audit chain: %s", f)
	}
	if got.Entries == 0 {
		r.t.Error("audit chain: it is empty")
	}
}

// witness is what the laws are held over.
type witness struct {
	ledger
	bots     map[string]string        // account to bot
	chain    func(post string) string // first version of a post
	stops    []stop
	accepted [][]byte
}

// laws says which laws are broken.
func (w witness) laws() (bad []string) {
	for _, law := range []func() []string{w.oneReply, w.allowed, w.silence, w.confirmedOnce, w.nothingLost} {
		bad = append(bad, law()...)
	}
	return bad
}

// oneReply: a bot replies once to a post, whatever its version.
func (w witness) oneReply() (bad []string) {
	count := map[[2]string]int{}
	for _, p := range w.Posts {
		if p.ReplyTo == "" {
			continue
		}
		key := [2]string{p.Author, w.chain(p.ReplyTo)}
		if count[key]++; count[key] == 2 {
			bad = append(bad, fmt.Sprintf("I2: %s replied twice to post %s", w.bots[p.Author], key[1]))
		}
	}
	return bad
}

// allowed: each call stands in the log, allowed by a decision that is kept
// (I6), is not made more often than was attempted, and its action does not
// claim that nothing happened where X did it.
func (w witness) allowed() (bad []string) {
	calls := map[string]int{}
	for _, c := range w.Calls {
		i := slices.IndexFunc(w.Actions, func(a db.Action) bool { return w.made(a, c) && calls[a.ID] < a.Attempts })
		if i < 0 {
			bad = append(bad, fmt.Sprintf("I1: call %d has no row in the log, or is one more than was attempted", c.N))
			continue
		}
		a := w.Actions[i]
		calls[a.ID]++
		if c.Made != "" && a.State != event.Sent && a.State != event.Unsettled && a.State != event.Attempting {
			bad = append(bad, fmt.Sprintf("I3: X did call %d, and action %s is %s", c.N, a.ID, a.State))
		}
		if why := w.unexplained(a, c); why != "" {
			bad = append(bad, fmt.Sprintf("I6: call %d of action %s: %s", c.N, a.ID, why))
		}
	}
	return bad
}

// made reports whether a call is that of an action.
func (w witness) made(a db.Action, c xsim.Call) bool {
	if a.Bot != w.bots[c.Account] || a.TextHash != hostKey().Text(event.EchoText(c.Text)) {
		return false
	}
	if kindOf(c) != a.Kind {
		return false
	}
	switch a.Kind {
	case event.DM:
		return a.User == c.User
	case event.ListAdd:
		return a.User == c.User
	case event.Reply:
		return w.chain(a.ReplyTo) == w.chain(c.ReplyTo)
	}
	return a.ReplyTo == c.Target
}

// unexplained says what is missing for the decision behind a call to be made
// again. The row holds the decision of its last claim, the log all of them.
func (w witness) unexplained(a db.Action, c xsim.Call) string {
	var r gate.Record
	switch {
	case a.RuleSet == "":
		return "no rule set"
	case json.Unmarshal(a.Decision, &r) != nil:
		return "no decision record"
	case r.Input == nil:
		return "no input"
	case c.Made != "" && r.Decision != gate.Allow:
		return fmt.Sprintf("its decision is %s", r.Decision)
	}
	if !slices.ContainsFunc(w.Records, func(k gate.Record) bool {
		return k.Action != nil && k.Action.ID == a.ID && k.Action.Stage == gate.StageClaim && k.Decision == gate.Allow && !k.At.After(c.At)
	}) {
		return "no claim allowed it"
	}
	return ""
}

// silence: nothing but a confirmation reaches a user who has opted out.
func (w witness) silence() (bad []string) {
	for _, c := range w.Calls {
		// A call at the moment of the STOP may have been under way; one at the
		// moment of the START may answer it.
		if c.Made == "" || !optedOut(w.stops, c.User, c.At.Add(-time.Nanosecond)) || !optedOut(w.stops, c.User, c.At) {
			continue
		}
		if !slices.ContainsFunc(w.Actions, func(a db.Action) bool { return a.Purpose == event.OptOutConfirmation && w.made(a, c) }) {
			bad = append(bad, fmt.Sprintf("opt-out: call %d reached user %s after their STOP", c.N, c.User))
		}
	}
	if w.AfterStop != 0 {
		bad = append(bad, fmt.Sprintf("opt-out: the host counts %d sends after STOP", w.AfterStop))
	}
	return bad
}

// confirmedOnce: a user gets one confirmation in 24 hours.
func (w witness) confirmedOnce() (bad []string) {
	last := map[string]time.Time{}
	for _, a := range w.Actions {
		if a.Purpose != event.OptOutConfirmation {
			continue
		}
		if at, ok := last[a.User]; ok && a.CreatedAt.Sub(at) < 24*time.Hour {
			bad = append(bad, fmt.Sprintf("opt-out: user %s gets two confirmations in 24 hours", a.User))
		}
		last[a.User] = a.CreatedAt
	}
	return bad
}

// nothingLost: each body that the webhook took has a decision or a dead
// letter.
func (w witness) nothingLost() (bad []string) {
	known := map[string]bool{}
	for _, r := range w.Records {
		known[r.Event] = true
	}
	for _, l := range w.Letters {
		known[l.Event] = true
	}
	for _, body := range w.accepted {
		id := event.BodyID(body)
		if head, err := event.Scan(body); err == nil {
			id = head.ID
		}
		if !known[id] {
			bad = append(bad, fmt.Sprintf("event %s was taken in, and nothing tells of it", id))
		}
	}
	return bad
}
