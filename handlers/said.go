package handlers

import (
	"maps"
	"slices"
)

// Said is every text that the answers can send, as it stands in the files,
// sorted.
func (a *Answers) Said() (said []string) {
	if a == nil {
		return nil
	}
	add := func(all ...texts) {
		for _, t := range all {
			said = slices.AppendSeq(said, maps.Values(t.byLang))
		}
	}
	for _, x := range a.every() {
		add(x.reply, x.dm)
	}
	for _, f := range a.flows {
		add(f.cancelled)
		for _, st := range f.steps {
			add(st.text, st.retry)
		}
	}
	slices.Sort(said)
	return slices.Compact(said)
}

// AIGenerated names the answers and flows that a model wrote, as they stand in the
// files.
func (a *Answers) AIGenerated() (names []string) {
	if a == nil {
		return nil
	}
	for _, x := range a.every() {
		if x.draft.AIGenerated {
			names = append(names, x.id)
		}
	}
	for id, f := range a.flows {
		if f.draft.AIGenerated {
			names = append(names, "flow "+id)
		}
	}
	slices.Sort(names)
	return names
}

// every is the answers, the default and what is said when nothing is
// understood.
func (a *Answers) every() []*answer {
	all := slices.Clone(a.all)
	if a.other != nil {
		all = append(all, a.other)
	}
	if a.unclear != nil {
		all = append(all, a.unclear.answer)
	}
	return all
}
