package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGoldenDiff: records are paired by id, and what was decided otherwise is
// told from what is only recorded otherwise.
func TestGoldenDiff(t *testing.T) {
	t.Parallel()
	const (
		a      = `{"id":"a","event":"1","user":"7","decision":"allow","by":[{"rule":"r"}],"say":"Yes.","rules":{"set":"s1"}}`
		aOther = `{"id":"a","event":"1","user":"7","decision":"allow","by":[{"rule":"r"}],"say":"Yes.","rules":{"set":"s2"}}`
		aNo    = `{"id":"a","event":"1","user":"7","decision":"deny","by":[{"rule":"q"}],"say":"No.","rules":{"set":"s2"}}`
		b      = `{"id":"b","event":"2","user":"7","decision":"none","say":"Nothing."}`
	)
	const (
		both    = "both changed: the rules are another set than was expected, and so are decisions\n"
		rules   = "only the rules changed: they are another set than was expected, and decide the same\n"
		decided = "only decisions changed: the rules are the set that was expected, so look at the answers, the configuration and the log\n"
		unknown = "whether the rules are those that were expected cannot be told: no rule set is on record on one side\n"
	)
	end := func(cause, otherwise, same string) string {
		return cause + otherwise + " decided otherwise, " + same + " the same for other reasons on record; if that is what you want, keep it: --format json > PATH\n"
	}
	for _, tt := range []struct {
		name      string
		want, got []string
		n         int
		out       string
	}{
		{"the same", []string{a, b}, []string{a, b}, 0, ""},
		{"nothing", nil, nil, 0, ""},
		{"another decision", []string{a}, []string{aNo}, 1, `line 1: differs
  want event 1, user 7: allow by r: Yes.
  got  event 1, user 7: deny by q: No.
    by: want [{"rule":"r"}], got [{"rule":"q"}]
    decision: want "allow", got "deny"
    say: want "Yes.", got "No."
` + end(both, "1", "0")},
		{"another rule set", []string{a, b}, []string{aOther, b}, 1,
			"1 record decided the same, rules.set differs; line 1: want \"s1\", got \"s2\"\n" + end(rules, "0", "1")},
		{"another decision of the same rules", []string{a}, []string{strings.Replace(aNo, "s2", "s1", 1)}, 1, `line 1: differs
  want event 1, user 7: allow by r: Yes.
  got  event 1, user 7: deny by q: No.
    by: want [{"rule":"r"}], got [{"rule":"q"}]
    decision: want "allow", got "deny"
    say: want "Yes.", got "No."
` + end(decided, "1", "0")},
		{"another fact", []string{a}, []string{strings.Replace(a, `"rules"`, `"state_version":2,"rules"`, 1)}, 1,
			"1 record decided the same, state_version differs; line 1: want nothing, got 2\n" + end("neither rules nor decisions changed, only facts on record\n", "0", "1")},
		{"one too many does not move the others", []string{b}, []string{a, b}, 1,
			"not expected\n  got  event 1, user 7: allow by r: Yes.\n" + end(unknown, "1", "0")},
		{"one too few does not either", []string{a, "", b}, []string{b}, 1,
			"line 1: did not come\n  want event 1, user 7: allow by r: Yes.\n" + end(unknown, "1", "0")},
		{"another order", []string{a, b}, []string{b, a}, 1,
			"line 1: comes later than expected\n  event 1, user 7: allow by r: Yes.\n" + end(decided, "1", "0")},
		{"twice", []string{b}, []string{b, b}, 1, "not expected\n  got  event 2, user 7: none by -: Nothing.\n" + end(unknown, "1", "0")},
		{"no records at all", []string{"hello"}, nil, 1, "line 1: did not come\n  want (not a decision record) hello\n" + end(unknown, "1", "0")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "golden.jsonl")
			if err := os.WriteFile(path, []byte(strings.Join(tt.want, "\n")+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			d, err := newGoldenDiff(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range tt.got {
				d.add([]byte(line))
			}
			var out strings.Builder
			if n := d.write(&out); n != tt.n {
				t.Errorf("%d differ, want %d", n, tt.n)
			}
			if diff := cmp.Diff(tt.out, strings.ReplaceAll(out.String(), path, "PATH")); diff != "" {
				t.Errorf("shown (-want +got):\n%s", diff)
			}
		})
	}
}
