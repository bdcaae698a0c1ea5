package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func codes(err error) string {
	var out []string
	if ds, ok := err.(Diagnostics); ok {
		for _, d := range ds {
			out = append(out, fmt.Sprintf("%s:%d:%d %s", filepath.Base(d.File), d.Line, d.Col, d.Code))
		}
	}
	return strings.Join(out, "\n")
}

// TestR10AllAtOnce: every error of every file, sorted.
func TestR10AllAtOnce(t *testing.T) {
	t.Parallel()
	_, err := Load([]Source{
		{"b.yaml", []byte(account("  - id: acme.one\n    effect: permits\n    actions: [reply, dmm]\n    because: We.\n" +
			"    when:\n      a: user.hedl\n      b: event.age < 24\n"))},
		{"a.yaml", []byte(strings.Replace(account("  - id: acme.one\n    effect: permit\n    actions: [reply]\n    because: We.\n"), "pack: acme", "pack: other\nlint: 1", 1))},
	}, Options{})
	want := "a.yaml:3:1 unknown-key\na.yaml:7:5 duplicate-id\n" +
		"b.yaml:7:13 unknown-value\nb.yaml:8:22 unknown-value\nb.yaml:11:10 unknown-field\nb.yaml:12:22 type"
	if got := codes(err); got != want {
		t.Errorf("got\n%s\nwant\n%s\n%v", got, want, err)
	}
}

func TestLoadDir(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := LoadDir(dir, Options{}); codes(err) != filepath.Base(dir)+":0:0 no-rules" {
		t.Errorf("empty directory: %v", err)
	}
	if _, err := LoadDir(filepath.Join(dir, "none"), Options{}); codes(err) != "none:0:0 read" {
		t.Errorf("no directory: %v", err)
	}
	if _, err := Load(nil, Options{}); codes(err) != "rules:0:0 no-rules" {
		t.Errorf("no sources: %v", err)
	}
	other := strings.NewReplacer("pack: acme", "pack: beta", "acme.all", "beta.all").Replace(permitAll)
	for name, data := range map[string]string{
		"b.yaml": permitAll, "a.yml": other, "b_test.yaml": "cases: []", ".hidden.yaml": "x", "notes.txt": "x", "rules.schema.json": "{}",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "sub.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := LoadDir(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, src := range s.Sources() {
		names = append(names, filepath.Base(src.Name))
	}
	if got := strings.Join(names, " "); got != "a.yml b.yaml" {
		t.Errorf("read %s", got)
	}
	if p, a := s.Packs(); !strings.HasPrefix(p, "platform 20") || a != "acme 1.4.0, beta 1.4.0" {
		t.Errorf("packs %q, %q", p, a)
	}
	// A file that is being written: refused as a whole.
	if err := os.WriteFile(filepath.Join(dir, "b.yaml"), []byte(permitAll[:len(permitAll)-45]), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := LoadDir(dir, Options{}); err == nil || s != nil {
		t.Error("half a file loads")
	}
	if err := os.WriteFile(filepath.Join(dir, "big.yaml"), make([]byte, maxFile+10), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadDir(dir, Options{}); !strings.Contains(codes(err), "big.yaml:0:0 file-too-large") {
		t.Errorf("big file: %v", err)
	}
}

func TestSeveralFiles(t *testing.T) {
	t.Parallel()
	for want, files := range map[string][2]string{
		"b.yaml:1:1 duplicate-id\nb.yaml:6:5 duplicate-id": {permitAll, permitAll},
		"b.yaml:1:1 duplicate-id":                          {permitAll, strings.Replace(permitAll, "acme.all", "acme.other", 1)},
	} {
		_, err := Load([]Source{{"a.yaml", []byte(files[0])}, {"b.yaml", []byte(files[1])}}, Options{})
		if got := codes(err); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	var features strings.Builder
	for i := range maxFeatures + 1 {
		fmt.Fprintf(&features, "  f%d: {field: event.text, any_of: [word%d]}\n", i, i)
	}
	_, err := Load([]Source{{"a.yaml", []byte(strings.Replace(permitAll, "rules:", "features:\n"+features.String()+"rules:", 1))}}, Options{})
	if got := codes(err); got != "a.yaml:0:0 too-many" {
		t.Errorf("65 features: %v", err)
	}
}

func TestModeOff(t *testing.T) {
	t.Parallel()
	s := load(t, Options{}, permitAll+"  - id: acme.never\n    effect: forbid\n    actions: [reply]\n    because: Never.\n    mode: off\n")
	got := s.Decide(Query{Input: mention()})
	if got.Effect != Allow {
		t.Errorf("a rule that is off decides: %+v", got)
	}
	for _, o := range got.Outcomes {
		if o.Rule == "acme.never" {
			t.Error("a rule that is off has an outcome")
		}
	}
}

// TestSay holds the sentences to what a reader without the rules understands.
func TestSay(t *testing.T) {
	t.Parallel()
	office := account(`  - id: acme.reply
    effect: permit
    actions: [reply]
    because: We answer mentions in office hours
    when:
      fresh: event.age < hours(1)
      office: bot.local_minute >= 540 and bot.local_minute < 1020
    unless:
      night: bot.local_weekday in ["sat", "sun"]
  - id: acme.vip
    effect: permit
    actions: [reply]
    because: We always answer quotes.
    when:
      a: interaction.quoted
      b: event.age < hours(1)
      c: event.lang == "fr"
`)
	s := load(t, Options{}, office)
	for _, tt := range []struct {
		name, want string
		in         Input
	}{
		{"allow", "We answer mentions in office hours.", mention()},
		{"forbid", "The bot is paused.", with(mention(), func(in *Input) { in.Bot.Paused = true })},
		{"no permit", "No rule permits this DM: x.dm needs user-first, which is not so.",
			with(dm(), func(in *Input) { in.User = UserInput{Initiated: "none"} })},
		{"nearest", "No rule permits this reply: acme.reply needs office, which is not so.",
			with(mention(), func(in *Input) { in.Bot.LocalMinute = 10 })},
		{"exception", "No rule permits this reply: acme.reply makes an exception of night, which is so.",
			with(mention(), func(in *Input) { in.Bot.LocalWeekday = "sun" })},
		{"both", "No rule permits this reply: acme.reply needs office, which is not so; acme.reply makes an exception of night, which is so.",
			with(mention(), func(in *Input) { in.Bot.LocalWeekday, in.Bot.LocalMinute = "sun", 10 })},
		{"platform first", "No rule permits this reply: x.reply needs engaged and post, which are not so.",
			with(mention(), func(in *Input) { in.Interaction, in.Event.Kind = InteractionInput{Summoned: true}, "none" })},
		{"no account permit", "No account rule permits a DM: it takes one with the effect permit and the action dm.", dm()},
		{"no condition", "A host follows nobody: X forbids automated follows, and a person follows on X itself.", kind("follow")},
	} {
		if got := s.Decide(Query{Input: tt.in}); got.Say != tt.want {
			t.Errorf("%s: got  %s\nwant %s", tt.name, got.Say, tt.want)
		}
	}
}
