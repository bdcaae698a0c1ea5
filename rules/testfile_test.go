package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// testedPack is an account whose every part a test can name.
const testedPack = `schema: beckon.rules/v1
pack: acme
layer: account
version: 1.4.0
features:
  asks_refund: {field: event.text, any_of: [refund]}
  is_vip: {field: event.text, any_of: [gold member]}
rules:
  - id: acme.answer
    effect: permit
    actions: [reply, dm]
    because: We answer in the morning.
    when:
      fresh: event.age < hours(12)
      morning: bot.local_minute < 720
    unless:
      sunday: bot.local_weekday == "sun"
  - id: acme.refund
    effect: hold
    actions: [reply, dm]
    because: Money is promised by a person.
    when:
      asks-refund: feature.asks_refund
    unless:
      vip: feature.is_vip
  - id: acme.off
    effect: forbid
    actions: [reply]
    because: Never.
    mode: off
`

// table is a test file with the given cases, indented by four spaces, on a
// Monday morning.
func table(cases string) string {
	return "schema: beckon.rules-test/v1\nclock: 2026-03-02T09:00:00+01:00\ncases:\n" +
		"  base: {action: {kind: reply}, event: {kind: post, age: 5m}, interaction: {mentioned: true, summoned: true}}\n" +
		"  table:\n" + cases
}

// set is a test file with one case that sets something.
func set(settings string) string {
	return table("    - {name: a, expect: deny, set: {" + settings + "}}\n")
}

// testTraps are test files that must not load, each with the place and code of
// what is reported.
var testTraps = []struct{ src, code string }{
	{"§", "empty"},
	{"§hello\n", "not-a-map"},
	{"schema: §beckon.rules/v1\nclock: 2026-03-02T09:00:00Z\ncases: {table: [{name: a, expect: deny, set: {action.kind: dm}}]}\n", "unknown-value"},
	{"§schema: beckon.rules-test/v1\nclock: 2026-03-02T09:00:00Z\n", "missing-key"},
	{"§schema: beckon.rules-test/v1\ncases: {table: [{name: a, expect: deny, set: {action.kind: dm}}]}\n", "missing-key"},
	{"schema: beckon.rules-test/v1\nclock: §nine\ncases: {table: [{name: a, expect: deny, set: {action.kind: dm}}]}\n", "not-a-time"},
	{"schema: beckon.rules-test/v1\nclock: §[9]\ncases: {table: [{name: a, expect: deny, set: {action.kind: dm}}]}\n", "not-a-time"},
	{"schema: beckon.rules-test/v1\nclock: 2026-03-02T09:00:00Z\ncases: §{base: {action: {kind: dm}}}\n", "missing-key"},
	{"schema: beckon.rules-test/v1\nclock: 2026-03-02T09:00:00Z\ncases: {table: §[]}\n", "no-tests"},
	{"schema: beckon.rules-test/v1\nclock: 2026-03-02T09:00:00Z\ncases: {table: §{}}\n", "no-tests"},
	{"schema: beckon.rules-test/v1\nclock: 2026-03-02T09:00:00Z\ncases: {table: [{§nam: a, name: b, expect: deny, set: {action.kind: dm}}]}\n", "unknown-key"},
	{table("    - {name: a, expect: deny}\n") + "invariants: §[]\n", "not-a-list"},
	{table("    - {name: a, expect: deny}\n    - §{name: a, expect: hold}\n"), "duplicate-id"},
	{table("    - {name: a, expect: §denied}\n"), "unknown-value"},
	{table("    - {name: a, expect: §none}\n"), "unknown-value"},
	{table("    - {name: §, expect: deny}\n"), "empty"},
	{table("    - §{expect: deny}\n"), "missing-key"},
	{table("    - §{name: a}\n"), "missing-key"},
	{table("    - §x\n"), "not-a-map"},
	{table("    - {name: a, expect: deny, §expect: allow}\n"), "duplicate-key"},
	{table("    - {name: a, expect: deny, todo: §}\n"), "empty"},
	{table("    - {name: a, expect: deny, §reason: b}\n"), "unknown-key"},

	{set("§event.aeg: 5m"), "unknown-field"},
	{set("§age: 5m"), "unknown-field"},
	{set("§event: {age: 5m}"), "unknown-field"},
	{set("event.age: §5"), "type"},
	{set("event.age: §hours(5)"), "type"},
	{set("event.age: §-5m"), "range"},
	{set("event.age: §87600h0m0.000000001s"), "range"},
	{set("event.age: §4000d"), "type"},
	{set("event.age: §[5m]"), "type"},
	{set("event.kind: §posts"), "enum"},
	{set("event.lang: §english-language"), "language"},
	{set("event.lang: §12"), "language"},
	{set("event.text: §12"), "type"},
	{set("user.held: §yes"), "type"},
	{set("user.held: §\"true\""), "type"},
	{set("user.dms_sent: §1.5"), "type"},
	{set("user.dms_sent: §\"1\""), "type"},
	{set("user.dms_sent: §-1"), "range"},
	{set("user.dms_sent_24h: §17"), "range"},
	{set("bot.local_minute: §1440"), "range"},
	{set("§feature.asks_refund: true"), "unknown-field"},
	{set("user.held: true, §user.held: false"), "duplicate-key"},
	{strings.Replace(set("user.held: true"), "event: {kind", "§evnt: {kind", 1), "unknown-field"},
	{strings.Replace(set("user.held: true"), "event: {kind", "event: {§knd", 1), "unknown-field"},
	{strings.Replace(set("user.held: true"), "event: {kind: post", "event: {kind: §pots", 1), "enum"},
	{strings.Replace(set("user.held: true"), "{kind: post, age: 5m}", "§5m", 1), "not-a-map"},
	{strings.Replace(table("    - §{name: a, expect: deny}\n"), "action: {kind: reply}, ", "", 1), "missing-key"},

	{table("    - {name: a, expect: deny, by: {§acme.anser: [fresh]}}\n"), "unknown-value"},
	{table("    - {name: a, expect: deny, by: {§acme.off: []}}\n"), "unknown-value"},
	{table("    - {name: a, expect: deny, by: [§x.optedout]}\n"), "unknown-value"},
	{table("    - {name: a, expect: deny, by: {acme.answer: [§fersh]}}\n"), "unknown-value"},
	{table("    - {name: a, expect: deny, by: {acme.refund: [§vip]}}\n"), "unknown-value"},
	{table("    - {name: a, expect: deny, by: {acme.answer: §fresh}}\n"), "not-a-list"},
	{table("    - {name: a, expect: deny, by: §acme.answer}\n"), "not-a-map"},
	{table("    - {name: a, expect: hold, features: [§asks_refunds]}\n"), "unknown-value"},
	{table("    - {name: a, expect: allow, lifted: [§acme.answer]}\n"), "unknown-value"},
	{table("    - {name: a, expect: allow, obligations: [§append_optout_hint]}\n"), "unknown-value"},
	{table("    - §&x {name: a, expect: deny}\n"), "alias"},
}

