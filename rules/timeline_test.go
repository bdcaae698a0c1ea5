package rules

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// story is a test file with one timeline of these steps.
func story(steps ...string) string {
	return "schema: beckon.rules-test/v1\nclock: 2026-03-02T09:00:00+01:00\ntimelines:\n  - name: a\n    steps:\n      - " +
		strings.Join(steps, "\n      - ") + "\n"
}

const (
	hello   = `{at: 0s, event: dm.received, from: alice, text: "hello"}`
	drafted = `{at: 1s, draft: dm, to: alice, expect: allow}`
)

// timelineTraps are timelines and replays that must not load.
var timelineTraps = []struct{ src, code string }{
	{"schema: beckon.rules-test/v1\nclock: 2026-03-02T09:00:00Z\ntimelines: §[]\n", "no-tests"},
	{"schema: beckon.rules-test/v1\nclock: 2026-03-02T09:00:00Z\ntimelines: §{}\n", "no-tests"},
	{"§schema: beckon.rules-test/v1\ntimelines: [{name: a, steps: [" + hello + ", " + drafted + "]}]\n", "missing-key"},
	{"schema: beckon.rules-test/v1\nclock: 2026-03-02T09:00:00Z\ntimelines:\n  - §{name: b}\n", "missing-key"},
	{"schema: beckon.rules-test/v1\nclock: 2026-03-02T09:00:00Z\ntimelines:\n  - {name: b, steps: §[]}\n", "no-tests"},
	{strings.Replace(story(hello), "- name: a", "- §name: a", 1), "no-tests"},
	{story(hello, drafted) + "  - §name: a\n    steps: [" + hello + ", " + drafted + "]\n", "duplicate-id"},
	{strings.Replace(story(hello, drafted), "    steps:", "    set: {§bot.paused: true}\n    steps:", 1), "not-set-here"},
	{story(hello, `§{event: dm.received, from: alice, text: "x"}`, drafted), "missing-key"},
	{story(`{at: §soon, event: dm.received, from: alice, text: "x"}`, drafted), "type"},
	{story(`{at: §-1s, event: dm.received, from: alice, text: "x"}`, drafted), "type"},
	{story(`{at: 2s, event: dm.received, from: alice, text: "x"}`, "§"+drafted), "order"},
	{story(hello, `§{at: 1s}`, drafted), "missing-key"},
	{story(hello, `§{at: 1s, draft: dm, approve: 1, to: alice}`, drafted), "missing-key"},
	{story(hello, `{at: 1s, §drfat: dm, draft: dm, to: alice}`, drafted), "unknown-key"},
	{story(`{at: 0s, event: §dm.sent, from: alice, text: "x"}`, `{at: 1s, draft: dm, to: alice, expect: allow}`), "unknown-value"},
	{story(`§{at: 0s, event: dm.received, text: "x"}`, hello, drafted), "missing-key"},
	{story(hello, `§{at: 1s, event: dm.received, from: alice}`, drafted), "missing-key"},
	{story(hello, `{at: 1s, event: chat.received, from: alice, text: §"x"}`, drafted), "unknown-key"},
	{story(hello, `{at: 1s, event: dm.received, from: §"Alice B", text: "x"}`, drafted), "name"},
	{story(hello, `{at: 1s, event: dm.received, from: alice, text: §1}`, drafted), "type"},
	{story(hello, `{at: 1s, event: dm.received, from: alice, text: "x", said: §2s}`, drafted), "order"},
	{story(hello, `{at: 1s, event: post.mention.create, edits: §1, text: "x"}`, drafted), "missing-step"},
	{story(hello, `{at: 1s, event: dm.received, from: alice, text: "x", set: {§user.opted_out: true}}`, drafted), "not-set-here"},
	{story(hello, `{at: 1s, event: dm.received, from: alice, text: "x", expect: §maybe}`, drafted), "unknown-value"},
	{story(hello, `{at: 1s, draft: §post, to: alice, expect: deny}`), "unknown-value"},
	{story(hello, `§{at: 1s, draft: dm, to: bob, expect: deny}`), "missing-step"},
	{story(hello, `{at: 1s, draft: dm, to: alice, answers: §2, expect: deny}`), "missing-step"},
	{story(hello, `{at: 1s, draft: dm, to: alice, expect: §none}`), "unknown-value"},
	{story(hello, `{at: 1s, draft: dm, to: alice, set: {§draft.approval: approved}, expect: deny}`), "not-set-here"},
	{story(hello, `{at: 1s, draft: dm, to: alice, set: §{action.purpose: operator}, expect: deny}`), "unknown-value"},
	{story(hello, `{at: 1s, draft: dm, to: alice, by: §[acme.answer]}`, drafted), "missing-key"},
	{story(hello, `{at: 1s, draft: dm, to: alice, expect: deny, by: [§acme.anwser]}`), "unknown-value"},
	{story(hello, drafted, `{at: 2s, approve: §3}`), "missing-step"},
	{story(hello, drafted, `{at: 2s, approve: §alice}`), "missing-step"},
	{story(hello, drafted, `{at: 2s, reject: 2, expect: §deny}`), "unknown-key"},
	{story(hello, drafted, `{at: 2s, send: 2, outcome: §lost}`), "unknown-value"},
	{story(hello, drafted, `{at: 2s, pause: §"yes"}`), "type"},
	{story(hello, drafted, `{at: 2s, opt_out: §[alice]}`), "not-a-string"},
	{story(hello, drafted) + "replay: §{}\n", "no-tests"},
	{story(hello, drafted) + "replay:\n  - §{events: a.jsonl}\n", "missing-key"},
	{story(hello, drafted) + "replay:\n  - {events: a.jsonl, golden: b.jsonl, bot: §support}\n", "missing-key"},
	{story(hello, drafted) + "replay:\n  - {events: a.jsonl, golden: b.jsonl, §expect: allow}\n", "unknown-key"},
}

