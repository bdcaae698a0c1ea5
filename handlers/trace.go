package handlers

import (
	"fmt"

	"github.com/beckon-bot/beckon/runtime/event"
)

// trace counts what was reached: answers, steps, conditions, each text in each
// language. A nil trace counts nothing.
type trace struct{ hits map[string]int }

func (t *trace) hit(what string) {
	if t != nil {
		t.hits[what]++
	}
}

func (t *trace) said(what string, kind event.ActionKind, lang string) {
	t.hit(textName(what, kind, lang))
}

func (t *trace) condition(what, name string, yes bool) { t.hit(conditionName(what, name, yes)) }

func textName(what string, kind event.ActionKind, lang string) string {
	if lang == "" {
		return fmt.Sprintf("%s: %s", what, kind)
	}
	return fmt.Sprintf("%s: %s in %s", what, kind, lang)
}

func conditionName(what, name string, yes bool) string {
	return fmt.Sprintf("%s: when %s is %t", what, name, yes)
}

// parts are all that can be reached, in the order of the files.
func (a *Answers) parts() (out []string) {
	texts := func(what string, kind event.ActionKind, t texts) {
		for _, lang := range t.langs() {
			out = append(out, textName(what, kind, lang))
		}
	}
	answer := func(x *answer) {
		what := "answers/" + x.id
		for _, c := range x.when {
			out = append(out, conditionName(what, c.Name, true), conditionName(what, c.Name, false))
		}
		if x.flow != "" {
			out = append(out, what)
		}
		texts(what, event.Reply, x.reply)
		texts(what, event.DM, x.dm)
	}
	for _, x := range a.all {
		answer(x)
	}
	if a.other != nil {
		answer(a.other)
	}
	if a.unclear != nil {
		answer(a.unclear.answer)
	}
	for _, name := range sortedFlows(a.flows) {
		f := a.flows[name]
		for _, st := range f.steps {
			what := f.id + "/" + st.id
			for _, c := range st.when {
				out = append(out, conditionName(what, c.Name, true), conditionName(what, c.Name, false))
			}
			texts(what, event.DM, st.text)
			texts(what+": retry", event.DM, st.retry)
			if st.ask == nil && st.text.silent() {
				out = append(out, what)
			}
		}
		texts(f.id+"/cancelled", event.DM, f.cancelled)
	}
	return out
}
