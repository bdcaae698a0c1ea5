package handlers

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

const shopAnswers = `schema: beckon.answers/v1
default:
  dm: "I did not understand."
answers:
  - id: refund
    any_of: [refund, money back]
    reply: "Refunds take a week. – {username}, run by {operator}"
    dm: "See {privacy_url}, {operator}."
    ai_generated: true
    promotional: true
    affiliate: true
    paid_partnership: true
  - id: refund-de
    any_of: [refund, Rückerstattung, straße]
    lang: de
    reply: "Eine Woche."
  - id: late-refund
    any_of: ["where is my refund?", "late-order", 退款]
    reply: "Late."
    dm: "Late."
  - id: hours
    any_of: [open, hours, refund]
    reply: "Nine to five."
    dm: "Nine to five."
`

func load(t testing.TB, data string) *Answers {
	t.Helper()
	a, err := LoadAnswers("answers.yaml", []byte(data))
	if err != nil {
		t.Fatalf("LoadAnswers: %v", err)
	}
	return a
}

// H4: whether a reply with the bot's own address fits depends on how X's list of
// top-level domains counts it. What loads is never denied for its length.
func TestH4PrivacyURLWeighs(t *testing.T) {
	t.Parallel()
	data := []byte("schema: beckon.answers/v1\ndefault: {reply: \"" + strings.Repeat("x", 250) + " {privacy_url}\", dm: d}\n")
	for _, url := range []string{
		"", "https://acme.example/p", "https://acme.com/" + strings.Repeat("p", 100), "https://help.acme.support/" + strings.Repeat("p", 20),
		"https://acme.museum/p", "https://bücher.example/datenschutz",
	} {
		a, err := Load([]rules.Source{{Name: "answers.yaml", Data: data}}, Options{PrivacyURL: url})
		if err != nil {
			if url == "" || strings.Contains(url, ".com") {
				t.Errorf("%s: %v", url, err)
			}
			continue
		}
		in := post("hello")
		in.Bot.PrivacyURL = url
		if n := event.WeightedLength(a.Handle(in).Drafts[0].Text); n > event.MaxPost(false) {
			t.Errorf("%s: it loads, and says %d characters", url, n)
		}
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	a := load(t, shopAnswers)
	tests := []struct{ name, text, lang, reply, dm string }{
		{"a keyword", "I want a REFUND!", "en", "refund", "refund"},
		{"a phrase, across spaces and lines", "my money\n  back", "", "refund", "refund"},
		{"the longest keyword wins", "hi, where is my refund", "", "late-refund", "late-refund"},
		{"though another comes first", "refund? where is my refund", "", "late-refund", "late-refund"},
		{"punctuation inside a keyword", "a late order", "", "late-refund", "late-refund"},
		{"among equals the one in the user's language", "refund", "de", "refund-de", ""},
		{"with a region", "refund", "de-AT", "refund-de", ""},
		{"among equals the first", "refund", "und", "refund", "refund"},
		{"an unknown language leaves none out", "Rückerstattung", "", "refund-de", ""},
		{"another language does", "Rückerstattung", "en", "", "default"},
		{"in any case", "RÜCKERSTATTUNG", "de", "refund-de", ""},
		{"in any Unicode form", "Ru\u0308ckerstattung", "", "refund-de", ""},
		{"folded", "STRASSE", "", "refund-de", ""},
		{"in a script without spaces", "我要退款吗", "zh", "late-refund", "late-refund"},
		{"whole words only", "refundable, reopened", "en", "", "default"},
		{"not in links and mentions", "@refund https://acme.example/refund", "en", "", "default"},
		{"half a phrase at the end", "send money", "en", "", "default"},
		{"nothing", "", "", "", "default"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for want, in := range map[[2]string]In{{"reply", tt.reply}: post(tt.text), {"dm", tt.dm}: dm(tt.text)} {
				in.Event.Lang = tt.lang
				got := ""
				if out := a.Handle(in); len(out.Drafts) == 1 {
					got = strings.TrimPrefix(out.Drafts[0].Handler, "answers/")
				}
				if got != want[1] {
					t.Errorf("%s to %q (%s): got %q, want %q", want[0], tt.text, tt.lang, got, want[1])
				}
			}
		})
	}
}

