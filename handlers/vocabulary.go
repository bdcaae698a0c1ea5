package handlers

import (
	"maps"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/event"
)

const manyMessages = 1_000_000_000

// vocabulary is what conditions of answers can read: a part of what rules can,
// and what the files define.
func (a *Answers) vocabulary() *rules.Vocabulary {
	fs := []rules.Field{
		{Name: "event.kind", Words: []string{"post", "dm"}},
		{Name: "event.lang", Lang: true},
		{Name: "event.from_automated", Words: []string{"yes", "no", "unknown"}},
		{Name: "user.dms_received", Whole: true, Max: manyMessages},
		{Name: "user.dms_sent", Whole: true, Max: manyMessages},
		{Name: "user.replies_sent", Whole: true, Max: manyMessages},
	}
	for _, name := range slices.Sorted(maps.Keys(a.hours)) {
		fs = append(fs, rules.Field{Name: "hours." + name})
	}
	for _, name := range slices.Sorted(maps.Keys(a.slots)) {
		fs = append(fs, rules.Field{Name: "filled." + name})
		if f, ok := a.slots[name].field(); ok {
			fs = append(fs, f)
		}
	}
	return rules.NewVocabulary(fs)
}

// field is the value of a name of the vocabulary at this moment.
func (s *turn) field(name string) rules.FieldValue {
	e, c := s.in.Event, s.in.Conversation
	switch name {
	case "event.kind":
		if e.Kind == event.KindDM {
			return rules.FieldValue{Word: "dm"}
		}
		return rules.FieldValue{Word: "post"}
	case "event.lang":
		return rules.FieldValue{Word: e.Lang}
	case "event.from_automated":
		if e.Automated == event.Yes || e.Automated == event.No {
			return rules.FieldValue{Word: string(e.Automated)}
		}
		return rules.FieldValue{Word: string(event.Unknown)}
	case "user.dms_received":
		return rules.FieldValue{N: c.DMsReceived}
	case "user.dms_sent":
		return rules.FieldValue{N: c.DMsSent}
	case "user.replies_sent":
		return rules.FieldValue{N: c.RepliesSent}
	}
	group, leaf, _ := strings.Cut(name, ".")
	switch group {
	case "hours":
		return rules.FieldValue{Yes: s.hours[leaf].open(s.in.Now)}
	case "filled":
		return rules.FieldValue{Yes: s.kept[leaf] != ""}
	}
	return s.slots[leaf].value(s.kept[leaf], s.in.Now)
}
