package handlers

import (
	"cmp"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/beckon-bot/beckon/rules"
)

// slot reads what a flow may ask for and keep. Its name and choices are held to
// what X forbids to store of a user (H5).
func (l *loader) slot(f *file, e rules.Entry) {
	s := &slot{name: f.Variable(e.Key, "the name of a slot")}
	l.name(f, e.Key, "slot", s.name)
	m := f.Keys(e.Value, "a slot", []string{"type"}, []string{"min", "max", "pattern", "example", "choices", "order"})
	s.kind = slotKind(f.Word(m["type"], "type", slotKinds()))
	for key, kinds := range map[string][]slotKind{
		"min": {slotNumber}, "max": {slotNumber, slotText}, "pattern": {slotPattern}, "example": {slotPattern},
		"choices": {slotChoice}, "order": {slotDate},
	} {
		has := false
		for _, k := range kinds {
			has = has || s.kind == k
		}
		if m[key] != nil && !has && s.kind != "" {
			f.Report(m[key], "misplaced-key", "leave it out", "a slot of type %s has no %s", s.kind, key)
		}
	}
	switch s.kind {
	case slotText:
		s.max = maxText
		if m["max"] != nil {
			s.max = f.whole(m["max"], "max", 1, maxText)
		}
	case slotNumber:
		s.min, s.max = 0, maxNumber
		if m["min"] != nil {
			s.min = f.whole(m["min"], "min", -maxNumber, maxNumber)
		}
		if m["max"] != nil {
			s.max = f.whole(m["max"], "max", s.min, maxNumber)
		}
	case slotDate:
		s.monthDay = f.Word(m["order"], "order", []string{"day-month", "month-day"}) == "month-day"
	case slotChoice:
		l.choices(f, e.Value, m["choices"], s)
	case slotPattern:
		l.pattern(f, e.Value, m, s)
	}
	l.slots[cmp.Or(s.name, e.Key.Value)] = s
}

// choices reads each choice with its words, in one language or several.
func (l *loader) choices(f *file, n, list *yaml.Node, s *slot) {
	if list == nil {
		f.Report(n, "missing-key", "add choices: {broken: [broken, damaged], late: [late]}", "a slot of type choice needs the key choices")
		return
	}
	for _, e := range f.Entries(list, "choices") {
		c := choice{name: f.Name(e.Key, "the name of a choice")}
		for _, keywords := range f.keywords(e.Value) {
			c.words = append(c.words, keywords...)
		}
		for _, w := range scalars(e.Value) {
			f.Sensitive(w, "a word of the choice "+c.name)
		}
		s.choices = append(s.choices, c)
	}
}

// pattern reads a pattern with an example that it must find.
func (l *loader) pattern(f *file, n *yaml.Node, m map[string]*yaml.Node, s *slot) {
	for _, k := range []string{"pattern", "example"} {
		if m[k] == nil {
			f.Report(n, "missing-key", "add "+k+":", "a slot of type pattern needs the key %s", k)
		}
	}
	s.re = f.expression(m["pattern"], "pattern")
	example := f.text(m["example"], "example")
	if s.re == nil || example == "" {
		return
	}
	if got, ok := s.read("it is "+example+", thanks", time.Time{}); !ok || got != example {
		f.Report(m["example"], "example", "change one of the two", "the pattern does not find its example: it finds %q", got)
	}
}

// scalars are the values of a list, or of the lists of a map.
func scalars(n *yaml.Node) (out []*yaml.Node) {
	switch n.Kind {
	case yaml.ScalarNode:
		return []*yaml.Node{n}
	case yaml.SequenceNode:
		for _, k := range n.Content {
			out = append(out, scalars(k)...)
		}
	case yaml.MappingNode:
		for i := 1; i < len(n.Content); i += 2 {
			out = append(out, scalars(n.Content[i])...)
		}
	}
	return out
}

// openingHours reads a week with its holidays.
func (l *loader) openingHours(f *file, e rules.Entry) {
	name := f.Variable(e.Key, "the name of hours")
	l.name(f, e.Key, "hours", name)
	h := &hours{zone: time.UTC, days: map[string][]span{}}
	l.hours[cmp.Or(name, e.Key.Value)] = h
	m := f.Keys(e.Value, "hours", []string{"zone", "open"}, []string{"closed", "days"})
	if zone := f.Word(m["zone"], "zone", nil); zone != "" {
		loc, err := time.LoadLocation(zone)
		if err != nil || zone == "Local" {
			f.Report(m["zone"], "zone", "write a name of the time zone database, such as Europe/Berlin", "there is no time zone %s", zone)
		} else {
			h.zone = loc
		}
	}
	taken := map[time.Weekday]bool{}
	for _, d := range f.Entries(m["open"], "open") {
		days, ok := readDays(d.Key.Value)
		if !ok {
			f.Report(d.Key, "weekday", "write mon, or mon-fri", "%s is no weekday", d.Key.Value)
		}
		spans := f.spans(d.Value)
		for _, day := range days {
			if taken[day] {
				f.Report(d.Key, "duplicate-value", "name each day once", "%s is here twice", weekdays()[day])
			}
			taken[day], h.week[day] = true, spans
		}
	}
	for _, n := range f.list(m["closed"], "closed") {
		dates, err := readDates(f.text(n, "a holiday"))
		if err != nil {
			f.Report(n, "date", "write 2026-12-25, or 2026-12-24 to 2027-01-01", "%v", err)
		}
		for _, d := range dates {
			h.days[d] = nil
		}
	}
	for _, d := range f.Entries(m["days"], "days") {
		dates, err := readDates(d.Key.Value)
		if err != nil {
			f.Report(d.Key, "date", "write 2026-12-24: 09:00-12:00", "%v", err)
		}
		spans := f.spans(d.Value)
		for _, date := range dates {
			h.days[date] = spans
		}
	}
}

func (f *file) spans(n *yaml.Node) []span {
	text := f.text(n, "the hours of a day")
	if text == "" {
		return nil
	}
	spans, err := readSpans(text)
	if err != nil {
		f.Report(n, "hours", `write "09:00-17:00", or "09:00-12:30, 13:30-17:00"`, "%v", err)
	}
	return spans
}