func TestSplitAt(t *testing.T) {
	t.Parallel()
	yaml := func(n, at int) string {
		return fmt.Sprintf("schema: beckon.answers/v1\nanswers:\n  - {id: a, any_of: [a], split_at: %d, dm: %q}\n", at, strings.Repeat("word ", n)+"end.")
	}
	if d := load(t, yaml(60, 100)).Handle(dm("a")).Drafts[0]; d.SplitAt != 100 || len(event.Parts(d.Text, d.SplitAt)) != 4 {
		t.Errorf("draft: %d characters a message, %d messages", d.SplitAt, len(event.Parts(d.Text, d.SplitAt)))
	}
	for want, text := range map[string]string{
		"too-long":      yaml(100, 100),
		"range":         yaml(60, 99),
		"misplaced-key": "schema: beckon.answers/v1\nanswers:\n  - {id: a, any_of: [a], split_at: 100, reply: \"hello\"}\n",
	} {
		_, err := Load([]rules.Source{{Name: "a.yaml", Data: []byte(text)}}, Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestAnswersDraft(t *testing.T) {
	t.Parallel()
	a := load(t, shopAnswers)
	want := event.Draft{
		Kind: event.Reply, Purpose: event.Answer, Handler: "answers/refund",
		Text:        "Refunds take a week. – acme_help, run by acme",
		AIGenerated: true, Promotional: true, Affiliate: true, PaidPartnership: true,
	}
	if diff := cmp.Diff([]event.Draft{want}, a.Handle(post("refund")).Drafts); diff != "" {
		t.Errorf("reply (-want +got):\n%s", diff)
	}
	want.Kind, want.Text = event.DM, "See https://acme.example/privacy, acme."
	if diff := cmp.Diff([]event.Draft{want}, a.Handle(dm("refund")).Drafts); diff != "" {
		t.Errorf("dm (-want +got):\n%s", diff)
	}
	group := dm("refund")
	group.Event.Group = true
	if out := a.Handle(group); len(out.Drafts) != 0 {
		t.Errorf("a group DM is answered: %v", out.Drafts)
	}
	if out := (*Answers)(nil).Handle(dm("refund")); len(out.Drafts) != 0 {
		t.Errorf("no file answers: %v", out.Drafts)
	}
}

// Several files count as one, in their order.
func TestLoadSeveral(t *testing.T) {
	t.Parallel()
	first := rules.Source{Name: "a.yaml", Data: []byte("schema: beckon.answers/v1\nanswers:\n- {id: a, any_of: [x], dm: A}\n")}
	second := rules.Source{Name: "b.yaml", Data: []byte("schema: beckon.answers/v1\ndefault: {dm: D}\nanswers:\n- {id: b, any_of: [x, y], dm: B}\n")}
	joined, err := Load([]rules.Source{first, second}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"x": "A", "y": "B", "z": "D"} {
		if got := joined.Handle(dm(text)).Drafts[0].Text; got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	again := second
	again.Name = "c.yaml"
	_, err = Load([]rules.Source{second, again}, Options{})
	want := "c.yaml:2:10: duplicate-id: the key default is taken in b.yaml line 2\n" +
		"c.yaml:4:8: duplicate-id: the answer b is taken in b.yaml line 4"
	if got := short(err); got != want {
		t.Errorf("the same file twice: got\n%v\nwant\n%s", got, want)
	}
}

// short is diagnostics without what they show of the file.
func short(err error) string {
	var all rules.Diagnostics
	if !errors.As(err, &all) {
		return fmt.Sprint(err)
	}
	lines := make([]string, len(all))
	for i, d := range all {
		d.Snippet, d.Hint = "", ""
		lines[i] = d.Error()
	}
	return strings.Join(lines, "\n")
}

func TestH4LoadErrors(t *testing.T) {
	t.Parallel()
	const head = "schema: beckon.answers/v1\n"
	tests := []struct{ name, data string }{
		{"empty", ""},
		{"comments only", "# nothing\n"},
		{"not YAML", head + "answers: [\n"},
		{"two documents", head + "---\n" + head},
		{"a list", "- a\n"},
		{"no schema", "answers: []\n"},
		{"another schema", "schema: beckon.answers/v2\nanswers: []\n"},
		{"says nothing", head},
		{"unknown key", head + "anwsers: []\ndefault: {dm: x}\n"},
		{"duplicate key", head + "default: {dm: x, dm: y}\n"},
		{"empty default", head + "default: {}\n"},
		{"variable", head + "default: {dm: 'x {user_name}'}\n"},
		{"open brace", head + "default: {dm: 'x {username'}\n"},
		{"alias", head + "default: {reply: &x hi, dm: *x}\n"},
		{"long reply", head + "default: {reply: '" + strings.Repeat("退", 141) + "'}\n"},
		{"long with its variable", head + "default: {reply: '{username} " + strings.Repeat("x", 265) + "'}\n"},
		{"long in one language", head + "default: {reply: {en: x, de: '" + strings.Repeat("x", 281) + "'}}\n"},
		{"long DM", head + "default: {dm: '" + strings.Repeat("ü", 10_001) + "'}\n"},
		{"huge file", strings.Repeat("#", 256<<10+1)},
		{"answers", head + `answers:
  - id: Refund
    any_of: []
    lang: english
    replay: hi
    reply: ""
    ai_generated: maybe
  - any_of: ["!!!", {a: b}, hi]
    dm: hi
  - id: one
    any_of: hi
    dm: [hi]
  - {id: one, any_of: [x], dm: x}
  - text
  - {id: default, patterns: ['(', 'a*'], dm: x}
  - {id: many, any_of: {english: [x], de: y}, dm: {de: "", en: x}}
  - {id: silent, any_of: [s]}
  - {id: flows, any_of: [f], flow: nowhere, dm: x}
  - id: condition
    any_of: [x]
    dm: x
    when: {a: hours.desk, b: event.lang == 3, c: not user.dms_sent}
`},
		{"slots and hours", head + `slots:
  order: {type: patern}
  health_issue: {type: text}
  n: {type: number, min: 5, max: 1, pattern: x}
  p: {type: pattern, pattern: '\d{4}', example: abc}
  c: {type: choice}
  sick: {type: choice, choices: {pregnant: [a], b: [credit score]}}
  Big: {type: date, order: ymd}
hours:
  desk: {zone: Berlin, open: {mon-fry: "9-17", mon-tue: "09:00-12:00", tue: "12:00-11:00"}, closed: [25.12.2026, 2026-12-24 to 2026-12-23]}
default: {dm: x}
not_understood: {limit: 1, dm: x}
`},
		{"flows", head + `slots: {order: {type: number}, told: {type: text}}
flows:
  empty: {steps: []}
  a:
    cancelled: ok
    expires: 1s
    steps:
      - {ask: ordr, text: x, retry: y}
      - {ask: order, say: x}
      - {say: "{slot.order} {slot.told}", then: 1}
      - {when: {x: slot.order > 5}, then: nine}
      - {retry: x}
      - {then: end}
  b:
    cancelled: ok
    steps:
      - {say: x}
      - {say: x, when: {x: filled.order}}
  c:
    cancelled: ok
    steps:
      - {id: q, ask: order, text: x, retry: y}
      - {id: q, say: x, tries: 2}
  d:
    cancelled: ok
    steps:
      - {say: "` + strings.Repeat("x", 10_000) + `"}
`},
	}
	var got strings.Builder
	for _, tt := range tests {
		a, err := LoadAnswers("a.yaml", []byte(tt.data))
		if a != nil || err == nil {
			t.Errorf("%s: loaded", tt.name)
		}
		fmt.Fprintf(&got, "== %s\n%v\n", tt.name, err)
	}
	golden(t, "testdata/errors.txt", got.String())
}

var update = flag.Bool("update", false, "write golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", name, diff)
	}
}

// The README's own files load.
func TestReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, part := range strings.Split(string(readme), "```yaml\n")[1:] {
		data, _, _ := strings.Cut(part, "```")
		if strings.Contains(data, dialogueSchema) {
			continue // TestAnswersTutorial plays it
		}
		load(t, data)
		n++
	}
	if n == 0 {
		t.Error("no YAML in the README")
	}
}

func FuzzLoadAnswers(f *testing.F) {
	f.Add([]byte(shopAnswers))
	f.Add([]byte("schema: beckon.answers/v1\ndefault: {dm: '{operator}'}\nanswers: [{id: a, any_of: [1, ~], dm: x}]\n"))
	f.Add([]byte("a: &a [*a]\n<<: *a"))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := LoadAnswers("f.yaml", data)
		if (a == nil) == (err == nil) {
			t.Fatalf("got %v and error %v, want exactly one", a, err)
		}
		if a == nil {
			return
		}
		for _, in := range []In{post(string(data)), dm(string(data))} {
			for _, d := range a.Handle(in).Drafts {
				if n := event.WeightedLength(d.Text); d.Kind == event.Reply && n > event.MaxPost(false) {
					t.Errorf("H4: a reply of %d characters: %q", n, d.Text)
				}
			}
		}
	})
}

