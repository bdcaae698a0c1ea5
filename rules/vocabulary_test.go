package rules

import (
	"errors"
	"testing"
	"time"
)

// The conditions of another kind of file have the dialect of rules, and other
// names.
func TestVocabulary(t *testing.T) {
	t.Parallel()
	v := NewVocabulary([]Field{
		{Name: "slot.n", Whole: true, Max: 10}, {Name: "slot.kind", Words: []string{"late", "broken"}}, {Name: "slot.day", Age: true, Max: int64(Never)},
		{Name: "hours.desk"}, {Name: "event.lang", Lang: true},
	})
	values := map[string]FieldValue{"slot.n": {N: 3}, "slot.kind": {Word: "late"}, "slot.day": AgeOf(48 * time.Hour), "hours.desk": {Yes: true}, "event.lang": {Word: "de"}}
	for expr, want := range map[string]string{
		"slot.n > 2": "true", "slot.n == 4": "false", `slot.kind == "late" and hours.desk`: "true", "not hours.desk": "false",
		"slot.day < days(2)": "false", `event.lang in ["de", "en"]`: "true",
		"slot.n > 11": "range", `slot.kind == "lat"`: "enum", "slot.m > 1": "unknown-field", "user.opted_out": "unknown-field",
		"feature.x": "unknown-field", "hours.desk or not hours.desk": "constant", "slot.n": "type", "1 + slot.n > 2": "character",
	} {
		d := OpenDocument(Source{Name: "a.yaml", Data: []byte("when:\n  c: |\n    " + expr + "\n")}, "")
		cs := d.Conditions(d.Keys(d.Root, "a file", []string{"when"}, nil)["when"], "when", v)
		got := ""
		var wrong Diagnostics
		switch {
		case errors.As(d.Problems(), &wrong) && len(wrong) > 0:
			got = wrong[0].Code
			if wrong[0].Line != 3 || wrong[0].Snippet == "" {
				t.Errorf("%s: reported at %d:%d", expr, wrong[0].Line, wrong[0].Col)
			}
		case cs[0].Holds(func(name string) FieldValue { return values[name] }):
			got = "true"
		default:
			got = "false"
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", expr, got, want)
		}
	}
}