// TestR11Traps: what is wrong with a test file is reported where it stands. The
// golden file shows what an author reads.
func TestR11Traps(t *testing.T) {
	t.Parallel()
	s := load(t, Options{}, testedPack)
	var all strings.Builder
	for _, trap := range testTraps {
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
	golden(t, "test-diagnostics.golden", all.String())
}

// TestR10TestsAllAtOnce: every error of every file, sorted.
func TestR10TestsAllAtOnce(t *testing.T) {
	t.Parallel()
	_, err := LoadTests(load(t, Options{}, testedPack), []Source{
		{"b_test.yaml", []byte(table("    - {name: a, expect: denied, set: {user.hedl: true, event.age: 5}, by: {x.repyl: []}}\n    - {nam: b}\n"))},
		{"a_test.yaml", []byte(set("event.kind: pots"))},
	})
	want := "a_test.yaml:6:49 enum\n" +
		"b_test.yaml:6:25 unknown-value\nb_test.yaml:6:39 unknown-field\nb_test.yaml:6:67 type\nb_test.yaml:6:76 unknown-value\n" +
		"b_test.yaml:7:7 missing-key\nb_test.yaml:7:7 missing-key\nb_test.yaml:7:8 unknown-key"
	if got := codes(err); got != want {
		t.Errorf("got\n%s\nwant\n%s\n%v", got, want, err)
	}
}

// TestR11NilSet: without rules there is nothing that a test could name.
func TestR11NilSet(t *testing.T) {
	t.Parallel()
	if _, err := LoadTests(nil, []Source{{"a_test.yaml", []byte(table("    - {name: a, expect: deny, by: [x.stale]}\n"))}}); codes(err) != "a_test.yaml:6:36 unknown-value" {
		t.Errorf("got %v", err)
	}
	files, err := LoadTests(nil, []Source{{"a_test.yaml", []byte(table("    - {name: a, expect: deny}\n"))}})
	if err != nil {
		t.Fatal(err)
	}
	if r := RunTests(nil, files, nil); !r.OK() || r.Results[0].Got.Effect != Deny {
		t.Errorf("got %+v", r)
	}
}

func TestLoadTestDir(t *testing.T) {
	t.Parallel()
	s := load(t, Options{}, testedPack)
	dir := t.TempDir()
	if files, err := LoadTestDir(s, dir); err != nil || len(files) != 0 {
		t.Errorf("no file: %v, %v", files, err)
	}
	one := table("    - {name: a, expect: deny}\n")
	for name, data := range map[string]string{
		"b_test.yaml": one, "sub/a_test.yml": one, "acme.yaml": "x", ".hidden_test.yaml": "x", ".git/a_test.yaml": "x", "a_test.txt": "x",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := LoadTestDir(s, dir)
	if err != nil || len(files) != 2 || files[0].Name != filepath.Join(dir, "b_test.yaml") || files[1].Name != filepath.Join(dir, "sub", "a_test.yml") {
		t.Errorf("got %+v, %v", files, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "big_test.yaml"), make([]byte, maxFile+10), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "gone_test.yaml")); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadTestDir(s, dir); codes(err) != "gone_test.yaml:0:0 read" {
		t.Errorf("a broken link: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "gone_test.yaml")); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadTestDir(s, dir); codes(err) != "big_test.yaml:0:0 file-too-large" {
		t.Errorf("a big file: %v", err)
	}
	if _, err := LoadTestDir(s, filepath.Join(dir, "none")); codes(err) != "none:0:0 read" {
		t.Errorf("no directory: %v", err)
	}
}

// TestOrdinaryMoment: what a case leaves out is inside the domain of every
// field, and nothing in it stops an answer.
func TestOrdinaryMoment(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 3, 1, 23, 30, 0, 0, time.FixedZone("", -3600))
	in := settings{"action.kind": "reply"}.input(clock, false)
	if name := in.outside(); name != "" {
		t.Errorf("%s is outside its domain", name)
	}
	if in.Bot.LocalWeekday != "sun" || in.Bot.LocalMinute != 23*60+30 {
		t.Errorf("got %s, minute %d; want those of the clock's own offset", in.Bot.LocalWeekday, in.Bot.LocalMinute)
	}
	in.Event.Kind, in.Interaction.Mentioned, in.Interaction.Summoned = "post", true, true
	if d := load(t, Options{}, permitAll).Decide(Query{Input: in}); d.Effect != Allow {
		t.Errorf("got %+v", d)
	}
	for _, tt := range []struct {
		give settings
		want bool
	}{
		{settings{"action.kind": "dm"}, true},
		{settings{"action.kind": "reply"}, false},
		{settings{"action.kind": "dm", "user.dms_sent": int64(1)}, false},
		{settings{"action.kind": "dm", "action.is_first_dm": false}, false},
	} {
		if got := tt.give.input(clock, false).Action.IsFirstDM; got != tt.want {
			t.Errorf("%v: is_first_dm is %v", tt.give, got)
		}
	}
}

// FuzzLoadTests: a file of tests loads with every input inside its domain, or
// is refused with places that exist.
func FuzzLoadTests(f *testing.F) {
	for _, trap := range testTraps {
		f.Add([]byte(strings.Replace(trap.src, mark, "", 1)))
	}
	f.Add([]byte(set("event.age: 3d, user.last_dm_age: 90s, event.from_automated: no, bot.paused: true")))
	s := load(f, Options{}, testedPack)
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := LoadTests(s, []Source{{"f_test.yaml", data}})
		if err != nil {
			lines := strings.Count(string(data), "\n") + 1
			for _, d := range err.(Diagnostics) {
				if d.Message == "" || d.Line < 0 || d.Line > lines || d.Line > 0 && d.Col < 1 {
					t.Fatalf("%d lines: %s", lines, d.Error())
				}
			}
			return
		}
		for _, r := range RunTests(s, files, nil).Results {
			if r.Got.Outcomes == nil {
				t.Fatalf("%s: %s", r.Name, r.Got.Say)
			}
		}
	})
}