func TestChain(t *testing.T) {
	t.Parallel()
	flow := "x"
	chain := Chain{
		fixed{"notes", Out{Slots: map[string]string{"a": "b"}, Flow: &flow}},
		fixed{"first", Out{Drafts: []event.Draft{{Text: "1"}, {Text: "2", Handler: "own"}}}},
		fixed{"second", Out{Drafts: []event.Draft{{Text: "3"}}}},
	}
	tests := []struct {
		name  string
		chain Chain
		in    In
		want  Out
	}{
		{"H3 the first with a draft", chain, dm("hi"), Out{Drafts: []event.Draft{{Text: "1", Handler: "first"}, {Text: "2", Handler: "own"}}}},
		{"H3 or with a handoff", Chain{fixed{"desk", Out{Handoff: true}}, chain[1]}, dm("hi"), Out{Handoff: true}},
		{"H3 nobody", chain[:1], dm("hi"), Out{}},
		{"H2 an opt-out reaches no handler", chain, dm("stop"), Out{}},
		{"H2 nor does a phrase", chain, In{Tier: conversation.TierPhrase, Event: dm("leave me alone").Event}, Out{}},
		{"empty", nil, dm("hi"), Out{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.chain.Handle(tt.in)); diff != "" {
				t.Errorf("out (-want +got):\n%s", diff)
			}
		})
	}
}

