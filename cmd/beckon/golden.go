package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/beckon-bot/beckon/runtime/gate"
)

// goldenDiff compares decision records with a file of expected ones, line by
// line. A nil goldenDiff compares nothing.
type goldenDiff struct {
	want  [][]byte
	n     int // lines compared
	found []difference
}

type difference struct {
	line      int // of the expected file, from 1
	want, got []byte
}

// showDifferences is how many differences are written out.
const showDifferences = 20

func newGoldenDiff(path string) (*goldenDiff, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, exitError{exitUsage, fmt.Errorf("read expected decisions: %w", err)}
	}
	d := &goldenDiff{}
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			d.want = append(d.want, line)
		}
	}
	return d, nil
}

// add compares the next record.
func (d *goldenDiff) add(got []byte) {
	if d == nil {
		return
	}
	d.n++
	var want []byte
	if d.n <= len(d.want) {
		want = d.want[d.n-1]
	}
	if !bytes.Equal(want, got) {
		d.found = append(d.found, difference{d.n, want, slices.Clone(got)})
	}
}

// write shows what differs and returns how many records do.
func (d *goldenDiff) write(w io.Writer) int {
	for n := d.n; n < len(d.want); n++ {
		d.found = append(d.found, difference{n + 1, d.want[n], nil})
	}
	for i, f := range d.found {
		if i == showDifferences {
			fmt.Fprintf(w, "... and %d more\n", len(d.found)-i)
			break
		}
		f.write(w)
	}
	return len(d.found)
}

// write shows one difference: the decision in words first, then every key
// whose value is another.
func (f difference) write(w io.Writer) {
	switch {
	case f.want == nil:
		fmt.Fprintf(w, "line %d: not expected\n  got  %s\n", f.line, brief(f.got))
		return
	case f.got == nil:
		fmt.Fprintf(w, "line %d: did not come\n  want %s\n", f.line, brief(f.want))
		return
	}
	fmt.Fprintf(w, "line %d: differs\n  want %s\n  got  %s\n", f.line, brief(f.want), brief(f.got))
	var want, got map[string]json.RawMessage
	if json.Unmarshal(f.want, &want) != nil || json.Unmarshal(f.got, &got) != nil {
		return
	}
	keys := make([]string, 0, len(got))
	for k := range got {
		keys = append(keys, k)
	}
	for k := range want {
		if _, ok := got[k]; !ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		if !bytes.Equal(want[k], got[k]) {
			fmt.Fprintf(w, "    %s: want %s\n    %*s  got  %s\n", k, shown(want[k]), len(k), "", shown(got[k]))
		}
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