// TestR11TimelineTraps: what is wrong with a timeline is reported where it
// stands, once.
func TestR11TimelineTraps(t *testing.T) {
	t.Parallel()
	s := load(t, Options{}, testedPack)
	var all strings.Builder
	for _, trap := range timelineTraps {
		src, line, col := unmark(trap.src)
		files, err := LoadTests(s, []Source{{"trap_test.yaml", []byte(src)}})
		ds, ok := err.(Diagnostics)
		if !ok || len(ds) != 1 {
			t.Errorf("%s\ngot %v, %v; want one diagnostic", trap.src, files, err)
			continue
		}
		if d := ds[0]; d.Code != trap.code || d.Line != line || d.Col != col {
			t.Errorf("%s\ngot %d:%d %s, want %d:%d %s", trap.src, d.Line, d.Col, d.Code, line, col, trap.code)
		}
		all.WriteString(err.Error() + "\n\n")
	}
	golden(t, "timeline-diagnostics.golden", all.String())
}

// TestTimelineReads: what a timeline says, and what it leaves to be found.
func TestTimelineReads(t *testing.T) {
	t.Parallel()
	s := load(t, Options{}, testedPack)
	files, err := LoadTests(s, []Source{{"some/a_test.yaml", []byte(story(
		`{at: 0s, event: post.mention.create, from: Alice, text: "a"}`,
		`{at: 1m, event: dm.received, from: alice, text: "b", said: 30s, set: {event.lang: de, event.from_automated: "yes"}}`,
		`{at: 1m, draft: reply, to: alice, expect: hold, by: {acme.refund: [asks-refund]}, obligations: []}`,
		`{at: 2m, draft: dm, to: alice, set: {draft.ai_generated: true, action.purpose: notice}}`,
		`{at: 3m, draft: dm, to: alice, answers: 1}`,
		`{at: 1d, send: 4, outcome: gone, expect: deny}`,
	) + "replay:\n  - {events: day.jsonl, golden: ../day.golden.jsonl}\n")}})
	if err != nil {
		t.Fatal(err)
	}
	tl, rp := files[0].Timelines[0], files[0].Replays[0]
	st := tl.Steps
	if st[0].User != "alice" || st[1].Said != 30*time.Second || st[1].Lang != "de" || st[1].Automated != "yes" {
		t.Errorf("events: %+v", st[:2])
	}
	if st[2].Of != 1 || st[3].Of != 2 || st[4].Of != 1 || st[3].Purpose != "notice" || !st[3].Draft.AIGenerated {
		t.Errorf("drafts: %+v", st[2:5])
	}
	if st[5].At != 24*time.Hour || !tl.ByHand || st[5].Of != 4 || st[5].Outcome != "gone" || !tl.Bot.LabelOn || tl.Bot.Tier != "self_serve" {
		t.Errorf("%+v", tl)
	}
	if rp.Events != "some/day.jsonl" || rp.Golden != "day.golden.jsonl" || rp.Config != "" {
		t.Errorf("%+v", rp)
	}
}

// actor is a host that decides what it is told to.
type actor struct {
	played []Played
	diffs  []string
	err    error
}

func (a actor) Play(*Set, Timeline) ([]Played, error) { return a.played, a.err }
func (a actor) Replay(*Set, Replay) ([]string, error) { return a.diffs, a.err }

