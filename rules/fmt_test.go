package rules

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFormatShipped: what Beckon ships is in canonical layout.
func TestFormatShipped(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("../cmd/beckon/*/[^a]*/*.yaml") // answers apart
	if err != nil {
		t.Fatal(err)
	}
	packs, err := filepath.Glob("packs/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) < 4 || len(packs) < 2 {
		t.Fatalf("only %v, %v", names, packs)
	}
	for _, name := range append(names, packs...) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Format(name, data)
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(string(data), string(got)); diff != "" {
			t.Errorf("%s (-is +canonical):\n%s", name, diff)
		}
	}
}

// TestFormat: a file that somebody wrote in a hurry, before and after.
func TestFormat(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"fmt-rules", "fmt-tests"} {
		src, err := os.ReadFile(filepath.Join("testdata", name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Format(name, src)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name+".golden", string(got))
	}
}

// TestFormatRefuses: what has no canonical layout is said, with its place.
func TestFormatRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ src, want string }{
		{"§", "a.yaml:1:1 empty"},
		{ruleWith("    owner: >\n      bob"), "a.yaml:10:12 scalar-style"},
		{ruleWith("    owner: bob\n      and ann"), "a.yaml:10:12 scalar-style"},
		{ruleWith("    owner: \"bob\n      and ann\""), "a.yaml:10:12 scalar-style"},
	} {
		if got, err := Format("a.yaml", []byte(strings.Trim(tt.src, mark))); codes(err) != tt.want {
			t.Errorf("%s\ngot %v, %s; want %s", tt.src, err, got, tt.want)
		}
	}
}

// scrawl writes a pack as nobody should: any order, indentation, quotes, blank
// lines and comments. It returns how many comments it wrote.
func scrawl(d draw, rules []rawRule) (src string, comments int) {
	var b strings.Builder
	literal := false // just written: a comment below it must not look like its text
	note := func(indent int) {
		if literal {
			indent = 0
		}
		for d.IntN(4) == 0 {
			b.WriteByte('\n')
		}
		if d.IntN(3) == 0 {
			comments++
			fmt.Fprintf(&b, "%s# note %d, \"quoted: {\n", strings.Repeat(" ", d.IntN(1+indent)), comments)
			literal = false
		}
	}
	end := func() string {
		if d.IntN(4) > 0 {
			return "\n"
		}
		comments++
		return fmt.Sprintf("%s# end %d's\n", strings.Repeat(" ", 1+d.IntN(4)), comments)
	}
	quoted := func(s string) string {
		return []string{s, `"` + s + `"`, "'" + s + "'"}[d.IntN(3)]
	}
	shuffle := func(parts []func()) {
		d.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		for _, p := range parts {
			p()
		}
	}
	deep := 1 + d.IntN(4)
	writeRule := func(r rawRule) {
		lead := strings.Repeat(" ", deep) + "-" + strings.Repeat(" ", 1+d.IntN(3))
		pad := strings.Repeat(" ", len(lead))
		first := true
		key := func(f func(pad string)) func() {
			return func() {
				if first {
					note(deep)
					b.WriteString(lead)
				} else {
					note(len(pad))
					b.WriteString(pad)
				}
				first = false
				f(pad)
			}
		}
		parts := []func(){
			key(func(string) { b.WriteString("id: " + quoted(r.id) + end()) }),
			key(func(string) { b.WriteString("effect: " + quoted(r.effect) + end()) }),
			key(func(string) { b.WriteString("because: " + quoted("Because of "+r.id+".") + end()) }),
			key(func(pad string) {
				switch d.IntN(3) {
				case 0:
					b.WriteString("actions: [" + strings.Join(r.actions, " ,  ") + "]" + end())
				case 1:
					b.WriteString("actions: [" + strings.Join(r.actions, ",\n"+pad+"   ") + "]" + end())
				default:
					b.WriteString("actions:" + end())
					for _, a := range r.actions {
						note(4)
						b.WriteString(pad + " - " + quoted(a) + end())
					}
				}
			}),
		}
		if r.obligations != nil {
			parts = append(parts, key(func(string) { b.WriteString("obligations: [" + strings.Join(r.obligations, ",") + "]" + end()) }))
		}
		for _, w := range []struct {
			word  string
			conds []string
		}{{"when", r.when}, {"unless", r.unless}} {
			if len(w.conds) == 0 {
				continue
			}
			parts = append(parts, key(func(pad string) {
				b.WriteString(w.word + ":" + end())
				in := strings.Repeat(" ", 1+d.IntN(4))
				for i, c := range w.conds {
					note(6)
					if literal = d.IntN(3) == 0; literal {
						fmt.Fprintf(&b, "%s%sc%d: |\n%s%s  %s\n", pad, in, i, pad, in, c)
					} else {
						fmt.Fprintf(&b, "%s%sc%d:  %s\n", pad, in, i, c)
					}
				}
			}))
		}
		shuffle(parts)
	}
	parts := []func(){
		func() { note(0); b.WriteString("schema: beckon.rules/v1" + end()) },
		func() { note(0); b.WriteString("pack: " + quoted("acme") + end()) },
		func() { note(0); b.WriteString("layer: account" + end()) },
		func() { note(0); b.WriteString(`version: "1.4"` + end()) },
		func() {
			note(0)
			b.WriteString("rules:" + end())
			for _, r := range rules {
				writeRule(r)
			}
		},
	}
	shuffle(parts)
	note(3)
	return b.String(), comments
}

