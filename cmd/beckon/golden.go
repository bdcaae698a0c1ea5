package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/runtime/gate"
)

// goldenDiff compares decision records with a file of expected ones. Records
// are paired by their ids, so that one more or one less does not make all that
// follow differ. A nil goldenDiff compares nothing.
type goldenDiff struct {
	path  string
	want  [][]byte
	open  map[string][]int // id to the expected lines that have not come
	last  int              // the furthest expected line that came
	n     int              // records compared
	sets  map[string]bool  // rule sets that decided them
	found []difference
}

// difference is one record that is not as expected: another one, one too many
// (want is nil), one too few (got is nil), or the right one in another place.
type difference struct {
	line      int // of the expected file, from 1; 0 if it is not in there
	want, got []byte
	moved     bool
}

// showDifferences is how many differences are written out.
const showDifferences = 20

func newGoldenDiff(path string) (*goldenDiff, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, exitError{exitUsage, fmt.Errorf("read expected decisions: %w", err)}
	}
	d := &goldenDiff{path: path, open: map[string][]int{}, sets: map[string]bool{}}
	for line := range bytes.Lines(data) {
		line = bytes.TrimSpace(line)
		d.want = append(d.want, line)
		if id := recordID(line); len(line) > 0 {
			d.open[id] = append(d.open[id], len(d.want))
		}
	}
	return d, nil
}

// recordID is what pairs two records; a line that is none is its own id.
func recordID(line []byte) string {
	r := struct{ ID string }{}
	if json.Unmarshal(line, &r) != nil || r.ID == "" {
		return string(line)
	}
	return r.ID
}

// add compares the next record.
func (d *goldenDiff) add(got []byte) {
	if d == nil {
		return
	}
	d.n++
	addSet(d.sets, got)
	id := recordID(got)
	lines := d.open[id]
	if len(lines) == 0 {
		d.found = append(d.found, difference{got: slices.Clone(got)})
		return
	}
	n := lines[0]
	d.open[id] = lines[1:]
	if want := d.want[n-1]; n < d.last || !bytes.Equal(want, got) {
		d.found = append(d.found, difference{line: n, want: want, got: slices.Clone(got), moved: n < d.last})
	}
	d.last = max(d.last, n)
}

// write shows what differs and returns how many records do. What was decided
// otherwise comes first, each with its reasons. What was decided the same, of
// other facts or by another version of the rules, is summed up.
func (d *goldenDiff) write(w io.Writer) int {
	otherwise, same := d.sort()
	for i, f := range otherwise {
		if i == showDifferences {
			fmt.Fprintf(w, "... and %d more\n", len(otherwise)-i)
			break
		}
		f.write(w)
	}
	writeSame(w, same)
	if len(d.found) > 0 {
		fmt.Fprintf(w, "%s\n%d decided otherwise, %d the same for other reasons on record; if that is what you want, keep it: --format json > %s\n",
			d.cause(len(otherwise)), len(otherwise), len(same), d.path)
	}
	return len(d.found)
}

// cause says what changed: the rules, the decisions, or both.
func (d *goldenDiff) cause(otherwise int) string {
	was, is := setsOf(d.want), d.sets
	changed := !maps.Equal(was, is)
	switch {
	case len(was) == 0 || len(is) == 0:
		return "whether the rules are those that were expected cannot be told: no rule set is on record on one side"
	case changed && otherwise > 0:
		return "both changed: the rules are another set than was expected, and so are decisions"
	case changed:
		return "only the rules changed: they are another set than was expected, and decide the same"
	case otherwise > 0:
		return "only decisions changed: the rules are the set that was expected, so look at the answers, the configuration and the log"
	}
	return "neither rules nor decisions changed, only facts on record"
}

// setsOf are the rule sets that decided.
func setsOf(lines [][]byte) map[string]bool {
	sets := map[string]bool{}
	for _, line := range lines {
		addSet(sets, line)
	}
	return sets
}

func addSet(sets map[string]bool, line []byte) {
	var r struct{ Rules struct{ Set string } }
	if json.Unmarshal(line, &r) == nil && r.Rules.Set != "" {
		sets[r.Rules.Set] = true
	}
}

