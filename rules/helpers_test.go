package rules

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite golden files and generated parts of README.md")

// mark stands in a trap before the character that the diagnostic points at.
const mark = "§"

// unmark takes the mark out of a file and returns its line and column; zeros
// where there is none.
func unmark(src string) (clean string, line, col int) {
	before, after, found := strings.Cut(src, mark)
	if !found {
		return src, 0, 0
	}
	line = 1 + strings.Count(before, "\n")
	col = 1 + len([]rune(before[strings.LastIndex(before, "\n")+1:]))
	return before + after, line, col
}

// account is a pack with the given rules, indented by two spaces.
func account(rules string) string {
	return "schema: beckon.rules/v1\npack: acme\nlayer: account\nversion: 1.4.0\nrules:\n" + rules
}

// withCondition is a pack with one rule of one condition.
func withCondition(cond string) string {
	return account("  - id: acme.reply\n    effect: permit\n    actions: [reply]\n    because: We answer.\n    when:\n" +
		"      it: |\n        " + strings.ReplaceAll(cond, "\n", "\n        ") + "\n")
}

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
