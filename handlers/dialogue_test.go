package handlers

import (
	"strings"
	"testing"

	"github.com/beckon-bot/beckon/rules"
)

const dialogueHead = "schema: beckon.answers-test/v1\nclock: 2026-11-02T10:00:00Z\ndialogues:\n  - name: one\n    steps:\n"

// What a test file says wrongly is an error with its place: a step that means
// something else than it shows would pass for the wrong reason.
func TestDialoguesThatDoNotLoad(t *testing.T) {
	t.Parallel()
	a := desk(t)
	for step, want := range map[string]string{
		"{user: hi, slots: none}":              "t_test.yaml:6:27: not-a-map: ",
		"{user: hi, slots: [a]}":               "t_test.yaml:6:27: not-a-map: ",
		"{user: hi, flow: {a: b}}":             "t_test.yaml:6:26: not-a-string: ",
		"{user: hi, flow: [x]}":                "t_test.yaml:6:26: not-a-string: ",
		"{user: hi, says: {a: b}}":             "t_test.yaml:6:26: not-a-list: ",
		"{user: hi, silence: maybe}":           "t_test.yaml:6:29: not-a-boolean: ",
		"{user: [hi], silence: true}":          "t_test.yaml:6:16: not-a-string: ",
		"{user: hi, post: hi, silence: true}":  "t_test.yaml:6:26: misplaced-key: ",
		"{user: hi}":                           "t_test.yaml:6:9: missing-key: the step expects nothing",
		"{silence: true}":                      "t_test.yaml:6:9: missing-key: nobody says anything",
		"{user: hi, at: 1w, silence: true}":    "t_test.yaml:6:24: range: ",
		"{user: hi, answer: answers/nothing}":  "t_test.yaml:6:28: unknown-answer: ",
		"{user: hi, silence: true, user: bye}": "t_test.yaml:6:35: duplicate-key: ",
		"{user: hi, silence: false}":           "t_test.yaml:6:9: missing-key: the step expects nothing",
		"hi":                                   "t_test.yaml:6:9: not-a-map: ",
		"[]":                                   "t_test.yaml:6:9: not-a-map: ",
		"*x":                                   "t_test.yaml:6:7: yaml: ",
	} {
		_, err := a.LoadTests([]rules.Source{{Name: "t_test.yaml", Data: []byte(dialogueHead + "      - " + step + "\n")}})
		if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "hint: ") {
			t.Errorf("%s: want %q and a hint, got %v", step, want, err)
		}
	}
	for _, step := range []string{`{user: hi, flow: ""}`, "{user: hi, slots: {}}", `{user: "", silence: true}`, `{user: "", flow: }`} {
		if _, err := a.LoadTests([]rules.Source{{Name: "t_test.yaml", Data: []byte(dialogueHead + "      - " + step + "\n")}}); err != nil {
			t.Errorf("%s: %v", step, err)
		}
	}
}

// No test file crashes the loader or the player.
func FuzzLoadDialogues(f *testing.F) {
	a := desk(f)
	for _, step := range []string{
		`{user: "where is my order?", answer: answers/order-status/number, flow: order-status/number}`,
		`{post: "@x are you open?", lang: en, silence: true}`, `{user: "AC-12345", slots: {order_number: AC-12345}, dropped: [a]}`,
		`{user: "", at: 5m, handoff: false, says: [a, b]}`, "*a", "!x y",
	} {
		f.Add([]byte(dialogueHead + "      - " + step + "\n"))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tests, err := a.LoadTests([]rules.Source{{Name: "t_test.yaml", Data: data}})
		if err == nil {
			a.RunTests(tests)
		}
	})
}
