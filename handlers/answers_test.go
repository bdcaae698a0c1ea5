package handlers

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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

func TestJoinAnswers(t *testing.T) {
	t.Parallel()
	first := load(t, "schema: beckon.answers/v1\nanswers:\n- {id: a, any_of: [x], dm: A}\n")
	second := load(t, "schema: beckon.answers/v1\ndefault: {dm: D}\nanswers:\n- {id: b, any_of: [x, y], dm: B}\n")
	joined, err := JoinAnswers(first, nil, second)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"x": "A", "y": "B", "z": "D"} {
		if got := joined.Handle(dm(text)).Drafts[0].Text; got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	_, err = JoinAnswers(second, second)
	want := "answers.yaml:4:3: the id \"b\" is taken at answers.yaml:4:3\n" +
		"answers.yaml:2:10: there is a default already, at answers.yaml:2:10"
	if err == nil || err.Error() != want {
		t.Errorf("the same file twice: got\n%v\nwant\n%s", err, want)
	}
}

func TestH4LoadAnswersErrors(t *testing.T) {
	t.Parallel()
	const head = "schema: beckon.answers/v1\n"
	tests := []struct{ name, data, want string }{
		{"empty", "", "a.yaml:1:1: the file is empty; it starts with schema: beckon.answers/v1"},
		{"comments only", "# nothing\n", "a.yaml:1:1: the file is empty; it starts with schema: beckon.answers/v1"},
		{"not YAML", head + "answers: [\n", "a.yaml:2:1: not YAML: did not find expected node content"},
		{"two documents", head + "---\n" + head, "a.yaml:1:1: the file holds several documents; one file, one document"},
		{"a list", "- a\n", "a.yaml:1:1: this is a map with the keys schema, default, answers"},
		{"no schema", "answers: []\n", "a.yaml:1:1: the key schema is missing: schema: beckon.answers/v1"},
		{"another schema", "schema: beckon.answers/v2\nanswers: []\n", `a.yaml:1:9: schema "beckon.answers/v2" is not known; this version reads beckon.answers/v1`},
		{"says nothing", head, "a.yaml:1:1: the file says nothing: it has neither answers nor a default"},
		{"unknown key", head + "anwsers: []\ndefault: {dm: x}\n", `a.yaml:2:1: the key "anwsers" is not known; did you mean answers?`},
		{"nothing near", head + "colour: red\ndefault: {dm: x}\n", `a.yaml:2:1: the key "colour" is not known`},
		{"duplicate key", head + "default: {dm: x, dm: y}\n", `a.yaml:2:18: the key "dm" is here twice, first on line 2`},
		{"empty default", head + "default: {}\n", "a.yaml:2:10: neither reply nor dm: there is nothing to say"},
		{"variable", head + "default: {dm: 'x {user_name}'}\n", "a.yaml:2:15: the variable {user_name} is not known; did you mean {username}?; variables are {username}, {operator}, {privacy_url}"},
		{"open brace", head + "default: {dm: 'x {username'}\n", "a.yaml:2:15: a { without its }; variables are {username}, {operator}, {privacy_url}"},
		{"alias", head + "default: {reply: &x hi, dm: *x}\n", "a.yaml:2:29: aliases are not read here; write the text out"},
		{"long reply", head + "default: {reply: '" + strings.Repeat("退", 141) + "'}\n", "a.yaml:2:18: the reply can have 282 characters as X counts them, 280 are allowed"},
		{"long with its variable", head + "default: {reply: '{username} " + strings.Repeat("x", 265) + "'}\n", "a.yaml:2:18: the reply can have 281 characters as X counts them, 280 are allowed"},
		{"long DM", head + "default: {dm: '" + strings.Repeat("ü", 10_001) + "'}\n", "a.yaml:2:15: the DM can have 10001 characters, 10000 are allowed"},
		{"huge file", strings.Repeat("#", maxFile+1), "a.yaml:1:1: an answers file has at most 1048576 bytes, this one has 1048577"},
		{"all at once, in order", head + `answers:
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
`, `a.yaml:3:9: the id "Refund": lower-case letters, digits, dot, dash and underscore, at most 64, and not the word default
a.yaml:4:13: any_of is empty: without a keyword the answer is never given
a.yaml:5:11: the language "english": two or three lower-case letters, such as en or de
a.yaml:6:5: the key "replay" is not known; did you mean reply?
a.yaml:7:12: the text is empty
a.yaml:8:19: this is true or false
a.yaml:9:5: the key id is missing
a.yaml:9:14: the keyword "!!!" holds no word: punctuation, emoji, mentions and links are not looked at
a.yaml:9:21: this is a text
a.yaml:12:13: this is a list
a.yaml:13:9: this is a text
a.yaml:14:10: the id "one" is taken at a.yaml:11:9
a.yaml:15:5: this is a map with the keys id, any_of, lang, reply, dm, ai_generated, promotional, affiliate, paid_partnership`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, err := LoadAnswers("a.yaml", []byte(tt.data))
			if a != nil || err == nil {
				t.Fatalf("loaded; want %s", tt.want)
			}
			var all LoadErrors
			if !errors.As(err, &all) {
				t.Errorf("the error is a %T, want LoadErrors", err)
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
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