type fixed struct {
	name string
	out  Out
}

func (f fixed) Name() string  { return f.name }
func (f fixed) Handle(In) Out { return f.out }

func BenchmarkAnswers(b *testing.B) {
	a := load(b, shopAnswers)
	in := dm("Hello, I ordered a lamp last week and it has not arrived; can I have my money back?")
	b.ReportAllocs()
	for b.Loop() {
		a.Handle(in)
	}
}

func TestH1SameInSameOut(t *testing.T) {
	t.Parallel()
	chain := Chain{Help{}, load(t, shopAnswers)}
	for _, in := range []In{post("are you a bot?"), post("refund please"), dm("refund"), dm("HELP"), dm("nothing that anybody knows")} {
		before := in
		first := chain.Handle(in)
		for range 50 {
			if diff := cmp.Diff(first, chain.Handle(in)); diff != "" {
				t.Fatalf("%q has two answers:\n%s", in.Event.Text, diff)
			}
		}
		if diff := cmp.Diff(before, in); diff != "" {
			t.Errorf("%q changed what it was given:\n%s", in.Event.Text, diff)
		}
	}
}

// TestLongAnswers: a reply of 281 characters is for accounts that may post long.
func TestLongAnswers(t *testing.T) {
	t.Parallel()
	file := func(n int) []byte {
		return []byte("schema: beckon.answers/v1\nanswers:\n  - {id: a, any_of: [a], reply: \"" + strings.Repeat("x", n) + "\"}\n")
	}
	for n, want := range map[int][2]bool{280: {true, true}, 281: {false, true}, 25_000: {false, true}, 25_001: {false, false}} {
		_, short := LoadAnswers("a.yaml", file(n))
		_, long := LoadLongAnswers("a.yaml", file(n))
		if got := [2]bool{short == nil, long == nil}; got != want {
			t.Errorf("%d characters: want %v, got %v (%v, %v)", n, want, got, short, long)
		}
	}
}

func containsCode(err error, code string) bool {
	var all rules.Diagnostics
	return errors.As(err, &all) && slices.ContainsFunc(all, func(d rules.Diagnostic) bool { return d.Code == code })
}
