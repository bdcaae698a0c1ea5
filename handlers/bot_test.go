package handlers

import (
	"strings"
	"testing"

	"github.com/beckon-bot/beckon/runtime/event"
)

// Asked in any language of the opt-out lists, the bot says that it is one, and
// whose.
func TestBotQuestions(t *testing.T) {
	t.Parallel()
	languages := 0
	for line := range strings.Lines(botQuestions) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) != 5 || !strings.Contains(f[2], "{operator}") {
			t.Fatalf("%d fields, want 5, the third with {operator}: %s", len(f), line)
		}
		languages++
		for i, questions := range f[3:] {
			list := strings.Split(questions, ";")
			if len(list) < 2 {
				t.Errorf("%s: %d questions, want several", f[0], len(list))
			}
			for _, q := range list {
				texts := []string{q, "@acme_help " + q + "?", q + " 🤖"}
				if f[0] != "tr" { // whose small letters are not those of others
					texts = append(texts, strings.ToUpper(q))
				}
				for _, text := range texts {
					got := saidOfItself(text, "acme")
					if !strings.Contains(got, "acme") || strings.Contains(got, "{") || strings.HasPrefix(got, f[1]+" ") != (i == 0) {
						t.Errorf("%s: %q is answered %q", f[0], text, got)
					}
					if n := event.WeightedLength(got); n > 280 {
						t.Errorf("%s: the answer weighs %d", f[0], n)
					}
				}
			}
		}
	}
	if languages != 27 { // English is in help.go
		t.Errorf("%d languages, want 27", languages)
	}
	for _, text := range []string{"Hallo, bist du ein Bot?", "Bonjour ! Êtes-vous un bot ?", "hola, eres un bot", "Привет, ты бот?"} {
		if saidOfItself(text, "acme") == "" {
			t.Errorf("%q is not answered", text)
		}
	}
	for _, text := range []string{
		"", "bot", "Bist du ein Bot, der Bestellungen findet?", "mein Bot ist kaputt", "eres un bot muy malo", "你是机器人吗，我的订单在哪里",
		"ist der Bot von euch", "hallo", "STOP", strings.Repeat("bist du ein bot ", 40),
	} {
		if got := saidOfItself(text, "acme"); got != "" {
			t.Errorf("%q is answered %q", text, got)
		}
	}
}
