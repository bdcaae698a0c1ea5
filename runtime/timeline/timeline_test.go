package timeline

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/rules"
)

const pack = `schema: beckon.rules/v1
pack: acme
layer: account
version: 1.0.0
features:
  asks_refund: {field: event.text, any_of: [refund]}
rules:
  - id: acme.answer
    effect: permit
    actions: [reply, dm]
    because: We answer.
  - id: acme.refund
    effect: hold
    actions: [reply, dm]
    because: Money is promised by a person.
    when:
      asks-refund: feature.asks_refund
  - id: acme.model
    effect: hold
    actions: [reply, dm]
    because: What a model wrote is read first.
    when:
      ai: draft.ai_generated
  - id: acme.night
    effect: forbid
    actions: [reply]
    because: We sleep.
    when:
      late: bot.local_minute >= 1320
`

// player plays in a database of its own.
func player(t testing.TB) Player {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "t.db"), Temporary: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return Player{Store: s}
}

// host is a Player where nothing is replayed.
type host struct{ Player }

func (host) Replay(*rules.Set, rules.Replay) ([]string, error) { return nil, nil }

func read(t testing.TB, src string) (*rules.Set, []rules.TestFile) {
	t.Helper()
	set, err := rules.Load([]rules.Source{{Name: "acme.yaml", Data: []byte(pack)}}, rules.Options{})
	if err != nil {
		t.Fatal(err)
	}
	files, err := rules.LoadTests(set, []rules.Source{{Name: "a_test.yaml", Data: []byte(src)}})
	if err != nil {
		t.Fatal(err)
	}
	return set, files
}

// TestStories: the timelines of testdata hold, every one from an empty store;
// and with any expectation turned, the step that expects it is what fails.
func TestStories(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile(filepath.Join("testdata", "stories_test.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	set, files := read(t, string(src))
	h := host{player(t)}
	for _, r := range rules.RunTests(set, files, h).Results {
		if r.Status != rules.Passed {
			t.Errorf("line %d: %s: %v %s\nwant %+v\ngot  %s by %v: %s", r.Line, r.Name, r.Differs, r.Say, r.Want, r.Got.Effect, r.Got.By, r.Got.Say)
		}
	}
	turned := map[rules.Effect]rules.Effect{rules.Allow: rules.Deny, rules.Deny: rules.Allow, rules.Hold: rules.Allow, rules.None: rules.Allow}
	for _, tl := range files[0].Timelines {
		for i, st := range tl.Steps {
			if st.Expect == "" {
				continue
			}
			wrong := tl
			wrong.Steps = slices.Clone(tl.Steps)
			wrong.Steps[i].Expect = turned[st.Expect]
			r := rules.RunTests(set, []rules.TestFile{{Timelines: []rules.Timeline{wrong}}}, h).Results[0]
			if r.Status != rules.Failed || r.Line != st.Line || !slices.Contains(r.Differs, "decision") {
				t.Errorf("%s: step %d turned: %s in line %d, want line %d to fail", tl.Name, i+1, r.Status, r.Line, st.Line)
			}
		}
	}
}

// TestImpossible: a story that cannot be told fails and says where.
func TestImpossible(t *testing.T) {
	t.Parallel()
	const start = "schema: beckon.rules-test/v1\nclock: 2026-03-02T09:00:00Z\ntimelines:\n  - name: a\n    steps:\n" +
		"      - {at: 0s, event: dm.received, from: alice, text: \"hello\"}\n"
	for step, want := range map[string]string{
		"{at: 1s, approve: 1, expect: deny}":                                         "step 1 left nothing that waits",
		"{at: 1s, draft: dm, to: alice, expect: allow}\n      - {at: 2s, reject: 2}": "only an action on hold can be approved or rejected",
	} {
		set, files := read(t, start+"      - "+step+"\n")
		r := rules.RunTests(set, files, host{player(t)}).Results[0]
		if r.Status != rules.Failed || !strings.Contains(r.Say, want) {
			t.Errorf("%s: %s, %q; want %q", step, r.Status, r.Say, want)
		}
	}
}

// FuzzPlay: whatever loads is played to its end, or says why not.
func FuzzPlay(f *testing.F) {
	src, err := os.ReadFile(filepath.Join("testdata", "stories_test.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(src)
	set, _ := read(f, string(src))
	h := host{player(f)}
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := rules.LoadTests(set, []rules.Source{{Name: "a_test.yaml", Data: data}})
		if err != nil {
			return
		}
		for _, r := range rules.RunTests(set, files, h).Results {
			if strings.Contains(r.Say, "panic") {
				t.Fatal(r.Say)
			}
		}
	})
}

func BenchmarkPlay(b *testing.B) {
	src, err := os.ReadFile(filepath.Join("testdata", "stories_test.yaml"))
	if err != nil {
		b.Fatal(err)
	}
	set, files := read(b, string(src))
	h := host{player(b)}
	for b.Loop() {
		rules.RunTests(set, files, h)
	}
}