// sort tells what was decided otherwise from what was decided the same. It is
// called once, after the last record.
func (d *goldenDiff) sort() (otherwise, same []difference) {
	var missing []int
	for _, lines := range d.open {
		missing = append(missing, lines...)
	}
	slices.Sort(missing)
	for _, n := range missing {
		d.found = append(d.found, difference{line: n, want: d.want[n-1]})
	}
	for _, f := range d.found {
		if f.want == nil || f.got == nil || f.moved || brief(f.want) != brief(f.got) || partsOf(f.want) != partsOf(f.got) {
			otherwise = append(otherwise, f)
		} else {
			same = append(same, f)
		}
	}
	return otherwise, same
}

// otherwise says what was decided otherwise, for what must not depend on the
// version of the rules or on facts that decided nothing.
func (d *goldenDiff) otherwise() (out []string) {
	found, _ := d.sort()
	for _, f := range found {
		var b strings.Builder
		f.write(&b)
		out = append(out, fmt.Sprintf("%s: %s", d.path, strings.TrimSpace(b.String())))
	}
	return out
}

// partsOf is what makes two decisions of the same words different ones: the
// conditions that held, and what is done.
func partsOf(line []byte) string {
	r := struct{ By, Action json.RawMessage }{}
	if json.Unmarshal(line, &r) != nil {
		return string(line)
	}
	return string(r.By) + string(r.Action)
}

// write shows one difference: the decision in words first, then every value
// that is another, the rule set apart.
func (f difference) write(w io.Writer) {
	switch {
	case f.want == nil:
		fmt.Fprintf(w, "not expected\n  got  %s\n", brief(f.got))
		return
	case f.got == nil:
		fmt.Fprintf(w, "line %d: did not come\n  want %s\n", f.line, brief(f.want))
		return
	case f.moved:
		fmt.Fprintf(w, "line %d: comes later than expected\n  %s\n", f.line, brief(f.want))
		return
	}
	fmt.Fprintf(w, "line %d: differs\n  want %s\n  got  %s\n", f.line, brief(f.want), brief(f.got))
	leaves("", f.want, f.got, func(path string, want, got json.RawMessage) {
		if !strings.HasPrefix(path, "rules.") {
			fmt.Fprintf(w, "    %s: want %s, got %s\n", path, shown(want), shown(got))
		}
	})
}

// writeSame sums up, by the value that differs, the records whose decision is
// the expected one.
func writeSame(w io.Writer, same []difference) {
	type sum struct {
		n, line   int
		want, got string
	}
	sums := map[string]sum{}
	for _, f := range same {
		leaves("", f.want, f.got, func(path string, want, got json.RawMessage) {
			s, ok := sums[path]
			if !ok {
				s = sum{line: f.line, want: shown(want), got: shown(got)}
			}
			s.n++
			sums[path] = s
		})
	}
	for _, path := range slices.Sorted(maps.Keys(sums)) {
		s := sums[path]
		fmt.Fprintf(w, "%s decided the same, %s differs; line %d: want %s, got %s\n", plural(s.n, "record"), path, s.line, s.want, s.got)
	}
}

// leaves calls fn for every value that differs between two JSON objects, by
// its path.
func leaves(path string, want, got json.RawMessage, fn func(path string, want, got json.RawMessage)) {
	if bytes.Equal(want, got) {
		return
	}
	var w, g map[string]json.RawMessage
	if json.Unmarshal(want, &w) != nil || json.Unmarshal(got, &g) != nil {
		fn(path, want, got)
		return
	}
	keys := maps.Clone(w)
	maps.Copy(keys, g)
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		leaves(strings.TrimPrefix(path+"."+k, "."), w[k], g[k], fn)
	}
}

func brief(line []byte) string {
	var r gate.Record
	if json.Unmarshal(line, &r) != nil {
		return "(not a decision record) " + clip(string(line), 80)
	}
	return fmt.Sprintf("event %s, user %s: %s by %s: %s", r.Event, r.User, r.Decision, rulesOf(r), r.Say)
}

func shown(v json.RawMessage) string {
	if v == nil {
		return "nothing"
	}
	return clip(string(v), 400)
}