// TestTimelineResults: how a timeline and a replay come out, by what the host
// says of them.
func TestTimelineResults(t *testing.T) {
	t.Parallel()
	s := load(t, Options{}, testedPack)
	src := story(hello, `{at: 1s, draft: dm, to: alice, expect: hold, by: {acme.refund: [asks-refund]}}`)
	refund := Query{Input: with(dm(), func(in *Input) { in.Event.Lang = "en" }), Features: []string{"asks_refund"}}
	played := Played{Step: 2, Input: refund.Input, Features: refund.Features, Got: s.Decide(refund)}
	calm := Played{Step: 2, Input: refund.Input, Got: s.Decide(Query{Input: refund.Input})}
	for _, tt := range []struct {
		name, src string
		host      Host
		status    []TestStatus
		differs   string
		line      int
	}{
		{"as expected", src, actor{played: []Played{played}}, []TestStatus{Passed}, "", 4},
		{"otherwise", src, actor{played: []Played{calm}}, []TestStatus{Failed}, "decision by", 7},
		{"a todo", strings.Replace(src, "    steps", "    todo: later\n    steps", 1), actor{played: []Played{calm}}, []TestStatus{Todo}, "decision by", 8},
		{"a todo that holds", strings.Replace(src, "    steps", "    todo: later\n    steps", 1), actor{played: []Played{played}}, []TestStatus{Failed}, "todo", 4},
		{"cannot happen", src, actor{err: &StepError{2, errors.New("no such thing")}}, []TestStatus{Failed}, "step", 7},
		{"a todo is no excuse for that", strings.Replace(src, "    steps", "    todo: later\n    steps", 1), actor{err: errors.New("x")}, []TestStatus{Failed}, "step", 4},
		{"no host", src, nil, []TestStatus{Failed}, "step", 4},
		{"a replay", src + "replay: [{events: a, golden: b}]\n", actor{played: []Played{played}}, []TestStatus{Passed, Passed}, "", 8},
		{"a replay that differs", src + "replay: [{events: a, golden: b}]\n", actor{played: []Played{played}, diffs: []string{"x"}}, []TestStatus{Passed, Failed}, "decisions", 8},
	} {
		files, err := LoadTests(s, []Source{{"a_test.yaml", []byte(tt.src)}})
		if err != nil {
			t.Fatal(tt.name, err)
		}
		r := RunTests(s, files, tt.host)
		var got []TestStatus
		for _, res := range r.Results {
			got = append(got, res.Status)
		}
		last := r.Results[len(r.Results)-1]
		if !slices.Equal(got, tt.status) || strings.Join(last.Differs, " ") != tt.differs || last.Line != tt.line {
			t.Errorf("%s: %v, differs in %v, line %d; want %v, %s, %d", tt.name, got, last.Differs, last.Line, tt.status, tt.differs, tt.line)
		}
	}
}

// TestTimelineCounts: the decisions of a timeline count for coverage and notice
// mutations, like cases; those of a wall behind the rules do not.
func TestTimelineCounts(t *testing.T) {
	t.Parallel()
	s := load(t, Options{}, testedPack)
	files, err := LoadTests(s, []Source{{"a_test.yaml", []byte(story(hello, drafted, `{at: 2s, approve: 2, expect: deny}`))}})
	if err != nil {
		t.Fatal(err)
	}
	q := Query{Input: dm()}
	host := actor{played: []Played{{Step: 2, Input: q.Input, Got: s.Decide(q)}, {Step: 3, Got: Decision{Effect: Deny}}}}
	r := RunTests(s, files, host)
	if !r.OK() || len(r.Files[0].Cases) != 1 || len(files[0].Cases) != 0 {
		t.Fatalf("%+v", r)
	}
	i := slices.IndexFunc(Cover(s, r.Files), func(c ConditionCoverage) bool { return c.Name == "fresh" })
	if c := Cover(s, r.Files)[i]; c.True != 1 || c.Deciding != 1 {
		t.Errorf("%+v", c)
	}
	ms, err := Mutate(s, r.Files, 0)
	if err != nil || Score(ms, Killed) == 0 {
		t.Errorf("%v: %d killed", err, Score(ms, Killed))
	}
}

// FuzzTimelines: whatever a timeline says, it loads or it is reported with its
// place.
func FuzzTimelines(f *testing.F) {
	s, err := Load([]Source{{"pack.yaml", []byte(testedPack)}}, Options{})
	if err != nil {
		f.Fatal(err)
	}
	for _, trap := range timelineTraps {
		f.Add([]byte(strings.Replace(trap.src, mark, "", 1)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := LoadTests(s, []Source{{"a_test.yaml", data}})
		if err != nil {
			for _, d := range err.(Diagnostics) {
				if d.Code == "" || d.Message == "" {
					t.Fatalf("%+v", d)
				}
			}
			return
		}
		for _, tl := range files[0].Timelines {
			for i, st := range tl.Steps {
				if st.Of < 0 || st.Of > i || st.Act == "" {
					t.Fatalf("step %d of %q: %+v", i+1, data, st)
				}
			}
		}
		RunTests(s, files, actor{})
	})
}

func BenchmarkLoadTimeline(b *testing.B) {
	s, err := Load([]Source{{"pack.yaml", []byte(testedPack)}}, Options{})
	if err != nil {
		b.Fatal(err)
	}
	steps := []string{hello}
	for range 99 {
		steps = append(steps, drafted)
	}
	src := []Source{{"a_test.yaml", []byte(story(steps...))}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := LoadTests(s, src); err != nil {
			b.Fatal(err)
		}
	}
}
