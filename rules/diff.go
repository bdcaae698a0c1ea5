package rules

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// RuleChange is one difference between the files of two sets, in words.
type RuleChange struct {
	What    string   `json:"what"`   // a rule's id, "feature NAME" or "pack NAME"
	Change  string   `json:"change"` // added, removed, changed
	Details []string `json:"details,omitempty"`
}

// Changes lists what differs between the account's files of two sets: rules by
// id, features by name, packs by name. Layout, comments, and the order that
// means nothing are no difference; a list is what it stands for.
func Changes(before, after *Set) []RuleChange {
	was, is := before.parts(), after.parts()
	names := maps.Clone(was)
	maps.Copy(names, is)
	out := []RuleChange{}
	for _, name := range slices.SortedFunc(maps.Keys(names), func(a, b string) int {
		return cmp.Or(cmp.Compare(kindOfPart(a), kindOfPart(b)), cmp.Compare(a, b))
	}) {
		w, i := was[name], is[name]
		switch {
		case w == nil:
			out = append(out, RuleChange{name, "added", i.lines()})
		case i == nil:
			out = append(out, RuleChange{name, "removed", w.lines()})
		default:
			if d := differences(w, i); len(d) > 0 {
				out = append(out, RuleChange{name, "changed", d})
			}
		}
	}
	return out
}

// kindOfPart orders packs before features before rules: no id has a space.
func kindOfPart(name string) int {
	switch {
	case strings.HasPrefix(name, "pack "):
		return 0
	case strings.HasPrefix(name, "feature "):
		return 1
	}
	return 2
}

// part is a rule, feature or pack as named values, in order.
type part []struct{ name, value string }

func (p part) get(name string) (string, bool) {
	for _, v := range p {
		if v.name == name {
			return v.value, true
		}
	}
	return "", false
}

func (p part) lines() (out []string) {
	for _, v := range p {
		out = append(out, v.name+": "+v.value)
	}
	return out
}

func differences(was, is part) (out []string) {
	for _, v := range was {
		switch now, ok := is.get(v.name); {
		case !ok:
			out = append(out, fmt.Sprintf("%s: %s, dropped", v.name, v.value))
		case now != v.value:
			out = append(out, fmt.Sprintf("%s: %s → %s", v.name, v.value, now))
		}
	}
	for _, v := range is {
		if _, ok := was.get(v.name); !ok {
			out = append(out, fmt.Sprintf("%s: %s, new", v.name, v.value))
		}
	}
	return out
}

// parts are the account's rules, features and packs, by name. The files have
// been read without a problem when the set was made.
func (s *Set) parts() map[string]part {
	out := map[string]part{}
	for _, p := range s.packs() {
		out["pack "+p.Pack] = part{{"version", p.Version}}
		for _, f := range p.Features {
			out["feature "+f.Name] = part{{"any_of", strings.Join(f.AnyOf, ", ")}}
		}
		for _, u := range p.Rules {
			out[u.ID] = u.part()
		}
	}
	return out
}

// packs reads the account's files again: a set keeps only what decides.
func (s *Set) packs() (out []*pack) {
	if s == nil {
		return nil
	}
	for _, src := range s.sources {
		r := &reader{file: src.Name}
		if p := r.pack(src.Data, layerAccount); p != nil {
			out = append(out, p)
		}
	}
	return out
}

func (u *rule) part() part {
	p := part{{"effect", u.Effect}, {"actions", strings.Join(u.Actions, ", ")}, {"because", u.Because}}
	for _, c := range u.When {
		p = append(p, part{{"when " + c.Name, c.Expr}}...)
	}
	for _, c := range u.Unless {
		p = append(p, part{{"unless " + c.Name, c.Expr}}...)
	}
	for _, v := range (part{{"obligations", strings.Join(u.Obligations, ", ")}, {"mode", u.Mode},
		{"tags", strings.Join(u.Tags, ", ")}, {"owner", u.Owner}, {"cite", u.Cite}}) {
		if v.value != "" {
			p = append(p, v)
		}
	}
	return p
}
