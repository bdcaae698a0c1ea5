package rules

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// eventText is what a test may give besides fields: features are computed from
// it, as the host does.
const eventText = "event.text"

// settings are fields by name, each of its type in Input, and eventText.
type settings map[string]any

// input is the situation that the settings describe. What they leave out is an
// ordinary moment: an account in good order on a self-serve tier answers a
// readable event; everything else is false, zero, none or unknown. The day and
// the minute are those of clock in its own offset, is_first_dm follows from
// what was sent, and a lifted hold was approved.
func (ss settings) input(clock time.Time, approved bool) Input {
	in := Input{
		Action: ActionInput{Purpose: "answer"},
		Event:  EventInput{Kind: "none", FromAutomated: "unknown", TextReadable: true},
		User:   UserInput{Initiated: "none", LastDMAge: Never},
		Bot: BotInput{LabelOn: true, BioDiscloses: true, OperatorLinked: true, Tier: "self_serve",
			LocalWeekday: strings.ToLower(clock.Weekday().String()[:3]), LocalMinute: int64(clock.Hour()*60 + clock.Minute())},
		Draft: DraftInput{Approval: "none"},
	}
	if approved {
		in.Draft.Approval = "approved"
	}
	tree := reflect.ValueOf(&in).Elem()
	for name, v := range ss {
		if f := fieldByName[name]; f != nil {
			f.value(tree).Set(reflect.ValueOf(v))
		}
	}
	if ss["action.is_first_dm"] == nil {
		in.Action.IsFirstDM = in.Action.Kind == "dm" && in.User.DMsSent == 0
	}
	return in
}

// base reads a partial input: {group: {field: value}}.
func (r *testReader) base(n *yaml.Node) settings {
	out := settings{}
	if n == nil {
		return out
	}
	var groups []string
	for _, f := range fields {
		if g, _, _ := strings.Cut(f.name, "."); !has(groups, g) {
			groups = append(groups, g)
		}
	}
	for _, g := range r.entries(n, "base") {
		if !has(groups, g.key.Value) {
			r.at(g.key, "unknown-field", didYouMean(g.key.Value, groups), "there is no group %s", g.key.Value)
			continue
		}
		for _, e := range r.entries(g.value, "group "+g.key.Value) {
			r.put(out, e, g.key.Value+"."+e.key.Value)
		}
	}
	return out
}

// dotted reads {group.field: value}.
func (r *testReader) dotted(n *yaml.Node) settings {
	out := settings{}
	if n == nil {
		return out
	}
	for _, e := range r.entries(n, "set") {
		r.put(out, e, e.key.Value)
	}
	return out
}

// put reads one value, checks it against the domain of its field, and keeps it.
func (r *testReader) put(out settings, e entry, name string) {
	var v any
	var p *problem
	switch f := fieldByName[name]; {
	case name == eventText:
		v, p = readText(e.value)
	case f == nil && !strings.Contains(name, "."):
		r.at(e.key, "unknown-field", wholeNameHint(name, scope{}.fieldNames()), "there is no field %s", name)
		return
	case strings.HasPrefix(name, "feature."):
		r.at(e.key, "unknown-field", fmt.Sprintf("write features: [%s], or event.text", strings.TrimPrefix(name, "feature.")), "features are not set like fields")
		return
	case f == nil:
		r.at(e.key, "unknown-field", didYouMean(name, append(scope{}.fieldNames(), eventText)), "there is no field %s", name)
		return
	case f.unfilled:
		r.at(e.key, "unfilled-field", "leave it out until a version that fills it", "the host does not compute %s yet", name)
		return
	default:
		v, p = f.read(e.value)
	}
	if p != nil {
		r.at(e.value, p.code, p.hint, "%s", p.msg)
		return
	}
	out[name] = v
}

func readText(n *yaml.Node) (any, *problem) {
	if n.ShortTag() != "!!str" {
		return nil, problemAt(0, "type", fmt.Sprintf("write %q", n.Value), "%s is a text", eventText)
	}
	return n.Value, nil
}

// read returns a scalar as the field's Go type.
func (f *field) read(n *yaml.Node) (any, *problem) {
	if n.Kind != yaml.ScalarNode {
		return nil, problemAt(0, "type", "write one value", "%s is a %s", f.name, f.domain)
	}
	tag := n.ShortTag()
	mismatch := func(hint string) *problem { return problemAt(0, "type", hint, "%s is a %s", f.name, f.domain) }
	var v any
	switch f.domain {
	case boolean:
		b, err := strconv.ParseBool(n.Value)
		if tag != "!!bool" || err != nil {
			return nil, problemAt(0, "type", "write true or false", "%s is true or false", f.name)
		}
		return b, nil
	case oneOf:
		if !has(f.enum, n.Value) {
			return nil, problemAt(0, "enum", didYouMean(n.Value, f.enum), "%s is never %q", f.name, n.Value)
		}
		return n.Value, nil
	case text:
		if tag != "!!str" || !isLang(n.Value) {
			return nil, problemAt(0, "language", `write a code such as "en" or "pt-br"`, "%q is not a language code", n.Value)
		}
		return n.Value, nil
	case duration:
		d, err := parseDuration(n.Value)
		if err != nil {
			return nil, mismatch("write 5m, 24h or 3d")
		}
		v = d
	case count:
		i, err := strconv.ParseInt(n.Value, 10, 64)
		if tag != "!!int" || err != nil {
			return nil, mismatch("write 0, 1, 2 …")
		}
		v = i
	default: // money
		x, err := strconv.ParseFloat(n.Value, 64)
		if err != nil {
			return nil, mismatch("write 0.5")
		}
		v = x
	}
	if !f.holds(reflect.ValueOf(v)) {
		return nil, problemAt(0, "range", fmt.Sprintf("it lies between %s and %s", f.format(f.min), f.format(f.max)), "%s is never %s", f.name, n.Value)
	}
	return v, nil
}

// parseDuration reads Go's form, and whole days: 90s, 1h30m, 3d.
func parseDuration(s string) (time.Duration, error) {
	if n, ok := strings.CutSuffix(s, "d"); ok {
		if count, err := strconv.ParseInt(n, 10, 32); err == nil && count >= 0 && count <= int64(Never/days.of) {
			return time.Duration(count) * days.of, nil
		}
	}
	return time.ParseDuration(s)
}