// TestFormatMeansTheSame: whatever a file looked like, its layout is canonical
// after one pass, its set has the same hash, and no comment is lost.
func TestFormatMeansTheSame(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		d := draw{rand.New(rand.NewPCG(seed, 11))}
		src, comments := scrawl(d, d.rules("a", 1+d.IntN(4)))
		before, err := Load([]Source{{"a.yaml", []byte(src)}}, Options{})
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, src)
		}
		once, err := Format("a.yaml", []byte(src))
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, src)
		}
		after, err := Load([]Source{{"a.yaml", once}}, Options{})
		if err != nil || after.Hash() != before.Hash() {
			t.Fatalf("seed %d: %v: another set\n%s\nbecame\n%s", seed, err, src, once)
		}
		twice, err := Format("a.yaml", once)
		if err != nil || string(twice) != string(once) {
			t.Fatalf("seed %d: %v\nonce\n%s\ntwice\n%s", seed, err, once, twice)
		}
		if n := strings.Count(string(once), "# note ") + strings.Count(string(once), "# end "); n != comments {
			t.Fatalf("seed %d: %d comments became %d\n%s\nbecame\n%s", seed, comments, n, src, once)
		}
	}
}

// TestFormatTests: test files keep their meaning too.
func TestFormatTests(t *testing.T) {
	t.Parallel()
	s := load(t, Options{}, testedPack)
	for _, src := range []string{
		set("event.age: 0"), set(`event.text: "a\nb # c", event.from_automated: "yes"`), set(`event.lang: ""`),
		story(hello, "expect: allow # well\n        to: alice\n        draft: dm\n        at: 1s") + "replay:\n- golden: 'b'\n  events: a\n",
		table("    - expect: hold # waits\n      features: [\n        asks_refund, # of course\n      ]\n      name: 'it''s \"so\"'\n      by: {acme.refund: []}\n"),
		"invariants:\n- never: user.opted_out and decision == \"allow\" and action.purpose == 'answer'\n  id: a\nschema: beckon.rules-test/v1\n",
	} {
		before, err := LoadTests(s, []Source{{"a_test.yaml", []byte(src)}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := Format("a_test.yaml", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		after, err := LoadTests(s, []Source{{"a_test.yaml", got}})
		if err != nil {
			t.Fatalf("%v\n%s", err, got)
		}
		for _, files := range [][]TestFile{before, after} {
			for i := range files[0].Cases {
				files[0].Cases[i].Line = 0
			}
			for i := range files[0].Invariants {
				files[0].Invariants[i].Line = 0
			}
			for i := range files[0].Timelines {
				files[0].Timelines[i].Line = 0
				for j := range files[0].Timelines[i].Steps {
					files[0].Timelines[i].Steps[j].Line = 0
				}
			}
			for i := range files[0].Replays {
				files[0].Replays[i].Line = 0
			}
		}
		if diff := cmp.Diff(before, after, cmp.Comparer(func(a, b Invariant) bool { return a.ID == b.ID && a.Never == b.Never })); diff != "" {
			t.Errorf("(-before +after):\n%s\n%s", diff, got)
		}
	}
}

// FuzzFormat: a layout is canonical, or there is none.
func FuzzFormat(f *testing.F) {
	for _, trap := range slices.Concat(fileTraps, asTraps()) {
		f.Add([]byte(strings.Replace(trap.src, mark, "", 1)))
	}
	f.Add([]byte(testedPack))
	f.Fuzz(func(t *testing.T, data []byte) {
		once, err := Format("a.yaml", data)
		if err != nil {
			return
		}
		if twice, err := Format("a.yaml", once); err != nil || string(twice) != string(once) {
			t.Fatalf("%v: %q became %q, then %q", err, data, once, twice)
		}
	})
}
