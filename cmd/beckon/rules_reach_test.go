package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// TestRulesCounterexample: what verify prints of a broken promise can be pasted
// into a file, and fails there as claimed. The bug: the opt-out rule is limited
// to DMs.
func TestRulesCounterexample(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../rules/packs/platform.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all := "    effect: forbid\n    actions: [reply, dm, post, repost, quote, like, bookmark, follow, list_add]\n"
	src := strings.NewReplacer("layer: platform", "layer: account", "id: x.", "id: y.").Replace(string(data))
	bug := strings.Replace(src, "y.opted-out\n"+all, "y.opted-out\n    effect: forbid\n    actions: [dm]\n", 1)
	if bug == src {
		t.Fatal("the bug does not apply")
	}
	set, err := rules.Load([]rules.Source{{Name: "a.yaml", Data: []byte(bug)}}, rules.Options{NoPlatform: true})
	if err != nil {
		t.Fatal(err)
	}
	sys := system{now: time.Now}
	found, err := explorePart(t.Context(), sys, set, gate.Words)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	found.write(&out)
	_, rest, ok := strings.Cut(out.String(), "BROKEN    nothing-after-stop: ")
	_, rest, ok2 := strings.Cut(rest, "save it as nothing-after-stop_test.yaml:\n\n")
	test, _, ok3 := strings.Cut(rest, "\n\nBROKEN")
	if !ok3 {
		test, _, ok3 = strings.Cut(rest, "\n\nevery sequence of")
	}
	if !ok || !ok2 || !ok3 {
		t.Fatalf("no counterexample in\n%s", out.String())
	}

	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "nothing-after-stop_test.yaml"), []byte(test), 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := rules.LoadTestDir(set, dir)
	if err != nil {
		t.Fatal(err)
	}
	host, err := newRulesHost(t.Context(), sys)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	r := rules.RunTests(set, files, host)
	var text bytes.Buffer
	for _, res := range r.Results {
		writeTestResult(&text, res)
	}
	if r.OK() || !strings.Contains(text.String(), "differs in decision\n      want  deny\n      got   allow by y.reply") {
		t.Errorf("it does not fail as claimed: %s\n%s", text.String(), test)
	}
}
