package handlers

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/event"
)

const (
	maxSteps  = 50
	maxExpiry = 30 * 24 * time.Hour
)

func (l *loader) flowNames() []string { return slices.Sorted(maps.Keys(l.flows)) }

func (l *loader) flow(f *file, e rules.Entry) {
	fl := &flow{id: f.Name(e.Key, "the name of a flow")}
	l.name(f, e.Key, "flow", fl.id)
	m := f.Keys(e.Value, "a flow", []string{"cancelled", "steps"},
		[]string{"expires", "remind", "close", "ai_generated", "promotional", "affiliate", "paid_partnership", "split_at"})
	v := l.known.with(l.slots)
	fl.cancelled = f.texts(m["cancelled"], "cancelled", v)
	fl.expires = cmp.Or(f.duration(m["expires"], "expires", time.Minute, maxExpiry), defaultExpiry)
	fl.remind, fl.closes = f.silence(m["remind"], "remind", v), f.silence(m["close"], "close", v)
	if m["remind"] != nil && fl.remind.text.silent() {
		f.Report(m["remind"], "missing-key", "add text:", "a reminder needs the key text")
	}
	if fl.closes.after != 0 && fl.closes.after <= fl.remind.after {
		f.Report(m["close"], "range", "let it come later", "the flow is closed before its reminder, which comes after %s", fl.remind.after)
	}
	fl.draft = f.flags(m)
	nodes := f.list(m["steps"], "steps")
	if len(nodes) > maxSteps {
		f.Report(m["steps"], "too-many", "make two flows of it", "a flow has at most %d steps, this one has %d", maxSteps, len(nodes))
		nodes = nodes[:maxSteps]
	}
	thens := make([]*yaml.Node, len(nodes))
	total := 0
	for i, n := range nodes {
		st, then := l.step(f, n, i, v)
		fl.steps, thens[i] = append(fl.steps, st), then
		total += st.text.longest(v, utf8.RuneCountInString) + 2
		if got := st.retry.longest(v, utf8.RuneCountInString); got > maxDM {
			f.Report(n, "too-long", "say it in fewer words", "the retry can have %d characters, %d are allowed", got, maxDM)
		}
	}
	if total > maxDM || fl.cancelled.longest(v, utf8.RuneCountInString) > maxDM {
		f.Report(m["steps"], "too-long", "say it in fewer words", "what the flow says can have %d characters together, one DM has %d", total, maxDM)
	}
	if most := fl.draft.SplitAt * event.MaxParts; most > 0 && total > most {
		f.Report(m["split_at"], "too-long", "raise it", "what the flow says can have %d characters together, %d messages of %d characters have %d", total, event.MaxParts, fl.draft.SplitAt, most)
	}
	l.jumps(f, fl, nodes, thens)
	l.flows[cmp.Or(fl.id, e.Key.Value)] = fl
}

// silence reads what follows from a user's silence, by DM.
func (f *file) silence(n *yaml.Node, what string, v variables) (q silence) {
	if n == nil {
		return q
	}
	m := f.Keys(n, what, []string{"after"}, []string{"text"})
	q = silence{f.duration(m["after"], "after", time.Minute, MaxRemind), f.texts(m["text"], "text", v)}
	if got := q.text.longest(v, utf8.RuneCountInString); got > maxDM {
		f.Report(m["text"], "too-long", "say it in fewer words", "the text can have %d characters, %d are allowed", got, maxDM)
	}
	return q
}

// step reads one step; then is where it names what follows.
func (l *loader) step(f *file, n *yaml.Node, i int, v variables) (st *step, then *yaml.Node) {
	m := f.Keys(n, "a step", nil, []string{"id", "when", "ask", "text", "retry", "tries", "say", "then"})
	st = &step{id: f.Name(m["id"], "id"), when: f.Conditions(m["when"], "when", l.names)}
	if st.id == "" {
		st.id = fmt.Sprint(i + 1)
	}
	only := func(with string, keys ...string) {
		for _, k := range keys {
			if m[k] != nil {
				f.Report(m[k], "misplaced-key", "leave it out", "a step with %s has no %s", with, k)
			}
		}
	}
	switch {
	case m["ask"] != nil:
		only("ask", "say")
		name := f.Word(m["ask"], "ask", nil)
		if st.ask = l.slots[name]; st.ask == nil {
			if name != "" {
				f.Report(m["ask"], "unknown-slot", rules.DidYouMean(name, slices.Sorted(maps.Keys(l.slots))), "no slot %s is declared", name)
			}
			st.ask = &slot{name: name}
		}
		for _, k := range []string{"text", "retry"} {
			if m[k] == nil {
				f.Report(n, "missing-key", "add "+k+":", "a step that asks needs the key %s", k)
			}
		}
		st.text, st.retry = f.texts(m["text"], "text", v), f.texts(m["retry"], "retry", v)
		st.tries = defaultTries
		if m["tries"] != nil {
			st.tries = int(f.whole(m["tries"], "tries", 1, 10))
		}
	case m["say"] != nil:
		only("say", "text", "retry", "tries")
		st.text = f.texts(m["say"], "say", v)
	default:
		only("neither ask nor say", "text", "retry", "tries")
		if m["then"] == nil && n.Kind == yaml.MappingNode {
			f.Report(n, "missing-key", "add ask:, say: or then:", "the step does nothing")
		}
	}
	return st, m["then"]
}

// jumps resolves where steps lead: to a later step, to a person, to the end.
func (l *loader) jumps(f *file, fl *flow, nodes, thens []*yaml.Node) {
	at := map[string]int{}
	for i, st := range fl.steps {
		if first, ok := at[st.id]; ok {
			f.Report(nodes[i], "duplicate-id", "choose another id", "the id %s is that of step %d", st.id, first+1)
		} else {
			at[st.id] = i
		}
	}
	for i, st := range fl.steps {
		st.then = i + 1
		to := f.text(thens[i], "then")
		switch at, known := at[to]; {
		case to == "":
		case to == "handoff":
			st.hand = true
		case to == "end":
			st.then = len(fl.steps)
		case !known:
			names := []string{"end", "handoff"}
			for _, later := range fl.steps[i+1:] {
				names = append(names, later.id)
			}
			f.Report(thens[i], "unknown-step", rules.DidYouMean(to, names), "there is no step %s", to)
		case at <= i:
			f.Report(thens[i], "backward", "a flow goes forward only, so that it ends", "step %s does not come later", to)
		default:
			st.then = at
		}
		l.speaks(f, st, nodes[i], i == len(fl.steps)-1)
	}
}

// speaks sees to it that a flow never ends in silence.
func (l *loader) speaks(f *file, st *step, n *yaml.Node, last bool) {
	silent := st.ask == nil && st.text.silent()
	switch {
	case last && len(st.when) > 0:
		f.Report(n, "silence", "let a step without when come last", "the last step has a condition: the flow could end without a word")
	case last && st.ask != nil && !st.hand:
		f.Report(n, "silence", "add a step that says what follows, or then: handoff", "the flow ends with a question: nothing answers what the user says to it")
	case silent && !st.hand && (last || st.then > 0 && thenEnds(f, n)):
		f.Report(n, "silence", "add say:", "the flow could end here without a word")
	}
}

func thenEnds(f *file, n *yaml.Node) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "then" {
			return n.Content[i+1].Value == "end"
		}
	}
	return false
}

func sortedFlows(flows map[string]*flow) []string { return slices.Sorted(maps.Keys(flows)) }
