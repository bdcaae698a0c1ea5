package rules

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/rules/corpus"
)

var update = flag.Bool("update", false, "rewrite golden files and generated parts of README.md")

// What is in the corpus, under short names.
const mark = corpus.Mark

type trap struct {
	src  string // with a mark where the diagnostic points
	code string
}

func trapsOf(of []corpus.Trap) (out []trap) {
	for _, t := range of {
		out = append(out, trap{t.Source, t.Code})
	}
	return out
}

var (
	conditionTraps = trapsOf(corpus.Conditions())
	fileTraps      = trapsOf(corpus.Files())
	goodConditions = corpus.Good()
)

func unmark(src string) (clean string, line, col int) { return corpus.Unmark(src) }
func account(rules string) string                     { return corpus.Account(rules) }
func withCondition(cond string) string                { return corpus.WithCondition(cond) }
func ruleWith(line string) string                     { return corpus.RuleWith(line) }
func withLists(lists, cond string) string             { return corpus.WithLists(lists, cond) }

// permitAll is an account that leaves every decision to the platform.
const permitAll = `schema: beckon.rules/v1
pack: acme
layer: account
version: 1.4.0
rules:
  - id: acme.all
    effect: permit
    actions: [reply, dm, post, repost, quote, like, bookmark, follow, list_add]
    because: We send what X permits.
`

func load(tb testing.TB, opts Options, files ...string) *Set {
	tb.Helper()
	var sources []Source
	for i, f := range files {
		sources = append(sources, Source{string(rune('a'+i)) + ".yaml", []byte(f)})
	}
	s, err := Load(sources, opts)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// mention is an input that the platform permits: a fresh mention by a person,
// to be answered by a reply.
func mention() Input {
	return Input{
		Action:      ActionInput{Kind: "reply", Purpose: "answer"},
		Event:       EventInput{Kind: "post", FromAutomated: "no", Lang: "en", TextReadable: true},
		Interaction: InteractionInput{Mentioned: true, Summoned: true},
		User:        UserInput{Initiated: "mention", LastDMAge: Never},
		Bot: BotInput{LabelOn: true, BioDiscloses: true, OperatorLinked: true, PrivacyURLSet: true,
			Tier: "self_serve", LocalWeekday: "mon", LocalMinute: 600},
		Draft: DraftInput{Approval: "none"},
	}
}

// dm is an input that the platform permits: the answer to a user's first DM.
func dm() Input {
	in := mention()
	in.Action = ActionInput{Kind: "dm", Purpose: "answer", IsFirstDM: true}
	in.Event.Kind = "dm"
	in.Interaction = InteractionInput{}
	in.User = UserInput{Initiated: "dm", DMsReceived: 1}
	return in
}

func with(in Input, change func(*Input)) Input {
	change(&in)
	return in
}

// golden compares got with a file of testdata, or rewrites it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), rewrite with -update:\n%s", path, diff)
	}
}

// kind is an ordinary mention, and an action of that kind.
func kind(k string) Input {
	return with(mention(), func(in *Input) { in.Action.Kind = k })
}
