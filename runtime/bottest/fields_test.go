package bottest_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// notInScenarios are the values that no scenario can show, and why. What a
// scenario does show must not stand here; "not yet" is for what is being built.
func notInScenarios() map[string]string {
	return map[string]string{
		"event.kind=none":           "of an event that permits nothing, nothing is drafted",
		"event.text_readable=false": "a handler of this host finds nothing to answer where there is no text; one outside of the process may",
		"draft.approval=rejected":   "a rejected draft has ended (I5): it is never decided again",
	}
}

const notYet = "not yet: "

// seen collects the values of every input that a rule decided on.
type seen struct {
	mu      sync.Mutex
	played  int
	records int
	values  map[string]bool // "field=value"; numbers and open words: "0" or "more"
}

func (s *seen) add(records []gate.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.played++
	for _, r := range records {
		if r.Input == nil {
			continue
		}
		s.records++
		in := reflect.ValueOf(r.Input.Values)
		for _, f := range inputFields() {
			s.values[f.name+"="+f.show(in.FieldByIndex(f.index))] = true
		}
	}
}

type inputField struct {
	name  string
	index []int
	enum  []string
	kind  reflect.Kind
}

// values are those that a host must be able to compute.
func (f inputField) values() []string {
	switch {
	case f.enum != nil:
		return f.enum
	case f.kind == reflect.Bool:
		return []string{"false", "true"}
	}
	return []string{"more"} // than nothing
}

func (f inputField) show(v reflect.Value) string {
	switch {
	case f.enum != nil || f.kind == reflect.Bool:
		return fmt.Sprint(v)
	case v.IsZero():
		return "0"
	}
	return "more"
}

func inputFields() (out []inputField) {
	tree := reflect.TypeFor[rules.Input]()
	for g := range tree.NumField() {
		group := tree.Field(g)
		for l := range group.Type.NumField() {
			leaf := group.Type.Field(l)
			f := inputField{name: group.Tag.Get("expr") + "." + leaf.Tag.Get("expr"), index: []int{g, l}, kind: leaf.Type.Kind()}
			if e := leaf.Tag.Get("enum"); e != "" {
				f.enum = strings.Split(e, ",")
			}
			out = append(out, f)
		}
	}
	return out
}

// hold reports a field, or a word of one, that production code never filled in
// any scenario, and an exception that is none.
func (s *seen) hold(t *testing.T) {
	except := notInScenarios()
	for _, f := range inputFields() {
		for _, v := range f.values() {
			name := f.name + "=" + v
			switch why, excused := except[name]; {
			case s.values[name] && strings.HasPrefix(why, notYet):
				t.Logf("%s is in a scenario now: take the exception out", name)
			case s.values[name] && excused:
				t.Errorf("%s is said to be in no scenario, and is in one: take the exception out", name)
			case !s.values[name] && !excused:
				t.Errorf("%s: no scenario has it, so nothing shows that a host computes it", name)
			}
			delete(except, name)
		}
	}
	if len(except) > 0 {
		t.Errorf("exceptions for what the input tree does not have: %s", slices.Sorted(maps.Keys(except)))
	}
}
